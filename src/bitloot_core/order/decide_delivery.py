"""
Decisions about keys and the link to them.
"""

from __future__ import annotations

from datetime import datetime

from bitloot_core.order import commands as c
from bitloot_core.order import events as e
from bitloot_core.order.finding_steps import finding, resolve
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Fulfilled, NoLink, Order, Refunded
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.reservations import PlacedReservation, Reservation
from bitloot_core.order.units import HeldUnit
from bitloot_core.values.ids import UnitId


def hold_keys(order: Order, command: c.HoldKeys, now: datetime) -> tuple[e.OrderEvent, ...]:
    """
    Give each sealed key to its unit: once, whatever comes twice. The write that holds the last one fulfils the order.
    """
    res = order.reservation(command.number)
    if not isinstance(res, PlacedReservation):
        return ()
    owed = {unit.id for unit in order.owed}
    ours = {unit.supplier_key_id for unit in order.units if isinstance(unit, HeldUnit)}
    keys = tuple(
        key
        for key in command.keys
        if key.unit_id in owed and key.unit_id in res.plan.units and key.supplier_key_id not in ours
    )
    if not keys:
        return ()
    held = tuple(
        e.KeyHeld(
            at=now,
            unit_id=key.unit_id,
            number=command.number,
            supplier_key_id=key.supplier_key_id,
            storage_ref=key.storage_ref,
        )
        for key in keys
    )
    left = owed.difference(key.unit_id for key in keys)
    return (*held, *_link(order, command, now), *_complete(order, res, left, now), *_after_refund(order, res, now))


def _link(order: Order, command: c.HoldKeys, now: datetime) -> tuple[e.OrderEvent, ...]:
    """The first key that is held makes the link: it can be revealed from now on."""
    if not isinstance(order.link, NoLink) or isinstance(order.closing, Refunded):
        return ()
    return (e.LinkIssued(at=now, link_id=command.link_id, expires_at=command.link_expires_at, by="system"),)


def _complete(order: Order, res: Reservation, left: set[UnitId], now: datetime) -> tuple[e.OrderEvent, ...]:
    events: tuple[e.OrderEvent, ...] = ()
    if left.isdisjoint(res.plan.units):
        events += (e.ReservationCompleted(at=now, number=res.plan.number),)
        events += resolve(
            order,
            FindingReason.KEYS_MISSING,
            FindingReason.SUPPLIER_SLOW,
            subject=res.plan.ref,
            by="system",
            why="all its keys are held",
            at=now,
        )
    if not left and not isinstance(order.closing, Fulfilled | Refunded):
        events += (e.OrderFulfilled(at=now),)
    return events


def _after_refund(order: Order, res: Reservation, now: datetime) -> tuple[e.OrderEvent, ...]:
    if not isinstance(order.closing, Refunded):
        return ()
    return finding(
        order,
        FindingReason.KEYS_AFTER_REFUND,
        res.plan.ref,
        "Keys arrived after the order was refunded: they are held and never delivered; give them back.",
        at=now,
        blocking=False,
    )


def issue_link(order: Order, command: c.IssueLink, now: datetime) -> tuple[e.OrderEvent, ...]:
    """A fresh link is made only where there is something to open with it."""
    if not order.may_reveal:
        raise TransitionRefused(order, command, "the order is not paid, or was refunded", code="not-revealable")
    if not order.held:
        raise TransitionRefused(order, command, "no key is ready yet", code="nothing-ready")
    return (e.LinkIssued(at=now, link_id=command.link_id, expires_at=command.expires_at, by=command.by),)
