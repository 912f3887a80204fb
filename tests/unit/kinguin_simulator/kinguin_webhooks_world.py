"""A shop that the simulator sends webhooks to."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import attrs
from aiohttp import web

SECRET = "webhook-secret"


@attrs.define
class Receiver:
    """A shop that notes what it is sent, and answers with the scripted statuses, then 204."""

    url: str
    received: list[tuple[dict[str, str], bytes]] = attrs.field(factory=list)
    statuses: list[int] = attrs.field(factory=list)
    hold: asyncio.Event | None = None

    async def take(self, request: web.Request) -> web.Response:
        """Note one webhook and answer it."""
        self.received.append((dict(request.headers), await request.read()))
        if self.hold is not None:
            await self.hold.wait()
        return web.Response(status=self.statuses.pop(0) if self.statuses else 204)

    @property
    def bodies(self) -> list[Any]:
        """What was received, read as JSON."""
        return [json.loads(body) for _, body in self.received]

    @property
    def names(self) -> list[str | None]:
        """The event names, in the order of arrival."""
        return [headers.get("X-Event-Name") for headers, _ in self.received]


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver on loopback."""
    receiver = Receiver(url="")
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()


async def buy(client: aiohttp.ClientSession, external_id: str = "ref-1") -> str:
    """Place an order and return its id."""
    body = {"products": [{"productId": "p-1", "qty": 1, "price": 5}], "orderExternalId": external_id}
    async with client.post("v2/order", json=body) as answer:
        assert answer.status == 201
        order_id: str = (await answer.json())["orderId"]
        return order_id
