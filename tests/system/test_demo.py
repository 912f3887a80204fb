"""`bitloot demo`, as people start it: a process of its own."""

import re
import signal
import subprocess
import sys
from pathlib import Path

COMMAND = (sys.executable, "-c", "from bitloot_http.cli import main; main()", "demo")
WITHIN_SECONDS = 90


def test_all_orders_come_through_and_the_figures_are_told(tmp_path: Path) -> None:
    """Six orders with everything that goes wrong among them; exit 0 means that every check held."""
    drawing = tmp_path / "images" / "demo.svg"

    done = subprocess.run(
        (*COMMAND, "--once", "--orders", "6", "--keep", str(tmp_path / "kept"), "--export", str(drawing)),
        capture_output=True,
        text=True,
        timeout=WITHIN_SECONDS,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    for figure in (
        "6 placed, 6 paid, 6 in their buyers' hands",
        "9 owed = 9 bought = 9 held = 9 revealed",
        "nothing bought twice",
        "worked off",
        "no key in the clear",
        "95 % within",
        "the key of order",
        "SUPPLIER_QUIET_SECONDS=8",
    ):
        assert figure in done.stdout
    assert re.search(r"DEMO-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}", done.stdout)
    assert {"bitloot.db", "mail", "vault", ".env"} <= {path.name for path in (tmp_path / "kept").iterdir()}
    assert "@font-face" not in drawing.read_text()  # a picture in a README fetches nothing


def test_ctrl_c_ends_it_at_once_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """In the middle of the orders: no traceback, no folder, and the shell is told that it was interrupted."""
    with subprocess.Popen(
        COMMAND,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"TMPDIR": str(tmp_path), "PATH": ""},
    ) as running:
        assert running.stdout is not None
        next(line for line in running.stdout if "placed:" in line)
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=WITHIN_SECONDS)

    assert (running.returncode, errors) == (130, "")
    assert list(tmp_path.iterdir()) == []


def test_it_serves_on_until_it_is_told_to_stop(tmp_path: Path) -> None:
    """Without `--once` the addresses are told at the end, and Ctrl-C then is the good end."""
    with subprocess.Popen(
        (*COMMAND, "--orders", "1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"TMPDIR": str(tmp_path), "PATH": ""},
    ) as running:
        assert running.stdout is not None
        told = ""
        for line in running.stdout:
            told += line
            if "Ctrl-C" in line:
                break
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=WITHIN_SECONDS)

    assert (running.returncode, errors) == (0, "")
    assert re.search(r"http://127\.0\.0\.1:\d+/delivery/\S+", told)
    assert "Authorization: Bearer" in told
    assert "bitloot orders list" in told


def test_a_folder_that_is_in_use_is_not_touched(tmp_path: Path) -> None:
    """`--keep` never writes over an earlier run."""
    (tmp_path / "precious.txt").write_text("mine")

    refused = subprocess.run(
        (*COMMAND, "--once", "--keep", str(tmp_path)), capture_output=True, text=True, timeout=60, check=False
    )

    assert refused.returncode == 2
    assert "must name a new or an empty folder" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]
