"""
The HTTP face of the simulator: routes, API key, faults, answers.

Each call is a synchronous step on the world, so an effect is whole before the first byte of the answer is written;
what a fault does to the connection happens around that step. No rule of the supplier lives here.

Source: Kinguin ESA documentation, state July 2025; HTML answers of gateways in front are a field report.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol, TypeAlias, assert_never

import attrs
from aiohttp import web

from bitloot_adapters.kinguin_simulator.errors import Refusal, refuse, unauthorized
from bitloot_adapters.kinguin_simulator.faults import (
    CALLS,
    AcceptThenAlter,
    AcceptThenDrop,
    AcceptThenFail,
    AcceptThenGarble,
    AcceptThenTimeOut,
    Call,
    DropUnheard,
    Fault,
    GatewayPage,
    LateEffect,
    Refuse,
    Slow,
    SpoiltAnswer,
    WebhookFirst,
)
from bitloot_adapters.kinguin_simulator.routes import Answer, Asked

BASE_PATH = "/esa/api"
PUBLIC_PREFIX = "/esa"
Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Backend(Protocol):
    """
    What the server needs of the simulator.
    """

    def knows(self, api_key: str | None) -> bool:
        """
        Tell whether the API key is the shop's.
        """
        ...

    def fault(self, call: Call) -> Fault | None:
        """
        Return the fault that this call meets.
        """
        ...

    def latency(self) -> timedelta:
        """
        Return how long the answer to one call takes.
        """
        ...

    def answer(self, call: Call, asked: Asked) -> Answer:
        """
        Carry the call out and return its answer with the webhooks that it causes.
        """
        ...

    def announce(self, answer: Answer) -> None:
        """
        Send the webhooks that the call caused, without waiting for them.
        """
        ...

    def answered(self, call: Call, path: str, status: int | None) -> None:
        """
        Take note that a call ended with that status, or without an answer.
        """
        ...

    def later(self, delay: timedelta, call: Call, asked: Asked) -> None:
        """
        Carry the call out when the delay has passed, with nobody to answer.
        """
        ...

    async def tell_first(self, answer: Answer, within: timedelta) -> None:
        """
        Deliver what the answer's order bought and send its webhooks, now.
        """
        ...

    def frame(self) -> tuple[str, str]:
        """
        Return the trace id and the time that an error object carries.
        """
        ...


@attrs.define(kw_only=True)
class Server:
    """
    Turns requests into steps of the backend; `closing` ends every answer that is being held back.
    """

    backend: Backend
    closing: asyncio.Event = attrs.field(factory=asyncio.Event)

    def app(self) -> web.Application:
        """
        Return the application with all documented calls under `/esa/api`.
        """
        app = web.Application(middlewares=[self._errors])
        for call in CALLS:
            method, path = call.split(" ")
            app.router.add_route(method, BASE_PATH + path, self._handler(call))
        return app

    def _handler(self, call: Call) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            asked = Asked(
                order_id=request.match_info.get("orderId", ""),
                product_id=request.match_info.get("productId", ""),
                query=request.query,
                body=await request.read(),
            )
            status: int | None = None
            try:
                response = await self._under_fault(call, request, asked)
                status = None if response is None else response.status
            except Refusal as refusal:
                status = refusal.status
                raise
            finally:
                self.backend.answered(call, request.path.removeprefix(BASE_PATH), status)
            return _cut(request) if response is None else response

        return handle

    async def _under_fault(self, call: Call, request: web.Request, asked: Asked) -> web.StreamResponse | None:
        fault = self.backend.fault(call)
        await self._pause(self.backend.latency())
        if isinstance(fault, GatewayPage):
            return _page(fault)
        if isinstance(fault, DropUnheard):
            await self._pause(fault.hold)
            return None
        if not self.backend.knows(request.headers.get("X-Api-Key")):
            raise unauthorized()
        if isinstance(fault, Refuse):
            raise fault.refusal()
        if isinstance(fault, LateEffect):
            self.backend.later(fault.after, call, asked)
            await self._pause(fault.hold)
            return None
        if isinstance(fault, Slow):
            await self._pause(fault.by)
        answer = self.backend.answer(call, asked)
        if fault is None or isinstance(fault, Slow):
            return await self._say(request, answer)
        if isinstance(fault, WebhookFirst):
            await self.backend.tell_first(answer, fault.within)
            return _json(answer.status, answer.payload)
        self.backend.announce(answer)
        return await self._spoil(fault, answer)

    async def _spoil(self, fault: SpoiltAnswer, answer: Answer) -> web.StreamResponse | None:
        match fault:
            case AcceptThenTimeOut(hold=hold):
                await self._pause(hold)
                return _json(answer.status, answer.payload)
            case AcceptThenDrop():
                return None
            case AcceptThenFail(status=status):
                raise Refusal(kind="Error", status=status, detail="Internal Server Error.")
            case AcceptThenGarble(body=body, content_type=content_type):
                return web.Response(status=answer.status, body=body, content_type=content_type)
            case AcceptThenAlter():
                return _json(answer.status, fault.applied_to(answer.payload))
            case never:
                assert_never(never)

    async def _say(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        response = _json(answer.status, answer.payload)
        if answer.events:
            try:
                await response.prepare(request)
                await response.write_eof()
            finally:
                self.backend.announce(answer)
        return response

    async def _pause(self, duration: timedelta) -> None:
        if not duration:
            return
        try:
            await asyncio.wait_for(self.closing.wait(), duration.total_seconds())
        except TimeoutError:
            return

    @web.middleware
    async def _errors(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refusal as refusal:
            return self._refused(request, refusal)
        except web.HTTPException as exc:
            return self._refused(request, refuse_http(exc))

    def _refused(self, request: web.Request, refusal: Refusal) -> web.Response:
        trace, timestamp = self.backend.frame()
        path = request.path.removeprefix(PUBLIC_PREFIX)
        return _json(
            refusal.status, refusal.envelope(path=path, method=request.method, trace=trace, timestamp=timestamp)
        )


def refuse_http(exc: web.HTTPException) -> Refusal:
    """
    Return the refusal of a path or a method that the API does not have.
    """
    return attrs.evolve(refuse("Http", exc.reason), status=exc.status)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _page(fault: GatewayPage) -> web.Response:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    text = (
        f"<html><head><title>{fault.status}</title></head><body><center><h1>{fault.status}</h1></center></body></html>"
    )
    return web.Response(status=fault.status, text=text, content_type="text/html", headers=headers)


def _json(status: int, payload: object) -> web.Response:
    body = json.dumps(payload, separators=(",", ":"), default=float).encode()
    return web.Response(status=status, body=body, content_type="application/json")
