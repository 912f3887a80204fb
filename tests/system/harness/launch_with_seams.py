"""
Starts a process of the service with a hand at its seams (see `seams`), and starts it again when it was killed there.

Arguments: the folder of the boundaries that were visited, shared by several; the part (`all`, `web` or `worker`); the
blow that falls at a boundary. What is read from standard input is `live MODE`, or a mode for the one that lives; what
is told on standard output are the facts of its life, a line each.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import sys
import traceback
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from botocore.loaders import JSONFileLoader

from bitloot_http.app import build_app
from bitloot_http.cli.running import run_loop
from bitloot_http.container import open_service
from bitloot_http.environment import read_environment
from bitloot_http.logs import configure_logs
from bitloot_http.reading_settings import read_settings
from bitloot_http.service import Part
from bitloot_http.serving import serving
from harness.graveyard import Graveyard
from harness.seams import Blow, seams


class Nursery:
    """
    Gives life to one service after another, each a process of its own, without importing everything again.

    Args:
        folder: of the boundaries that somebody visited.
        part: what it is.
        blow: what falls at a boundary.
    """

    def __init__(self, folder: Path, part: str, blow: Blow) -> None:
        self._folder = folder
        self._part = part
        self._blow = blow
        self._child: int | None = None
        self._ear = -1
        self._pulse = -1

    def run(self) -> None:
        """Do what standard input says until it ends: `live MODE`, or a mode for the one that lives."""
        asyncio.run(_load_all())
        lines = b""
        while True:
            watched = [sys.stdin.fileno()] if self._child is None else [sys.stdin.fileno(), self._pulse]
            ready, _, _ = select.select(watched, [], [])
            if self._pulse in ready:
                self._bury()
                continue
            read = os.read(sys.stdin.fileno(), 4096)
            if not read:
                return
            *whole, lines = (lines + read).split(b"\n")
            for line in whole:
                self._obey(line.decode())

    def _obey(self, line: str) -> None:
        if line.startswith("live "):
            self._bear(line.removeprefix("live "))
        elif self._child is not None:
            with contextlib.suppress(BrokenPipeError):  # it has just died
                os.write(self._ear, line.encode() + b"\n")

    def _bear(self, mode: str) -> None:
        hearing, speaking = os.pipe()
        pulse, heart = os.pipe()
        child = os.fork()
        if child == 0:
            # The heart stays open for as long as the child lives, and tells the nursery when it stops.
            os.close(speaking)
            os.close(pulse)
            self._live(mode, hearing)
            os._exit(0)
        os.close(hearing)
        os.close(heart)
        _say(f"lives {child}")
        self._child, self._ear, self._pulse = child, speaking, pulse

    def _bury(self) -> None:
        _, status = os.waitpid(self._child or 0, 0)
        os.close(self._ear)
        os.close(self._pulse)
        self._child = None
        _say(f"died {os.waitstatus_to_exitcode(status)}")

    def _live(self, mode: str, ear: int) -> None:
        """One life, as `bitloot serve` or `bitloot worker` has it."""
        try:
            run_loop(self._work(mode, ear))
        except BaseException:  # noqa: BLE001 - the last words of a process
            traceback.print_exc()
            os._exit(1)

    async def _work(self, mode: str, ear: int) -> None:
        settings = read_settings(read_environment())
        configure_logs(settings.log_level)
        hands, graveyard = seams(self._folder, self._blow, _say)
        graveyard.order(mode)
        async with AsyncExitStack() as stack:
            part = Part.WEB if self._part == "web" else Part.ALL
            service = await stack.enter_async_context(open_service(settings, hands, part=part))
            if self._part != "worker":
                app = build_app(service, probes=service.probes)
                await stack.enter_async_context(serving(app, host=settings.host, port=settings.port))
            _say("is up")
            await _obey(graveyard, ear)


async def _load_all() -> None:
    """Load what a service loads while it opens, so that no child has to; above all the description of S3."""
    read: dict[str, Any] = {}
    load = JSONFileLoader.load_file

    def load_once(loader: JSONFileLoader, path: str) -> Any:
        if path not in read:
            read[path] = load(loader, path)
        return read[path]

    JSONFileLoader.load_file = load_once
    async with open_service(read_settings(read_environment()), part=Part.WEB):
        pass


async def _obey(graveyard: Graveyard, ear: int) -> None:
    """Do as told until there is nobody to tell."""
    reader = asyncio.StreamReader()
    pipe = os.fdopen(ear, "rb", 0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    async for line in reader:
        graveyard.order(line.decode().strip())
        _say("understood")


def _say(line: str) -> None:
    os.write(sys.stdout.fileno(), line.encode() + b"\n")


if __name__ == "__main__":
    Nursery(Path(sys.argv[1]), sys.argv[2], Blow[sys.argv[3]]).run()
