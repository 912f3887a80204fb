"""
Why parts of taskiq and taskiq-redis are not used: other brokers, results, retries, schedules, its worker program.

These test no code of ours. One that fails with a new version says that the part can be looked at again.

**Source:** read in and tried with taskiq 0.13.0, taskiq-redis 1.2.4, redis 8.1.0; `reliability.md`, section 6.
"""

import asyncio
import inspect
import json
import logging
from contextlib import aclosing
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from taskiq import InMemoryBroker, SmartRetryMiddleware
from taskiq.cli.worker import run as worker_program
from taskiq.cli.worker.args import WorkerArgs
from taskiq.receiver import Receiver
from taskiq.result_backends.dummy import DummyResultBackend
from taskiq.serializers import PickleSerializer
from taskiq_redis import (
    ListQueueBroker,
    ListRedisScheduleSource,
    RedisAsyncResultBackend,
    RedisStreamClusterBroker,
    RedisStreamSentinelBroker,
)

from harness.redis_server import RedisServer
from harness.taskiq_stock import GROUP, NOBODY, STREAM, TASK, Acknowledged, kick, message, nothing, receiver, stock
from harness.waiting import eventually

MANY_DEATHS = 8


class TestTheStreamBroker:
    """More of what `SteadyStreamBroker` does otherwise."""

    async def test_a_lost_connection_ends_its_listener(self, redis: RedisServer, inside: Redis) -> None:
        """Any hiccup of Redis: the worker dies with all that it has in hand."""
        broker = stock(redis, xread_block=10_000)
        await broker.startup()
        async with aclosing(broker.listen()) as messages:
            waiting = asyncio.ensure_future(anext(messages))

            async def is_cut() -> bool:
                """End its connection once it reads."""
                return int(await inside.client_kill_filter(_type="normal", skipme=True)) > 0

            await eventually(is_cut, "its connection is cut")
            with pytest.raises(RedisConnectionError):
                await waiting

        await broker.shutdown()

    async def test_a_job_that_takes_long_is_run_again_by_its_own_worker(
        self, redis: RedisServer, inside: Redis
    ) -> None:
        """The idle time is never renewed: a message in hand is handed out again, beside the first run of it."""
        broker = stock(redis)
        await broker.startup()
        await kick(broker, 1)
        runs = 0
        async with aclosing(broker.listen()) as messages:
            while runs < 2:
                found = await anext(messages)
                if broker.formatter.loads(found.data).args == [1]:
                    runs += 1
                else:
                    await found.ack()
                await kick(broker, 2)  # on a quiet stream nothing is taken over

        (row,) = await inside.xpending_range(STREAM, GROUP, "-", "+", 10)
        assert (row["times_delivered"], row["consumer"]) == (2, broker.consumer_name.encode())
        await broker.shutdown()

    async def test_a_message_that_kills_its_worker_comes_back_for_ever(self, redis: RedisServer, inside: Redis) -> None:
        """There is no limit to deliveries and no dead letter; we count attempts when a job is claimed."""
        broker = stock(redis)
        await broker.startup()
        await kick(broker, 1)
        deaths = 0
        async with aclosing(broker.listen()) as messages:
            while deaths < MANY_DEATHS:
                found = await anext(messages)
                if broker.formatter.loads(found.data).args == [1]:
                    deaths += 1
                else:
                    await found.ack()
                await kick(broker, 2)  # on a quiet stream nothing is taken over

        rows = await inside.xpending_range(STREAM, GROUP, "-", "+", 10)
        assert max(row["times_delivered"] for row in rows) >= MANY_DEATHS
        await broker.shutdown()

    async def test_its_lock_keeps_nobody_out(self, redis: RedisServer, inside: Redis) -> None:
        """It is asked for within a pipeline, whose answer nobody looks at."""
        broker = stock(redis)
        await broker.startup()
        await inside.set(f"autoclaim:{GROUP}:{STREAM}", "somebody else's")
        await kick(broker, 1)
        await inside.xreadgroup(GROUP, "dead", {STREAM: ">"})
        await kick(broker, 2)

        async with aclosing(broker.listen()) as messages:
            found = [await anext(messages), await anext(messages)]

        assert [broker.formatter.loads(one.data).args for one in found] == [[2], [1]]
        await broker.shutdown()

    def test_a_dead_workers_messages_wait_ten_minutes_and_a_hundred_are_fetched_at_a_time(self) -> None:
        """Fetched ones age in the memory of one worker while others are idle."""
        parameters = inspect.signature(stock(_Nobody()).__class__.__init__).parameters  # type: ignore[arg-type]

        assert parameters["idle_timeout"].default == 600_000
        assert parameters["xread_count"].default == 100


class _Nobody:
    """A server that is not there."""

    url = NOBODY


class TestOtherBrokers:
    """Why it is a stream on one plain Redis."""

    async def test_the_list_broker_acknowledges_nothing(self, redis: RedisServer) -> None:
        """A message is gone with the worker that fetched it."""
        broker = ListQueueBroker(redis.url)
        await kick(broker, 1)

        async with aclosing(broker.listen()) as messages:
            found = await anext(messages)
        await broker.shutdown()

        assert isinstance(found, bytes)

    @pytest.mark.parametrize("broker", [RedisStreamClusterBroker, RedisStreamSentinelBroker])
    def test_the_others_on_streams_never_take_over_what_a_dead_worker_left(self, broker: type) -> None:
        """So neither Cluster nor Sentinel."""
        assert "autoclaim" not in inspect.getsource(broker)


class TestResultsRetriesAndSchedules:
    """Why what became of a job, and when it is tried again, stands in the database alone."""

    def test_results_are_pickled(self) -> None:
        """Whoever can write to Redis could run code in whoever reads a result."""
        assert isinstance(RedisAsyncResultBackend(NOBODY).serializer, PickleSerializer)

    def test_schedules_are_pickled(self) -> None:
        """The same."""
        assert isinstance(ListRedisScheduleSource(NOBODY)._serializer, PickleSerializer)  # noqa: SLF001 - no other way

    async def test_a_result_that_cannot_be_kept_is_acknowledged(self, caplog: pytest.LogCaptureFixture) -> None:
        """Logged, and the message is gone."""
        caplog.set_level(logging.CRITICAL)

        class Full(DummyResultBackend[Any]):
            """Keeps nothing more."""

            async def set_result(self, task_id: str, result: Any) -> None:
                """Fail."""
                raise OSError(task_id, result)

        reader = receiver(nothing)
        reader.broker.with_result_backend(Full())
        sent = message(reader.broker)

        await reader.callback(sent.message)

        assert sent.times == 1

    async def test_a_retry_in_ten_seconds_comes_at_once(self, redis: RedisServer, inside: Redis) -> None:
        """Without a schedule source the delay is a label that taskiq-redis does not read."""
        broker = stock(redis).with_middlewares(SmartRetryMiddleware(default_retry_count=5, default_delay=10))

        async def fail() -> None:
            """Raise."""
            raise RuntimeError

        broker.register_task(fail, task_name=TASK)
        await broker.startup()
        reader = Receiver(broker, max_async_tasks=1, run_startup=False)
        sent = message(broker, retry_on_error=True)

        await reader.callback(sent.message)

        ((_, fields),) = await inside.xrange(STREAM)
        assert float(json.loads(fields[b"data"])["labels"]["delay"]) == 10
        await broker.shutdown()


class TestTheWorkerProgram:
    """Why jobs are run by `RingListener` in a process of our own."""

    async def test_a_time_for_the_end_abandons_what_runs(self) -> None:
        """It is neither awaited nor cancelled: its `finally` never runs."""
        began, go_on = asyncio.Event(), asyncio.Event()
        ended: list[str] = []

        async def hang() -> None:
            """Wait."""
            began.set()
            try:
                await go_on.wait()
            finally:
                ended.append("ended")

        class OneMessage(InMemoryBroker):
            """Has one message, and then nothing more."""

            async def listen(self) -> Any:
                """Yield it, and wait for ever."""
                yield sent.message
                await asyncio.Event().wait()

        broker = OneMessage()
        broker.register_task(hang, task_name=TASK)
        sent: Acknowledged = message(broker)
        reader = Receiver(broker, max_async_tasks=1, run_startup=False, wait_tasks_timeout=0.01)
        finish = asyncio.Event()
        listening = asyncio.ensure_future(reader.listen(finish))
        await began.wait()

        finish.set()
        async with asyncio.timeout(10):
            await listening

        assert ended == []
        go_on.set()
        await eventually(lambda: ended, "it goes on behind everybody's back")

    def test_it_hears_of_a_signal_without_waking_its_loop(self) -> None:
        """`signal.signal` and not the loop's own handler: on Python 3.11 four of five SIGTERMs were not obeyed."""
        source = inspect.getsource(worker_program)

        assert "signal.signal(signal.SIGTERM" in source
        assert "add_signal_handler" not in source

    def test_it_waits_for_ever_and_restarts_for_ever(self) -> None:
        """Unless told otherwise."""
        args = WorkerArgs(broker="any", modules=[])

        assert args.wait_tasks_timeout is None
        assert args.max_fails == -1
