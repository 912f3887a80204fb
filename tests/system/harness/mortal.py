"""A service that is killed at boundaries and raised again, over and over, while somebody goes on buying."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from harness.surroundings import Surroundings
from harness.waiting import eventually

MOST_KILLS_AN_ORDER = 3
_LAUNCHER = Path(__file__).with_name("launch_with_seams.py")
_START_SECONDS = 60.0


class MortalService:
    """
    A service with a hand at its seams; when it has died at a boundary it is raised again.

    Args:
        place: where it lives.
        graveyard: the folder of the boundaries that somebody died at.
    """

    def __init__(self, place: Surroundings, graveyard: Path) -> None:
        self._place = place
        self._graveyard = graveyard
        self._process: asyncio.subprocess.Process | None = None
        self._fault: AssertionError | None = None
        self._is_listening = False
        self._has_understood = False
        self.deaths = 0
        self._deaths_before = 0

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Keep it running until the block ends."""
        with self._place.logs.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(_LAUNCHER),
                str(self._graveyard),
                env=self._place.environ,
                cwd=self._place.folder,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        watch = asyncio.create_task(self._watch(self._process))
        try:
            await self._tell("live disarm")
            await eventually(lambda: self._is_listening, "the service is up", within=_START_SECONDS)
            yield
        except AssertionError as late:
            raise self._fault or late from late
        finally:
            self._process.kill()  # the service sees its ear close, and ends
            await self._process.wait()
            await watch
        if self._fault is not None:
            raise self._fault

    async def arm(self) -> None:
        """From now on it dies at the first boundary that is new; afterwards only at boundaries of a new name."""
        await self._make_understand("arm")

    async def disarm(self) -> int:
        """It lives on from now; how often it died since it was armed."""
        await self._make_understand("disarm")
        return self.deaths_of_this_order

    @property
    def deaths_of_this_order(self) -> int:
        """How often it died since it was armed."""
        return self.deaths - self._deaths_before

    async def _make_understand(self, mode: str) -> None:
        """Say a mode until one that lives has heard it: it may be dying while we speak."""
        while not self._has_understood:
            deaths = self.deaths
            await eventually(lambda: self._is_listening, "the service is up", within=_START_SECONDS)
            if mode == "arm":
                self._deaths_before = self.deaths
            await self._tell(mode)
            await eventually(
                lambda before=deaths: self._has_understood or self.deaths > before, "it hears", within=_START_SECONDS
            )
        self._has_understood = False

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            return
        async for line in process.stdout:
            if line.startswith(b"listening on "):
                self._is_listening = True
            elif line.startswith(b"understood"):
                self._has_understood = True
            elif line.startswith(b"died "):
                await self._died(int(line.removeprefix(b"died ")))

    async def _died(self, code: int) -> None:
        if code != -signal.SIGKILL:
            said = self._place.logs.read_text(encoding="utf-8", errors="replace")
            self._fault = self._fault or AssertionError(f"the service ended by itself ({code}):\n{said[-4000:]}")
            return
        self.deaths += 1
        self._is_listening = False
        await self._tell("live arm new" if self.deaths_of_this_order < MOST_KILLS_AN_ORDER else "live disarm")

    async def _tell(self, line: str) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(line.encode() + b"\n")
            await self._process.stdin.drain()


def boundaries(graveyard: Path) -> list[str]:
    """The names of all boundaries that somebody died at."""
    return sorted(grave.read_text(encoding="utf-8") for grave in graveyard.iterdir())
