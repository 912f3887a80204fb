"""
What stands between a socket and a call: faults, latency, rate limits, error envelopes, the log of calls.

What lives here: everything that is the same for all calls. What must not: the calls themselves (`api.py`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeAlias

import attrs
from aiohttp import web

from .canonical import JsonObject, wire_text
from .errors import ApiError
from .faults import (
    TOO_MANY_REQUESTS,
    AcceptThenAnswer,
    AcceptThenDrop,
    AcceptThenTimeOut,
    Altered,
    ApiFaults,
    DropConnection,
    HtmlPage,
    RawAnswer,
    Refuse,
    Slow,
    TimeOut,
)

_LOG_LIMIT = 50_000
_LIMIT_WINDOW = timedelta(seconds=1)


@attrs.frozen(kw_only=True)
class Incoming:
    """A request as a call sees it; `body` has been read in full."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    path: Mapping[str, str]
    body: bytes
    remote: str | None


@attrs.frozen
class Answer:
    """The JSON that a call answers."""

    status: int
    fields: JsonObject


@attrs.frozen(kw_only=True)
class ApiCall:
    """
    One request as the log keeps it.

    Attributes:
        call: such as `POST /payment`.
        path: the path as requested, without the query.
        status: the HTTP status that was sent; none if there was no answer: dropped, or the client left.
    """

    call: str
    path: str
    status: int | None
    at: datetime


Handle: TypeAlias = Callable[[Incoming], Answer]


class Pipeline:
    """
    Wraps the calls of the API into aiohttp handlers.

    Args:
        faults: the script of what goes wrong.
        clock: now, for the log and the rate limits.
    """

    def __init__(self, faults: ApiFaults, clock: Callable[[], datetime]) -> None:
        self.calls: deque[ApiCall] = deque(maxlen=_LOG_LIMIT)
        self.open_requests = 0
        self.latency_seconds = 0.0
        self.limits_per_second: Mapping[str, int] = {}
        self._faults = faults
        self._clock = clock
        self._recent: dict[tuple[str, str | None], deque[datetime]] = {}

    def handler(self, call: str, handle: Handle) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """An aiohttp handler that runs `handle` under this pipeline."""

        async def serve(request: web.Request) -> web.StreamResponse:
            response: web.StreamResponse | None = None
            self.open_requests += 1
            try:
                response = await self._response(call, handle, request)
            finally:
                self.open_requests -= 1
                status = None if response is None else response.status
                self.calls.append(ApiCall(call=call, path=request.path, status=status, at=self._clock()))
            return _dropped(request) if response is None else response

        return serve

    async def _response(self, call: str, handle: Handle, request: web.Request) -> web.StreamResponse | None:
        incoming = await _incoming(request)
        if self.latency_seconds:
            await asyncio.sleep(self.latency_seconds)
        if self._is_over_limit(call, request.remote):
            return _page(TOO_MANY_REQUESTS)
        match self._faults.take(call):
            case None:
                return _json(_answered(handle, incoming))
            case HtmlPage() as page:
                return _page(page)
            case Refuse(error=error):
                return _json(Answer(error.status, error.envelope()))
            case RawAnswer() as raw:
                return web.Response(status=raw.status, body=raw.body, headers={"Content-Type": raw.content_type})
            case DropConnection():
                return None
            case AcceptThenDrop():
                _answered(handle, incoming)
                return None
            case TimeOut(seconds=seconds):
                await asyncio.sleep(seconds)
                return None
            case AcceptThenTimeOut(seconds=seconds):
                _answered(handle, incoming)
                await asyncio.sleep(seconds)
                return None
            case AcceptThenAnswer(answer=page):
                _answered(handle, incoming)
                return _page(page)
            case Slow(seconds=seconds):
                await asyncio.sleep(seconds)
                return _json(_answered(handle, incoming))
            case Altered(fields=fields):
                answer = _answered(handle, incoming)
                return _json(Answer(answer.status, {**answer.fields, **fields}))

    def _is_over_limit(self, call: str, address: str | None) -> bool:
        """The limiter counts by address and runs before authentication; a refused request does not count."""
        limit = self.limits_per_second.get(call)
        if limit is None:
            return False
        now = self._clock()
        recent = self._recent.setdefault((call, address), deque())
        while recent and now - recent[0] >= _LIMIT_WINDOW:
            recent.popleft()
        if len(recent) >= limit:
            return True
        recent.append(now)
        return False


async def _incoming(request: web.Request) -> Incoming:
    return Incoming(
        headers=request.headers,
        query=request.query,
        path=request.match_info,
        body=await request.read(),
        remote=request.remote,
    )


def _answered(handle: Handle, incoming: Incoming) -> Answer:
    try:
        return handle(incoming)
    except ApiError as refusal:
        return Answer(refusal.status, refusal.envelope())


def _json(answer: Answer) -> web.Response:
    return web.Response(
        status=answer.status,
        body=wire_text(answer.fields).encode(),
        headers={"Content-Type": "application/json; charset=utf-8"},
    )


def _page(page: HtmlPage) -> web.Response:
    """No `Retry-After`: the vendor's proxy sends none."""
    return web.Response(status=page.status, reason=page.reason, body=page.body, headers={"Content-Type": "text/html"})


def _dropped(request: web.Request) -> web.Response:
    """The connection ends here; the response is never written, aiohttp only wants one."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
