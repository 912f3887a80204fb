"""`bitloot`, as a shell starts it: what it imports, how it ends, what a pipe sees."""

import base64
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from harness.ports import kept_port
from harness.postgres_server import PostgresServer

COMMAND = (sys.executable, "-c", "from bitloot_http.cli import main; main()")
WITHIN_SECONDS = 60
HEAVY = ("aiohttp", "sqlalchemy", "alembic", "taskiq", "cryptography", "aiobotocore", "cattrs", "dependency_injector")
WHAT_HELP_IMPORTS = """
import json, sys
sys.argv = ["bitloot", "--help"]
from bitloot_http.cli import main
try:
    main()
except SystemExit:
    print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""
SETTINGS = {
    "KINGUIN_API_KEY": "k",
    "KINGUIN_WEBHOOK_SECRET": "w",
    "NOWPAYMENTS_API_KEY": "n",
    "NOWPAYMENTS_IPN_SECRET": "i",
    "PUBLIC_URL": "http://127.0.0.1:8080",
    "LINK_SECRET": "l" * 40,
    "VAULT_KEYS": f"k1:{base64.b64encode(bytes(32)).decode()}",
    "PORT": "0",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with settings, and nothing else."""
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in SETTINGS.items()))
    return tmp_path


def bitloot(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Give a command in a folder, in an environment that sets nothing."""
    return subprocess.run(
        (*COMMAND, *arguments),
        cwd=folder,
        env={"PATH": ""},
        capture_output=True,
        text=True,
        timeout=WITHIN_SECONDS,
        check=False,
    )


def test_help_loads_nothing_heavy() -> None:
    """What makes `bitloot --help` quick, said as a fact and not as a time."""
    answer = subprocess.run(
        (sys.executable, "-c", WHAT_HELP_IMPORTS), capture_output=True, text=True, timeout=WITHIN_SECONDS, check=True
    )

    loaded = set(json.loads(answer.stdout.splitlines()[-1]))

    assert set() == loaded & set(HEAVY)
    assert "products" in answer.stdout


def test_a_service_begins_with_an_empty_folder_and_ends_on_sigterm(folder: Path) -> None:
    """It makes its database, says where it listens, answers, and ends with 0."""
    with subprocess.Popen(
        (*COMMAND, "serve"), cwd=folder, env={"PATH": ""}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        line = running.stdout.readline()
        found = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)\n", line)
        assert found is not None, line
        with urllib.request.urlopen(f"{found[1]}/health/ready", timeout=10) as answer:  # noqa: S310 - our own http
            status = answer.status
        running.send_signal(signal.SIGTERM)
        rest, errors = running.communicate(timeout=WITHIN_SECONDS)

    assert (status, running.returncode, rest) == (200, 0, "")
    assert "Traceback" not in errors
    assert (folder / "bitloot.db").is_file()


def test_a_service_without_settings_says_all_that_is_wrong(tmp_path: Path) -> None:
    """Exit 2, every variable by name, nothing on standard output."""
    refused = bitloot(tmp_path, "serve")

    assert (refused.returncode, refused.stdout) == (2, "")
    for name in ("KINGUIN_API_KEY", "NOWPAYMENTS_API_KEY", "PUBLIC_URL", "VAULT_KEYS", "LINK_SECRET"):
        assert f"{name} is missing" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_service_leaves_a_newer_database_alone(folder: Path) -> None:
    """One that a later version wrote is not understood by this one."""
    import sqlite3

    bitloot(folder, "db", "upgrade")
    with sqlite3.connect(folder / "bitloot.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()

    refused = bitloot(folder, "serve")

    assert (refused.returncode, refused.stdout) == (1, "")
    assert "written by a newer version" in refused.stderr


def test_a_service_never_fills_a_database_of_a_server(folder: Path, postgres: PostgresServer) -> None:
    """It says what to do; `db upgrade` does it, and `db check` tells before and after."""
    with postgres.copy("template0") as name, (folder / ".env").open("a") as settings:
        settings.write(f"DATABASE_URL={postgres.url_of(name)}\n")
        settings.flush()

        told = [
            bitloot(folder, *command) for command in (["serve"], ["db", "check"], ["db", "upgrade"], ["db", "check"])
        ]

    assert [one.returncode for one in told] == [1, 1, 0, 0]
    assert all("run `bitloot db upgrade`" in one.stderr for one in told[:2])
    assert told[3].stdout == "The database is of this version.\n"


def test_a_server_that_is_away_is_told_without_its_password(folder: Path) -> None:
    """One sentence, and exit 1."""
    with kept_port() as port, (folder / ".env").open("a") as settings:
        settings.write(f"DATABASE_URL=postgresql://shop:hunter2@127.0.0.1:{port}/shop\n")
        settings.flush()

        refused = bitloot(folder, "db", "check")

    assert (refused.returncode, refused.stdout) == (1, "")
    assert "no server answers" in refused.stderr
    assert "hunter2" not in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_a_reader_that_has_had_enough_is_no_error(folder: Path) -> None:
    """`bitloot products list | head -1` ends without a traceback."""
    bitloot(folder, "db", "upgrade")
    rows = "".join(f"game-{number},Game {number},s{number},1.00,EUR,0.50\n" for number in range(5000))
    (folder / "products.csv").write_text("product_id,title,supplier_product_id,price,currency,max_cost\n" + rows)
    bitloot(folder, "products", "import", "products.csv")
    reading, writing = os.pipe()

    with subprocess.Popen(
        (*COMMAND, "products", "list", "--json"),
        cwd=folder,
        env={"PATH": ""},
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        os.close(writing)
        os.read(reading, 10)
        os.close(reading)
        _, errors = running.communicate(timeout=WITHIN_SECONDS)

    assert (running.returncode, errors) == (1, "")
