"""
The doorbell over Redis, with Redis and workers that fail.

What is asserted is what the doorbell promises: it goes on by itself. That no job is lost with its ring is the job
table's promise, and is tested with it.

**Source:** issue 3, item 2: survives a Redis restart, FLUSHALL and a quiet stream, trims what is done, SIGTERM ends it.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from taskiq.kicker import AsyncKicker

from bitloot_adapters.taskiq import RUN_JOB, TaskiqNotifier, build_redis_broker
from bitloot_core.values.ids import JobId
from harness.launch_listener import STREAM
from harness.redis_server import RedisServer, open_redis
from harness.rings import ear_process, listening, ringing
from harness.waiting import eventually

GROUP = "workers"
SOON = timedelta(milliseconds=300)
IN_TIME_SECONDS = 30
"""What is asked for takes two seconds; the machine may be busy. A supervisor waits for twice as long."""


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[RedisServer]:
    """A Redis that forgets everything when it ends."""
    async with open_redis(tmp_path) as server:
        yield server


@pytest.fixture
async def inside(redis: RedisServer) -> AsyncIterator[Redis]:
    """A look inside it."""
    async with redis.client() as client:
        yield client


def jobs(*numbers: int) -> list[JobId]:
    """Ids."""
    return [JobId(number) for number in numbers]


async def pending(inside: Redis) -> int:
    """How many messages were fetched and not acknowledged."""
    summary: Any = await inside.xpending(STREAM, GROUP)
    return int(summary["pending"])


async def is_clear(inside: Redis) -> bool:
    """Whether nothing is left on the stream, nor with any worker."""
    return await inside.xlen(STREAM) == 0 and await pending(inside) == 0


async def consumers(inside: Redis) -> list[bytes]:
    """The workers that Redis knows of."""
    return [consumer["name"] for consumer in await inside.xinfo_consumers(STREAM, GROUP)]


async def leave_two_of_three(redis: RedisServer, inside: Redis) -> None:
    """Kill a worker that has fetched the rings for 1, 2 and 3, and begun with 1."""
    async with ringing(redis) as bell:
        await bell.ring(jobs(1, 2, 3))
    async with ear_process(redis) as worker:
        await worker.said("began 1")
        await worker.killed()
    assert await pending(inside) == 2


async def test_every_ring_is_heard_once_and_the_stream_is_empty_then(redis: RedisServer, inside: Redis) -> None:
    """Two workers share the rings, and nothing that is done stays in Redis."""
    wanted = jobs(*range(1, 201))
    async with listening(redis) as one, listening(redis) as other, ringing(redis) as bell:
        await bell.ring(wanted)
        await eventually(lambda: len(one.heard) + len(other.heard) >= len(wanted), "all are heard")

        await eventually(lambda: is_clear(inside), "the stream is empty")

        assert sorted(one.heard + other.heard) == wanted


async def test_rings_wait_for_the_first_worker(redis: RedisServer) -> None:
    """What is rung before anybody ever listened is heard as soon as somebody does."""
    async with ringing(redis) as bell:
        await bell.ring(jobs(1, 2))

        async with listening(redis) as ear:
            await ear.hears(1, 2)


@pytest.mark.parametrize("keeps", [True, False])
async def test_a_restart_of_redis_with_messages_in_flight_is_survived(tmp_path: Path, *, keeps: bool) -> None:
    """The job in hand ends well, what Redis kept is heard, and so is what is rung afterwards."""
    async with (
        open_redis(tmp_path, keeps=keeps) as redis,
        redis.client() as inside,
        listening(redis, concurrency=1, take_over_after=SOON) as ear,
        ringing(redis) as bell,
    ):
        ear.go_on.clear()
        await bell.ring(jobs(*range(1, 31)))
        await ear.hears(1)

        redis.kill()
        await bell.ring(jobs(98))
        await redis.start()
        ear.go_on.set()
        await bell.ring(jobs(99))

        await ear.hears(1, 99, *(range(1, 31) if keeps else ()))
        await eventually(lambda: is_clear(inside), "the stream is empty")
        assert ear.done == ear.heard


async def test_a_wiped_redis_is_survived(redis: RedisServer, inside: Redis) -> None:
    """After FLUSHALL there is neither stream nor group: the listener makes them anew, and the job in hand ends well."""
    async with listening(redis) as ear, ringing(redis) as bell:
        ear.go_on.clear()
        await bell.ring(jobs(1))
        await ear.hears(1)

        await inside.flushall()
        ear.go_on.set()
        await bell.ring(jobs(2))

        await ear.hears(2)
        assert ear.done == [1, 2]


async def test_a_redis_that_comes_late_is_found(tmp_path: Path) -> None:
    """Nobody needs Redis to start; rings are lost until it is there."""
    async with open_redis(tmp_path, starts=False) as redis, listening(redis) as ear, ringing(redis) as bell:
        await bell.ring(jobs(1))

        await redis.start()
        await bell.ring(jobs(2))

        await ear.hears(2)


async def test_what_a_killed_worker_held_is_taken_over_from_a_quiet_stream(redis: RedisServer, inside: Redis) -> None:
    """No further ring is needed for it, and the dead worker's name is removed from Redis."""
    await leave_two_of_three(redis, inside)

    async with listening(redis, take_over_after=SOON) as ear:
        await ear.hears(2, 3)
        await eventually(lambda: is_clear(inside), "the stream is empty")

        async def is_forgotten() -> bool:
            """Whether nobody but the living is known."""
            return set(await consumers(inside)) <= {ear.broker.consumer_name.encode()}

        await eventually(is_forgotten, "the dead consumer is removed")
        assert sorted(ear.heard) == [2, 3]


async def test_what_was_trimmed_while_it_was_pending_is_forgotten(redis: RedisServer, inside: Redis) -> None:
    """Redis 6.2 keeps the id of an entry that is gone as pending, for ever if nobody acknowledges it."""
    await leave_two_of_three(redis, inside)
    await inside.xtrim(STREAM, maxlen=0)

    async with listening(redis, take_over_after=SOON) as ear, ringing(redis) as bell:
        await eventually(lambda: is_clear(inside), "nothing is pending")
        await bell.ring(jobs(4))
        await ear.hears(4)

        assert ear.heard == [4]


async def test_the_stream_is_bounded_while_nobody_listens(redis: RedisServer, inside: Redis) -> None:
    """A shop whose workers are gone for a week does not fill Redis; the jobs are in the table."""
    broker = build_redis_broker(redis.url, stream=STREAM, longest=100)

    await TaskiqNotifier(broker, patience=timedelta(seconds=20)).ring(jobs(*range(1, 1001)))
    await broker.shutdown()

    # "About": Redis trims by whole nodes of 100 entries.
    assert 100 <= await inside.xlen(STREAM) <= 300


@pytest.mark.parametrize(
    "garbage",
    [
        {"other": "field"},
        {"data": b""},
        {"data": b"\x80\x04\x95 no JSON"},
        {"data": b"[]"},
        {"data": json.dumps({"task_id": "a", "task_name": RUN_JOB}).encode()},
        *(
            {"data": json.dumps({"task_id": "a", "task_name": RUN_JOB, "labels": labels, "args": args, "kwargs": {}})}
            for labels, args in (
                ({}, []),
                ({}, ["seven"]),
                ({}, [-1]),
                ({}, [2**63]),
                ({}, [True]),
                ({}, [[7]]),
                ({}, [7, 8]),
                ({"ack_type": "whenever"}, [7]),
            )
        ),
    ],
    ids=repr,
)
async def test_a_garbage_message_is_dropped(redis: RedisServer, inside: Redis, garbage: dict[Any, Any]) -> None:
    """It rings for nobody, does not come back, and the next message is heard."""
    async with listening(redis) as ear, ringing(redis) as bell:
        await inside.xadd(STREAM, garbage)

        await bell.ring(jobs(1))
        await ear.hears(1)
        await eventually(lambda: is_clear(inside), "the stream is empty")

        assert ear.heard == [1]


async def test_a_message_for_an_unknown_task_is_dropped(redis: RedisServer, inside: Redis) -> None:
    """A newer version may ring otherwise; its job is in the table, where every worker finds it."""
    async with listening(redis) as ear, ringing(redis) as bell:
        await AsyncKicker[[int], None](task_name="bitloot.not-yet", broker=ear.broker, labels={}).kiq(7)

        await bell.ring(jobs(1))
        await ear.hears(1)
        await eventually(lambda: is_clear(inside), "the stream is empty")

        assert ear.heard == [1]


async def test_so_many_jobs_run_at_a_time_and_the_rest_stays_with_redis(redis: RedisServer, inside: Redis) -> None:
    """A worker with full hands acknowledges nothing more, so another one can have it."""
    async with listening(redis, concurrency=2) as ear, ringing(redis) as bell:
        ear.go_on.clear()
        await bell.ring(jobs(*range(1, 41)))
        await ear.hears(1, 2)

        left = await inside.xlen(STREAM)
        running = ear.listener.in_hand
        ear.go_on.set()
        await ear.hears(*range(1, 41))

        assert left == 38
        assert running == 2


async def test_a_job_in_hand_is_finished_within_the_grace(redis: RedisServer, inside: Redis) -> None:
    """Who is told to stop takes nothing new and ends what it began; then Redis knows it no more."""
    async with listening(redis, concurrency=1) as ear, ringing(redis) as bell:
        ear.go_on.clear()
        await bell.ring(jobs(1, 2))
        await ear.hears(1)

        stopping = asyncio.create_task(ear.listener.stop(grace=timedelta(seconds=20)))
        await asyncio.wait({stopping}, timeout=0)
        ear.go_on.set()
        await stopping

        assert ear.done == [1]
        assert await inside.xlen(STREAM) == 1


async def test_a_worker_that_ends_in_order_leaves_no_name_behind(redis: RedisServer, inside: Redis) -> None:
    """Names are random, one a start: they would pile up."""
    async with listening(redis) as ear, ringing(redis) as bell:
        await bell.ring(jobs(1))
        await ear.hears(1)
        await eventually(lambda: is_clear(inside), "the stream is empty")
        assert await consumers(inside) != []

    assert await consumers(inside) == []


async def test_a_worker_that_ends_with_unread_messages_keeps_its_name(redis: RedisServer, inside: Redis) -> None:
    """Redis would forget with the name that it had given them out; so they are taken over, and only then it goes."""
    async with ringing(redis) as bell:
        await bell.ring(jobs(1, 2, 3))
    async with listening(redis, concurrency=1) as ended:
        ended.go_on.clear()
        await ended.hears(1)
    assert await pending(inside) == 2

    async with listening(redis, take_over_after=SOON) as ear:
        await ear.hears(2, 3)
        await eventually(lambda: is_clear(inside), "the stream is empty")


async def test_sigterm_ends_a_worker_in_time_ten_of_ten_times(redis: RedisServer) -> None:
    """Idle or with a job that never ends, and while rings come in: it stops, gives up the job, and exits with 0."""
    async with AsyncExitStack() as stack, ringing(redis) as bell:
        workers = await asyncio.gather(*(stack.enter_async_context(ear_process(redis)) for _ in range(10)))
        await bell.ring(jobs(*range(1, 31)))
        await eventually(lambda: any(line == "began 1" for worker in workers for line in worker.lines), "one has begun")

        async with asyncio.timeout(IN_TIME_SECONDS):
            for worker in workers:
                worker.terminate()
            await bell.ring(jobs(*range(31, 61)))
            codes = await asyncio.gather(*(worker.ended() for worker in workers))

        assert codes == [0] * 10
        assert {worker.lines[-1] for worker in workers} == {"stopped"}
        assert any("cancelled 1" in worker.lines for worker in workers)


@pytest.mark.parametrize("trouble", ["holds still", "is gone"])
async def test_sigterm_ends_a_worker_in_time_without_redis(redis: RedisServer, trouble: str) -> None:
    """A worker that waits for Redis is told to stop like any other."""
    async with ear_process(redis) as worker, ringing(redis) as bell:
        await bell.ring(jobs(1))
        await worker.said("began 1")
        if trouble == "is gone":
            redis.kill()
        else:
            redis.pause()

        async with asyncio.timeout(IN_TIME_SECONDS):
            worker.terminate()
            code = await worker.ended()

        assert code == 0
        assert worker.lines[-2:] == ["cancelled 1", "stopped"]


async def test_redis_is_asked_whether_it_answers(redis: RedisServer) -> None:
    """The health of the service is told from it; it never raises, and does not wait for ever."""
    broker = build_redis_broker(redis.url, stream=STREAM)

    well = await broker.answers()
    redis.pause()
    still = await broker.answers()
    redis.kill()
    gone = await broker.answers()
    await broker.shutdown()

    assert (well, still, gone) == (True, False, False)
