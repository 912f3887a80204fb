"""The simulator's webhooks against a shop that refuses, sleeps or is gone."""

import asyncio
from datetime import timedelta

import aiohttp
from kinguin_webhooks_world import Receiver, buy

from bitloot_adapters.kinguin_simulator import (
    KinguinSimulator,
)


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
