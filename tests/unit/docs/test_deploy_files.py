"""The files of docs/deploy fit the service that they start, stop and stand before."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import code_index
from bitloot_http.requests import MOST_BYTES
from bitloot_http.serving import KEEP_ALIVE
from doc_pages import ROOT

DEPLOY = ROOT / "docs" / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
STOPS_WITHIN_SECONDS = 60
"""What docs/run-the-service.md promises of an orderly end."""


def read(name: str) -> str:
    """The text of one of the files."""
    return (DEPLOY / name).read_text(encoding="utf-8")


def compose() -> Any:
    """The composition, read."""
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    return yaml.safe_load(read("compose.yml"))


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda unit: unit.name)
def test_a_unit_starts_what_the_program_can_do(unit: Path) -> None:
    """Its command is one of ours, with options that there are."""
    (command,) = re.findall(r"^ExecStart=\S+/bitloot (.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)

    assert code_index.refused_command(command.replace("%i", "1").split()) is None


def test_nothing_is_killed_while_it_ends_in_order() -> None:
    """Neither systemd nor Docker is less patient than an orderly end takes."""
    patience = [int(found) for unit in UNITS for found in re.findall(r"TimeoutStopSec=(\d+)", unit.read_text())]
    patience.append(int(compose()["x-bitloot"]["stop_grace_period"].removesuffix("s")))

    assert len(patience) == 3
    assert min(patience) > STOPS_WITHIN_SECONDS


def test_systemd_understands_the_units(tmp_path: Path) -> None:
    """Every directive is one that it knows; only the program is replaced by one that is there."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd-analyze")
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/bitloot/.venv/bin/bitloot", "/bin/true")
        (tmp_path / unit.name.replace("@", "@1")).write_text(text, encoding="utf-8")

    said = subprocess.run(
        [program, "verify", *(str(path) for path in sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (said.returncode, said.stderr) == (0, "")


def test_the_composition_starts_what_the_program_can_do() -> None:
    """The upgrade, the service and the workers, each by a command of ours; and sets what is a setting."""
    parts = {name: part["command"] for name, part in compose()["services"].items() if part.get("image") == "bitloot"}

    assert set(parts) == {"upgrade", "web", "worker"}
    assert [code_index.refused_command(command) for command in parts.values()] == [None] * 3
    assert set(compose()["x-bitloot"]["environment"]) <= code_index.settings()


def test_two_workers_wait_for_the_tables() -> None:
    """They and the service start when the upgrade is done; Redis may be late."""
    services = compose()["services"]

    for name in ("web", "worker"):
        assert services[name]["depends_on"]["upgrade"] == {"condition": "service_completed_successfully"}
    assert services["worker"]["deploy"]["replicas"] == 2


def test_the_image_is_made_of_what_there_is() -> None:
    """Each path that is copied into it exists, and it has what the build of the package reads."""
    sources = [
        path for line in re.findall(r"^COPY (.*) \S+$", read("Dockerfile"), re.MULTILINE) for path in line.split()
    ]

    assert {"pyproject.toml", "README.md", "LICENSE", "constraints.txt", "src"} == set(sources)
    assert all((ROOT / source).exists() for source in sources)


def test_the_proxies_give_up_idle_connections_before_we_do() -> None:
    """Else a request goes out on a connection that is being closed, and is answered by nobody."""
    kept = [
        int(re.findall(r"upstream bitloot \{.*?keepalive_timeout (\d+)s;", read("nginx.conf"), re.DOTALL)[0]),
        int(re.findall(r"transport http \{.*?keepalive (\d+)s", read("Caddyfile"), re.DOTALL)[0]),
    ]

    assert max(kept) < KEEP_ALIVE.total_seconds()


def test_the_proxies_let_through_all_that_we_would_read() -> None:
    """Whatever the service takes gets to it."""
    limits = [
        *re.findall(r"client_max_body_size (\d+)k;", read("nginx.conf")),
        *re.findall(r"max_size (\d+)KiB", read("Caddyfile")),
    ]

    assert len(limits) == 2
    assert min(int(limit) * 1024 for limit in limits) >= MOST_BYTES


def test_caddy_understands_its_file() -> None:
    """And finds it written as it would write it itself."""
    program = shutil.which("caddy")
    if program is None:
        pytest.skip("no caddy")

    said = subprocess.run(
        [program, "fmt", str(DEPLOY / "Caddyfile")], capture_output=True, text=True, check=True, timeout=60
    )

    assert said.stdout == read("Caddyfile")
