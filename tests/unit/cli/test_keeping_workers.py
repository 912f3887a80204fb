"""Whoever keeps workers ends in time, whatever the workers do."""

import asyncio
from pathlib import Path

import pytest

from bitloot_http.cli import worker

DEAF = """
import pathlib, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path({ready!r}).touch()
signal.pause()
"""


async def test_a_worker_that_does_not_hear_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that hangs, or stands still, is killed after a while: its leases run out by themselves."""
    ready = tmp_path / "ready"
    monkeypatch.setattr(worker, "_CHILD", DEAF.format(ready=str(ready)))
    monkeypatch.setattr(worker, "_LONGEST_END_SECONDS", 0.2)
    stopped = asyncio.Event()
    keeping = asyncio.create_task(worker._keep_one(stopped, None))  # noqa: SLF001 - the command would read signals
    async with asyncio.timeout(30):
        while not ready.exists():
            await asyncio.wait({keeping}, timeout=0.02)

    stopped.set()
    async with asyncio.timeout(10):
        await keeping

    assert keeping.exception() is None
