"""Which call meets which fault, what is noted of calls, and what outlives the server."""

import random

import aiohttp
import pytest
from kinguin_faults_world import PLACE_ORDER, buy, found, order

from bitloot_adapters.kinguin_simulator import (
    DropUnheard,
    Fault,
    Faults,
    GatewayPage,
    KinguinSimulator,
    Refuse,
    SeenCall,
)


async def test_faults_meet_calls_in_their_order(simulator: KinguinSimulator, client: aiohttp.ClientSession) -> None:
    """Queued faults first, one a call, with None for a call that passes; then the standing one; then none."""
    simulator.faults.always(PLACE_ORDER, GatewayPage(status=429))
    simulator.faults.next(PLACE_ORDER, Refuse(kind="OrderFailed"), None)

    statuses = []
    for number in range(3):
        async with client.post("v2/order", json=order(f"o-{number}")) as answer:
            statuses.append(answer.status)
    simulator.faults.clear()

    assert [*statuses, (await buy(client, "o-9"))[0]] == [422, 201, 429, 201]


async def test_a_fault_hits_only_its_call(simulator: KinguinSimulator, client: aiohttp.ClientSession) -> None:
    """A gateway that eats balance reads lets orders pass."""
    simulator.faults.always("GET /v1/balance", GatewayPage())

    async with client.get("v1/balance") as answer:
        assert answer.status == 503
    assert (await buy(client))[0] == 201


def test_a_fault_for_an_unknown_call_is_a_mistake() -> None:
    """A typo in the name of a call is refused at once, not silently never met."""
    with pytest.raises(ValueError, match="POST /v1/orders"):
        Faults(random.Random(1)).next("POST /v1/orders", GatewayPage())  # type: ignore[arg-type]  # the typo


def test_random_faults_repeat_with_their_seed() -> None:
    """The same seed gives the same run, at about the rate asked for."""

    def drawn(seed: int) -> list[Fault | None]:
        faults = Faults(random.Random(seed))
        faults.rate(PLACE_ORDER, GatewayPage(), 0.2)
        return [faults.take(PLACE_ORDER) for _ in range(500)]

    assert drawn(7) == drawn(7)
    assert drawn(7) != drawn(8)
    assert 60 < sum(fault is not None for fault in drawn(7)) < 140


async def test_each_call_is_noted(simulator: KinguinSimulator, client: aiohttp.ClientSession) -> None:
    """Name, path and status of what came in; None where no answer went out."""
    simulator.faults.next(PLACE_ORDER, DropUnheard(), Refuse(kind="OrderFailed"))
    with pytest.raises(aiohttp.ClientConnectionError):
        await buy(client)
    await buy(client)
    async with client.get("v2/products/p-1"):
        pass

    assert [seen.status for seen in simulator.calls_to(PLACE_ORDER)] == [None, 422]
    assert simulator.calls[-1] == SeenCall(call="GET /v2/products/{productId}", path="/v2/products/p-1", status=200)


async def test_the_books_survive_an_outage(simulator: KinguinSimulator) -> None:
    """Stopped and served again on the same port, orders and spent references are still known."""
    headers = {"X-Api-Key": simulator.api_key}
    async with simulator.serve() as first, aiohttp.ClientSession(first.base_url + "/", headers=headers) as client:
        await buy(client)
    async with aiohttp.ClientSession(first.base_url + "/", headers=headers) as client:
        with pytest.raises(aiohttp.ClientConnectionError):
            await buy(client)

    async with simulator.serve(port=first.port) as again, aiohttp.ClientSession(again.base_url + "/") as client:
        client.headers.update(headers)

        assert (await buy(client))[0] == 422
        assert await found(client) == 1


async def test_a_changed_api_key_shuts_the_old_one_out(
    simulator: KinguinSimulator, client: aiohttp.ClientSession
) -> None:
    """A key that was rotated at the supplier no longer works."""
    simulator.api_key = "rotated"

    assert (await buy(client))[0] == 401


def test_the_same_seed_makes_the_same_ids() -> None:
    """A run can be repeated down to its identifiers."""
    ids = {
        KinguinSimulator(rng=random.Random(5)).add_product().product_id,
        KinguinSimulator(rng=random.Random(5)).add_product().product_id,
    }

    assert len(ids) == 1
