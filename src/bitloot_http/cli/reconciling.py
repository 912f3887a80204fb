"""
What a reconciliation came to, as a table, as sentences, and as JSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Self

import attrs
from rich import box
from rich.table import Table
from rich.text import Text

from bitloot_core.order.discrepancies import Amiss, Discrepancy
from bitloot_core.usecases.reconcile import Report
from bitloot_core.values.money import Money


@attrs.frozen(kw_only=True)
class DiscrepancyView:
    """
    One thing that our books and the world outside say differently.

    Attributes:
        side: whom our books were compared with: `payments`, `purchases` or `keys`.
        kind: `finding`, which is in front of a person now; or `behind`, which catches up by itself.
        reason: that of the finding; None for what is behind.
    """

    side: str
    kind: str
    order_id: str | None
    reason: str | None
    subject: str
    text: str
    amount: str | None

    @classmethod
    def of(cls, found: Discrepancy) -> Self:
        """Show it."""
        amiss = found if isinstance(found, Amiss) else None
        return cls(
            side=str(found.side),
            kind="behind" if amiss is None else "finding",
            order_id=found.order_id,
            reason=None if amiss is None else str(amiss.reason),
            subject=found.subject,
            text=found.text,
            amount=None if amiss is None else amiss.amount,
        )


@attrs.frozen(kw_only=True)
class ReconciliationView:
    """
    What was compared, and what was found; the counts are those of `bitloot_core.usecases.reconcile.Report`.

    Attributes:
        clean: whether nothing stands that a person has not settled.
        dry_run: whether it was only looked at.
        buying_paused: whether buying waits for the books to be in line.
    """

    clean: bool
    dry_run: bool
    buying_paused: bool
    since: datetime
    until: datetime
    orders: int
    payments: int
    purchases: int
    other_purchases: int
    charged: tuple[Money, ...]
    booked: tuple[Money, ...]
    objects: int
    keys_held: int
    keys_opened: int
    orphans: int
    orphans_discarded: bool
    answered: int
    items: tuple[DiscrepancyView, ...]

    @classmethod
    def of(cls, report: Report, *, dry_run: bool) -> Self:
        """Show a report."""
        return cls(
            clean=report.is_clean,
            dry_run=dry_run,
            buying_paused=report.paused,
            since=report.since,
            until=report.until,
            orders=report.orders,
            payments=report.payments,
            purchases=report.purchases,
            other_purchases=report.others,
            charged=tuple(report.charged.values()),
            booked=tuple(report.booked.values()),
            objects=report.objects,
            keys_held=report.held,
            keys_opened=report.opened,
            orphans=len(report.orphans),
            orphans_discarded=report.discarded,
            answered=report.answered,
            items=tuple(map(DiscrepancyView.of, report.found)),
        )


def facts(view: ReconciliationView) -> Iterator[str]:
    """What was compared, a line for each side."""
    yield f"From {view.since:%Y-%m-%d %H:%M} to {view.until:%Y-%m-%d %H:%M} UTC:"
    yield f"  payments   {_count(view.orders, 'order')}, {_count(view.payments, 'payment')} read back"
    others = f"; {view.other_purchases:,} under references of others" if view.other_purchases else ""
    money = f", {_sum(view.charged)} charged there and {_sum(view.booked)} booked here" if view.purchases else ""
    yield f"  purchases  {view.purchases:,} in the supplier's list{money}{others}"
    yield f"  keys       {view.keys_held:,} held, {view.keys_opened:,} opened; {_count(view.objects, 'sealed object')}"
    if view.orphans:
        what = "removed" if view.orphans_discarded else "left where they are"
        yield f"             {_count(view.orphans, 'object')} that no unit names: {what}"


def discrepancies_table(view: ReconciliationView) -> Table:
    """A line for each thing that was found."""
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    for heading in ("side", "order", "reason", "what"):
        table.add_column(heading)
    for one in view.items:
        reason = Text("behind", style="yellow") if one.reason is None else Text(one.reason, style="bold red")
        table.add_row(one.side, one.order_id or "", reason, Text(one.text))
    return table


def verdict(view: ReconciliationView) -> Iterator[str]:
    """What it means, and what comes next."""
    told = sum(one.kind == "finding" for one in view.items)
    behind = len(view.items) - told
    if view.clean:
        yield "The books are in line."
    if told:
        yield f"{_count(told, 'finding')} for a person{'' if view.dry_run else ', on the orders and in the list'}."
    if behind:
        next_step = "would be looked at" if view.dry_run else "looked at again at once, where a service runs"
        yield f"{behind:,} behind: {next_step}."
    if view.answered:
        yield f"{view.answered:,} more had been settled by a person."
    if view.buying_paused:
        yield "Buying is paused until `bitloot reconcile --after-restore` finds nothing more."


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _sum(amounts: tuple[Money, ...]) -> str:
    return " and ".join(map(str, amounts)) or "nothing"
