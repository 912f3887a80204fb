"""The simulator's webhooks going wrong: early, late, twice, swapped, forged, never."""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import aiohttp
import attrs
import pytest
from aiohttp import web

from bitloot_adapters.kinguin_simulator import (
    DelayWebhook,
    DuplicateWebhook,
    ForgeWebhook,
    KinguinSimulator,
    SkipWebhook,
    SwapWebhook,
    WebhookFirst,
    WebhookForm,
)

PLACE_ORDER: Final = "POST /v2/order"
SECRET = "webhook-secret"
MOMENT = timedelta(milliseconds=200)


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


async def test_a_webhook_can_come_before_the_answer(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """When the 201 arrives, the shop has already been told that the order is completed."""
    simulator.knobs.delivery_delay = timedelta(hours=1)
    simulator.faults.next(PLACE_ORDER, WebhookFirst())

    order_id = await buy(client)

    assert [(body["orderId"], body["status"]) for body in receiver.bodies] == [(order_id, "completed")]


async def test_a_silent_receiver_holds_the_early_answer_only_so_long(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """`within` bounds the wait."""
    receiver.hold = asyncio.Event()
    simulator.faults.next(PLACE_ORDER, WebhookFirst(within=MOMENT))

    await buy(client)

    assert len(receiver.received) == 1
    receiver.hold.set()
    await simulator.webhooks.settled()


async def test_without_a_target_an_early_answer_is_not_held(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """Nobody to tell, nothing to wait for."""
    simulator.webhooks.target = None
    simulator.faults.next(PLACE_ORDER, WebhookFirst())

    await buy(client)

    assert receiver.received == []


async def test_a_webhook_can_be_skipped(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """It never comes, and the next one does."""
    simulator.webhooks.faults.next(SkipWebhook(), None)
    for external_id in ("a", "b"):
        await buy(client, external_id)
    await simulator.webhooks.settled()

    assert [body["orderExternalId"] for body in receiver.bodies] == ["b"]


async def test_a_webhook_can_be_duplicated(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """Byte for byte the same, that many times."""
    simulator.webhooks.faults.next(DuplicateWebhook(times=3))
    await buy(client)
    await simulator.webhooks.settled()

    assert len(receiver.received) == 3
    assert len({body for _, body in receiver.received}) == 1


async def test_webhooks_can_change_places(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """`processing` arrives after `completed`."""
    simulator.webhooks.announce_processing = True
    simulator.webhooks.faults.next(SwapWebhook())
    await buy(client)
    await simulator.webhooks.settled()

    assert [body["status"] for body in receiver.bodies] == ["completed", "processing"]


async def test_a_webhook_can_be_late(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """It comes after one that was caused later."""
    simulator.webhooks.faults.next(DelayWebhook(by=MOMENT))
    for external_id in ("a", "b"):
        await buy(client, external_id)
    await simulator.webhooks.settled()

    assert [body["orderExternalId"] for body in receiver.bodies] == ["b", "a"]


@pytest.mark.parametrize("form", list(WebhookForm))
async def test_a_webhook_can_be_forged(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver, form: WebhookForm
) -> None:
    """A wrong secret in either form, sent once whatever the answer."""
    simulator.webhooks.form = form
    simulator.webhooks.faults.next(ForgeWebhook())
    receiver.statuses = [401]
    await buy(client)
    await simulator.webhooks.settled()

    ((headers, body),) = receiver.received
    genuine = {"X-Event-Secret": SECRET, "X-KINGUIN-SIGNATURE": hmac.new(SECRET.encode(), body, "sha512").hexdigest()}
    assert form.value in headers
    assert headers[form.value] != genuine[form.value]


async def test_random_webhook_faults_can_be_cleared(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """With a rate of one nothing arrives, after `clear` everything does."""
    simulator.webhooks.faults.rate(SkipWebhook(), 1)
    await buy(client, "a")
    simulator.webhooks.faults.clear()
    await buy(client, "b")
    await simulator.webhooks.settled()

    assert [body["orderExternalId"] for body in receiver.bodies] == ["b"]
