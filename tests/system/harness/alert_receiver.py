"""
A receiver of signed alerts on loopback that misbehaves on demand.

It checks what it gets by its own reading of Standard Webhooks 1.0.0, and shares no code with what sends.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import attrs
from aiohttp import web


@attrs.frozen(kw_only=True)
class TakenWebhook:
    """
    A request whose signature was right.

    Attributes:
        raw: its body, byte for byte.
    """

    id: str
    timestamp: int
    headers: Mapping[str, str]
    raw: bytes = attrs.field(repr=False)

    @property
    def body(self) -> Any:
        """What it says."""
        return json.loads(self.raw)


class AlertReceiver:
    """
    The receiver.

    Args:
        secret: the one that it knows, `whsec_...`.

    Attributes:
        taken: what was authentic, oldest first.
        forged: how many requests were not.
        requests: how many there were.
        answer: the status of the next answers.
        headers: their headers.
        is_slow: it takes a request and never answers.
        drops_next_answer: once, it takes a request and cuts the connection.
        port: stays the same over `go_down` and `come_back`.
    """

    def __init__(self, secret: str) -> None:
        self.taken: list[TakenWebhook] = []
        self.forged = 0
        self.requests = 0
        self.answer = 200
        self.headers: dict[str, str] = {}
        self.is_slow = False
        self.drops_next_answer = False
        self.port = 0
        self._key = base64.b64decode(secret.split("_", 1)[1])
        self._runner: web.AppRunner | None = None
        self._told = asyncio.Event()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/hooks/CANARY?token=CANARY"

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[AlertReceiver]:
        """Listen until the block ends."""
        await self.come_back()
        try:
            yield self
        finally:
            await self.go_down()

    async def come_back(self) -> None:
        """Listen, on the same port as before."""
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]

    async def go_down(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def told(self, count: int) -> Sequence[TakenWebhook]:
        """Wait until so many requests were authentic; the deadline is the test's own."""
        while len(self.taken) < count:
            self._told.clear()
            await self._told.wait()
        return self.taken

    async def _take(self, request: web.Request) -> web.Response:
        self.requests += 1
        raw = await request.read()
        if not self._is_authentic(request.headers, raw) or request.method != "POST":
            self.forged += 1
            return web.Response(status=401, text="CANARY: this is nobody we know")
        if 200 <= self.answer < 300:
            self.taken.append(
                TakenWebhook(
                    id=request.headers["webhook-id"],
                    timestamp=int(request.headers["webhook-timestamp"]),
                    headers=dict(request.headers),
                    raw=raw,
                )
            )
            self._told.set()
        if self.is_slow:
            await asyncio.Event().wait()
        if self.drops_next_answer:
            self.drops_next_answer = False
            assert request.transport is not None
            request.transport.abort()
        return web.Response(status=self.answer, headers=self.headers, text="CANARY: a page of an error")

    def _is_authentic(self, headers: Mapping[str, str], raw: bytes) -> bool:
        signed = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), raw))
        right = base64.b64encode(hmac.digest(self._key, signed, hashlib.sha256))
        given = (one.split(",", 1) for one in headers["webhook-signature"].split(" "))
        return any(version == "v1" and hmac.compare_digest(right, one.encode()) for version, one in given)
