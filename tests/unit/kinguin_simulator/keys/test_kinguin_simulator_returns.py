"""How the simulator takes keys back: cancelled, refunded, returned, and what is credited."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import aiohttp
from kinguin_keys_world import bought, keys, shown, states
from kinguin_world import Clock, deadline

from bitloot_adapters.kinguin_simulator import KinguinSimulator


async def give_back(client: aiohttp.ClientSession, order: dict[str, Any]) -> tuple[int, Any]:
    """Ask for the return of an order's keys."""
    async with client.post(f"v2/order/{order['orderId']}/keys/return") as answer:
        return answer.status, await answer.json()


async def test_a_cancelled_order_credits_what_did_not_come(
    client: aiohttp.ClientSession, simulator: KinguinSimulator
) -> None:
    """The delivered key stays delivered and charged; the others are credited; later deliveries do nothing."""
    order = await bought(client, simulator)
    simulator.deliver(order["orderId"], 1)

    simulator.cancel(order["orderId"])
    simulator.deliver(order["orderId"])

    assert (await shown(client, order))["status"] == "canceled"
    assert states(await shown(client, order)) == ["DELIVERED", "CANCELED", "CANCELED"]
    assert simulator.balance == Decimal(995)


async def test_a_refunded_order_credits_everything(client: aiohttp.ClientSession, simulator: KinguinSimulator) -> None:
    """All keys are REFUNDED, none can be downloaded, and the balance is whole again."""
    order = await bought(client, simulator)
    simulator.deliver(order["orderId"], 1)

    simulator.refund(order["orderId"])

    assert (await shown(client, order))["status"] == "refunded"
    assert await keys(client, order) == []
    assert simulator.balance == Decimal(1000)


async def test_a_cancelled_order_can_be_refunded_after_all(
    client: aiohttp.ClientSession, simulator: KinguinSimulator
) -> None:
    """Then the delivered key is credited too, and a return that was under way credits nothing twice."""
    simulator.knobs.return_delay = timedelta(milliseconds=20)
    order = await bought(client, simulator)
    simulator.deliver(order["orderId"], 1)
    await give_back(client, order)
    simulator.cancel(order["orderId"])
    simulator.refund(order["orderId"])
    second = await bought(client, simulator)
    simulator.deliver(second["orderId"])
    await give_back(client, second)

    async with deadline():
        while states(await shown(client, second)) != ["RETURNED"] * 3:
            pass

    assert (await shown(client, order))["status"] == "refunded"
    assert states(await shown(client, order)) == ["REFUNDED", "CANCELED", "CANCELED"]
    assert simulator.balance == Decimal(1000)


async def test_one_order_can_mix_key_statuses(client: aiohttp.ClientSession, simulator: KinguinSimulator) -> None:
    """One key cancelled, one refunded, one delivered: completed, with what did not come credited."""
    order = await bought(client, simulator)

    simulator.cancel(order["orderId"], 1)
    simulator.refund(order["orderId"], 1)
    simulator.deliver(order["orderId"])

    assert states(await shown(client, order)) == ["CANCELED", "REFUNDED", "DELIVERED"]
    assert (await shown(client, order))["status"] == "completed"
    assert simulator.balance == Decimal(995)


async def test_an_order_of_cancelled_keys_is_canceled(
    client: aiohttp.ClientSession, simulator: KinguinSimulator
) -> None:
    """Key by key or as a whole, an order without any key left to come ends as canceled."""
    order = await bought(client, simulator, qty=2)

    simulator.cancel(order["orderId"], 1)
    simulator.cancel(order["orderId"], 1)

    assert (await shown(client, order))["status"] == "canceled"


async def test_returned_keys_are_credited(client: aiohttp.ClientSession, simulator: KinguinSimulator) -> None:
    """The answer lists the keys; then they are RETURNED, gone from the download, and paid back."""
    order = await bought(client, simulator)
    simulator.deliver(order["orderId"])

    status, answer = await give_back(client, order)

    assert (status, [key["status"] for key in answer]) == (200, ["DELIVERED"] * 3)
    assert {key["id"] for key in answer} == {key.key_id for key in simulator.order(order["orderId"]).keys}
    assert states(await shown(client, order)) == ["RETURNED"] * 3
    assert (await shown(client, order))["status"] == "refunded"
    assert await keys(client, order) == []
    assert simulator.balance == Decimal(1000)


async def test_a_return_can_take_its_time(client: aiohttp.ClientSession, simulator: KinguinSimulator) -> None:
    """With `return_delay` the statuses have to be polled."""
    simulator.knobs.return_delay = timedelta(milliseconds=20)
    order = await bought(client, simulator)
    simulator.deliver(order["orderId"])
    await give_back(client, order)

    async with deadline():
        while states(await shown(client, order)) != ["RETURNED"] * 3:
            pass

    assert simulator.balance == Decimal(1000)


async def test_keys_that_arrive_after_a_return_go_back_too(
    client: aiohttp.ClientSession, simulator: KinguinSimulator
) -> None:
    """The return of a partly delivered order also covers what comes later."""
    order = await bought(client, simulator)
    simulator.deliver(order["orderId"], 1)
    _, answer = await give_back(client, order)
    assert len(answer) == 1

    simulator.deliver(order["orderId"])

    assert states(await shown(client, order)) == ["RETURNED"] * 3
    assert await keys(client, order) == []
    assert simulator.balance == Decimal(1000)


async def test_a_return_is_granted_once(client: aiohttp.ClientSession, simulator: KinguinSimulator) -> None:
    """The second request for the same order is NoKeysToReturn."""
    order = await bought(client, simulator)
    simulator.deliver(order["orderId"])
    await give_back(client, order)

    status, error = await give_back(client, order)

    assert (status, error["kind"]) == (422, "NoKeysToReturn")
    assert simulator.balance == Decimal(1000)


async def test_a_return_ends_after_a_day(
    client: aiohttp.ClientSession, simulator: KinguinSimulator, clock: Clock
) -> None:
    """24 hours after its delivery a key stays where it is."""
    order = await bought(client, simulator)
    simulator.deliver(order["orderId"])
    clock.at += timedelta(hours=24, seconds=1)

    assert (await give_back(client, order))[1]["kind"] == "NoKeysToReturn"


async def test_claimed_keys_are_not_returned(client: aiohttp.ClientSession, simulator: KinguinSimulator) -> None:
    """A claimed key cannot go back, and whether a download claims is a knob."""
    claimed, downloaded, untouched = [await bought(client, simulator, qty=1) for _ in range(3)]
    for order in (claimed, downloaded, untouched):
        simulator.deliver(order["orderId"])
    simulator.claim_keys(claimed["orderId"])
    await keys(client, untouched)
    simulator.knobs.downloads_claim = True
    await keys(client, downloaded)

    assert (await give_back(client, claimed))[1]["kind"] == "NoKeysToReturn"
    assert (await give_back(client, downloaded))[1]["kind"] == "NoKeysToReturn"
    assert (await give_back(client, untouched))[0] == 200


async def test_preorders_wholesale_and_closed_orders_are_not_returned(
    client: aiohttp.ClientSession, simulator: KinguinSimulator
) -> None:
    """None of the three has keys to return, and an unknown order is not found."""
    preorder = await bought(client, simulator, preorder_until=date(2025, 7, 1))
    wholesale = await bought(client, simulator, qty=10, wholesale_tiers=(Decimal(5),))
    canceled = await bought(client, simulator)
    for order in (preorder, wholesale):
        simulator.deliver(order["orderId"])
    simulator.cancel(canceled["orderId"])

    for order in (preorder, wholesale, canceled):
        status, error = await give_back(client, order)
        assert (status, error["kind"]) == (422, "NoKeysToReturn")
    assert (await give_back(client, {"orderId": "NOPE"}))[1]["kind"] == "OrderNotFound"
