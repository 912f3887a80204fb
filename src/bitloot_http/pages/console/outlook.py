"""
The operator's question about an order: is it stuck, why, and what happens next by itself?
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import assert_never

import attrs

from bitloot_core.order.jobs import JobName
from bitloot_core.order.order import Cancelled, Expired, Fulfilled, Order, Refunded, StillOpen
from bitloot_core.order.status import Status, shown_status, status_of
from bitloot_core.ports.queries import Dossier, FindingRow, JobRow
from bitloot_http.pages.console.words import Tone, job_does


@attrs.frozen(kw_only=True)
class Step:
    """
    One thing that comes next.

    Attributes:
        text: what, in a sentence without its time.
        at: when; None for at once, or whenever a person acts.
        note: what went wrong before, if anything.
    """

    text: str
    at: datetime | None
    note: str = ""
    tone: Tone = "still"


@attrs.frozen(kw_only=True)
class Outlook:
    """
    The answer.

    Attributes:
        headline: stuck or not, in a sentence.
        why: the reason.
        waits_for: what a person must look at.
        next_steps: what happens by itself, soonest first.
    """

    headline: str
    why: str
    tone: Tone
    waits_for: tuple[FindingRow, ...]
    next_steps: tuple[Step, ...]


_WHY: dict[Status, str] = {
    Status.CREATED: "No payment has been opened yet.",
    Status.WAITING: "The buyer has an address and an amount, and has sent nothing that we know of.",
    Status.CONFIRMING: "Money was seen on the network, and is being confirmed.",
    Status.UNDERPAID: "Less than the full amount arrived.",
    Status.EXPIRED: "The time to pay ran out. Money that still comes opens it again.",
    Status.FAILED: "The payment failed. The buyer can try another.",
    Status.PAID: "The money is here, and the keys are not bought yet.",
    Status.FULFILLING: "The keys are bought, and not all of them are here yet.",
}


def outlook(dossier: Dossier, now: datetime) -> Outlook:
    """Answer it."""
    order = dossier.order
    open_ones = tuple(row for row in dossier.findings if row.resolved_at is None)
    jobs = (job for job in dossier.jobs if not (order.is_settled and job.name == JobName.EXPIRE))
    steps = tuple(sorted(_steps(jobs, now), key=lambda step: step.at or now))
    dead = any(job.status == "dead" and not _came_back(job, dossier.jobs) for job in dossier.jobs)
    blocking = any(row.finding.blocking for row in open_ones)
    headline, tone = _headline(order, blocks=blocking, dead=dead, open_ones=bool(open_ones), moves=bool(steps))
    return Outlook(headline=headline, why=_why(order), tone=tone, waits_for=open_ones, next_steps=steps)


def _headline(order: Order, *, blocks: bool, dead: bool, open_ones: bool, moves: bool) -> tuple[str, Tone]:
    if order.at_rest:
        return ("It has come to rest, and something is left to look at.", "warn") if open_ones else _rest(order)
    if blocks or (open_ones and status_of(order) is Status.UNDERPAID):
        return "It is stuck, and waits for you.", "bad"
    if dead:
        return "A job was given up: it waits for you.", "bad"
    if moves and open_ones:
        return "It goes on by itself, and something is left to look at.", "warn"
    if moves:
        return "It goes on by itself.", "busy"
    if shown_status(order) in {Status.CREATED, Status.EXPIRED, Status.FAILED}:
        return "Nothing more happens unless the buyer acts.", "still"
    return "Nothing is going on: it waits for you.", "bad"


def _rest(order: Order) -> tuple[str, Tone]:
    return ("It is done.", "good") if isinstance(order.closing, Fulfilled) else ("It is closed.", "still")


def _why(order: Order) -> str:
    match order.closing:
        case Fulfilled():
            return "All keys were held, and the buyer has the link."
        case Cancelled(by=by, reason=reason):
            return f"Cancelled by {by}: {reason}"
        case Refunded(by=by, reason=reason):
            return f"Refund recorded by {by}: {reason}"
        case StillOpen() | Expired():
            return _WHY.get(status_of(order), "")
        case never:
            assert_never(never)


def _came_back(dead: JobRow, jobs: Iterable[JobRow]) -> bool:
    """Whether a job that was given up was asked for again since."""
    return any(job.id > dead.id and (job.name, job.ref) == (dead.name, dead.ref) for job in jobs)


def _steps(jobs: Iterable[JobRow], now: datetime) -> Iterator[Step]:
    for job in jobs:
        note = f"Last time: {job.last_error}" if job.last_error else ""
        if job.status == "running":
            yield Step(text=f"A worker {job_does(job.name)} right now", at=None, note=note, tone="busy")
        elif job.status == "ready":
            is_late = job.due_at <= now
            text = f"A worker {job_does(job.name)}" + (", as soon as one is free" if is_late else "")
            yield Step(text=text, at=job.due_at, note=note)
