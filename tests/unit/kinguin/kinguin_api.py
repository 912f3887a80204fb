"""An API of Kinguin that answers as it is told: for answers that no simulator should give."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import attrs
from aiohttp import web

from bitloot_adapters.kinguin import KinguinSupplier
from bitloot_core.order.reservations import KeyType, PurchaseItem
from bitloot_core.values.ids import ExternalRef, SupplierOrderId, SupplierProductId, UnitId
from bitloot_core.values.money import Money
from bitloot_core.values.secret import Secret

REF = ExternalRef("o1-1")
ORDER = SupplierOrderId("PHS84FJAG5U")
SINCE = datetime(2020, 10, 28, 8, 0, 0, 250_000, tzinfo=UTC)
UNTIL = SINCE + timedelta(hours=1)
ITEM = PurchaseItem(
    line=1,
    units=(UnitId("1.1"),),
    supplier_product_id=SupplierProductId("game"),
    max_cost=Money.of("5.10", "EUR"),
    key_type=KeyType.TEXT,
)

Respond = Callable[[web.Request], web.Response]


@attrs.define
class Api:
    """What the stub was asked."""

    asked: list[str] = attrs.field(factory=list)
    bodies: list[bytes] = attrs.field(factory=list)


@asynccontextmanager
async def kinguin(respond: Respond) -> AsyncIterator[tuple[KinguinSupplier, Api]]:
    """An adapter, and an API that answers as it is told."""
    api = Api()

    async def handle(request: web.Request) -> web.Response:
        """Note the call and answer it."""
        api.asked.append(f"{request.method} {request.raw_path}")
        api.bodies.append(await request.read())
        return respond(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        yield (
            KinguinSupplier(
                session=session,
                api_key=Secret("CANARY-API-KEY"),
                webhook_secret=Secret("s"),
                base_url=f"http://127.0.0.1:{runner.addresses[0][1]}/esa/api/",
            ),
            api,
        )
    await runner.cleanup()


def answers(payload: object, *, status: int = 200) -> Respond:
    """Give every call this JSON."""
    return lambda _: web.json_response(payload, status=status)


def an_order(**changed: object) -> dict[str, object]:
    """The order object of the purchase of `ITEM` under `REF`."""
    return {
        "orderId": ORDER,
        "orderExternalId": REF,
        "status": "processing",
        "paymentPrice": 5.1,
        "createdAt": "2020-10-28T08:40:44+00:00",
        "products": [{"productId": "game", "qty": 1}],
    } | changed


def keys(first: int, count: int) -> list[dict[str, str]]:
    """Keys with consecutive ids."""
    return [
        {"id": f"k{number}", "serial": f"S{number}", "type": "text/plain", "productId": "game"}
        for number in range(first, first + count)
    ]


def pages_of(entries: list[Any], *, at_most: int = 100) -> Callable[[web.Request], list[Any]]:
    """Cut a list into pages as the request asks, but never larger than the API wants to."""

    def cut(request: web.Request) -> list[Any]:
        """The page that is asked for."""
        size = min(int(request.query["limit"]), at_most)
        first = (int(request.query["page"]) - 1) * size
        return entries[first : first + size]

    return cut
