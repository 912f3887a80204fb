"""
What taskiq, taskiq-redis and redis-py do, as far as we rest on it or keep out of its way.

These test no code of ours. They fail when a bump of the pins changes a fact; then the code that is named in the
docstring can be looked at again, and perhaps be left out. Why other parts are not used: `test_taskiq_left_out`.

**Source:** read in and tried with taskiq 0.13.0, taskiq-redis 1.2.4, redis 8.1.0; `reliability.md`, section 6.
"""

import asyncio
import logging
from contextlib import aclosing
from typing import Any

import pytest
from redis._defaults import DEFAULT_SOCKET_TIMEOUT
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from taskiq import InMemoryBroker
from taskiq.acks import AcknowledgeType
from taskiq.exceptions import SendTaskError
from taskiq_redis import RedisStreamBroker

from harness.redis_server import RedisServer
from harness.taskiq_stock import (
    GROUP,
    NOBODY,
    STREAM,
    TASK,
    Acknowledged,
    calls,
    kick,
    message,
    nothing,
    pending,
    receiver,
    stock,
)
from harness.waiting import eventually


class TestTheStreamBroker:
    """Why `SteadyStreamBroker.listen` and its acknowledgement are our own."""

    async def test_it_looks_for_abandoned_messages_only_after_a_fetch_that_found_some(
        self, redis: RedisServer, inside: Redis
    ) -> None:
        """On a quiet stream a dead worker's message waits for ever."""
        broker = stock(redis)
        await broker.startup()
        await kick(broker, 1)
        await inside.xreadgroup(GROUP, "dead", {STREAM: ">"})
        reads = await calls(inside, "xreadgroup")
        async with aclosing(broker.listen()) as messages:
            first = asyncio.ensure_future(anext(messages))

            async def has_read_in_vain() -> bool:
                """Ask Redis how often it was asked."""
                return await calls(inside, "xreadgroup") >= reads + 3

            await eventually(has_read_in_vain, "it has read in vain three times")
            assert await calls(inside, "xautoclaim") == 0
            assert not first.done()

            await kick(broker, 2)
            found = [await first, await anext(messages)]

        assert [broker.formatter.loads(one.data).args for one in found] == [[2], [1]]
        await broker.shutdown()

    async def test_an_acknowledged_message_stays_on_the_stream(self, redis: RedisServer, inside: Redis) -> None:
        """XACK without XDEL, and no length of its own: it grows for ever."""
        broker = stock(redis)
        await broker.startup()
        await kick(broker, 1)

        async with aclosing(broker.listen()) as messages:
            await (await anext(messages)).ack()
        await broker.shutdown()

        assert await pending(inside) == 0
        assert await inside.xlen(STREAM) == 1
        assert broker.maxlen is None

    async def test_its_listener_dies_of_a_wiped_redis(self, redis: RedisServer, inside: Redis) -> None:
        """After FLUSHALL the group is gone, and nobody declares it again."""
        broker = stock(redis)
        await broker.startup()
        async with aclosing(broker.listen()) as messages:
            waiting = asyncio.ensure_future(anext(messages))

            await inside.flushall()
            with pytest.raises(ResponseError, match=r"NOGROUP|UNBLOCKED"):
                await waiting

        await broker.shutdown()

    async def test_it_needs_redis_to_start(self) -> None:
        """A worker that starts before Redis ends at once."""
        broker = RedisStreamBroker(NOBODY)

        with pytest.raises(RedisConnectionError):
            await broker.startup()

    def test_no_connection_error_of_redis_is_one_of_pythons(self) -> None:
        """`except ConnectionError` in taskiq-redis catches nothing that redis-py raises."""
        assert not issubclass(RedisConnectionError, ConnectionError)

    @pytest.mark.parametrize(("consumer_id", "found"), [("$", 0), ("0", 1)])
    async def test_messages_from_before_the_first_worker(
        self, redis: RedisServer, inside: Redis, consumer_id: str, found: int
    ) -> None:
        """They are skipped with `$`, the default, and delivered with `0`."""
        broker = stock(redis, consumer_id=consumer_id)
        await kick(broker, 1)

        await broker.startup()
        read: Any = await inside.xreadgroup(GROUP, "somebody", {STREAM: ">"})
        await broker.shutdown()

        assert len(read) == found
        assert stock(redis).consumer_id == "$"

    async def test_each_start_leaves_a_consumer_behind(self, redis: RedisServer, inside: Redis) -> None:
        """Names are random, and nobody removes them."""
        for number in range(2):
            broker = stock(redis)
            await broker.startup()
            await kick(broker, number)
            async with aclosing(broker.listen()) as messages:
                await (await anext(messages)).ack()
            await broker.shutdown()

        assert len(await inside.xinfo_consumers(STREAM, GROUP)) == 2

    def test_redis_py_ends_a_read_after_five_seconds(self) -> None:
        """Also one that is told to wait longer; hence `socket_timeout=None`."""
        assert DEFAULT_SOCKET_TIMEOUT == 5

    def test_its_connections_try_once(self) -> None:
        """A client of redis-py's own making tries ten times, with pauses that would hold up whoever rings."""
        connection = RedisStreamBroker(NOBODY).connection_pool.make_connection()

        assert connection.retry.get_retries() == 0


class TestTheReceiver:
    """Why messages are acknowledged before they are handed to it, and jobs run in tasks of our own."""

    async def test_a_message_for_an_unknown_task_is_acknowledged_and_dropped(self) -> None:
        """A queue that were the truth would lose it in every rolling upgrade."""
        reader = receiver(nothing)
        sent = message(reader.broker, name="unknown")

        await reader.callback(sent.message)

        assert sent.times == 1

    async def test_a_message_that_cannot_be_read_is_acknowledged_and_dropped(self) -> None:
        """The same."""
        sent = Acknowledged(b"\x80")

        await receiver(nothing).callback(sent.message)

        assert sent.times == 1

    async def test_a_task_that_failed_is_acknowledged(self) -> None:
        """An acknowledgement does not say that anything was done."""

        async def fail() -> None:
            """Raise."""
            raise RuntimeError

        reader = receiver(fail)
        sent = message(reader.broker)

        await reader.callback(sent.message)

        assert sent.times == 1
        assert reader.ack_time == AcknowledgeType.WHEN_SAVED

    async def test_a_task_that_is_cancelled_ends_as_if_it_had_failed(self) -> None:
        """The cancellation is swallowed and the message acknowledged."""
        began = asyncio.Event()

        async def hang() -> None:
            """Wait for ever."""
            began.set()
            await asyncio.Event().wait()

        reader = receiver(hang)
        sent = message(reader.broker)
        running = asyncio.create_task(reader.callback(sent.message))
        await began.wait()

        running.cancel()
        await running

        assert sent.times == 1
        assert not running.cancelled()

    async def test_a_label_can_keep_a_message_from_being_acknowledged(self) -> None:
        """It raises before the task runs; the message would come back for ever."""
        reader = receiver(nothing)
        sent = message(reader.broker, ack_type="whenever")

        with pytest.raises(ValueError, match="ack_type"):
            await reader.callback(sent.message)

        assert sent.times == 0

    async def test_an_argument_that_does_not_fit_is_passed_on(self, caplog: pytest.LogCaptureFixture) -> None:
        """As it is, and its text goes to the log; hence `run_job(job_id: object)`, which looks for itself."""
        caplog.set_level(logging.WARNING)
        passed: list[object] = []

        async def take(number: int) -> None:
            """Note it."""
            passed.append(number)

        reader = receiver(take)

        await reader.callback(message(reader.broker, "CANARY").message)

        assert passed == ["CANARY"]
        assert "CANARY" in caplog.text


class TestSending:
    """What `TaskiqNotifier` and `EmbeddedBroker` rest on."""

    async def test_sending_to_a_redis_that_is_away_raises(self) -> None:
        """The cause is redis-py's; its text names the server."""
        broker = RedisStreamBroker(NOBODY)

        with pytest.raises(SendTaskError) as raised:
            await kick(broker, 1)

        assert isinstance(raised.value.__cause__, RedisConnectionError)

    async def test_the_broker_in_memory_starts_everything_at_once(self) -> None:
        """There is no limit to how many run at a time; hence `EmbeddedBroker`."""
        broker = InMemoryBroker()
        running: list[int] = []
        go_on = asyncio.Event()

        async def hang(number: int) -> None:
            """Wait."""
            running.append(number)
            await go_on.wait()

        broker.register_task(hang, task_name=TASK)

        for number in range(100):
            await kick(broker, number)
        await eventually(lambda: len(running) == 100, "all run at once")

        go_on.set()
        await broker.wait_all()
