"""Who answers the doorbell: with a broker of the tests, so that the broker can be as odd as libraries are."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest
from taskiq import AckableMessage, BrokerMessage, InMemoryBroker

from bitloot_adapters.taskiq import RingListener, TaskiqNotifier
from bitloot_core.values.ids import JobId

DEADLINE_SECONDS = 10
GRACE = timedelta(seconds=DEADLINE_SECONDS)


class OddBroker(InMemoryBroker):
    """
    Keeps messages for who listens.

    Attributes:
        deaf_to_cancels: how many cancellations get lost in it.
        acknowledged: how many messages were acknowledged.
    """

    def __init__(self, *, deaf_to_cancels: int = 0) -> None:
        super().__init__()
        self.deaf_to_cancels = deaf_to_cancels
        self.acknowledged = 0
        self.is_listened_to = asyncio.Event()
        self._messages: asyncio.Queue[bytes] = asyncio.Queue()

    async def kick(self, message: BrokerMessage) -> None:
        """Keep it."""
        self._messages.put_nowait(message.message)

    async def listen(self) -> AsyncGenerator[AckableMessage, None]:
        """Hand out what was kept."""
        while True:
            self.is_listened_to.set()
            try:
                data = await self._messages.get()
            except asyncio.CancelledError:
                if not self.deaf_to_cancels:
                    raise
                self.deaf_to_cancels -= 1
                continue
            yield AckableMessage(data=data, ack=self._acknowledge)

    async def _acknowledge(self) -> None:
        self.acknowledged += 1


class Hanging:
    """A job that never ends by itself, and what became of it."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.was_cancelled = False

    async def run(self, job_id: JobId) -> None:
        """Wait for ever."""
        self.began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise


async def test_a_message_is_acknowledged_before_its_job_ends() -> None:
    """A worker that dies in the middle leaves no message behind that would come back: the lease is what counts."""
    broker, job = OddBroker(), Hanging()
    listener = RingListener(broker, job.run)
    listener.start()

    await TaskiqNotifier(broker).ring([JobId(7)])
    async with asyncio.timeout(DEADLINE_SECONDS):
        await job.began.wait()

    assert broker.acknowledged == 1
    assert listener.in_hand == 1
    await listener.stop(grace=timedelta(0))


async def test_what_outlasts_the_grace_is_cancelled() -> None:
    """The job's lease runs out, and it is taken up again; the process does not wait for it."""
    broker, job = OddBroker(), Hanging()
    listener = RingListener(broker, job.run)
    listener.start()
    await TaskiqNotifier(broker).ring([JobId(7)])
    async with asyncio.timeout(DEADLINE_SECONDS):
        await job.began.wait()

    await listener.stop(grace=timedelta(milliseconds=1))

    assert job.was_cancelled
    assert listener.in_hand == 0


async def test_a_cancellation_that_a_library_swallows_is_said_again() -> None:
    """On Python 3.11 `asyncio.wait_for` can lose one, and the listener would go on taking messages."""
    broker = OddBroker(deaf_to_cancels=2)
    listener = RingListener(broker, Hanging().run)
    listener.start()
    await broker.is_listened_to.wait()

    async with asyncio.timeout(DEADLINE_SECONDS):
        await listener.stop(grace=GRACE)

    assert broker.deaf_to_cancels == 0
    await TaskiqNotifier(broker).ring([JobId(7)])
    assert broker.acknowledged == 0


async def test_a_listener_that_never_started_can_be_stopped() -> None:
    """An opening that failed half-way closes all the same."""
    listener = RingListener(OddBroker(), Hanging().run)

    await listener.stop(grace=GRACE)

    assert listener.in_hand == 0


async def test_a_job_that_crashes_hurts_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """The log has the class of the error and not its text; the next job runs."""
    caplog.set_level(logging.DEBUG)
    done = asyncio.Event()

    async def run(job_id: JobId) -> None:
        """Crash over the first job."""
        if job_id == 1:
            raise RuntimeError("CANARY")
        done.set()

    broker = OddBroker()
    listener = RingListener(broker, run, concurrency=1)
    listener.start()

    await TaskiqNotifier(broker).ring([JobId(1), JobId(2)])
    async with asyncio.timeout(DEADLINE_SECONDS):
        await done.wait()
    await listener.stop(grace=GRACE)

    (record,) = (record for record in caplog.records if record.message == "job crashed")
    assert record.__dict__["error"] == "RuntimeError"
    assert "CANARY" not in caplog.text
