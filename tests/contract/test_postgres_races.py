"""Several processes on one PostgreSQL: each takes what nobody else has, and nothing is written twice."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import attrs
import pytest

from bitloot_adapters._shared.envelope import MasterKeys, PayloadSealer
from bitloot_adapters.sql.postgres import PostgresDatabase
from bitloot_adapters.sql.storage import SqlStorage
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_core.ports.inbox import ConsumedWebhook, WebhookStatus
from bitloot_core.ports.jobs import Done, JobOutcome
from bitloot_core.ports.store import Change, KeyAccess
from bitloot_core.testing.orders import PLACED_AT, placed
from bitloot_core.testing.samples import a_change, a_job, a_webhook
from bitloot_core.values.ids import JobId, OrderId, unit_id

LEASE = timedelta(minutes=2)
PROCESSES = 8
JOBS = 300


@pytest.fixture
async def processes(postgres_url: str) -> AsyncIterator[list[SqlStorage]]:
    """The shop's storage as each of several processes has it: with connections of its own."""
    url = DatabaseUrl.parse(postgres_url)
    sealer = PayloadSealer(MasterKeys({"k1": bytes(32)}))
    opened = [SqlStorage.over(PostgresDatabase(url, pool_size=3), sealer) for _ in range(PROCESSES)]
    yield opened
    await asyncio.gather(*(one.database.close() for one in opened))


async def test_racing_workers_claim_each_job_once(processes: list[SqlStorage]) -> None:
    """Eight workers go through the same list of 300 jobs; each job is claimed once."""
    first = processes[0]
    for number in range(JOBS):
        await first.jobs.ask(a_job(f"job-{number}"), now=PLACED_AT)
    claimed: dict[int, list[JobId]] = {}

    async def work(worker: int, storage: SqlStorage) -> None:
        """Look for due jobs and claim them, until none is left."""
        mine = claimed.setdefault(worker, [])
        while waiting := await storage.jobs.due(now=PLACED_AT, limit=JOBS):
            for job_id in waiting:
                token = f"{worker}-{job_id}"
                if await storage.jobs.claim(job_id, now=PLACED_AT, lease=LEASE, token=token) is not None:
                    mine.append(job_id)

    await asyncio.gather(*itertools.starmap(work, enumerate(processes)))

    times = Counter(itertools.chain.from_iterable(claimed.values()))
    assert (JOBS, {1}) == (len(times), set(times.values()))
    assert sum(map(bool, claimed.values())) > 1


async def test_a_job_that_another_has_in_hand_is_passed_over(processes: list[SqlStorage]) -> None:
    """A claim does not wait for the transaction of somebody who holds the job's row."""
    job_id = await processes[0].jobs.ask(a_job(), now=PLACED_AT)
    held, go = asyncio.Event(), asyncio.Event()
    holding = asyncio.create_task(hold(processes[0], job_id, held, go))
    await held.wait()

    passed_over = await processes[1].jobs.claim(job_id, now=PLACED_AT, lease=LEASE, token="t")

    go.set()
    await holding
    assert passed_over is None
    assert await processes[1].jobs.claim(job_id, now=PLACED_AT, lease=LEASE, token="t") is not None


async def test_a_wake_while_the_job_runs_is_not_lost(processes: list[SqlStorage]) -> None:
    """Whatever is asked for while a job runs, and at the very moment when it ends, makes it due again."""
    one, other = processes[:2]
    for round_number in range(30):
        request = a_job(f"job-{round_number}")
        job_id = await one.jobs.ask(request, now=PLACED_AT)
        job = await one.jobs.claim(job_id, now=PLACED_AT, lease=LEASE, token="t")
        assert job is not None

        woken, _ = await asyncio.gather(
            other.jobs.ask(request, now=PLACED_AT),
            one.jobs.end(JobOutcome(lease=job.lease, end=Done()), now=PLACED_AT),
        )

        # Asked before the end it is the same job, asked after it a new one; either way somebody does it.
        assert await one.jobs.claim(woken, now=PLACED_AT, lease=LEASE, token="u") is not None


async def test_the_same_webhook_a_hundred_times_at_once_is_one(processes: list[SqlStorage]) -> None:
    """Two processes are told the same a hundred times: one row, one job, one that was new, and all are counted."""
    answers = await asyncio.gather(
        *(processes[number % 2].inbox.receive(a_webhook(), now=PLACED_AT) for number in range(100))
    )

    assert len({answer.id for answer in answers}) == 1
    assert len({answer.job_id for answer in answers}) == 1
    assert [answer.duplicate for answer in answers].count(False) == 1
    assert (await processes[0].inbox.get(answers[0].id)).deliveries == 100
    assert await processes[0].jobs.due(now=PLACED_AT, limit=10) == (answers[0].job_id,)


async def test_batches_of_the_same_webhooks_do_not_stop_each_other(processes: list[SqlStorage]) -> None:
    """Eight processes store the same 60 webhooks at the same time, each in an order of its own."""
    webhooks = [a_webhook(b"%d" % number) for number in range(60)]

    def received(storage: SqlStorage, start: int) -> list[asyncio.Task[object]]:
        """All of them, from another place on."""
        turned = [*webhooks[start:], *webhooks[:start]][:: 1 if start % 2 else -1]
        return [asyncio.create_task(storage.inbox.receive(one, now=PLACED_AT)) for one in turned]

    for _ in range(5):
        tasks = [task for number, storage in enumerate(processes) for task in received(storage, number * 7)]
        await asyncio.gather(*tasks)

    deadlocks = await processes[0].database.read(
        lambda c: c.exec_driver_sql(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        ).scalar()
    )
    assert deadlocks == 0


async def test_a_webhook_that_comes_again_while_its_job_ends_stops_nobody(processes: list[SqlStorage]) -> None:
    """Sender and worker touch the same two rows at the same moment, and neither waits for what the other waits for."""
    sender, worker = processes[:2]
    for number in range(40):
        webhook = a_webhook(b"%d" % number)
        stored = await sender.inbox.receive(webhook, now=PLACED_AT)
        assert stored.job_id is not None
        job = await worker.jobs.claim(stored.job_id, now=PLACED_AT, lease=LEASE, token="t")
        assert job is not None
        spent = ConsumedWebhook(id=stored.id, status=WebhookStatus.PROCESSED, result="settled", order_id=None)
        end = Change(at=PLACED_AT, consumed=spent, outcome=JobOutcome(lease=job.lease, end=Done()))

        await asyncio.gather(
            worker.store.commit(end), *(sender.inbox.receive(webhook, now=PLACED_AT) for _ in range(3))
        )

    assert await deadlocks(sender) == 0


async def test_two_jobs_of_one_order_that_ask_for_each_other_stop_nobody(processes: list[SqlStorage]) -> None:
    """Each ends its own job and wakes the other's, in one write about the same order."""
    one, other = processes[:2]
    order = placed()
    await one.store.commit(a_change(order))
    for _ in range(40):
        left, right = a_job("left", order_id=order.id), a_job("right", order_id=order.id)
        writes = []
        for storage, mine, theirs in ((one, left, right), (other, right, left)):
            job_id = await storage.jobs.ask(mine, now=PLACED_AT)
            job = await storage.jobs.claim(job_id, now=PLACED_AT, lease=LEASE, token="t")
            assert job is not None
            ended = JobOutcome(lease=job.lease, end=Done())
            before = await storage.store.get(order.id)
            writes.append((storage, Change(at=PLACED_AT, before=before, after=before, jobs=(theirs,), outcome=ended)))

        await asyncio.gather(*(storage.store.commit(change) for storage, change in writes))

        for name in (left, right):
            again = await one.jobs.ask(name, now=PLACED_AT)
            job = await one.jobs.claim(again, now=PLACED_AT, lease=LEASE, token="u")
            assert job is not None
            await one.jobs.end(JobOutcome(lease=job.lease, end=Done()), now=PLACED_AT)
    assert await deadlocks(one) == 0


async def test_the_audit_of_many_processes_is_one_chain(processes: list[SqlStorage]) -> None:
    """Accesses that are noted at the same time in several processes follow one another."""
    look = KeyAccess(
        order_id=OrderId("o1"), unit_id=unit_id(1, 1), actor="link", address="", agent="", reason="", at=PLACED_AT
    )

    await asyncio.gather(
        *(
            processes[number % PROCESSES].store.commit(
                Change(at=PLACED_AT, accesses=(attrs.evolve(look, reason=str(number)), look))
            )
            for number in range(80)
        )
    )

    assert await processes[0].store.broken_audit_row() is None
    assert len(await processes[0].queries.accesses(OrderId("o1"))) == 160


async def hold(storage: SqlStorage, job_id: JobId, held: asyncio.Event, go: asyncio.Event) -> None:
    """Hold the row of a job until told to let go."""
    from sqlalchemy.util import await_only

    def work(connection: object) -> None:
        """Lock it, and wait."""
        connection.exec_driver_sql("SELECT 1 FROM jobs WHERE id = $1 FOR UPDATE", (job_id,))  # type: ignore[attr-defined]
        held.set()
        await_only(go.wait())

    await storage.database.write(work)


async def deadlocks(storage: SqlStorage) -> int:
    """How often two transactions have waited for each other, as the server counts it, in this life of the database."""
    # Each session tells of its own when it ends, or once in a while.
    question = "SELECT pg_stat_force_next_flush(), deadlocks FROM pg_stat_database WHERE datname = current_database()"
    return await storage.database.read(lambda c: c.exec_driver_sql(question).one().deadlocks)
