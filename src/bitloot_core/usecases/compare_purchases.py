"""
The supplier's purchases beside our reservations: each purchase under a reference of ours belongs to exactly one. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

import attrs

from bitloot_core.order import events as e
from bitloot_core.order.commands import OrderCommand, RecordPurchase, RecordSupplierWord
from bitloot_core.order.decide import decide
from bitloot_core.order.discrepancies import Amiss, Behind, Discrepancy, Side
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import JobName, JobRequest, number_of
from bitloot_core.order.order import Order
from bitloot_core.order.policy import Policy
from bitloot_core.order.reservations import (
    DEAD_WORDS,
    Bought,
    ClaimedReservation,
    CompletedReservation,
    DoubtfulReservation,
    FallenReservation,
    PlacedReservation,
    Plan,
    PlannedReservation,
    Reservation,
    SupplierWord,
)
from bitloot_core.order.units import ReturnedUnit
from bitloot_core.ports.supplier import Purchase
from bitloot_core.values.ids import SupplierProductId


def wanted_of(plan: Plan) -> Mapping[SupplierProductId, int]:
    """How many of each product a plan buys."""
    wanted: Counter[SupplierProductId] = Counter()
    for item in plan.items:
        wanted[item.supplier_product_id] += item.quantity
    return dict(wanted)


def other_contents(purchase: Purchase) -> str:
    """What a person is told of a purchase that holds something else."""
    return f"The supplier's purchase {purchase.supplier_order_id} does not hold what was asked for."


def compare_purchase(
    order: Order | None, purchase: Purchase, *, now: datetime, policy: Policy
) -> tuple[Discrepancy, ...]:
    """
    Set a purchase beside the reservation that its reference names.

    Args:
        order: the order that the reference names; None if we have none of that name.
        purchase: what the supplier lists under a reference of our form.
    """
    res = None if order is None else order.reservation(number_of(purchase.ref))
    if order is None or res is None:
        return tuple(_forgotten(order, purchase))
    match res:
        case PlannedReservation() | ClaimedReservation() | DoubtfulReservation():
            text = f"The supplier has purchase {_named(purchase)}; our books do not have the answer yet."
            return (_behind(order, res, purchase, text, now),)
        case PlacedReservation() | CompletedReservation() | FallenReservation() if (
            res.supplier_order_id == purchase.supplier_order_id
        ):
            return (*_other_terms(order, res, purchase), *_other_word(order, res, purchase, now, policy))
        case _:
            return tuple(_surplus(order, res, purchase, now, policy))


def _forgotten(order: Order | None, purchase: Purchase) -> Iterator[Amiss]:
    """What was paid for and stands nowhere in our books; what was refunded costs nobody anything."""
    if purchase.word is SupplierWord.REFUNDED:
        return
    if order is None:
        told = "names an order that our books do not have: find its buyer by the payment, or give the keys back"
    else:
        told = "is not in our books: it is taken over, and not bought again, once a payment of the order counts"
    yield Amiss(
        side=Side.PURCHASES,
        order_id=None if order is None else order.id,
        reason=FindingReason.FORGOTTEN_PURCHASE,
        subject=purchase.supplier_order_id,
        text=f"The supplier's purchase {_named(purchase)} {told}.",
        amount=str(purchase.charged),
    )


def _surplus(order: Order, res: Reservation, purchase: Purchase, now: datetime, policy: Policy) -> Iterator[Amiss]:
    """A purchase beside the one that we know of, or for one that was refused."""
    if purchase.word is SupplierWord.REFUNDED:
        return
    command = RecordPurchase(
        number=res.plan.number,
        supplier_order_id=purchase.supplier_order_id,
        charged=purchase.charged,
        word=purchase.word,
    )
    yield from _told_by(order, command, now, policy)


def _other_terms(order: Order, res: Bought, purchase: Purchase) -> Iterator[Amiss]:
    if purchase.charged != res.charged:
        yield Amiss(
            side=Side.PURCHASES,
            order_id=order.id,
            reason=FindingReason.SUPPLIER_MISMATCH,
            subject=f"{purchase.supplier_order_id}/cost",
            text=f"The supplier shows {purchase.charged} as the cost of purchase {_named(purchase)}; "
            f"our books have {res.charged}.",
            amount=str(purchase.charged),
        )
    if dict(purchase.quantities) != wanted_of(res.plan):
        yield Amiss(
            side=Side.PURCHASES,
            order_id=order.id,
            reason=FindingReason.SUPPLIER_MISMATCH,
            subject=purchase.supplier_order_id,
            text=other_contents(purchase),
            amount=str(purchase.charged),
            blocking=True,
        )


def _other_word(order: Order, res: Bought, purchase: Purchase, now: datetime, policy: Policy) -> Iterator[Discrepancy]:
    """How far it is: of one that is on its way our own polls find out what goes well, and look at the rest sooner."""
    match res:
        case PlacedReservation() if purchase.word in DEAD_WORDS:
            text = f"The supplier calls purchase {_named(purchase)} {purchase.word}; our books do not have that yet."
            yield _behind(order, res, purchase, text, now)
        case CompletedReservation() if not _went_back(order, res):
            yield from _told_by(order, RecordSupplierWord(number=res.plan.number, word=purchase.word), now, policy)
        case FallenReservation() if purchase.word not in DEAD_WORDS:
            yield Amiss(
                side=Side.PURCHASES,
                order_id=order.id,
                reason=FindingReason.SUPPLIER_STATUS,
                subject=f"{purchase.supplier_order_id}/status",
                text=f"The supplier calls purchase {_named(purchase)} {purchase.word}; to our books it was {res.word}.",
                amount=str(purchase.charged),
            )
        case _:
            pass


def _went_back(order: Order, res: Bought) -> bool:
    """Whether we gave keys of it back ourselves: then the supplier's word is no news."""
    back = {unit.id for unit in order.units if isinstance(unit, ReturnedUnit)}
    return not back.isdisjoint(res.plan.units)


def _told_by(order: Order, command: OrderCommand, now: datetime, policy: Policy) -> Iterator[Amiss]:
    """What the order would tell a person; also if somebody was told already, and has not answered."""
    news = decide(attrs.evolve(order, findings=()), command, now=now, policy=policy)
    return (Amiss.told(event.finding, Side.PURCHASES) for event in news if isinstance(event, e.FindingOpened))


def lost_at_supplier(order: Order, res: Bought) -> Amiss:
    """Tell of a purchase in our books that the supplier does not know."""
    name = res.supplier_order_id
    return Amiss(
        side=Side.PURCHASES,
        order_id=order.id,
        reason=FindingReason.SUPPLIER_MISMATCH,
        subject=name,
        text=f"The supplier does not know purchase {name} ({res.plan.ref}, {res.charged}), which our books have.",
        amount=str(res.charged),
    )


def _behind(order: Order, res: Reservation, purchase: Purchase, text: str, now: datetime) -> Behind:
    name = JobName.CHECK_RESERVATION if isinstance(res, PlacedReservation) else JobName.RESERVE
    return Behind(
        side=Side.PURCHASES,
        order_id=order.id,
        subject=purchase.supplier_order_id,
        text=text,
        remedy=JobRequest(name=name, ref=res.plan.ref, order_id=order.id, due_at=now),
    )


def _named(purchase: Purchase) -> str:
    return f"{purchase.supplier_order_id} ({purchase.ref}, {purchase.charged})"
