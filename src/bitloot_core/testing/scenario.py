"""
Given, when, then: a test of the order reads like the rule that it tests.

    given(settled(placed())).when(ClaimPurchase(number=1)).then(ReservationClaimed).leads_to(Status.PAID)
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NoReturn, Self, TypeAlias

import attrs

from bitloot_core.order.commands import OrderCommand
from bitloot_core.order.decide import TransitionRefused, decide
from bitloot_core.order.effects import effects_of, entries_of
from bitloot_core.order.events import OrderEvent
from bitloot_core.order.jobs import JobName, JobRequest
from bitloot_core.order.ledger import LedgerEntry
from bitloot_core.order.order import Order
from bitloot_core.order.policy import Policy
from bitloot_core.order.status import Status, shown_status
from bitloot_core.order.transitions import evolve, evolve_all

Expected: TypeAlias = OrderEvent | type[OrderEvent]
"""An event as it must be, or only its kind."""


def given(order: Order, *history: OrderEvent, policy: Policy | None = None, at: datetime | None = None) -> Given:
    """
    Start from an order, with what has happened to it since.

    Args:
        policy: the shop's rules; the default ones, unless said otherwise.
        at: when the command comes; ten minutes after the order was placed, unless said otherwise.
    """
    return Given(
        order=evolve_all(order, history),
        policy=policy or Policy(),
        at=at or order.created_at + timedelta(minutes=10),
    )


@attrs.frozen(kw_only=True)
class Given:
    """An order to which something is about to be said."""

    order: Order
    policy: Policy
    at: datetime

    def when(self, *commands: OrderCommand) -> Then:
        """Say it: one command after another, all at the same moment. The first that is refused ends it."""
        order = self.order
        events: list[OrderEvent] = []
        jobs: list[JobRequest] = []
        ledger: list[LedgerEntry] = []
        for command in commands:
            try:
                news = decide(order, command, now=self.at, policy=self.policy)
            except TransitionRefused as exc:
                return Then(order=self.order, refusal=exc)
            for event in news:
                after = evolve(order, event)
                jobs += effects_of(event, after, self.policy)
                ledger += entries_of(event, order, after)
                order = after
            events += news
        return Then(order=order, events=tuple(events), jobs=tuple(jobs), ledger=tuple(ledger))


@attrs.frozen(kw_only=True)
class Then:
    """
    What came of it. Each check gives the same value back, so that checks can be chained.

    Attributes:
        order: as it is afterwards; as it was, if a command was refused.
        jobs: what must now be done outside.
        ledger: the money that was seen to move.
        refusal: why it was refused, if it was.
    """

    order: Order
    events: tuple[OrderEvent, ...] = ()
    jobs: tuple[JobRequest, ...] = ()
    ledger: tuple[LedgerEntry, ...] = ()
    refusal: TransitionRefused | None = None

    def then(self, *expected: Expected) -> Self:
        """These events happened, in this order, and no others; none of them, if none is named."""
        if self.refusal is not None:
            _fail(f"refused: {self.refusal}")
        if len(expected) != len(self.events) or not all(map(_fits, expected, self.events)):
            _fail(f"expected {_named(expected)}, and this happened: {_named(self.events)}")
        return self

    def then_nothing(self) -> Self:
        """A duplicate, or late and harmless: no event, and the order as it was."""
        return self.then()

    def then_refused(self, code: str | None = None) -> Self:
        """The order's state forbids it; with this code, if one is named."""
        if self.refusal is None:
            _fail(f"expected a refusal, and this happened: {_named(self.events)}")
        if code not in (None, self.refusal.code):
            _fail(f"expected {code}, and it was refused with {self.refusal.code}: {self.refusal}")
        return self

    def leads_to(self, status: Status) -> Self:
        """The order shows this status."""
        if shown_status(self.order) is not status:
            _fail(f"expected status {status}, and it is {shown_status(self.order)}")
        return self

    def asks_for(self, *names: JobName) -> Self:
        """These jobs follow, in this order, and no others."""
        found = tuple(job.name for job in self.jobs)
        if found != names:
            _fail(f"expected jobs {names}, and these follow: {found}")
        return self


def _fits(expected: Expected, event: OrderEvent) -> bool:
    return isinstance(event, expected) if isinstance(expected, type) else expected == event


def _named(events: Sequence[Expected]) -> str:
    names = (event.__name__ if isinstance(event, type) else repr(event) for event in events)
    return ", ".join(names) or "nothing"


def _fail(what: str) -> NoReturn:
    raise AssertionError(what)
