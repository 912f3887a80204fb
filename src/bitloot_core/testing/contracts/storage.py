"""
The world that the suites of the storage ports run in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any, NoReturn, TypeVar

import attrs
import pytest

from bitloot_core.order.order import Order
from bitloot_core.ports.alerts import AlertBook
from bitloot_core.ports.audit import Audit
from bitloot_core.ports.backlog import Backlog
from bitloot_core.ports.books import Books
from bitloot_core.ports.catalogue import Catalogue
from bitloot_core.ports.figures import Figures
from bitloot_core.ports.inbox import Inbox
from bitloot_core.ports.jobs import ClaimedJob, Jobs
from bitloot_core.ports.loose_ends import LooseEnds
from bitloot_core.ports.queries import Page, Queries, Slice
from bitloot_core.ports.quotes import Quotes
from bitloot_core.ports.requests import Requests
from bitloot_core.ports.store import OrderStore
from bitloot_core.ports.switches import Switches
from bitloot_core.ports.trends import Trends
from bitloot_core.testing.clock import ManualClock
from bitloot_core.testing.samples import a_change
from bitloot_core.values.errors import AlreadyTaken, LeaseLost, Refused, StaleOrder
from bitloot_core.values.ids import JobId, WebhookId

Row = TypeVar("Row")
LEASE = timedelta(seconds=120)
FIRST = "worker-1"
"""The lease token of who claims first."""
NAMED = (AlreadyTaken, LeaseLost, Refused, StaleOrder)
"""The errors of a commit that say what happened; any other leaves it unknown."""


@attrs.define(kw_only=True)
class StorageWorld:
    """
    One empty store behind all its ports, a clock, and what can be done to it from outside.

    Subclass it and override the verbs that the implementation can do; a test that needs another one skips.

    Attributes:
        clock: shows the time that the suites pass as `now`; an implementation has no other.
    """

    store: OrderStore
    jobs: Jobs
    inbox: Inbox
    requests: Requests
    catalogue: Catalogue
    quotes: Quotes
    queries: Queries
    switches: Switches
    loose_ends: LooseEnds
    books: Books
    backlog: Backlog
    figures: Figures
    audit: Audit
    trends: Trends
    alerts: AlertBook
    clock: ManualClock

    async def given_commit_fails_before(self) -> None:
        """The next write, through whichever port, raises at its commit point, and nothing of it is written."""
        _cannot("fail a commit before it is written")

    async def given_commit_fails_after(self) -> None:
        """The next write, through whichever port, raises at its commit point although all of it is durable."""
        _cannot("fail a commit after it was written")

    async def given_body_pruned(self, webhook_id: WebhookId) -> None:
        """The body of a webhook is older than bodies are kept."""
        _cannot("prune a webhook's body")

    async def given_body_spoilt(self, webhook_id: WebhookId) -> None:
        """The body of a webhook does not open any more."""
        _cannot("spoil a webhook's body")

    async def given_access_rewritten(self, row: int) -> None:
        """Somebody wrote over a row of the accesses, behind the back of what forbids it."""
        _cannot("write over an audit row")

    async def given_accesses_cut(self, kept: int) -> None:
        """Somebody took away the rows of the accesses after these many, behind the back of what forbids it."""
        _cannot("take away audit rows")

    async def open_subjects(self) -> Sequence[str]:
        """The subjects of all open findings, those about no order included, in any order."""
        _cannot("list all open findings")


def _cannot(do: str) -> NoReturn:
    pytest.skip(f"this implementation cannot {do}")


async def place(world: StorageWorld, order: Order) -> Order:
    """Write a new order, and give it back as it is stored."""
    await world.store.commit(a_change(order, at=world.clock.now()))
    return await world.store.get(order.id)


async def rewrite(world: StorageWorld, before: Order, after: Order) -> Order:
    """Write one order over the other, and give it back as it is stored."""
    await world.store.commit(a_change(after, before=before, at=world.clock.now()))
    return await world.store.get(after.id)


async def claim(world: StorageWorld, job_id: JobId, *, token: str = FIRST) -> ClaimedJob:
    """Claim a job that must be there to claim, for two minutes."""
    claimed = await try_claim(world, job_id, token=token)
    assert claimed is not None, f"job {job_id} is due and free"
    return claimed


async def try_claim(world: StorageWorld, job_id: JobId, *, token: str = FIRST) -> ClaimedJob | None:
    """Claim a job for two minutes, if it can be had."""
    return await world.jobs.claim(job_id, now=world.clock.now(), lease=LEASE, token=token)


async def due(world: StorageWorld, *, limit: int = 100) -> tuple[JobId, ...]:
    """The jobs that could be claimed now."""
    return await world.jobs.due(now=world.clock.now(), limit=limit)


def only(rows: Iterable[Row]) -> Row:
    """The one row that there must be."""
    found = list(rows)
    assert len(found) == 1, f"one was expected, not {found}"
    return found[0]


async def walk(read: Callable[[Slice], Awaitable[Page[Row]]], part: Slice) -> list[Row]:
    """Read a list page by page to its end."""
    rows: list[Row] = []
    for _ in range(100):
        page = await read(part)
        rows += page.items
        assert len(page.items) <= part.limit
        if page.next_cursor is None:
            return rows
        part = attrs.evolve(part, cursor=page.next_cursor)
    pytest.fail("the list does not end")


async def failure_of(write: Awaitable[Any]) -> Exception:
    """What a write raises; it must raise something."""
    try:
        await write
    except Exception as exc:  # noqa: BLE001 - the promise is only that it raises
        return exc
    pytest.fail("the write did not raise")
