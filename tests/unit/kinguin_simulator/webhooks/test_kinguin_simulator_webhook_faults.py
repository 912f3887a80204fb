"""The simulator's webhooks going wrong: early, late, twice, swapped, forged, never."""

import asyncio
import hmac
from datetime import timedelta
from typing import Final

import aiohttp
import pytest
from kinguin_webhooks_world import SECRET, Receiver, buy

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
MOMENT = timedelta(milliseconds=200)


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
