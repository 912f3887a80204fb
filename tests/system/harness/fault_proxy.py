"""
A proxy before a server on loopback that hands on bytes, or does not: it refuses, holds still, cuts off, is slow.

It knows nothing of what it hands on. What goes wrong with single requests to a bucket is in `s3_proxy`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from harness.ports import HOST, kept_port
from harness.waiting import pause

_PIECE_BYTES = 1 << 16
Witness = Callable[[str], bool]
"""Is told `before NAME` or `after NAME`; true if that was the client's last moment."""


class FaultProxy:
    """
    The proxy. Its port stays the same, also while nobody listens on it.

    Args:
        server: the port behind it.
        port: its own.

    Attributes:
        connections: how many there were.
        delay: each piece of a conversation is so many seconds late.
        cut_after: a connection is cut when so many bytes have gone over it, both ways together; None never is.
        watched: words of the protocol, and the name under which the witness is told of a piece that holds one.
        witness: is told of what is watched, before it reaches the server and before its answer reaches the client.
    """

    def __init__(self, server: int, port: int) -> None:
        self.port = port
        self.connections = 0
        self.delay = 0.0
        self.cut_after: int | None = None
        self.watched: dict[bytes, str] = {}
        self.witness: Witness = lambda _: False
        self._behind = server
        self._listening: asyncio.Server | None = None
        self._moves = asyncio.Event()
        self._open: set[_Conversation] = set()

    async def pass_on(self) -> None:
        """Be an honest proxy from now on; what was held still goes on."""
        self.delay, self.cut_after = 0.0, None
        self._moves.set()
        if self._listening is None:
            self._listening = await asyncio.start_server(self._meet, HOST, self.port)

    async def refuse(self) -> None:
        """Cut every connection and take no new one, as a server that is not there."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        self.cut()

    def hold_still(self) -> None:
        """Take connections and leave them open, and hand on nothing."""
        self._moves.clear()

    def cut(self) -> None:
        """Cut the connections that are open."""
        for conversation in list(self._open):
            conversation.end()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            behind = await asyncio.open_connection(HOST, self._behind)
        except OSError:
            writer.transport.abort()
            return
        conversation = _Conversation(self, (reader, writer), behind)
        if self._listening is None:  # it was refused while it came in
            conversation.end()
            return
        self._open.add(conversation)
        try:
            await conversation.hold()
        finally:
            self._open.discard(conversation)

    async def may_move(self) -> None:
        """Wait for as long as nothing is handed on."""
        await self._moves.wait()
        if self.delay:
            await pause(self.delay)


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Conversation:
    """One connection through the proxy."""

    def __init__(self, proxy: FaultProxy, client: Ends, server: Ends) -> None:
        self._proxy = proxy
        self._client, self._server = client, server
        self._bytes = 0
        self._unanswered = ""

    async def hold(self) -> None:
        """Hand on in both directions until one side ends it."""
        there = asyncio.ensure_future(self._pump(self._client[0], self._server[1], self._asked))
        back = asyncio.ensure_future(self._pump(self._server[0], self._client[1], self._answered))
        try:
            await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (there, back):
                task.cancel()
            await asyncio.gather(there, back, return_exceptions=True)
            self.end()

    def end(self) -> None:
        """Cut both sides."""
        for _, writer in (self._client, self._server):
            writer.transport.abort()

    async def _pump(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, pass_by: Callable[[bytes], bool]
    ) -> None:
        with contextlib.suppress(OSError):
            while piece := await source.read(_PIECE_BYTES):
                await self._proxy.may_move()
                self._bytes += len(piece)
                limit = self._proxy.cut_after
                if pass_by(piece) or (limit is not None and self._bytes >= limit):
                    return
                target.write(piece)
                await target.drain()

    def _asked(self, piece: bytes) -> bool:
        name = next((name for word, name in self._proxy.watched.items() if word in piece), "")
        self._unanswered = name or self._unanswered
        return bool(name) and self._proxy.witness(f"before {name}")

    def _answered(self, _: bytes) -> bool:
        name, self._unanswered = self._unanswered, ""
        return bool(name) and self._proxy.witness(f"after {name}")


@asynccontextmanager
async def open_fault_proxy(server: int) -> AsyncIterator[FaultProxy]:
    """
    Stand before a server until the block ends.

    Args:
        server: its port on loopback.
    """
    with kept_port() as port:
        proxy = FaultProxy(server, port)
        await proxy.pass_on()
        try:
            yield proxy
        finally:
            await proxy.refuse()
