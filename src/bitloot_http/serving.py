"""
Listening: the HTTP server around the application, and the signals that end it.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from aiohttp import web

KEEP_ALIVE = timedelta(seconds=15)
LINGER = timedelta(seconds=5)
SHUTDOWN = timedelta(seconds=20)
"""How long requests in hand may take once we were told to stop."""
BACKLOG = 512


@asynccontextmanager
async def serving(
    app: web.Application, *, host: str, port: int, taken: socket.socket | None = None, shutdown: timedelta = SHUTDOWN
) -> AsyncIterator[str]:
    """
    Answer requests while the context is open.

    Args:
        app: what answers them; it keeps its own access log.
        host: the address to listen on.
        port: 0 for any free one.
        taken: a socket that listens already, for whoever had to know the port before the application was made.
        shutdown: how long requests in hand may take at the end.

    Yields:
        The address, as a browser takes it.

    Raises:
        OSError: the address cannot be listened on.
    """
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        keepalive_timeout=KEEP_ALIVE.total_seconds(),
        lingering_time=LINGER.total_seconds(),
        shutdown_timeout=shutdown.total_seconds(),
    )
    await runner.setup()
    try:
        if taken is None:
            await web.TCPSite(runner, host, port, backlog=BACKLOG).start()
        else:
            await web.SockSite(runner, taken, backlog=BACKLOG).start()
        yield address_of(*runner.addresses[0][:2])
    finally:
        await runner.cleanup()


def free_port(host: str, port: int) -> socket.socket:
    """
    Listen on an address before there is an application; port 0 takes a free one.

    Raises:
        OSError: the address is in use.
    """
    return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)


def address_of(host: str, port: int) -> str:
    """
    The URL of a listening address.

    >>> address_of("::1", 8080)
    'http://[::1]:8080'
    """
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@asynccontextmanager
async def told_to_stop() -> AsyncIterator[asyncio.Event]:
    """
    An event that is set by SIGINT (Ctrl-C) or SIGTERM, for as long as the context is open.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    with contextlib.ExitStack() as stack:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopped.set)
            stack.callback(loop.remove_signal_handler, number)
        yield stopped
