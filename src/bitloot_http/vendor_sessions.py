"""
What calls vendors: one session that keeps its connections, and one that has a new one for each call.

A vendor may close a kept connection at any moment. A call that meets this is simply repeated, unless it buys something:
then nobody knows whether it arrived. So purchases pay for a handshake.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp
import attrs


@attrs.frozen(kw_only=True)
class VendorSessions:
    """The two, without a memory for cookies."""

    kept: aiohttp.ClientSession
    fresh: aiohttp.ClientSession


@asynccontextmanager
async def open_sessions(traces: Sequence[aiohttp.TraceConfig], *, at_once: int) -> AsyncIterator[VendorSessions]:
    """
    Open both for the length of a block.

    Args:
        traces: watch the calls of both.
        at_once: how many connections each may have.
    """

    def session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
        jar = aiohttp.DummyCookieJar()
        return aiohttp.ClientSession(connector=connector, cookie_jar=jar, trace_configs=list(traces))

    async with (
        session(aiohttp.TCPConnector(limit=at_once)) as kept,
        session(aiohttp.TCPConnector(limit=at_once, force_close=True)) as fresh,
    ):
        yield VendorSessions(kept=kept, fresh=fresh)
