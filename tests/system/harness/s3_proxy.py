"""A proxy before an S3 server, on loopback: what it hands on, it can lose, delay, damage or refuse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

import aiohttp
import attrs
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from harness.ports import HOST

_HOP_BY_HOP = frozenset({"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"})


@attrs.frozen(kw_only=True)
class S3Request:
    """What the client asks."""

    method: str
    path: str
    headers: CIMultiDict[str]
    body: bytes = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class S3Answer:
    """What the client is told."""

    status: int
    headers: CIMultiDict[str]
    body: bytes = attrs.field(repr=False)


Forward: TypeAlias = Callable[[S3Request], Awaitable[S3Answer]]
Fault: TypeAlias = Callable[[S3Request, Forward], Awaitable[S3Answer | None]]
"""Does something else with a request; None cuts the connection."""


async def lose_request(request: S3Request, forward: Forward) -> None:
    """Cut the connection; the server never hears of it."""


async def lose_answer(request: S3Request, forward: Forward) -> None:
    """Let the server do it, and cut the connection."""
    await forward(request)


async def stall(request: S3Request, forward: Forward) -> None:
    """Never answer, until the client goes away."""
    await asyncio.Event().wait()


async def damage_upload(request: S3Request, forward: Forward) -> S3Answer:
    """Flip a bit of what is written."""
    return await forward(attrs.evolve(request, body=flipped(request.body)))


async def damage_answer(request: S3Request, forward: Forward) -> S3Answer:
    """Flip a bit of what is read: another one than in an upload, or the two would undo each other."""
    answer = await forward(request)
    return attrs.evolve(answer, body=flipped(answer.body, bit=0x01))


def refuse(status: int, code: str, **headers: str) -> Fault:
    """Answer with an error of S3's form instead of asking the server."""

    async def refused(request: S3Request, forward: Forward) -> S3Answer:
        """Say no."""
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>".encode()
        return S3Answer(status=status, headers=CIMultiDict({"Content-Type": "application/xml", **headers}), body=body)

    return refused


def say(body: bytes, *, status: int = 200) -> Fault:
    """Answer something of one's own."""

    async def said(request: S3Request, forward: Forward) -> S3Answer:
        """Say it."""
        return S3Answer(status=status, headers=CIMultiDict(), body=body)

    return said


def flipped(content: bytes, *, bit: int = 0x10) -> bytes:
    """The content with one bit that is not as it was."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ bit]) + content[middle + 1 :]


@attrs.define
class _Planned:
    fault: Fault
    method: str | None
    left: int | None


class S3Proxy:
    """
    The proxy.

    Attributes:
        port: where the client finds it, on loopback.
        seen: the requests that came, oldest first.
        witness: is told `before bucket: METHOD` and `after bucket: METHOD`; true if that was the client's last moment.
    """

    def __init__(self, server: str, session: aiohttp.ClientSession) -> None:
        self.port = 0
        self.seen: list[S3Request] = []
        self.witness: Callable[[str], bool] = lambda _: False
        self._server = server
        self._session = session
        self._planned: list[_Planned] = []

    @property
    def url(self) -> str:
        """The same as an address."""
        return f"http://{HOST}:{self.port}"

    def plan(self, fault: Fault, *, method: str | None = None, times: int | None = 1) -> None:
        """Do this to the next requests (of a method); None for all to come. Plans are carried out in order."""
        self._planned.append(_Planned(fault, method, times))

    def heal(self) -> None:
        """Forget what was planned."""
        self._planned.clear()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Hand one request on, or do with it what was planned."""
        asked = S3Request(
            method=request.method,
            path=request.raw_path,
            headers=CIMultiDict(request.headers),
            body=await request.read(),
        )
        self.seen.append(asked)
        told = None
        if not self.witness(f"before bucket: {asked.method}"):
            told = await self._carry_out(asked)
            if self.witness(f"after bucket: {asked.method}"):
                told = None
        if told is None:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return web.Response(status=told.status, headers=told.headers, body=told.body)

    async def _carry_out(self, asked: S3Request) -> S3Answer | None:
        planned = next((one for one in self._planned if one.method in {None, asked.method} and one.left != 0), None)
        if planned is None:
            return await self._forward(asked)
        planned.left = None if planned.left is None else planned.left - 1
        return await planned.fault(asked, self._forward)

    async def _forward(self, asked: S3Request) -> S3Answer:
        headers = CIMultiDict((name, value) for name, value in asked.headers.items() if name.lower() not in _HOP_BY_HOP)
        async with self._session.request(
            asked.method, URL(self._server + asked.path, encoded=True), headers=headers, data=asked.body or None
        ) as answer:
            kept = CIMultiDict(
                (name, value) for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP
            )
            return S3Answer(status=answer.status, headers=kept, body=await answer.read())


@asynccontextmanager
async def open_s3_proxy(server: str, session: aiohttp.ClientSession) -> AsyncIterator[S3Proxy]:
    """Listen on a free port until the block ends."""
    proxy = S3Proxy(server, session)
    runner = web.ServerRunner(web.Server(proxy.answer, handler_cancellation=True), shutdown_timeout=0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, 0)
        await site.start()
        proxy.port = runner.addresses[0][1]
        yield proxy
    finally:
        await runner.cleanup()
