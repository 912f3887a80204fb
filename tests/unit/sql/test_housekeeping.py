"""What the ports do besides their promises: pruning in batches, and reading off an index."""

from datetime import timedelta
from typing import Any

import attrs
import pytest
from sqlalchemy import Select
from sqlalchemy.engine import Connection

from bitloot_adapters.sql import job_rows
from bitloot_adapters.sql.audit import access_page
from bitloot_adapters.sql.pages import newest_first
from bitloot_adapters.sql.sqlite import SqliteDatabase
from bitloot_adapters.sql.storage import SqlStorage
from bitloot_adapters.sql.tables import ORDERS, RESERVATIONS
from bitloot_adapters.sql.webhook_pages import webhook_page
from bitloot_core.ports.audit import AccessFilter
from bitloot_core.ports.inbox import ConsumedWebhook, WebhookStatus
from bitloot_core.ports.jobs import Dead, Done, JobOutcome, Retry
from bitloot_core.ports.queries import Slice, WebhookFilter
from bitloot_core.ports.requests import Begun
from bitloot_core.ports.store import Change
from bitloot_core.testing.orders import PLACED_AT, placed
from bitloot_core.testing.samples import a_change, a_job, a_webhook
from bitloot_core.values.ids import OrderId, StorageRef, WebhookId

LEASE = timedelta(minutes=2)
DAY = timedelta(days=1)


async def test_done_jobs_are_pruned(storage: SqlStorage) -> None:
    """Jobs that were done long ago go; those that are alive, dead or done just now stay."""
    order = placed()
    ids = [await storage.jobs.ask(a_job(f"j{n}", order_id=order.id), now=PLACED_AT) for n in range(4)]
    await storage.store.commit(a_change(order))
    ends = [(Done(), PLACED_AT), (Dead(error="x", finding=None), PLACED_AT), (Done(), PLACED_AT + DAY)]
    for job_id, (end, at) in zip(ids, ends, strict=False):
        job = await storage.jobs.claim(job_id, now=PLACED_AT, lease=LEASE, token="t")
        assert job is not None
        await storage.jobs.end(JobOutcome(lease=job.lease, end=end), now=at)

    assert await storage.jobs.prune_done(before=PLACED_AT + DAY) == 1

    left = (await storage.queries.dossier(order.id)).jobs
    assert [job.status for job in left] == ["dead", "done", "ready"]


async def test_a_pruned_number_is_not_given_out_again(storage: SqlStorage) -> None:
    """A doorbell that rings late must not start another job."""
    first = await storage.jobs.ask(a_job(), now=PLACED_AT)
    job = await storage.jobs.claim(first, now=PLACED_AT, lease=LEASE, token="t")
    assert job is not None
    await storage.jobs.end(JobOutcome(lease=job.lease, end=Done()), now=PLACED_AT)
    await storage.jobs.prune_done(before=PLACED_AT + DAY)

    assert first < await storage.jobs.ask(a_job(), now=PLACED_AT)


async def test_a_webhook_counts_its_attempts_beyond_its_jobs(storage: SqlStorage) -> None:
    """The attempts of jobs that ended, and were pruned, are added to those of the living one."""
    answer = await storage.inbox.receive(a_webhook(), now=PLACED_AT)
    assert answer.job_id is not None
    for end in (Retry(at=PLACED_AT, error="busy"), Done()):
        job = await storage.jobs.claim(answer.job_id, now=PLACED_AT, lease=LEASE, token="t")
        assert job is not None
        await storage.jobs.end(JobOutcome(lease=job.lease, end=end), now=PLACED_AT)
    await storage.jobs.prune_done(before=PLACED_AT + DAY)
    again = await storage.inbox.replay(answer.id, now=PLACED_AT)
    await storage.jobs.claim(again, now=PLACED_AT, lease=LEASE, token="t")

    (row,) = (await storage.queries.webhooks(WebhookFilter(), Slice())).items
    assert row.attempts == 3


async def test_forgotten_keys_are_pruned(storage: SqlStorage) -> None:
    """An idempotency key is removed when its day is over, and not before."""
    for n in range(3):
        await storage.requests.begin(f"key{n}", "body", OrderId(f"o{n}"), now=PLACED_AT + n * timedelta(hours=1))

    assert await storage.requests.prune(now=PLACED_AT + DAY + timedelta(hours=1)) == 2
    begun = await storage.requests.begin("key2", "body", OrderId("late"), now=PLACED_AT + DAY + timedelta(hours=1))
    assert begun == Begun(order_id=OrderId("o2"))


async def test_a_webhook_learns_its_order_once(storage: SqlStorage) -> None:
    """A replay that makes nothing of it does not take its order away."""
    answer = await storage.inbox.receive(a_webhook(), now=PLACED_AT)
    spent = ConsumedWebhook(id=answer.id, status=WebhookStatus.PROCESSED, result="settled", order_id=OrderId("o1"))
    await storage.store.commit(Change(at=PLACED_AT, consumed=spent))

    await storage.store.commit(Change(at=PLACED_AT, consumed=attrs.evolve(spent, order_id=None, result="again")))

    stored = await storage.inbox.get(answer.id)
    assert (stored.order_id, stored.result) == ("o1", "again")


async def plan_of(database: SqliteDatabase, statement: Any, values: dict[str, object]) -> str:
    """How SQLite goes about a statement."""

    def explain(connection: Connection) -> str:
        """Ask for the plan with the values in their places."""
        compiled = statement.compile(connection.engine)
        parameters = compiled.construct_params(values)
        in_order = tuple(parameters[name] for name in compiled.positiontup or ())
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", in_order)
        return "\n".join(row.detail for row in rows)

    return await database.read(explain)


async def test_due_jobs_are_read_off_indexes(database: SqliteDatabase) -> None:
    """A look for work costs as much with a million jobs done as with none: neither half scans the table."""
    plan = await plan_of(database, job_rows._DUE, {"now": 0, "most": 10})  # noqa: SLF001 - the statement itself

    assert "ix_jobs_ready" in plan
    assert "ix_jobs_running" in plan
    assert "SCAN jobs\n" not in plan + "\n"


BOUGHT = RESERVATIONS.c


@pytest.mark.parametrize(
    ("rows", "at", "name"),
    [
        (ORDERS.select(), ORDERS.c.created_at, ORDERS.c.id),
        (ORDERS.select().where(ORDERS.c.status == "paid"), ORDERS.c.created_at, ORDERS.c.id),
        (ORDERS.select().where(ORDERS.c.email == "a@example.com"), ORDERS.c.created_at, ORDERS.c.id),
        (RESERVATIONS.select(), BOUGHT.created_at, BOUGHT.external_ref),
        (RESERVATIONS.select().where(BOUGHT.status == "placed"), BOUGHT.created_at, BOUGHT.external_ref),
    ],
)
async def test_pages_are_read_off_indexes(database: SqliteDatabase, rows: Select[Any], at: Any, name: Any) -> None:
    """The next page of each list, whatever its filter, is where an index goes on: nothing is sorted."""
    page = newest_first(rows, Slice(cursor=_cursor()), at, name)

    plan = await plan_of(database, page, {})

    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("status", [None, "failed"])
@pytest.mark.parametrize("kind", [None, "rare"])
@pytest.mark.parametrize("source", [None, "kinguin"])
async def test_webhooks_are_read_off_indexes(
    database: SqliteDatabase, source: str | None, kind: str | None, status: str | None
) -> None:
    """Whatever is asked for together stands at the front of an index that goes on with the time."""
    which = WebhookFilter(source=source, type=kind, status=status)
    known = ["type"] * (kind is not None) + ["source", "status"] * (source is not None or kind is not None)
    known = known or ["status"] * (status is not None)

    plan = await plan_of(database, webhook_page(which, Slice(cursor=_cursor())), {})

    runs = [line for line in plan.splitlines() if "ix_webhook_logs" in line]
    place = " AND ".join([*(f"{name}=?" for name in known), "received_at<?"])
    assert runs
    assert all(line.endswith(f"({place})") for line in runs), runs
    assert "SCAN webhook_logs" not in plan


@pytest.mark.parametrize(
    ("which", "index"),
    [
        (AccessFilter(), "ix_key_access_at"),
        (AccessFilter(actor="admin:ann"), "ix_key_access_actor"),
        (AccessFilter(order_id="o1"), "ix_key_access_order"),
        (AccessFilter(order_id="o1", actor="link"), "ix_key_access_order"),
    ],
    ids=["all", "actor", "order", "both"],
)
async def test_looks_at_keys_are_read_off_indexes(database: SqliteDatabase, which: AccessFilter, index: str) -> None:
    """Those of everybody, of somebody and of an order; only the handful of an order is sorted."""
    plan = await plan_of(database, access_page(which, Slice(cursor=_cursor())), {})

    assert f"SEARCH key_access USING INDEX {index} " in plan
    assert "TEMP B-TREE" not in plan or index == "ix_key_access_order"


@pytest.mark.parametrize(
    ("few", "index"),
    [
        (WebhookFilter(id=WebhookId(7)), "INTEGER PRIMARY KEY"),
        (WebhookFilter(order_id="o1"), "ix_webhook_logs_order"),
        (WebhookFilter(external_id="e1"), "ix_webhook_logs_external"),
    ],
    ids=["number", "order", "external"],
)
async def test_few_webhooks_are_looked_up_by_what_is_rare(
    database: SqliteDatabase, few: WebhookFilter, index: str
) -> None:
    """The handful of an order is found as its handful, even where its sender and status were asked for, too."""
    which = attrs.evolve(few, source="kinguin", type="order.status", status="processed")

    plan = await plan_of(database, webhook_page(which, Slice(cursor=_cursor())), {})

    assert f"SEARCH webhook_logs USING {'INDEX ' * index.startswith('ix')}{index} " in plan
    assert "TEMP B-TREE" not in plan


def _cursor() -> str:
    """Some place in a list: `1/1`."""
    return "MS8x"


async def test_a_whole_vault_is_asked_for(storage: SqlStorage) -> None:
    """More objects than a statement takes values are looked up in parts."""
    refs = [StorageRef(f"r{n}") for n in range(40_000)]

    assert tuple(refs) == await storage.store.orphans_among(refs)
