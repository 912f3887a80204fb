"""taskiq as it comes: its broker, its messages, its receiver, for tests of what it does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from redis.asyncio import Redis
from taskiq import AckableMessage, AsyncBroker, InMemoryBroker
from taskiq.kicker import AsyncKicker
from taskiq.receiver import Receiver
from taskiq_redis import RedisStreamBroker

from harness.redis_server import RedisServer

STREAM = GROUP = "taskiq"
TASK = "task"
NOBODY = "redis://127.0.0.1:9/0"


def stock(redis: RedisServer, **changes: Any) -> RedisStreamBroker:
    """The broker as it comes, but for short times."""
    return RedisStreamBroker(redis.url, **{"xread_block": 20, "idle_timeout": 1, **changes})


async def kick(broker: AsyncBroker, *args: Any, name: str = TASK) -> None:
    """Send a message."""
    kicker: AsyncKicker[Any, Any] = AsyncKicker(task_name=name, broker=broker, labels={})
    await kicker.kiq(*args)


async def pending(inside: Redis) -> int:
    """How many messages are fetched and not acknowledged."""
    summary: Any = await inside.xpending(STREAM, GROUP)
    return int(summary["pending"])


async def calls(inside: Redis, command: str) -> int:
    """How often a command was sent."""
    stats = await inside.info("commandstats")
    return int(stats.get(f"cmdstat_{command}", {"calls": 0})["calls"])


class Acknowledged:
    """A message, and how often it was acknowledged."""

    def __init__(self, data: bytes) -> None:
        """Not yet."""
        self.times = 0
        self.message = AckableMessage(data=data, ack=self._ack)

    async def _ack(self) -> None:
        self.times += 1


def message(broker: AsyncBroker, *args: Any, name: str = TASK, **labels: Any) -> Acknowledged:
    """A message as taskiq writes it."""
    kicker: AsyncKicker[Any, Any] = AsyncKicker(task_name=name, broker=broker, labels=labels)
    return Acknowledged(broker.formatter.dumps(kicker._prepare_message(*args)).message)  # noqa: SLF001 - its own words


def receiver(task: Callable[..., Awaitable[None]]) -> Receiver:
    """Who reads messages for a task."""
    broker = InMemoryBroker()
    broker.register_task(task, task_name=TASK)
    return Receiver(broker, max_async_tasks=1)


async def nothing(*_: object) -> None:
    """Do nothing."""
