"""
One order at each place that it can come to, led there by commands alone: what a buyer, a gateway and a supplier did.

`order_states` has each state of each part, set by hand; here the whole is what `decide` makes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from bitloot_core.order import commands as c
from bitloot_core.order import staff_commands as sc
from bitloot_core.order.reservations import SupplierWord
from bitloot_core.testing.orders import COIN, DUE, an_invoice, placed
from bitloot_core.testing.story import Story, a_reading, read
from bitloot_core.values.ids import (
    GatewayPaymentId,
    LinkId,
    StorageRef,
    SupplierKeyId,
    SupplierOrderId,
    UnitId,
)
from bitloot_core.values.money import Money
from bitloot_core.values.reading import PaymentWord

COST = Money.of("17.00", "EUR")
"""What the two keys of `milestones` cost us."""
_BAD_KEY = sc.ReplaceKey(unit_id=UnitId("1.1"), from_supplier=False, by="admin:ann", reason="used up")
_GIVE_BACK = sc.ReturnKeys(supplier_order_id=SupplierOrderId("bought-1"), by="admin:ann", reason="not wanted")
_FORGET = c.ForgetBuyer(by="admin:ann", reason="asked for")


def key_for(unit: str, name: str = "") -> c.SealedKey:
    """The sealed key for a unit; `name` tells it from another one for the same unit."""
    return c.SealedKey(
        unit_id=UnitId(unit),
        supplier_key_id=SupplierKeyId(f"key-{unit}{name}"),
        storage_ref=StorageRef(f"sealed-{unit}{name}"),
    )


def hold(story: Story, *keys: c.SealedKey, number: int = 1, link: str = "link1") -> c.HoldKeys:
    """These keys of a purchase are sealed; the link, if they make one, is good for two weeks."""
    return c.HoldKeys(
        number=number, keys=keys, link_id=LinkId(link), link_expires_at=story.now + story.policy.link_expires
    )


def bought(number: int = 1, *, name: str = "", charged: Money = COST) -> c.RecordPurchase:
    """The supplier has the purchase of that number."""
    return c.RecordPurchase(
        number=number,
        supplier_order_id=SupplierOrderId(name or f"bought-{number}"),
        charged=charged,
        word=SupplierWord.PROCESSING,
    )


def milestones() -> Mapping[str, Story]:
    """
    The same order of two keys at each place, by the place's name: its status, and the part that matters.

    >>> milestones()["paid, in doubt"].shown
    <Status.PAID: 'paid'>
    """
    created = Story(order=placed(quantity=2))
    return {"created": created, **_before_money(created), **_after_money(_open(created))}


def _open(story: Story, attempt: int = 1) -> Story:
    invoice = an_invoice(story.order, attempt)
    return story.when(c.IntendPayment(coin=COIN), c.RecordInvoice(attempt=attempt, invoice=invoice))


def _before_money(created: Story) -> dict[str, Story]:
    intended, waiting = created.when(c.IntendPayment(coin=COIN)), _open(created)
    order = waiting.order
    wrong = a_reading(order, PaymentWord.WRONG_ASSET)
    failed = read(a_reading(order, PaymentWord.FAILED, paid=Decimal(0)))
    short = waiting.when(read(a_reading(order, PaymentWord.PARTIALLY_PAID, paid=DUE.amount / 2)))
    doubtful = intended.when(c.RecordPaymentDoubt(attempt=1))
    expired = waiting.later(timedelta(hours=1)).when(c.ExpireOrder())
    return {
        "created, asking": intended,
        "created, no answer": doubtful,
        "created, refused": intended.when(c.RecordPaymentRefusal(attempt=1, code="below-minimum", reason="too small")),
        "created, in review": waiting.when(read(wrong)),
        "waiting": waiting,
        "waiting, stray": waiting.when(read(a_reading(order, gateway_id="stray", parent="pay-o1-1"))),
        "confirming": waiting.when(read(a_reading(order, PaymentWord.CONFIRMING))),
        "underpaid": short,
        "expired": expired,
        "expired, forgotten": expired.when(_FORGET),
        "failed": waiting.when(failed),
        "failed, money back": short.when(read(a_reading(order, PaymentWord.REFUNDED, paid=DUE.amount / 2))),
        "cancelled": waiting.when(c.CancelOrder(by="admin:ann", reason="asked for")),
    }


def _after_money(waiting: Story) -> dict[str, Story]:
    paid = waiting.when(read(a_reading(waiting.order)))
    claimed = paid.when(c.ClaimPurchase(number=1))
    placed_ = claimed.when(bought())
    partly = placed_.when(hold(placed_, key_for("1.1")))
    fulfilled = partly.when(hold(partly, key_for("1.2")))
    refund = c.RecordRefund(by="admin:ann", reason="no stock")
    fallen = c.RecordSupplierWord(number=1, word=SupplierWord.CANCELLED)
    return {
        "paid": paid,
        "paid, put aside": paid.when(sc.ParkOrder(by="admin:ann", reason="looks odd")),
        "paid, claimed": claimed,
        "paid, in doubt": claimed.when(c.RecordPurchaseDoubt(number=1)),
        "paid, no stock": claimed.when(c.RecordPurchaseRefusal(number=1, code="out-of-stock", reason="nothing left")),
        "paid, sent back": paid.when(read(a_reading(paid.order, PaymentWord.REFUNDED))),
        "fulfilling": placed_,
        "fulfilling, one held": partly,
        "fulfilling, fallen": partly.when(fallen),
        "fulfilled": fulfilled,
        "fulfilled, bad key": fulfilled.when(_BAD_KEY),
        "fulfilled, forgotten": fulfilled.when(_FORGET),
        "refunded": paid.when(refund),
        "refunded, bought": placed_.when(refund),
        "refunded, going back": fulfilled.when(refund, _GIVE_BACK),
        "cancelled, paid late": waiting.when(
            c.CancelOrder(by="admin:ann", reason="asked for"), read(a_reading(waiting.order))
        ),
    }


PAYMENT = GatewayPaymentId("pay-o1-1")
"""The gateway's name of the payment that each place of `milestones` has, if it has one."""
