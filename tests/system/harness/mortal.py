"""A process of the service that something happens to at its boundaries, over and over, while somebody buys."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from harness.graveyard import MOST_BLOWS, Graveyard
from harness.seams import Blow
from harness.surroundings import Surroundings
from harness.waiting import eventually, pause

_ABOVE = Path(__file__).parents[1]
_LAUNCHER = "harness.launch_with_seams"
_START_SECONDS = 60.0


class MortalProcess:
    """
    A part of the service with a hand at its seams; when it was killed at a boundary it is raised again.

    Args:
        place: where it lives.
        graveyard: the folder of the boundaries that somebody visited.
        part: `all`, `web` or `worker`.
        blow: what happens at a boundary.
        stall_seconds: how long it stands still, if that is the blow.
        differs: settings that are its own.

    Attributes:
        blows: how often it was struck.
    """

    def __init__(
        self,
        place: Surroundings,
        graveyard: Path,
        *,
        part: str = "all",
        blow: Blow = Blow.KILL,
        stall_seconds: float = 0.0,
        **differs: str,
    ) -> None:
        self._place = place
        self._command = (sys.executable, "-m", _LAUNCHER, str(graveyard), part, blow.name)
        paths = (str(_ABOVE), place.environ.get("PYTHONPATH", ""))
        self._environ = {**place.environ, **differs, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        self._part, self._blow = part, blow
        self._stall_seconds = stall_seconds
        self._before_it = Graveyard(graveyard, self._strike)
        self._process: asyncio.subprocess.Process | None = None
        self._pid = 0
        self._fault: AssertionError | None = None
        self._is_up = False
        self._has_understood = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.blows = 0
        self._blows_before = 0

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Keep it running until the block ends."""
        with self._place.logs.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                env=self._environ,
                cwd=self._place.folder,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        watch = asyncio.create_task(self._watch(self._process))
        try:
            await self._tell("live disarm")
            await self._comes_up()
            yield
        except AssertionError as late:
            raise self._fault or late from late
        finally:
            # The nursery first: it would tell us that the one that lived there has died.
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            self._send(signal.SIGKILL)
            await watch
            for task in self._tasks:
                task.cancel()
        if self._fault is not None:
            raise self._fault

    async def arm(self, *, mode: str = "arm") -> None:
        """
        From now on it is struck at the first boundary that is new; afterwards only at boundaries of a new name.

        Args:
            mode: see `Graveyard`; under `arm new` only boundaries of a new name count from the beginning.
        """
        await self._make_understand(mode)

    async def disarm(self) -> int:
        """It lives on from now; how often it was struck since it was armed."""
        await self._make_understand("disarm")
        return self.blows_to_this_order

    @property
    def blows_to_this_order(self) -> int:
        """How often it was struck since it was armed."""
        return self.blows - self._blows_before

    def witness(self, boundary: str) -> bool:
        """
        Come to a boundary outside of the process: what it asked is about to be done, or was done.

        Returns:
            Whether that was its end.
        """
        is_asked = self._is_up and self._blow in {Blow.KILL, Blow.STALL}
        is_struck = is_asked and self._before_it.pass_by(f"{self._part}: {boundary}")
        return is_struck and self._blow is Blow.KILL

    def _strike(self, _: str) -> None:
        if self._blow is Blow.KILL:
            self._is_up = False
            self._send(signal.SIGKILL)
        else:
            self._send(signal.SIGSTOP)
            self._stalled(self._pid)

    def _send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._pid, number)

    async def _make_understand(self, mode: str) -> None:
        """Say a mode until one that lives has heard it: it may be dying while we speak."""
        while not self._has_understood:
            blows = self.blows
            await self._comes_up()
            if mode != "disarm":
                self._blows_before = self.blows
            await self._tell(mode)
            await eventually(
                lambda before=blows: self._has_understood or self.blows > before, "it hears", within=_START_SECONDS
            )
        self._has_understood = False
        self._before_it.order(mode)

    async def _comes_up(self) -> None:
        await eventually(lambda: self._is_up or self._fault, f"the {self._part} is up", within=_START_SECONDS)
        if self._fault is not None:
            raise self._fault

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            return
        async for line in process.stdout:
            match line.decode().split():
                case ["lives", pid]:
                    self._pid = int(pid)
                case ["is", "up"]:
                    self._is_up = True
                case ["understood"]:
                    self._has_understood = True
                case ["struck"]:
                    self.blows += 1
                case ["stalls", pid]:
                    self._stalled(int(pid))
                case ["died", code]:
                    await self._died(int(code))
        if await process.wait() != -signal.SIGKILL:
            self._fail(f"the nursery of the {self._part} ended by itself")

    async def _died(self, code: int) -> None:
        self._is_up = False
        if code != -signal.SIGKILL:
            self._fail(f"the {self._part} ended by itself ({code})")
            return
        self.blows += 1
        mode = "arm new" if self.blows_to_this_order < MOST_BLOWS else "disarm"
        self._before_it.order(mode)
        await self._tell(f"live {mode}")

    def _fail(self, what: str) -> None:
        said = self._place.logs.read_text(encoding="utf-8", errors="replace")
        self._fault = self._fault or AssertionError(f"{what}:\n{said[-4000:]}")

    def _stalled(self, pid: int) -> None:
        self.blows += 1
        self._aside(self._wake(pid))

    async def _wake(self, pid: int) -> None:
        await pause(self._stall_seconds)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    def _aside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self, line: str) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(line.encode() + b"\n")
            await self._process.stdin.drain()
