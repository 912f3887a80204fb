"""A merchant that the simulator notifies."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import attrs
from aiohttp import web

from bitloot_adapters.nowpayments_simulator import SIGNATURE_HEADER, NowPaymentsSimulator, RetrySchedule

SECRET = "ipn-secret"
QUICK = RetrySchedule(count=3, interval_seconds=0.001, answer_within_seconds=1.0)
ORDINARY = ["waiting", "confirming", "confirmed", "sending", "finished"]


@attrs.define
class Merchant:
    """A merchant's client of the simulator that can be told of payments."""

    simulator: NowPaymentsSimulator
    session: aiohttp.ClientSession
    base_url: str = ""
    callback_url: str = ""

    async def create(self, **changes: object) -> str:
        """A new payment's id."""
        order = {"price_amount": 13, "price_currency": "usd", "pay_currency": "btc", "order_id": "order-1"}
        body = order | {"ipn_callback_url": self.callback_url} | changes
        async with self.session.post(f"{self.base_url}/payment", json=body) as answer:
            return str((await answer.json())["payment_id"])

    async def receive(self, request: web.Request) -> web.Response:
        """Take one notice."""
        raise NotImplementedError

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Listen for notices on loopback, and serve the simulator."""
        app = web.Application()
        app.router.add_post("/ipn", self.receive)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.callback_url = f"http://127.0.0.1:{runner.addresses[0][1]}/ipn"
        try:
            async with self.simulator.serve() as served:
                self.base_url = served.base_url
                yield
        finally:
            await runner.cleanup()


def hmac_of(text: bytes, secret: str = SECRET) -> str:
    """The signature over bytes, computed without the simulator."""
    return hmac.new(secret.encode(), text, hashlib.sha512).hexdigest()


@attrs.define
class Shop(Merchant):
    """A merchant that notes what reaches it and answers with the scripted statuses, then 200."""

    statuses: list[int] = attrs.field(factory=list)
    hold: asyncio.Event | None = None
    received: list[tuple[bytes, str | None]] = attrs.field(factory=list)

    async def receive(self, request: web.Request) -> web.Response:
        """Note one notice."""
        self.received.append((await request.read(), request.headers.get(SIGNATURE_HEADER)))
        if self.hold is not None:
            await self.hold.wait()
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    async def bodies(self) -> list[dict[str, Any]]:
        """All notices, once none is on its way."""
        await self.simulator.idle()
        return [json.loads(body) for body, _ in self.received]

    async def words(self) -> list[str]:
        """Their status words in the order of arrival."""
        return [body["payment_status"] for body in await self.bodies()]

    async def last(self) -> tuple[bytes, str | None]:
        """Bytes and signature of the last one, once none is on its way."""
        await self.simulator.idle()
        return self.received[-1]
