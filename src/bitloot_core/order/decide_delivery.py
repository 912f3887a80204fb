"""
Decisions about keys and the link to them.
"""

from __future__ import annotations

from datetime import datetime

from bitloot_core.order import commands as c
from bitloot_core.order import events as e
from bitloot_core.order.decide_staff import refuse_parked
from bitloot_core.order.finding_steps import finding, resolve
from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.jobs import JobName
from bitloot_core.order.order import Fulfilled, LiveLink, Order, Refunded, UnnamedBuyer
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.reservations import PlacedReservation, Reservation
from bitloot_core.order.units import OwedUnit
from bitloot_core.values.ids import UnitId

REPLACEMENT = "replacement"
"""For whom a link is made when a key came in place of a bad one."""


def hold_keys(order: Order, command: c.HoldKeys, now: datetime) -> tuple[e.OrderEvent, ...]:
    """
    Give each sealed key to its unit: once, whatever comes twice. The write that holds the last one fulfils the order.
    """
    res = order.reservation(command.number)
    if not isinstance(res, PlacedReservation):
        return ()
    keys = _new(order, res, command.keys)
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
    left = {unit.id for unit in order.owed}.difference(key.unit_id for key in keys)
    return (*held, *_link(order, command, now), *_complete(order, res, left, now), *_after_refund(order, res, now))


def _new(order: Order, res: PlacedReservation, keys: tuple[c.SealedKey, ...]) -> tuple[c.SealedKey, ...]:
    """Those keys that this order never had, each for a unit of the purchase that lacks one."""
    open_units = {unit.id for unit in order.owed}.intersection(res.plan.units)
    had = {unit.supplier_key_id for unit in order.units if not isinstance(unit, OwedUnit)}
    new: list[c.SealedKey] = []
    for key in keys:
        if key.unit_id in open_units and key.supplier_key_id not in had:
            open_units.remove(key.unit_id)
            had.add(key.supplier_key_id)
            new.append(key)
    return tuple(new)


def _link(order: Order, command: c.HoldKeys, now: datetime) -> tuple[e.OrderEvent, ...]:
    """
    The first key that is held makes the link: it can be revealed from now on.

    Keys that come long after it make a new one: the mail about them must not carry a link that is about to expire.
    """
    if isinstance(order.closing, Refunded):
        return ()
    if isinstance(order.closing, Fulfilled):  # it came in place of a bad one: the buyer is told with a link of its own
        return (e.LinkIssued(at=now, link_id=command.link_id, expires_at=command.link_expires_at, by=REPLACEMENT),)
    if isinstance(order.link, LiveLink) and now - order.link.issued_at < order.link.expires_at - now:
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
    refuse_parked(order, command)
    if not order.may_reveal:
        raise TransitionRefused(order, command, "the order is not paid, or was refunded", code="not-revealable")
    if not order.held:
        raise TransitionRefused(order, command, "no key is ready yet", code="nothing-ready")
    if isinstance(order.buyer, UnnamedBuyer):
        raise TransitionRefused(order, command, "there is no address to mail it to any more", code="buyer-forgotten")
    unsent, why = (one.id for one in order.findings if _is_about_mail(one)), "a fresh link is mailed"
    return (
        *(e.FindingResolved(at=now, finding_id=finding_id, by=command.by, reason=why) for finding_id in unsent),
        e.LinkIssued(at=now, link_id=command.link_id, expires_at=command.expires_at, by=command.by),
    )


def _is_about_mail(finding: Finding) -> bool:
    dead = finding.reason is FindingReason.DEAD_JOB and finding.subject.startswith(f"{JobName.SEND_MAIL}:")
    return dead or finding.reason is FindingReason.MAIL_REFUSED
