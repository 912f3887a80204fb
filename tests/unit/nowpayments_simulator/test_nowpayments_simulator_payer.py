"""What the simulated payer, chain and staff do to a payment, as reads and notices show it."""

import json
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import aiohttp
import attrs
import pytest
from aiohttp import web
from merchant_world import API_KEY
from notices_world import Merchant

from bitloot_adapters.nowpayments_simulator import ApiError, NowPaymentsSimulator, PaymentNotOpen, WireOptions

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@attrs.define
class Shop(Merchant):
    """A merchant that notes the notices that reach it and reads payments."""

    notices: list[dict[str, Any]] = attrs.field(factory=list)
    now: datetime = START

    async def receive(self, request: web.Request) -> web.Response:
        """Note one notice."""
        self.notices.append(json.loads(await request.read()))
        return web.Response()

    async def read(self, payment_id: str | int) -> dict[str, Any]:
        """A payment as the API shows it."""
        async with self.session.get(f"{self.base_url}/payment/{payment_id}") as answer:
            fields: dict[str, Any] = await answer.json()
            return fields

    async def last_notice(self, payment_id: str | int) -> dict[str, Any]:
        """The last notice of a payment, once all have come."""
        await self.simulator.idle()
        return [notice for notice in self.notices if notice["payment_id"] == int(payment_id)][-1]

    async def words(self, payment_id: str | int) -> list[str]:
        """The status words of a payment's notices in the order of arrival, once all have come."""
        await self.simulator.idle()
        return [notice["payment_status"] for notice in self.notices if notice["payment_id"] == int(payment_id)]


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """A shop with a callback on loopback and a served simulator."""
    async with aiohttp.ClientSession(headers={"x-api-key": API_KEY}) as session:
        merchant = Shop(
            NowPaymentsSimulator(
                api_keys={API_KEY},
                ipn_secret="ipn-secret",
                clock=lambda: merchant.now,
                rng=random.Random(1),
                is_sandbox=True,
            ),
            session,
        )
        async with merchant.open():
            yield merchant


async def test_an_exact_payment_runs_through_all_states(shop: Shop) -> None:
    """Waiting at creation, then the four ordinary words, each with its notice."""
    payment_id = await shop.create()

    await shop.simulator.pay(payment_id)

    assert await shop.words(payment_id) == ["waiting", "confirming", "confirmed", "sending", "finished"]
    read = await shop.read(payment_id)
    assert (read["payment_status"], read["actually_paid"]) == ("finished", read["pay_amount"])
    assert read["outcome_amount"] > 0


async def test_steps_may_be_skipped(shop: Shop) -> None:
    """The vendor does not promise each word."""
    payment_id = await shop.create()

    await shop.simulator.pay(payment_id, steps=("finished",))

    assert await shop.words(payment_id) == ["waiting", "finished"]


async def test_steps_may_take_time(shop: Shop) -> None:
    """With a delay the verb returns when the last step is done."""
    shop.simulator.configure(step_delay_seconds=0.001)
    payment_id = await shop.create()

    assert (await shop.simulator.pay(payment_id)).status == "finished"


@pytest.mark.parametrize(("amount", "status"), [("0.0001", "partially_paid"), ("0.0002", "finished")])
async def test_short_and_surplus_payments(shop: Shop, amount: str, status: str) -> None:
    """Too little ends as partially paid; there is no word for too much."""
    payment_id = await shop.create()

    await shop.simulator.pay(payment_id, amount)

    assert (await shop.words(payment_id))[-1] == status
    assert (await shop.read(payment_id))["actually_paid"] == float(amount)


async def test_covering_finishes_a_slightly_short_payment(shop: Shop) -> None:
    """The account's option accepts up to its percentage less."""
    shop.simulator.covering_percent = Decimal(2)
    payment_id = await shop.create()

    await shop.simulator.pay(payment_id, "0.00013446")

    assert (await shop.read(payment_id))["payment_status"] == "finished"


async def test_a_chain_with_few_decimals_pays_a_little_less(shop: Shop) -> None:
    """The exact payment of a coin with 8 decimals due and 6 on the chain is finished and short."""
    payment_id = await shop.create(pay_currency="usdcbsc", price_amount=4.98888)

    payment = await shop.simulator.pay(payment_id)

    assert payment.status == "finished"
    assert payment.pay_amount - Decimal("0.000001") < payment.actually_paid < payment.pay_amount


async def test_a_second_deposit_needs_its_own_verb(shop: Shop) -> None:
    """Paying twice by mistake of a test is an error of the test."""
    payment_id = await shop.create()
    await shop.simulator.pay(payment_id)

    with pytest.raises(PaymentNotOpen, match="finished"):
        await shop.simulator.pay(payment_id)


async def test_an_unknown_payment_cannot_be_paid(shop: Shop) -> None:
    """Every verb refuses an id that does not exist."""
    with pytest.raises(ApiError, match="Payment not found"):
        await shop.simulator.pay(1)
    with pytest.raises(ApiError, match="Payment not found"):
        await shop.simulator.fail(1)


async def test_a_late_deposit_is_received_without_a_notice(shop: Shop) -> None:
    """After expiry only a read shows that money came."""
    payment_id = await shop.create()
    await shop.simulator.expire(payment_id)

    await shop.simulator.pay(payment_id)

    assert await shop.words(payment_id) == ["waiting", "expired"]
    assert (await shop.read(payment_id))["payment_status"] == "finished"


async def test_a_late_deposit_after_the_window_too(shop: Shop) -> None:
    """Expiry by the clock counts as expiry by hand."""
    payment_id = await shop.create(is_fixed_rate=True)
    shop.now += timedelta(minutes=21)

    await shop.simulator.pay(payment_id)

    assert await shop.words(payment_id) == ["waiting"]
    assert (await shop.read(payment_id))["payment_status"] == "finished"


async def test_void_payments_expire_with_a_notice_when_swept(shop: Shop) -> None:
    """The sweep announces each payment once."""
    payment_id = await shop.create()
    shop.now += timedelta(days=7)

    await shop.simulator.expire_void_payments()
    await shop.simulator.expire_void_payments()

    assert await shop.words(payment_id) == ["waiting", "expired"]


@pytest.mark.parametrize(("child_order", "order_id"), [("parent", "order-1"), ("null", None)])
async def test_a_top_up_is_a_child_payment(shop: Shop, child_order: Any, order_id: str | None) -> None:
    """A new payment names the short one as its parent, shares the purchase, and the parent lists it."""
    parent_id = await shop.create()
    await shop.simulator.pay(parent_id, "0.0001")

    child = await shop.simulator.top_up(parent_id, child_order=child_order)

    notice = await shop.last_notice(child.payment_id)
    parent = await shop.read(parent_id)
    assert (notice["payment_id"], notice["parent_payment_id"]) == (child.payment_id, int(parent_id))
    assert (notice["order_id"], notice["purchase_id"]) == (order_id, str(parent["purchase_id"]))
    assert child.actually_paid == Decimal("0.0000372")
    assert (parent["payment_status"], parent["payment_extra_ids"]) == ("partially_paid", [child.payment_id])


async def test_a_top_up_may_finish_its_parent(shop: Shop) -> None:
    """A partially paid payment may later become finished."""
    parent_id = await shop.create()
    await shop.simulator.pay(parent_id, "0.0001")

    await shop.simulator.top_up(parent_id, parent_becomes="finished")

    assert (await shop.words(parent_id))[-2:] == ["partially_paid", "finished"]


async def test_a_repeated_deposit_looks_finished(shop: Shop) -> None:
    """The same amount to the same address again is a finished child with the parent's price."""
    parent_id = await shop.create()
    await shop.simulator.pay(parent_id)

    child = await shop.simulator.repeat_deposit(parent_id)

    assert await shop.words(child.payment_id) == ["finished"]
    assert (await shop.read(child.payment_id))["parent_payment_id"] == int(parent_id)


async def test_a_read_need_not_name_the_parent(shop: Shop) -> None:
    """The vendor does not guarantee `parent_payment_id` on reads."""
    shop.simulator.configure(options=WireOptions(parent_on_reads="absent"))
    parent_id = await shop.create()
    await shop.simulator.pay(parent_id)

    child = await shop.simulator.repeat_deposit(parent_id)

    assert "parent_payment_id" not in await shop.read(child.payment_id)


async def test_a_wrong_asset_looks_paid(shop: Shop) -> None:
    """Another coin, due equals paid, the price is the parent's, and the fiat value is not zero."""
    parent_id = await shop.create()

    child = await shop.simulator.send_wrong_asset(parent_id, "usdtbsc", 13)

    assert await shop.words(child.payment_id) == ["wrong_asset_confirmed"]
    notice = await shop.last_notice(child.payment_id)
    assert (notice["pay_currency"], notice["pay_amount"], notice["actually_paid"]) == ("usdtbsc", 13, 13)
    assert (notice["price_amount"], notice["actually_paid_at_fiat"]) == (13, 13.0052)


@pytest.mark.parametrize(
    ("verb", "word"), [("fail", "failed"), ("refund", "refunded"), ("cancel", "cancelled"), ("expire", "expired")]
)
async def test_staff_decide(shop: Shop, verb: str, word: str) -> None:
    """Each verb has its word and its notice."""
    payment_id = await shop.create()

    await getattr(shop.simulator, verb)(payment_id)

    assert await shop.words(payment_id) == ["waiting", word]
    assert (await shop.read(payment_id))["payment_status"] == word


async def test_finished_may_mean_that_nothing_arrived(shop: Shop) -> None:
    """Production and sandbox both finished payments with `actually_paid` 0."""
    payment_id = await shop.create()

    await shop.simulator.finish_unpaid(payment_id)

    read = await shop.read(payment_id)
    assert (read["payment_status"], read["actually_paid"]) == ("finished", 0)


async def test_any_word_can_be_a_status(shop: Shop) -> None:
    """A word that nobody knows yet shows in reads and notices; silently if asked."""
    payment_id = await shop.create()

    await shop.simulator.set_status(payment_id, "quarantined")
    await shop.simulator.set_status(payment_id, "thawed", is_silent=True)

    assert await shop.words(payment_id) == ["waiting", "quarantined"]
    assert (await shop.read(payment_id))["payment_status"] == "thawed"


async def test_reads_can_be_tampered_with(shop: Shop) -> None:
    """Price, currency, order and coin of the read differ; notices and books stay; it can be undone."""
    payment_id = await shop.create()

    shop.simulator.tamper(payment_id, price_amount=1, order_id="another", pay_currency="ltc", payment_id=7)

    read = await shop.read(payment_id)
    assert (read["price_amount"], read["order_id"]) == (1, "another")
    assert (read["pay_currency"], read["payment_id"]) == ("ltc", 7)
    shop.simulator.tamper(payment_id)
    assert (await shop.read(payment_id))["price_amount"] == 13


async def test_the_payer_chooses_a_coin_on_an_invoice(shop: Shop) -> None:
    """The hosted page makes a payment that the merchant learns of by notice."""
    body = {"price_amount": 5, "price_currency": "usd", "order_id": "order-1", "ipn_callback_url": shop.callback_url}
    async with shop.session.post(f"{shop.base_url}/invoice", json=body) as answer:
        invoice_id = (await answer.json())["id"]

    payment = await shop.simulator.open_invoice(invoice_id, "ltc")
    await shop.simulator.pay(payment.payment_id)

    assert (await shop.words(payment.payment_id))[-1] == "finished"
    assert (await shop.last_notice(payment.payment_id))["invoice_id"] == int(invoice_id)
    assert (await shop.read(payment.payment_id))["order_id"] == "order-1"


@pytest.mark.parametrize(
    ("case", "word"),
    [("success", "finished"), ("failed", "failed"), ("partially_paid", "partially_paid"), ("common", "waiting")],
)
async def test_the_sandbox_acts_by_itself(shop: Shop, case: str, word: str) -> None:
    """`case` decides what happens without a payer."""
    payment_id = await shop.create(case=case)

    assert (await shop.words(payment_id))[-1] == word


async def test_payments_can_pay_themselves(shop: Shop) -> None:
    """The demo and the benchmark let every created payment be paid in a task of the simulator."""
    shop.simulator.pay_automatically(lambda payment: shop.simulator.pay(payment.payment_id))

    payment_id = await shop.create()

    assert (await shop.words(payment_id))[-1] == "finished"
    assert shop.simulator.pending_tasks == 0
