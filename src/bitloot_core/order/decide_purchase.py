"""
Decisions about reservations. Buying demands money that counts in the same write that claims the purchase.
"""

from __future__ import annotations

from datetime import datetime

from bitloot_core.order import commands as c
from bitloot_core.order import events as e
from bitloot_core.order.decide_staff import refuse_parked
from bitloot_core.order.finding_steps import finding, resolve
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Cancelled, Order, Refunded
from bitloot_core.order.policy import Policy, Repost
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.reservations import (
    DEAD_WORDS,
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
from bitloot_core.values.money import Money

_UNANSWERED = (PlannedReservation, ClaimedReservation, DoubtfulReservation)


def claim(order: Order, command: c.ClaimPurchase, now: datetime, policy: Policy) -> tuple[e.OrderEvent, ...]:
    """
    May this purchase be sent now?

    A planned one may; one in doubt only when its quiet window has passed, and only if the shop or a person lets it; one
    that is claimed may not: whoever claimed it may have bought.
    """
    if not order.is_settled:
        raise TransitionRefused(order, command, "no payment of this order counts", code="not-paid")
    if isinstance(order.closing, Refunded | Cancelled):
        raise TransitionRefused(order, command, "the order is closed", code="closed")
    refuse_parked(order, command)
    res = order.reservation(command.number)
    match res:
        case PlannedReservation():
            return (e.ReservationClaimed(at=now, number=command.number),)
        case DoubtfulReservation() if now - res.claimed_at < policy.supplier_quiet:
            raise TransitionRefused(order, command, "the quiet window has not passed", code="quiet-window")
        case DoubtfulReservation() if not res.approved and _needs_a_person(res, policy):
            raise TransitionRefused(order, command, "a person must decide", code="operator-decides")
        case DoubtfulReservation():
            return (e.ReservationClaimed(at=now, number=command.number),)
        case _:
            raise TransitionRefused(order, command, "the purchase cannot be sent (again)", code="not-purchasable")


def _needs_a_person(res: DoubtfulReservation, policy: Policy) -> bool:
    return policy.repost is Repost.OPERATOR or res.asked >= policy.most_asked


def record_no_answer(
    order: Order, command: c.RecordPurchaseDoubt | c.ReleasePurchase, now: datetime
) -> tuple[e.OrderEvent, ...]:
    """In doubt, nobody may buy again before the supplier was asked; not taken, this try bought nothing."""
    if not isinstance(order.reservation(command.number), ClaimedReservation):
        return ()
    if isinstance(command, c.ReleasePurchase):
        return (e.ReservationReleased(at=now, number=command.number),)
    return (e.ReservationDoubted(at=now, number=command.number),)


def record_purchase(order: Order, command: c.RecordPurchase, now: datetime) -> tuple[e.OrderEvent, ...]:
    """The supplier has it. A second purchase under one reference is surplus: its keys are never downloaded."""
    res = order.reservation(command.number)
    match res:
        case PlannedReservation() | ClaimedReservation() | DoubtfulReservation():
            return _placed(order, res, command, now)
        case PlacedReservation() | CompletedReservation() | FallenReservation() if (
            res.supplier_order_id == command.supplier_order_id
        ):
            return ()
        case _:
            return finding(
                order,
                FindingReason.SURPLUS_PURCHASE,
                command.supplier_order_id,
                f"The supplier has the purchase {command.supplier_order_id} too, which this order does not need: "
                "give it back.",
                at=now,
                blocking=False,
                amount=str(command.charged),
            )


def _placed(
    order: Order,
    res: PlannedReservation | ClaimedReservation | DoubtfulReservation,
    command: c.RecordPurchase,
    now: datetime,
) -> tuple[e.OrderEvent, ...]:
    number = command.number
    placed = e.ReservationPlaced(
        at=now,
        number=number,
        supplier_order_id=command.supplier_order_id,
        charged=command.charged,
        word=SupplierWord.PROCESSING if command.word in DEAD_WORDS else command.word,
    )
    done = (
        *_known_now(order, FindingReason.SUPPLIER_DOUBT, res.plan.ref, now),
        *_known_now(order, FindingReason.PRICE_ABOVE_CAP, res.plan.ref, now),
        *_known_now(order, FindingReason.FORGOTTEN_PURCHASE, command.supplier_order_id, now),
    )
    told: tuple[e.OrderEvent, ...] = ()
    if isinstance(order.closing, Refunded | Cancelled):
        told += finding(
            order,
            FindingReason.SURPLUS_PURCHASE,
            command.supplier_order_id,
            "A purchase went through for an order that was closed meanwhile: give it back.",
            at=now,
            blocking=False,
            amount=str(command.charged),
        )
    cap = cost_cap(res.plan)
    if command.charged.currency != cap.currency or not command.charged <= cap:
        told += finding(
            order,
            FindingReason.SUPPLIER_MISMATCH,
            res.plan.ref,
            f"The supplier charged {command.charged}; {cap} was the most that it should cost.",
            at=now,
            blocking=False,
            amount=str(command.charged),
            after=told,
        )
    return (placed, *done, *told)


def _known_now(order: Order, reason: FindingReason, subject: str, now: datetime) -> tuple[e.OrderEvent, ...]:
    return resolve(order, reason, subject=subject, by="system", why="the supplier knows the purchase", at=now)


def cost_cap(plan: Plan) -> Money:
    """The most that a whole purchase may cost."""
    first, *rest = (item.max_cost * item.quantity for item in plan.items)
    return sum(rest, start=first)


def record_refusal(order: Order, command: c.RecordPurchaseRefusal, now: datetime) -> tuple[e.OrderEvent, ...]:
    """
    Nothing was bought: a person buys again (new attempt) or gives the money back, unless that is done.

    That it is too dear is our own refusal, before anything was sent: it says nothing of what somebody else has sent.
    """
    res = order.reservation(command.number)
    is_too_dear = command.code == FindingReason.PRICE_ABOVE_CAP
    if not isinstance(res, (PlannedReservation,) if is_too_dear else _UNANSWERED):
        return ()
    refused = e.ReservationRefused(at=now, number=command.number, code=command.code, reason=command.reason)
    if isinstance(order.closing, Refunded):
        return (refused,)
    told = "Not bought" if is_too_dear else f"The supplier refused the purchase ({command.code})"
    return (
        refused,
        *finding(
            order,
            FindingReason.PRICE_ABOVE_CAP if is_too_dear else FindingReason.SUPPLIER_REFUSED,
            res.plan.ref,
            f"{told}: {command.reason}.",
            at=now,
            blocking=True,
            amount=str(cost_cap(res.plan)),
        ),
    )


def record_word(order: Order, command: c.RecordSupplierWord, now: datetime) -> tuple[e.OrderEvent, ...]:
    """How far a placed purchase is. Keys that are held stay held, whatever the supplier says afterwards."""
    res = order.reservation(command.number)
    match res:
        case PlacedReservation() if command.word in DEAD_WORDS:
            return (
                e.ReservationFell(at=now, number=command.number, word=command.word),
                *_fallen(order, res, command.word, now, blocking=True),
            )
        case PlacedReservation() if command.word is not res.word:
            return (
                e.SupplierProgressed(at=now, number=command.number, word=command.word),
                *_strange(order, res, command.word, now),
            )
        case CompletedReservation() if command.word in DEAD_WORDS:
            return _fallen(order, res, command.word, now, blocking=False)
        case _:
            return ()


def _fallen(
    order: Order, res: Reservation, word: SupplierWord, now: datetime, *, blocking: bool
) -> tuple[e.OrderEvent, ...]:
    held = sum(1 for unit in order.held if unit.reservation == res.plan.number)
    return finding(
        order,
        FindingReason.SUPPLIER_CANCELLED,
        res.plan.ref,
        f"The supplier {'cancelled' if word is SupplierWord.CANCELLED else 'refunded'} the purchase; "
        f"{held} of its {len(res.plan.units)} keys are held.",
        at=now,
        blocking=blocking,
        amount=str(cost_cap(res.plan)),
    )


def _strange(order: Order, res: Reservation, word: SupplierWord, now: datetime) -> tuple[e.OrderEvent, ...]:
    if word is not SupplierWord.UNRECOGNISED:
        return ()
    return finding(
        order,
        FindingReason.SUPPLIER_STATUS,
        res.plan.ref,
        "The supplier gives the purchase a status that this program does not know.",
        at=now,
        blocking=False,
    )
