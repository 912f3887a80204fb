"""
The order store, and the one way to write: `commit(Change)`.

State, timeline, jobs, ledger, findings, links, audit rows, the consumed webhook and the end of the job are one
transaction: all of it or nothing. No session, unit of work or commit call leaks into a use case.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import attrs

from bitloot_core.order.buying import Budget
from bitloot_core.order.events import OrderEvent
from bitloot_core.order.findings import Finding
from bitloot_core.order.jobs import JobRequest
from bitloot_core.order.ledger import LedgerEntry
from bitloot_core.order.order import Order
from bitloot_core.ports.acts import StaffAct
from bitloot_core.ports.inbox import ConsumedWebhook
from bitloot_core.ports.jobs import JobOutcome, Lease
from bitloot_core.values.ids import (
    FindingId,
    GatewayPaymentId,
    JobId,
    LinkId,
    OrderId,
    StorageRef,
    SupplierOrderId,
    UnitId,
)

LINK = "link"
"""The actor of an access through a delivery link."""


@attrs.frozen(kw_only=True)
class KeyAccess:
    """
    One access to one product key; the row is written before the key is opened.

    Attributes:
        actor: `link`, or `admin:NAME`.
        address: where the request came from; empty once it was erased, because the buyer was forgotten.
        agent: what the client calls itself, at most 256 characters; empty in the same case.
        reason: why, where a person of the staff looked.
    """

    order_id: OrderId
    unit_id: UnitId
    actor: str
    address: str
    agent: str
    reason: str
    at: datetime


@attrs.frozen(kw_only=True)
class LinkUse:
    """
    One view through a delivery link, counted in the same commit as its audit rows.

    Attributes:
        max_views: how many the link admits.
        at: a link that has expired at this time admits none.
    """

    link_id: LinkId
    max_views: int
    at: datetime


@attrs.frozen(kw_only=True)
class SettledFinding:
    """
    A finding about no order that a person says is settled; one that is settled already stays as it is.

    Attributes:
        act: the row of the audit; left out if the finding was settled already, or if there is none.
    """

    id: FindingId
    by: str
    reason: str
    act: StaffAct | None = None


@attrs.frozen(kw_only=True)
class Change:
    """
    Everything that one write changes.

    Attributes:
        at: the time of the write.
        before: the order as it was read; None for a new one.
        after: the order as it shall be. With `before` and no events it only asserts that the version has not moved.
        events: what happened, for the timeline.
        jobs: what must now be done outside.
        ledger: money that was seen; an entry that is there already is left as it is.
        findings: findings about no order of ours (those of the order come as events).
        settled: such findings that are settled.
        acts: what a person of the staff did by it.
        consumed: the webhook that led to it.
        fence: the lease under which it is written, if the job goes on after it.
        outcome: how the job ends with it.
        accesses: audit rows.
        link_use: the view that they are for.
        budget: what purchases must stay within once this is written; with it the write claims one, and none is claimed
            while buying is paused. None for a write that claims none.
    """

    at: datetime
    before: Order | None = None
    after: Order | None = None
    events: tuple[OrderEvent, ...] = ()
    jobs: tuple[JobRequest, ...] = ()
    ledger: tuple[LedgerEntry, ...] = ()
    findings: tuple[Finding, ...] = ()
    settled: tuple[SettledFinding, ...] = ()
    acts: tuple[StaffAct, ...] = ()
    consumed: ConsumedWebhook | None = None
    fence: Lease | None = None
    outcome: JobOutcome | None = None
    accesses: tuple[KeyAccess, ...] = ()
    link_use: LinkUse | None = None
    budget: Budget | None = None


@attrs.frozen(kw_only=True)
class Committed:
    """
    A write that is durable.

    Attributes:
        order: the order with its new version, if one was written.
        due: the jobs that it made due at once.
    """

    order: Order | None
    due: tuple[JobId, ...]


class OrderStore(Protocol):
    """Keeps orders."""

    async def get(self, order_id: OrderId) -> Order:
        """
        Read an order with all its parts.

        Raises:
            NotFound: there is none.
        """
        ...

    async def commit(self, change: Change) -> Committed:
        """
        Write a change: all of it, or nothing.

        The timeline keeps `OrderPlaced` without who ordered, since nothing is ever taken out of it. With
        `BuyerForgotten`, address and agent of the accesses through links of this order are erased for good.

        A commit that raises anything but the errors below is *unknown*: read the order again before you decide.

        Raises:
            StaleOrder: the order's version is not `before.version`, or a new order's id exists.
            LeaseLost: the job is not ours any more.
            AlreadyTaken: a supplier key id, supplier order id or gateway payment id belongs to another order.
            Refused: `link_use` names a link that is no longer good (`link-revoked`, `link-expired`, `link-used-up`).
            BuyingPaused: `budget` is given, and a pause is in force or a limit would be broken. Of two that would break
                it together, one is refused.
        """
        ...

    async def find_by_reservation(self, supplier_order_id: SupplierOrderId) -> OrderId | None:
        """The order that made this purchase; None if none did."""
        ...

    async def find_by_payment(self, gateway_id: GatewayPaymentId) -> OrderId | None:
        """The order that this payment belongs to; None if it is none of ours."""
        ...

    async def find_by_link(self, link_id: LinkId) -> OrderId | None:
        """The order that a delivery link was made for, revoked and expired ones too; None if there is no such link."""
        ...

    async def orphans_among(self, refs: Sequence[StorageRef]) -> tuple[StorageRef, ...]:
        """Of these sealed objects, those that no unit of any order names: not held, not returned, not replaced."""
        ...
