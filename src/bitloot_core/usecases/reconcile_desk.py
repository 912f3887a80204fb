"""
Where everything that a reconciliation finds arrives: it is written down, and put before a person, once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar, assert_never

import attrs

from bitloot_core.order.commands import OpenFinding, RecordReading
from bitloot_core.order.discrepancies import Amiss, Behind, Discrepancy, Side
from bitloot_core.order.findings import Finding
from bitloot_core.order.jobs import JobRequest
from bitloot_core.ports.store import Change
from bitloot_core.usecases.change_order import change_order
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import NotFound, Unavailable
from bitloot_core.values.reading import PaymentReading

T = TypeVar("T")
IN_FLIGHT = timedelta(minutes=5)
"""What happened outside later than so long ago may be on its way to our books."""
_MOST_WAITS = 10
_MOST_TRIES = 3
_A_MOMENT = timedelta(seconds=2)


@attrs.frozen(kw_only=True)
class Terms:
    """
    How books are reconciled.

    Attributes:
        since: orders placed and purchases made from then on are compared.
        dry_run: whether nothing is written, asked for or removed: only looked at.
        after_restore: whether our own books may be older than the world: nothing is taken for rubbish, and whatever
            is behind counts, however fresh.
        deep: whether every key is opened, and not a sample.
        by: who asked for it, for people.
    """

    since: datetime
    by: str
    dry_run: bool = False
    after_restore: bool = False
    deep: bool = False

    @property
    def discards(self) -> bool:
        """Whether sealed objects that no unit names are removed."""
        return not self.dry_run and not self.after_restore


@attrs.frozen(kw_only=True)
class Progress:
    """
    How far it is on one side.

    Attributes:
        of: how much there is, if that is known.
    """

    side: Side
    done: int
    of: int | None


Rest = Callable[[timedelta], Awaitable[None]]
"""Waits so long, because somebody asked us to."""


@attrs.define(kw_only=True)
class Desk:
    """
    One reconciliation in hand.

    Attributes:
        until: what happened later than that is left for the next time.
        watch: is told of the progress.
        found: what stands, whether somebody was told of it before or not.
        answered: how many differences a person has settled before, so that nobody is told again.
    """

    shop: Shop
    terms: Terms
    until: datetime
    watch: Callable[[Progress], None]
    rest: Rest
    found: list[Discrepancy] = attrs.field(factory=list)
    answered: int = 0

    def show(self, side: Side, *, done: int, of: int | None = None) -> None:
        """Tell whoever watches how far we are."""
        self.watch(Progress(side=side, done=done, of=of))

    def is_under_way(self, at: datetime | None) -> bool:
        """Whether what happened outside at a time may be on its way to our books; never after a restore."""
        return not self.terms.after_restore and at is not None and at >= self.until

    async def patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """
        Ask, and ask again for as long as the other side only wants us to wait; a hiccup is forgiven, too.

        Raises:
            Unavailable: it did not answer three times, or has made us wait ten times.
        """
        waits, failures = 0, 0
        while True:
            try:
                return await ask()
            except Unavailable as away:
                waits += away.retry_after is not None
                failures += away.retry_after is None
                if waits > _MOST_WAITS or failures == _MOST_TRIES:
                    raise
                await self.rest(away.retry_after or _A_MOMENT)

    async def take(self, *found: Discrepancy) -> None:
        """Write down what is different, and act on it, unless this is a dry run or a person has settled it."""
        for one in found:
            match one:
                case Behind():
                    await self._catch_up(one)
                case Amiss():
                    await self._tell(one)
                case never:
                    assert_never(never)

    async def _catch_up(self, behind: Behind) -> None:
        self.found.append(behind)
        if self.terms.dry_run:
            return
        match behind.remedy:
            case JobRequest() as job:
                await self.shop.notifier.ring((await self.shop.jobs.ask(job, now=self.shop.clock.now()),))
            case PaymentReading() as reading:
                await change_order(self.shop, behind.order_id, RecordReading(reading=reading, read_back=True))
            case never:
                assert_never(never)

    async def _tell(self, amiss: Amiss) -> None:
        finding = self._finding(amiss)
        if await self.shop.books.was_answered(finding):
            self.answered += 1
            return
        self.found.append(amiss)
        if self.terms.dry_run:
            return
        if amiss.order_id is None:
            await self.shop.orders.commit(Change(at=finding.opened_at, findings=(finding,)))
            return
        told = OpenFinding(
            reason=amiss.reason,
            subject=amiss.subject,
            text=amiss.text,
            amount=amiss.amount,
            blocking=amiss.blocking,
        )
        try:
            await change_order(self.shop, amiss.order_id, told)
        except NotFound:  # somebody put other books in their place while we read them
            return

    def _finding(self, amiss: Amiss) -> Finding:
        return Finding(
            id=self.shop.ids.finding_id(),
            order_id=amiss.order_id,
            reason=amiss.reason,
            subject=amiss.subject,
            text=amiss.text,
            amount=amiss.amount,
            blocking=amiss.blocking,
            opened_at=self.shop.clock.now(),
        )
