"""The doorbell over taskiq keeps the promises of the port; the embedded broker bounds and drains what it runs."""

import asyncio
import contextvars
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest
from taskiq import BrokerMessage

from bitloot_adapters.taskiq import EmbeddedBroker, TaskiqNotifier, build_broker, register_run_job
from bitloot_core.testing.contracts.notifier import JobNotifierContract
from bitloot_core.values.ids import JobId

DEADLINE_SECONDS = 10
ASKER = contextvars.ContextVar("asker", default="nobody")
SECRET_URL = "redis://user:CANARY@queue.example"


class TroubledBroker(EmbeddedBroker):
    """A broker whose queue fails, or hangs, when it is told to."""

    down = False
    slow = False

    async def kick(self, message: BrokerMessage) -> None:
        """Queue a message, unless there is trouble."""
        if self.down:
            raise ConnectionError(f"cannot reach {SECRET_URL}")
        if self.slow:
            await asyncio.Event().wait()
        await super().kick(message)


class Worker:
    """Notes the jobs that it is rung for; can be held up in the middle of one."""

    def __init__(self) -> None:
        """A worker that may go on."""
        self.heard: list[JobId] = []
        self.finished: list[JobId] = []
        self.asked_by: dict[JobId, str] = {}
        self.running = 0
        self.most_running = 0
        self.go_on = asyncio.Event()
        self.go_on.set()
        self._moved = asyncio.Condition()

    async def run(self, job_id: JobId) -> None:
        """Do a job: wait until it may go on."""
        self.running += 1
        self.asked_by[job_id] = ASKER.get()
        self.most_running = max(self.most_running, self.running)
        async with self._moved:
            self.heard.append(job_id)
            self._moved.notify_all()
        try:
            await self.go_on.wait()
            self.finished.append(job_id)
        finally:
            self.running -= 1

    async def until_heard(self, count: int) -> None:
        """Wait for as many rings."""
        async with asyncio.timeout(DEADLINE_SECONDS), self._moved:
            await self._moved.wait_for(lambda: len(self.heard) >= count)


class TaskiqWorld:
    """A doorbell, a broker and a worker in one process."""

    def __init__(self, broker: TroubledBroker) -> None:
        """Let the worker listen."""
        self.broker = broker
        self.worker = Worker()
        self.notifier = TaskiqNotifier(broker, patience=timedelta(milliseconds=20))
        register_run_job(broker, self.worker.run)

    async def heard(self, count: int) -> Sequence[JobId]:
        """Wait for the worker."""
        await self.worker.until_heard(count)
        return self.worker.heard

    async def go_down(self) -> None:
        """Given a queue that refuses."""
        self.broker.down = True

    async def be_slow(self) -> None:
        """Given a queue that hangs."""
        self.broker.slow = True

    async def come_back(self) -> None:
        """Given a queue that works."""
        self.broker.down = self.broker.slow = False


@pytest.fixture
async def world() -> AsyncIterator[TaskiqWorld]:
    """A started broker with two workers and room for five messages."""
    broker = TroubledBroker(workers=2, backlog=5, drain=timedelta(milliseconds=20))
    await broker.startup()
    world = TaskiqWorld(broker)
    yield world
    world.worker.go_on.set()
    await broker.shutdown()


class TestTaskiqNotifier(JobNotifierContract):
    """The suite, over taskiq in memory."""

    @pytest.fixture
    async def world(self, world: TaskiqWorld) -> TaskiqWorld:
        """The world of this module."""
        return world


async def test_a_ring_does_not_wait_for_the_job(world: TaskiqWorld) -> None:
    """Whoever rings goes on while the job runs."""
    world.worker.go_on.clear()

    await world.notifier.ring([JobId(1)])

    assert list(await world.heard(1)) == [1]
    assert world.worker.finished == []


async def test_only_so_many_jobs_run_at_a_time(world: TaskiqWorld) -> None:
    """The others wait their turn, and all of them are run."""
    world.worker.go_on.clear()
    await world.notifier.ring([JobId(number) for number in range(5)])
    await world.heard(2)

    world.worker.go_on.set()
    await world.heard(5)

    assert world.worker.most_running == 2


async def test_a_full_backlog_drops_rings(world: TaskiqWorld) -> None:
    """Memory is bounded; the jobs are in the table, and the broker goes on."""
    world.worker.go_on.clear()
    await world.notifier.ring([JobId(1), JobId(2)])
    await world.heard(2)

    await world.notifier.ring([JobId(number) for number in range(3, 103)])
    world.worker.go_on.set()
    await world.heard(7)
    await world.notifier.ring([JobId(200)])

    assert list(await world.heard(8)) == [1, 2, 3, 4, 5, 6, 7, 200]


async def test_shutdown_lets_a_running_job_finish(world: TaskiqWorld) -> None:
    """A job that is under way gets its time; those that wait stay in the table."""
    broker = build_broker(workers=1)
    worker = Worker()
    register_run_job(broker, worker.run)
    await broker.startup()
    worker.go_on.clear()
    notifier = TaskiqNotifier(broker)
    await notifier.ring([JobId(1), JobId(2)])
    await worker.until_heard(1)

    closing = asyncio.create_task(broker.shutdown())
    await notifier.ring([JobId(3)])
    worker.go_on.set()
    async with asyncio.timeout(DEADLINE_SECONDS):
        await closing

    assert worker.finished == [1]


async def test_shutdown_does_not_wait_for_ever(world: TaskiqWorld) -> None:
    """A job that hangs is cancelled; its lease runs out and somebody else takes it."""
    world.worker.go_on.clear()
    await world.notifier.ring([JobId(1)])
    await world.heard(1)

    async with asyncio.timeout(DEADLINE_SECONDS):
        await world.broker.shutdown()

    assert world.worker.finished == []
    assert world.worker.running == 0


async def test_a_job_that_crashes_hurts_no_other(world: TaskiqWorld, caplog: pytest.LogCaptureFixture) -> None:
    """The worker goes on with the next; the log has the class of the error and not its text."""
    caplog.set_level(logging.DEBUG)
    broker = build_broker(workers=1)
    worker = Worker()

    async def run(job_id: JobId) -> None:
        """Crash over the first job."""
        if job_id == 1:
            raise RuntimeError(f"cannot open {SECRET_URL}")
        await worker.run(job_id)

    register_run_job(broker, run)
    await broker.startup()

    await TaskiqNotifier(broker).ring([JobId(1), JobId(2)])
    await worker.until_heard(1)
    await broker.shutdown()

    (record,) = (record for record in caplog.records if record.message == "job crashed")
    assert record.__dict__["error"] == "RuntimeError"
    assert "CANARY" not in caplog.text


async def test_a_lost_ring_is_logged_without_addresses(world: TaskiqWorld, caplog: pytest.LogCaptureFixture) -> None:
    """The class of the error is enough to know what is wrong with the queue."""
    caplog.set_level(logging.INFO)
    await world.go_down()

    await world.notifier.ring([JobId(1)])

    (record,) = (record for record in caplog.records if record.message == "ring lost")
    assert record.__dict__["error"] == "ConnectionError"
    assert "CANARY" not in caplog.text


async def test_a_caller_that_is_cancelled_is_not_held_back(world: TaskiqWorld) -> None:
    """Only errors are swallowed: cancelling whoever rings works as ever."""
    world.broker.slow = True
    notifier = TaskiqNotifier(world.broker, patience=timedelta(hours=1))
    ringing = asyncio.create_task(notifier.ring([JobId(1)]))
    await asyncio.wait([ringing], timeout=0)

    ringing.cancel()

    with pytest.raises(asyncio.CancelledError):
        await ringing


async def test_an_embedded_job_knows_who_rang_for_it(world: TaskiqWorld) -> None:
    """What the ringer's context holds is there in the job, each job's own, even if it waited in line."""
    world.worker.go_on.clear()
    for number in range(4):
        ASKER.set(f"request {number}")
        await world.notifier.ring([JobId(number)])
    ASKER.set("nobody")

    await world.heard(2)
    world.worker.go_on.set()
    await world.heard(4)

    assert world.worker.asked_by == {JobId(number): f"request {number}" for number in range(4)}
