"""The real service as a child process: started, told to stop, killed; always by its own number."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence

from harness.surroundings import Surroundings

BITLOOT = (sys.executable, "-c", "from bitloot_http.cli import main; main()")
"""The program `bitloot`, without a detour over where its script was installed."""
SERVE = (*BITLOOT, "serve")
WORK = (*BITLOOT, "worker")
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0


class ServiceProcess:
    """
    A service that can be started many times, one life at a time.

    Args:
        place: where it lives.
        program: what is started.
        ready: how the line begins that it prints when it is up.
    """

    def __init__(self, place: Surroundings, program: Sequence[str] = SERVE, *, ready: bytes = b"listening on ") -> None:
        self._place = place
        self._program = tuple(program)
        self._ready = ready
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self.lives = 0

    @property
    def pid(self) -> int:
        """The number of the process that lives now."""
        return self._living.pid

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.returncode is None

    async def start(self, *more: str) -> None:
        """
        Start it and wait until it answers.

        Args:
            more: further arguments.

        Raises:
            AssertionError: it ended, or did not come up in time; with the end of what it said.
        """
        self.lives += 1
        with self._place.logs.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._program,
                *more,
                env=self._place.environ,
                cwd=self._place.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        listening = asyncio.Event()
        self._reader = asyncio.create_task(self._keep(self._process, listening))
        ended = asyncio.create_task(self._process.wait())
        heard = asyncio.create_task(listening.wait())
        await asyncio.wait({ended, heard}, timeout=_START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        is_up = listening.is_set()
        for task in (ended, heard):
            task.cancel()
        if not is_up and self._process.returncode is None:
            self._process.kill()
        if not is_up and self._process.returncode != -signal.SIGKILL:
            raise AssertionError(f"the service did not come up:\n{self.last_words()}")

    async def ended(self) -> int:
        """Wait until it ends by itself; the exit code, negative for a signal."""
        code = await self._living.wait()
        await self._heard_out()
        return code

    async def stop(self) -> int:
        """Tell it to stop (SIGTERM) and wait; the exit code."""
        if not self.is_alive:
            return self._living.returncode or 0
        self._living.terminate()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                return await self.ended()
        except TimeoutError:
            await self.kill()
            raise AssertionError(f"the service did not stop when it was told:\n{self.last_words()}") from None

    def terminate(self) -> None:
        """Tell it to stop (SIGTERM), and do not wait."""
        self._living.terminate()

    async def kill(self) -> None:
        """End it with SIGKILL, whatever it is doing."""
        if self.is_alive:
            self._living.kill()
        await self.ended()

    def last_words(self) -> str:
        """The end of the log of all lives."""
        return self._place.logs.read_text(encoding="utf-8", errors="replace")[-4000:]

    @property
    def _living(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise AssertionError("the service was never started")
        return self._process

    async def _keep(self, process: asyncio.subprocess.Process, listening: asyncio.Event) -> None:
        """Write down what it says on standard output."""
        if process.stdout is None:
            return
        with self._place.logs.open("ab") as log:
            async for line in process.stdout:
                log.write(line)
                if line.startswith(self._ready):
                    listening.set()

    async def _heard_out(self) -> None:
        if self._reader is not None:
            await self._reader
