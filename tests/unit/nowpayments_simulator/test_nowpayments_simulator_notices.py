"""The simulator's notices (IPN): their form, their signature, their retries."""

import asyncio
import json
from typing import Any

import pytest
from notices_world import ORDINARY, QUICK, SECRET, Shop, hmac_of

from bitloot_adapters.nowpayments_simulator import (
    NowPaymentsSimulator,
    RetrySchedule,
    WireOptions,
)


async def test_the_wire_is_the_signed_text(shop: Shop) -> None:
    """Since 2024 the bytes of every capture are sorted, and the header is their HMAC in lower-case hex."""
    await shop.create()

    body, signature = await shop.last()

    assert signature == hmac_of(body)


async def test_the_wire_may_be_unsorted(shop: Shop) -> None:
    """The captures of 2021 to 2023 are in another order; the signature covers the sorted text all the same."""
    shop.simulator.configure(options=WireOptions(key_order="unsorted"))
    await shop.create()

    body, signature = await shop.last()

    fields = json.loads(body, parse_float=str)
    assert list(fields)[:2] == ["payment_id", "parent_payment_id"]
    assert signature != hmac_of(body)
    shop.simulator.configure(options=WireOptions(key_order="sorted"))
    shop.simulator.notify(fields["payment_id"])
    assert (await shop.last())[1] == signature


async def test_a_notice_has_the_shape_of_the_captures(shop: Shop) -> None:
    """Numeric ids, a string purchase id, integer milliseconds, nothing that only reads have."""
    payment_id = await shop.create()

    (body,) = await shop.bodies()

    assert body["payment_id"] == int(payment_id)
    assert body["purchase_id"].isdigit()
    assert isinstance(body["updated_at"], int)
    assert (body["parent_payment_id"], body["invoice_id"], body["payment_extra_ids"]) == (None, None, None)
    assert (body["actually_paid"], body["actually_paid_at_fiat"]) == (0, 0)
    assert not {"created_at", "burning_percent", "payin_hash", "payout_hash", "ipn_callback_url"} & body.keys()


@pytest.mark.parametrize(("form", "kind"), [("number", float), ("string", str)])
async def test_fee_amounts_are_numbers_or_strings(shop: Shop, form: Any, kind: type) -> None:
    """Both are seen in captures."""
    shop.simulator.configure(options=WireOptions(fee=form))
    await shop.simulator.pay(await shop.create(), steps=("finished",))

    body = (await shop.bodies())[-1]

    assert isinstance(body["fee"]["depositFee"], kind)
    assert body["fee"]["currency"] == body["outcome_currency"]


async def test_fee_and_time_may_be_absent(shop: Shop) -> None:
    """The captures of 2023 have no fee, about half of all no `updated_at`."""
    shop.simulator.configure(options=WireOptions(fee="absent", updated_at="absent"))
    await shop.create()

    (body,) = await shop.bodies()

    assert not {"fee", "updated_at"} & body.keys()


async def test_no_address_no_notice(shop: Shop) -> None:
    """Without `ipn_callback_url` nothing is ever sent."""
    async with shop.session.post(
        f"{shop.base_url}/payment", json={"price_amount": 13, "price_currency": "usd", "pay_currency": "btc"}
    ) as answer:
        payment_id = (await answer.json())["payment_id"]

    await shop.simulator.pay(payment_id)

    assert await shop.words() == []


async def test_no_secret_no_notice(shop: Shop) -> None:
    """Without a generated secret nothing is ever sent."""
    shop.simulator.rotate_ipn_secret(None)

    await shop.simulator.pay(await shop.create())

    assert await shop.words() == []


async def test_creation_may_be_silent(shop: Shop) -> None:
    """The first notice of a payment is then its first change."""
    shop.simulator.announces_creation = False

    await shop.simulator.pay(await shop.create())

    assert await shop.words() == ORDINARY[1:]


async def test_a_refused_notice_comes_again(shop: Shop) -> None:
    """Anything but 2xx is repeated with the same bytes until it is accepted."""
    shop.statuses = [500, 401]
    payment_id = await shop.create()

    await shop.simulator.idle()

    assert len(shop.received) == 3
    assert len(set(shop.received)) == 1
    assert [sent.answer for sent in shop.simulator.notices_of(payment_id)] == [500, 401, 200]
    assert [sent.attempt for sent in shop.simulator.sent_notices] == [1, 2, 3]


async def test_after_the_last_retry_there_is_silence(shop: Shop) -> None:
    """A notice that was never accepted is lost; only polling tells."""
    shop.statuses = [503] * 10

    await shop.create()
    await shop.simulator.idle()

    assert len(shop.received) == 1 + QUICK.count
    assert not any(sent.is_delivered for sent in shop.simulator.sent_notices)


async def test_an_answer_must_come_in_time(shop: Shop) -> None:
    """A merchant that works inline is asked again."""
    shop.simulator.configure(schedule=RetrySchedule(count=1, interval_seconds=0, answer_within_seconds=0.02))
    shop.hold = asyncio.Event()

    await shop.create()
    await shop.simulator.idle()
    shop.hold.set()

    assert [sent.error for sent in shop.simulator.sent_notices] == ["timed out", "timed out"]


async def test_a_merchant_that_is_down_is_asked_again(shop: Shop) -> None:
    """A refused connection counts as no answer and blocks nothing."""
    await shop.create(ipn_callback_url="http://127.0.0.1:1/ipn")

    await shop.simulator.idle()

    assert [sent.answer for sent in shop.simulator.sent_notices] == [None] * (1 + QUICK.count)
    assert shop.simulator.pending_tasks == 0


async def test_other_kinds_of_notice_have_the_same_signature(shop: Shop) -> None:
    """A withdrawal's notice has no payment id and goes to the same address."""
    shop.simulator.send_notice(shop.callback_url, {"id": "123456789", "status": "CREATING", "amount": "50"})

    body, signature = await shop.last()

    assert signature == hmac_of(body) == hmac_of(b'{"amount":"50","id":"123456789","status":"CREATING"}')


async def test_many_payments_leave_no_tasks_behind(shop: Shop) -> None:
    """At rest nothing runs, however much was sent, and every notice has its line in the log."""
    shop.simulator.pay_automatically(lambda payment: shop.simulator.pay(payment.payment_id))

    await asyncio.gather(*(shop.create(order_id=f"order-{number}") for number in range(50)))
    await shop.simulator.idle()

    assert shop.simulator.pending_tasks == 0
    assert len(shop.simulator.sent_notices) == len(shop.received) == 50 * len(ORDINARY)
    assert len(shop.simulator.payments_of("order-7")) == 1


async def test_closing_stops_retries_at_once(shop: Shop) -> None:
    """What was not delivered when the vendor went away is lost, and says so in the log."""
    simulator = NowPaymentsSimulator(
        api_keys={"key"}, ipn_secret=SECRET, schedule=RetrySchedule(count=9, interval_seconds=3600)
    )
    async with asyncio.timeout(5), simulator.serve():
        simulator.send_notice("http://127.0.0.1:1/", {"payment_id": 1})
    simulator.send_notice(shop.callback_url, {"payment_id": 1})

    assert simulator.pending_tasks == 0
    assert simulator.sent_notices[-1].error == "closed"
