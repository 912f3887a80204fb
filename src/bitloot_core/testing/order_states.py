"""
One order in each state that a part of it can have: for stores, pages and grids that must know them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

import attrs

from bitloot_core.order.events import OrderRefunded
from bitloot_core.order.order import Cancelled, Expired, Order, UnnamedBuyer
from bitloot_core.order.payments import (
    AcceptedStray,
    DoubtfulPayment,
    IntendedPayment,
    OpenPayment,
    Payment,
    RefusedPayment,
    ReturnedPayment,
    ReturnedStray,
    ReviewedPayment,
    SettledPayment,
    ShortPayment,
    StrayPayment,
    VoidPayment,
    VoidReason,
)
from bitloot_core.order.reservations import (
    ClaimedReservation,
    CompletedReservation,
    DoubtfulReservation,
    FallenReservation,
    KeyType,
    PlannedReservation,
    RefusedReservation,
    Reservation,
    SupplierWord,
)
from bitloot_core.order.returns import AcceptedReturn, AskedReturn, KeyReturn, RefusedReturn
from bitloot_core.order.transitions import evolve
from bitloot_core.order.units import OwedUnit, ReplacedUnit, ReturnedUnit
from bitloot_core.testing.orders import (
    COIN,
    NOTHING,
    a_finding,
    a_held_unit,
    a_line,
    a_placed_reservation,
    a_plan,
    a_receipt,
    an_invoice,
    fulfilled,
    held,
    opened,
    placed,
    reserved,
    settled,
    voided,
    with_finding,
    with_payment,
    with_reservation,
    with_unit,
)
from bitloot_core.values.ids import GatewayPaymentId, SupplierKeyId, SupplierOrderId, unit_id
from bitloot_core.values.money import CoinAmount
from bitloot_core.values.reading import PaymentWord

_BACK = SupplierOrderId("going-back")


def _payments(order: Order) -> dict[str, Payment]:
    at = order.created_at
    invoice = attrs.evolve(an_invoice(order), extra_id="memo-7")
    stray = GatewayPaymentId(f"stray-{order.id}")
    some = CoinAmount(amount=Decimal("0.00000001"), coin=COIN)
    return {
        "payment-intended": IntendedPayment(attempt=1, coin=COIN, intended_at=at),
        "payment-doubtful": DoubtfulPayment(attempt=1, coin=COIN, intended_at=at),
        "payment-refused": RefusedPayment(
            attempt=1, coin=COIN, code="below-minimum", reason="less than the coin's minimum", refused_at=at
        ),
        "payment-open": OpenPayment(attempt=1, invoice=invoice, progress=PaymentWord.WAITING, told_at=None),
        "payment-confirming": OpenPayment(attempt=1, invoice=invoice, progress=PaymentWord.SENDING, told_at=at),
        "payment-short": ShortPayment(attempt=1, invoice=invoice, received=some),
        "payment-reviewed": ReviewedPayment(attempt=1, invoice=invoice, received=some, reasons=("coin", "price")),
        "payment-stray": StrayPayment(
            attempt=1,
            gateway_id=stray,
            parent_id=invoice.gateway_id,
            received=some,
            word=PaymentWord.FINISHED,
            reasons=("parent",),
        ),
        "payment-stray-accepted": AcceptedStray(
            attempt=1, gateway_id=stray, parent_id=None, receipt=a_receipt(order, by="admin:ann")
        ),
        "payment-stray-returned": ReturnedStray(
            attempt=1,
            gateway_id=stray,
            parent_id=None,
            receipt=a_receipt(order, by="admin:ann"),
            returned_at=at + timedelta(days=2),
        ),
        "payment-settled": SettledPayment(attempt=1, invoice=invoice, receipt=a_receipt(order)),
        "payment-returned": ReturnedPayment(
            attempt=1, invoice=invoice, receipt=a_receipt(order), returned_at=at + timedelta(days=2)
        ),
        **{
            f"payment-void-{why}": VoidPayment(
                attempt=1,
                invoice=invoice,
                why=why,
                received=some if why is VoidReason.REFUNDED else NOTHING,
                ended_at=at + timedelta(days=7),
            )
            for why in VoidReason
        },
    }


def _reservations(order: Order) -> dict[str, Reservation]:
    at = order.created_at + timedelta(minutes=6)
    plan = a_plan(order)
    first = plan.items[0]
    preorder = attrs.evolve(
        plan, attempt=2, items=(attrs.evolve(first, key_type=KeyType.ANY, release_date=date(2027, 3, 1)),)
    )
    bought = a_placed_reservation(order, plan)
    return {
        "reservation-planned": PlannedReservation(plan=plan, planned_at=at),
        "reservation-planned-preorder": PlannedReservation(plan=preorder, planned_at=at),
        "reservation-claimed": ClaimedReservation(plan=plan, claimed_at=at, asked=1),
        "reservation-doubtful": DoubtfulReservation(plan=plan, claimed_at=at, asked=2),
        **{f"reservation-placed-{word}": attrs.evolve(bought, word=word) for word in SupplierWord},
        "reservation-completed": CompletedReservation(
            plan=plan,
            supplier_order_id=bought.supplier_order_id,
            charged=bought.charged,
            placed_at=bought.placed_at,
            completed_at=at + timedelta(minutes=1),
        ),
        "reservation-refused": RefusedReservation(
            plan=plan, code="out-of-stock", reason="nothing left under the cap", refused_at=at
        ),
        "reservation-fallen": FallenReservation(
            plan=plan,
            supplier_order_id=bought.supplier_order_id,
            charged=bought.charged,
            word=SupplierWord.REFUNDED,
            fell_at=at + timedelta(hours=1),
        ),
    }


def _returned(order: Order) -> Order:
    unit = held(order).held[0]
    return with_unit(
        order,
        ReturnedUnit(
            id=unit.id,
            line=unit.line,
            storage_ref=unit.storage_ref,
            supplier_key_id=unit.supplier_key_id,
            reservation=unit.reservation,
            returned_at=unit.held_at + timedelta(days=1),
        ),
    )


def _replaced(order: Order) -> Order:
    bad = held(order).held[0]
    fresh = OwedUnit(id=unit_id(bad.line, len(order.units) + 1), line=bad.line)
    replaced = ReplacedUnit(
        id=bad.id,
        line=bad.line,
        storage_ref=bad.storage_ref,
        supplier_key_id=bad.supplier_key_id,
        reservation=bad.reservation,
        replaced_by=fresh.id,
        replaced_at=bad.held_at + timedelta(days=1),
    )
    return with_unit(with_unit(order, replaced), a_held_unit(order, fresh))


def _going_back(order: Order, one: KeyReturn) -> Order:
    return attrs.evolve(order, returns=(one,))


def every_state(order_id: str = "o1") -> Mapping[str, Order]:
    """
    The same order of three units on two lines in each state that a part of it can have, by the state's name.

    >>> every_state()["payment-short"].payments[0].received.text
    '0.00000001'
    """
    start = placed(order_id, lines=(a_line(1, quantity=2), a_line(2, product="licence", price="3.00")))
    later = start.created_at + timedelta(hours=1)
    paid = settled(start)
    bought = reserved(paid)
    found = with_finding(paid)
    fallen = with_reservation(paid, _reservations(paid)["reservation-fallen"])
    return {
        "placed": start,
        "expired": attrs.evolve(voided(start), closing=Expired(at=later)),
        "cancelled": attrs.evolve(start, closing=Cancelled(at=later, by="admin:ann", reason="asked for")),
        "refunded": evolve(paid, OrderRefunded(at=later, by="admin:ann", reason="no stock")),
        "fulfilled": fulfilled(bought),
        "forgotten": attrs.evolve(fulfilled(bought), buyer=UnnamedBuyer()),
        "unit-held": held(bought, units=1),
        "unit-returned": _returned(bought),
        "unit-replaced": _replaced(bought),
        "return-asked": _going_back(paid, AskedReturn(supplier_order_id=_BACK, asked_at=later)),
        "return-accepted": _going_back(
            paid,
            AcceptedReturn(
                supplier_order_id=_BACK, asked_at=later, accepted_at=later, keys=(SupplierKeyId("k1"),), pending=1
            ),
        ),
        "return-refused": _going_back(
            paid, RefusedReturn(supplier_order_id=_BACK, code="too-late", reason="a day is over", refused_at=later)
        ),
        "finding": found,
        "findings": with_finding(found, attrs.evolve(a_finding(found, subject="o1-1", blocking=False), amount=None)),
        "two-payments": opened(voided(start), attempt=2),
        "two-reservations": reserved(fallen, supplier_order_id=f"again-{order_id}"),
        **{name: with_payment(start, payment) for name, payment in _payments(start).items()},
        **{name: with_reservation(paid, reservation) for name, reservation in _reservations(paid).items()},
    }
