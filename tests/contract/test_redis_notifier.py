"""The doorbell over a real Redis keeps the promises of the port."""

import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from taskiq.result_backends.dummy import DummyResultBackend
from taskiq.serializers import JSONSerializer

from bitloot_adapters.taskiq import RUN_JOB, RingListener, TaskiqNotifier, build_redis_broker
from bitloot_adapters.taskiq.steady import SteadyStreamBroker
from bitloot_core.testing.contracts.notifier import JobNotifierContract
from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.ids import JobId
from harness.redis_server import RedisServer, open_redis
from harness.waiting import eventually

STREAM = "rings"


class RedisWorld:
    """A service that rings and a worker that listens, each with connections of its own."""

    def __init__(self, redis: RedisServer) -> None:
        """A Redis that runs, a worker that listens."""
        self.redis = redis
        self.rung: list[JobId] = []
        self.producer = build_redis_broker(redis.url, stream=STREAM)
        self.consumer = build_redis_broker(redis.url, stream=STREAM, block=timedelta(milliseconds=100))
        # Patient enough for a busy machine, and the test of a slow queue ends with it.
        self.notifier = TaskiqNotifier(self.producer, patience=timedelta(seconds=2))
        self.listener = RingListener(self.consumer, self._run)
        self._is_up = True

    async def heard(self, count: int) -> Sequence[JobId]:
        """Wait for the worker."""
        await eventually(lambda: len(self.rung) >= count, f"{count} rings are heard")
        return self.rung

    async def go_down(self) -> None:
        """Given a Redis that was killed."""
        self.redis.kill()
        self._is_up = False

    async def be_slow(self) -> None:
        """Given a Redis that holds still."""
        self.redis.pause()

    async def come_back(self) -> None:
        """Given a Redis that runs."""
        if self._is_up:
            self.redis.resume()
        else:
            await self.redis.start()
            self._is_up = True

    async def _run(self, job_id: JobId) -> None:
        self.rung.append(job_id)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[RedisWorld]:
    """A world at work."""
    async with open_redis(tmp_path) as redis:
        world = RedisWorld(redis)
        await world.producer.startup()
        await world.consumer.startup()
        world.listener.start()
        yield world
        await world.listener.stop(grace=timedelta(seconds=5))
        await world.consumer.shutdown()
        await world.producer.shutdown()


class TestRedisNotifier(JobNotifierContract):
    """The suite, over a Redis stream."""

    @pytest.fixture
    async def world(self, world: RedisWorld) -> RedisWorld:
        """The world of this module."""
        return world


async def test_a_message_holds_the_id_of_a_job_and_nothing_else(tmp_path: Path) -> None:
    """What lies in Redis is JSON that anybody may read: no name, no address, no order."""
    async with open_redis(tmp_path) as redis, redis.client() as client:
        broker = build_redis_broker(redis.url, stream=STREAM)

        await TaskiqNotifier(broker).ring([JobId(7)])
        ((_, fields),) = await client.xrange(STREAM)
        await broker.shutdown()

    assert list(fields) == [b"data"]
    message = JSONSerializer().loadb(fields[b"data"])
    assert isinstance(message.pop("task_id"), str)
    assert message == {"task_name": RUN_JOB, "labels": {}, "labels_types": {}, "args": [7], "kwargs": {}}


async def test_nothing_is_pickled() -> None:
    """Whoever can write to Redis cannot run code here: messages are JSON, and there are no results."""
    broker = build_redis_broker("redis://127.0.0.1:9/0")

    assert isinstance(broker.serializer, JSONSerializer)
    assert isinstance(broker.result_backend, DummyResultBackend)


@pytest.mark.parametrize(
    "url", ["localhost:6379", "http://queue.example", "redis://:CANARY@queue.example:port", "redis://queue?db=CANARY"]
)
def test_an_address_that_cannot_be_read_is_refused_without_being_quoted(url: str) -> None:
    """The name of the variable says where to look; the password in it stays out of the message."""
    with pytest.raises(InvalidInput) as refused:
        build_redis_broker(url)

    assert refused.value.field == "REDIS_URL"
    assert "CANARY" not in str(refused.value)
    assert refused.value.__suppress_context__


@pytest.mark.parametrize("url", ["redis://queue", "rediss://user:secret@queue:6380/1", "unix:///run/redis.sock?db=2"])
def test_each_form_of_address_is_taken(url: str) -> None:
    """With and without TLS, and as a socket of this machine; nothing is connected yet."""
    broker = build_redis_broker(url)

    assert isinstance(broker, SteadyStreamBroker)
    assert broker.connection_pool.make_connection() is not None


def test_without_redis_its_client_is_not_even_imported() -> None:
    """A service on one machine starts without what the client costs."""
    program = (
        "import sys, bitloot_adapters.taskiq; bitloot_adapters.taskiq.build_broker(); "
        "print({'redis', 'taskiq_redis'} & set(sys.modules))"
    )

    answer = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)

    assert answer.stdout.strip() == "set()"
