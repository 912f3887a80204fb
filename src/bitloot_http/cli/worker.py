"""
`bitloot worker`: jobs in processes of their own, rung for over Redis.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from bitloot_http.cli.failures import NOT_ASKED_PROPERLY, Failure

if TYPE_CHECKING:
    from bitloot_http.settings import Settings

_AGAIN_AFTER_SECONDS = 1.0
"""A worker that dies at once shall not be started again at once."""
_LONGEST_END_SECONDS = 60.0
"""Three times what a worker needs at most; one that takes longer hangs, and its leases run out by themselves."""
_MOST = 64
_HIGHEST_PORT = 65_535


def worker(
    processes: Annotated[int, typer.Option(min=1, max=_MOST, help="How many workers to run on this machine.")] = 1,
    port: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=_HIGHEST_PORT - _MOST,
            help="Answer /health/live, /health/ready and /metrics there; each further process one port above.",
        ),
    ] = None,
) -> None:
    """
    Do jobs until told to stop. Needs REDIS_URL; any number of workers on any number of hosts share the work.

    Ends on Ctrl-C or SIGTERM: what is in hand is finished, or its lease given up for another worker to take over.
    """
    from bitloot_http.cli.running import run

    if processes == 1:
        run(lambda settings: _one(settings, port))
    else:
        run(lambda settings: _several(settings, processes, port))


async def _one(settings: Settings, port: int | None) -> None:
    from bitloot_http.app import build_watch_app
    from bitloot_http.cli.required_database import require_database
    from bitloot_http.container import open_service
    from bitloot_http.garbage import keep_what_is_loaded
    from bitloot_http.logs import configure_logs
    from bitloot_http.serving import serving, told_to_stop

    _require_redis(settings)
    configure_logs(settings.log_level)
    await require_database(settings, makes_new=False)
    async with told_to_stop() as stopped, open_service(settings) as service, AsyncExitStack() as stack:
        if port is not None:
            app = build_watch_app(
                service, probes=service.probes, counts=service.counts, in_hand=lambda: service.in_hand
            )
            address = await stack.enter_async_context(serving(app, host=settings.host, port=port))
            typer.echo(f"watched on {address}")
        keep_what_is_loaded()
        typer.echo("working")
        sys.stdout.flush()
        await stopped.wait()


async def _several(settings: Settings, processes: int, port: int | None) -> None:
    """Keep so many workers running, each a process of its own; one that dies is replaced."""
    from bitloot_http.cli.required_database import require_database
    from bitloot_http.serving import told_to_stop

    _require_redis(settings)
    await require_database(settings, makes_new=False)
    async with told_to_stop() as stopped, asyncio.TaskGroup() as group:
        for number in range(processes):
            group.create_task(_keep_one(stopped, None if port is None else port + number))


async def _keep_one(stopped: asyncio.Event, port: int | None) -> None:
    words = ["worker"] if port is None else ["worker", "--port", str(port)]
    told = asyncio.ensure_future(stopped.wait())
    while not stopped.is_set():
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", _CHILD, *words)
        ended = asyncio.ensure_future(child.wait())
        await asyncio.wait({told, ended}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            child.terminate()
            await asyncio.wait({ended}, timeout=_LONGEST_END_SECONDS)
            if not ended.done():
                child.kill()
            await ended
        elif not stopped.is_set():
            await asyncio.wait({told}, timeout=_AGAIN_AFTER_SECONDS)


_CHILD = "import sys; from bitloot_http.cli import main; sys.argv[0] = 'bitloot'; main()"


def _require_redis(settings: Settings) -> None:
    if settings.redis_url is None:
        raise Failure(
            "REDIS_URL is not set: without it the workers are inside `bitloot serve`.", code=NOT_ASKED_PROPERLY
        )
