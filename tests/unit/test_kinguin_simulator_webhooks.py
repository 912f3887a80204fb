"""The simulator's webhooks: both forms, when they are sent, and how often."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import aiohttp
import attrs
import pytest
from aiohttp import web

from bitloot_adapters.kinguin_simulator import (
    KinguinSimulator,
    WebhookForm,
)

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


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """The shop's webhook endpoint."""
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
def simulator(receiver: Receiver) -> KinguinSimulator:
    """A supplier that lists one product, delivers at once, and retries quickly."""
    simulator = KinguinSimulator(clock=lambda: datetime(2020, 10, 16, 11, 24, 8, 25_000, tzinfo=UTC))
    simulator.add_product("p-1", price=Decimal(5), offer_id="o-1")
    simulator.webhooks.configure(target=receiver.url, secret=SECRET)
    simulator.webhooks.retries = (timedelta(milliseconds=5),) * 3
    return simulator


@pytest.fixture
async def client(simulator: KinguinSimulator) -> AsyncIterator[aiohttp.ClientSession]:
    """A client with the right API key."""
    async with (
        simulator.serve() as server,
        aiohttp.ClientSession(server.base_url + "/", headers={"X-Api-Key": simulator.api_key}) as client,
    ):
        yield client


async def buy(client: aiohttp.ClientSession, external_id: str = "ref-1") -> str:
    """Place an order and return its id."""
    body = {"products": [{"productId": "p-1", "qty": 1, "price": 5}], "orderExternalId": external_id}
    async with client.post("v2/order", json=body) as answer:
        assert answer.status == 201
        order_id: str = (await answer.json())["orderId"]
        return order_id


async def test_a_completed_order_is_announced_in_the_documented_form(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """Name and plain secret in headers, the misspelt content type, the documented body."""
    order_id = await buy(client)
    await simulator.webhooks.settled()

    ((headers, _),) = receiver.received
    assert headers["X-Event-Name"] == "order.status"
    assert headers["X-Event-Secret"] == SECRET
    assert headers["Content-Type"] == "aplication/json"
    assert receiver.bodies == [
        {
            "orderId": order_id,
            "orderExternalId": "ref-1",
            "status": "completed",
            "updatedAt": "2020-10-16T11:24:08.025+00:00",
        }
    ]


@pytest.mark.parametrize("with_key", [False, True])
async def test_the_signed_form_signs_the_raw_body(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver, *, with_key: bool
) -> None:
    """Hex HMAC-SHA512 of exactly the bytes sent; the key is inside only when asked for."""
    simulator.webhooks.form = WebhookForm.SIGNATURE
    simulator.webhooks.with_key = with_key
    order_id = await buy(client)
    await simulator.webhooks.settled()

    ((headers, body),) = receiver.received
    assert headers["X-KINGUIN-SIGNATURE"] == hmac.new(SECRET.encode(), body, hashlib.sha512).hexdigest()
    assert "X-Event-Secret" not in headers
    (serial,) = simulator.delivered_serials("ref-1")
    expected = {"status": "delivered", "key": serial} if with_key else {"status": "ready"}
    assert json.loads(body) == {"reservationId": order_id} | expected


async def test_each_change_of_status_is_announced(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """Processing (when switched on), canceled and refunded too; no change, no webhook."""
    simulator.knobs.delivery_delay = None
    simulator.webhooks.announce_processing = True
    canceled, refunded = await buy(client, "a"), await buy(client, "b")
    await simulator.webhooks.settled()
    simulator.cancel(canceled)
    await simulator.webhooks.settled()
    simulator.refund(refunded)
    simulator.refund(refunded)
    simulator.deliver(canceled)
    await simulator.webhooks.settled()

    assert sorted(body["status"] for body in receiver.bodies[:2]) == ["processing"] * 2
    assert [(body["orderId"], body["status"]) for body in receiver.bodies[2:]] == [
        (canceled, "canceled"),
        (refunded, "refunded"),
    ]


async def test_the_deprecated_event_can_still_come(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """`order.complete` beside `order.status`, without a status in its body."""
    simulator.webhooks.announce_complete = True
    order_id = await buy(client)
    await simulator.webhooks.settled()

    assert set(receiver.names) == {"order.status", "order.complete"}
    body = receiver.bodies[receiver.names.index("order.complete")]
    assert body == {"orderId": order_id, "orderExternalId": "ref-1", "updatedAt": "2020-10-16T11:24:08.025+00:00"}


async def test_products_are_announced_when_switched_on(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """A moved price sends nothing by default, and `product.update` when the shop has subscribed."""
    simulator.move_price("p-1", Decimal(6))
    simulator.webhooks.announce_products = True
    simulator.move_price("p-1", Decimal(7))
    await simulator.webhooks.settled()

    assert receiver.names == ["product.update"]
    assert receiver.bodies == [
        {
            "kinguinId": 1001,
            "productId": "p-1",
            "qty": 100,
            "textQty": 100,
            "cheapestOfferId": ["o-1"],
            "updatedAt": "2020-10-16T11:24:08.025+00:00",
        }
    ]


async def test_product_updates_can_flood(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """As many as asked for, each of them sent."""
    simulator.flood_product_updates(200)
    await simulator.webhooks.settled()

    assert receiver.names == ["product.update"] * 200


async def test_the_dashboards_probe_is_empty(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """An empty body with the secret; the status comes back to the dashboard."""
    receiver.statuses = [202]

    assert await simulator.webhooks.probe() == 202

    ((headers, body),) = receiver.received
    assert (headers["X-Event-Secret"], body) == (SECRET, b"")


async def test_any_event_can_be_sent(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """An event that no documentation knows, and the present status once more."""
    order_id = await buy(client)
    simulator.webhooks.send_raw("order.vanished", {"orderId": order_id})
    simulator.announce(order_id)
    await simulator.webhooks.settled()

    assert sorted(map(str, receiver.names)) == ["order.status", "order.status", "order.vanished"]


async def test_a_refused_webhook_is_tried_again(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """The same bytes until a 2xx."""
    receiver.statuses = [500, 404]
    await buy(client)
    await simulator.webhooks.settled()

    assert len({body for _, body in receiver.received}) == 1
    assert [(sent.attempt, sent.status, sent.taken) for sent in simulator.webhooks.sent] == [
        (1, 500, False),
        (2, 404, False),
        (3, 204, True),
    ]


async def test_a_webhook_is_dropped_after_its_last_try(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """First try and three retries, then it is gone; the order itself is untouched."""
    receiver.statuses = [500] * 10
    order_id = await buy(client)
    await simulator.webhooks.settled()

    assert len(receiver.received) == 4
    assert simulator.webhooks.dropped == 1
    assert simulator.order(order_id).status == "completed"


async def test_a_dead_receiver_is_no_error(simulator: KinguinSimulator, client: aiohttp.ClientSession) -> None:
    """Nobody listens: each attempt has no status, and the API goes on."""
    simulator.webhooks.target = "http://127.0.0.1:1/hook"
    await buy(client)
    await simulator.webhooks.settled()

    assert [sent.status for sent in simulator.webhooks.sent] == [None] * 4


async def test_too_many_drops_disable_the_endpoint(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """After that many in a row nothing is sent until the endpoint is enabled again."""
    simulator.webhooks.disable_after = 1
    simulator.webhooks.retries = ()
    receiver.statuses = [500]
    for external_id in ("a", "b"):
        await buy(client, external_id)
        await simulator.webhooks.settled()
    assert (simulator.webhooks.disabled, len(receiver.received)) == (True, 1)

    simulator.webhooks.enable()
    await buy(client, "c")
    await simulator.webhooks.settled()

    assert [body["orderExternalId"] for body in receiver.bodies] == ["a", "c"]


async def test_a_slow_receiver_never_blocks_the_api(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """More unanswered webhooks than there are senders, and orders are still taken."""
    receiver.hold = asyncio.Event()
    for number in range(20):
        await buy(client, f"ref-{number}")

    receiver.hold.set()
    await simulator.webhooks.settled()

    assert len(receiver.received) == 20


async def test_without_a_target_nothing_is_sent(simulator: KinguinSimulator, client: aiohttp.ClientSession) -> None:
    """A shop that registered no endpoint hears nothing."""
    simulator.webhooks.target = None
    await buy(client)
    await simulator.webhooks.settled()

    assert simulator.webhooks.sent == ()


async def test_no_task_outlives_the_server(simulator: KinguinSimulator) -> None:
    """Pending deliveries, and webhooks that wait for another try, end with the server."""
    before = asyncio.all_tasks()
    simulator.knobs.delivery_delay = timedelta(hours=1)
    simulator.webhooks.target = "http://127.0.0.1:1/hook"
    simulator.webhooks.retries = (timedelta(hours=1),)
    simulator.webhooks.announce_processing = True
    headers = {"X-Api-Key": simulator.api_key}
    async with simulator.serve() as server, aiohttp.ClientSession(server.base_url + "/", headers=headers) as client:
        for number in range(5):
            await buy(client, f"ref-{number}")
        await simulator.webhooks.probe()

    assert asyncio.all_tasks() <= before


async def test_secrets_and_serials_stay_out_of_representations(
    simulator: KinguinSimulator, client: aiohttp.ClientSession
) -> None:
    """Neither what was sent nor the desk behind it shows a key or the API key."""
    simulator.webhooks.form = WebhookForm.SIGNATURE
    simulator.webhooks.with_key = True
    await buy(client)
    await simulator.webhooks.settled()

    text = repr(simulator.webhooks.sent)

    assert simulator.delivered_serials("ref-1")[0] not in text
