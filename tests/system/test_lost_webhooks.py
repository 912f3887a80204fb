"""
Vendors that say nothing, and vendors that answer wrongly: looking again must be enough.

**Source:** reference/kinguin.md and nowpayments.md; issue 2, "Bad input and failure": refused, unavailable, time-out
with and without effect, HTML instead of JSON, 429.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from bitloot_adapters import kinguin_simulator as kinguin
from bitloot_adapters import nowpayments_simulator as gateway
from harness.buyer import Placed
from harness.posting import intercept_notices
from harness.system import System, open_system
from harness.waiting import eventually

BUY = "POST /v2/order"
READING_AT_KINGUIN: tuple[kinguin.Call, ...] = (
    "GET /v1/order",
    "GET /v1/order/{orderId}",
    "GET /v2/order/{orderId}/keys",
)
UNSURE_PURCHASES: dict[str, kinguin.Fault] = {
    "time-out with effect": kinguin.AcceptThenTimeOut(),
    "time-out without effect": kinguin.DropUnheard(hold=kinguin.AcceptThenTimeOut().hold),
    "cut off with effect": kinguin.AcceptThenDrop(),
    "cut off without effect": kinguin.DropUnheard(),
    "500 with effect": kinguin.AcceptThenFail(),
    "502 page": kinguin.GatewayPage(status=502),
    "503 page": kinguin.GatewayPage(status=503),
    "429 page": kinguin.GatewayPage(status=429, retry_after=1),
    "half an answer": kinguin.AcceptThenGarble(),
    "a page instead of JSON": kinguin.AcceptThenGarble(body=b"<html>Welcome</html>", content_type="text/html"),
    "500 Error": kinguin.Refuse(kind="Error", status=500),
    "webhook before the answer": kinguin.WebhookFirst(),
}
UNSURE_READINGS: dict[str, kinguin.Fault] = {
    "time-out": kinguin.AcceptThenTimeOut(),
    "cut off": kinguin.DropUnheard(),
    "502 page": kinguin.GatewayPage(status=502),
    "429 page": kinguin.GatewayPage(status=429, retry_after=1),
    "half an answer": kinguin.AcceptThenGarble(),
    "a page instead of JSON": kinguin.AcceptThenGarble(body=b"<html>Welcome</html>", content_type="text/html"),
}
UNSURE_PAYMENTS: dict[str, gateway.ApiFault] = {
    "time-out with effect": gateway.AcceptThenTimeOut(),
    "time-out without effect": gateway.TimeOut(),
    "cut off with effect": gateway.AcceptThenDrop(),
    "cut off without effect": gateway.DropConnection(),
    "502 page with effect": gateway.AcceptThenAnswer(answer=gateway.BAD_GATEWAY),
    "502 page": gateway.BAD_GATEWAY,
    "500 page": gateway.SERVER_ERROR,
    "429 page": gateway.TOO_MANY_REQUESTS,
    "refused": gateway.Refuse(),
    "a page instead of JSON": gateway.RawAnswer(body=b"<html>Welcome</html>", content_type="text/html"),
    "half an answer": gateway.RawAnswer(body=b'{"payment_id": "49'),
}


@pytest.fixture
async def silent(tmp_path: Path, stocked: Path) -> AsyncIterator[System]:
    """A system in which no webhook is ever sent."""
    async with open_system(tmp_path, stocked, PAYMENT_POLL_SECONDS="0.3", SUPPLIER_POLL_SECONDS="0.3") as opened:
        intercept_notices(opened)
        opened.vendors.kinguin.webhooks.target = None
        yield opened


async def buy(system: System) -> tuple[Placed, Sequence[str]]:
    """One order, all its way."""
    placed = await system.buyer.place()
    return placed, await system.deliver(placed)


async def buy_all(system: System, count: int) -> None:
    """So many orders at once, all their way; the books are right at the end."""
    delivered = await asyncio.gather(*(buy(system) for _ in range(count)))
    await system.at_rest()
    system.check(delivered)


async def test_without_any_webhook_orders_come_through_by_looking(silent: System) -> None:
    """Both vendors stay silent for ever: payments and purchases are found by polling alone."""
    await buy_all(silent, 5)

    assert silent.books.webhooks() == []


async def test_a_purchase_without_a_clear_answer_is_made_once(silent: System) -> None:
    """Whatever the supplier does to the purchase call, each order is bought once, under a supplier that sells twice."""
    silent.vendors.kinguin.knobs.accept_repeats = True
    silent.vendors.kinguin.faults.next(BUY, *UNSURE_PURCHASES.values())

    await buy_all(silent, len(UNSURE_PURCHASES))

    assert len(silent.vendors.kinguin.purchases) == len(UNSURE_PURCHASES)


@pytest.mark.parametrize("call", READING_AT_KINGUIN)
async def test_a_look_at_the_supplier_that_fails_is_repeated(silent: System, call: kinguin.Call) -> None:
    """Searching, status and keys: an answer that is no answer is asked for again, and nothing is bought twice."""
    silent.vendors.kinguin.knobs.accept_repeats = True
    silent.vendors.kinguin.faults.next(call, *UNSURE_READINGS.values())

    await buy_all(silent, len(UNSURE_READINGS))

    assert len(silent.vendors.kinguin.purchases) == len(UNSURE_READINGS)


@pytest.mark.parametrize("kind", ["ProductUnavailable", "InsufficientBalance"])
async def test_a_purchase_that_is_refused_is_in_front_of_the_operator(silent: System, kind: str) -> None:
    """A clear no: nothing is bought, the order needs attention, a finding says why, and it stays there."""
    silent.vendors.kinguin.faults.always(BUY, kinguin.Refuse(kind=kind))
    placed = await silent.buyer.place()

    await silent.vendors.gateway.pay(placed.payment_id)
    await silent.buyer.sees(placed, "attention")

    assert silent.vendors.kinguin.purchases == ()
    assert [finding["order_id"] for finding in silent.books.findings()] == [placed.order_id]
    assert silent.books.forgotten_orders() == []


@pytest.mark.parametrize("name", UNSURE_PAYMENTS)
async def test_a_payment_that_could_not_be_opened_is_opened_at_the_next_try(silent: System, name: str) -> None:
    """The order stands, the buyer asks again, and pays once."""
    silent.vendors.gateway.faults.next("POST /payment", UNSURE_PAYMENTS[name])

    placed = await silent.buyer.place(payable=False)
    assert placed.payment is None
    placed = await silent.buyer.with_payment(placed, "btc")
    keys = await silent.deliver(placed)

    assert len(keys) == 1
    assert len(silent.vendors.kinguin.purchases) == 1
    assert silent.books.forgotten_orders() == []


async def test_a_payment_that_cannot_be_read_back_is_not_believed_until_it_can(system: System) -> None:
    """A notice says `finished`, the gateway cannot be asked: not paid; it can be asked again: paid, once."""
    faults = system.vendors.gateway.faults
    placed = await system.buyer.place()
    faults.always("GET /payment/{id}", gateway.BAD_GATEWAY)
    await system.vendors.gateway.pay(placed.payment_id)
    await eventually(lambda: len(system.vendors.gateway.calls_of("GET /payment/{id}")) >= 3, "it was asked")
    before = await system.buyer.look(placed)

    faults.clear()
    await system.buyer.sees(placed, "fulfilled")

    assert before is not None
    assert before["status"] in {"waiting", "confirming"}
    assert len(system.vendors.kinguin.purchases) == 1


async def test_orders_wait_out_an_outage_of_both_vendors(silent: System) -> None:
    """Everything answers 502 while orders are paid; when the vendors are back the orders go on by themselves."""
    placed = [await silent.buyer.place() for _ in range(3)]
    # Before they are paid: what was read as paid already is not asked about again.
    silent.vendors.gateway.faults.outage()
    for call in kinguin.CALLS:
        silent.vendors.kinguin.faults.always(call, kinguin.GatewayPage(status=502))
    for one in placed:
        await silent.vendors.gateway.pay(one.payment_id)
    asked = len(silent.vendors.gateway.calls)
    await eventually(lambda: len(silent.vendors.gateway.calls) >= asked + 6, "the gateway was asked in vain")

    silent.vendors.gateway.faults.clear()
    silent.vendors.kinguin.faults.clear()
    delivered = [(one, await silent.deliver_paid(one)) for one in placed]
    await silent.at_rest()

    silent.check(delivered)
