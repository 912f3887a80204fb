"""
The broker over a Redis stream: taskiq's own, made steady.

The stock broker's listener ends at the first hiccup of Redis, looks for what a dead worker left only while new messages
come, and never takes a finished message off the stream. All of that is in `listen` and in the acknowledgement, which
are replaced here; `tests/contract/test_taskiq_facts.py` notices when a new version behaves otherwise.

This module alone names taskiq_redis and redis, and is imported only by who uses Redis.

**Source:** taskiq-redis 1.2.4, `RedisStreamBroker.listen` and `_ack_generator`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import attrs
from redis.asyncio import Redis
from redis.exceptions import ResponseError
from taskiq import AckableMessage, AsyncBroker
from taskiq.serializers import JSONSerializer
from taskiq_redis import RedisStreamBroker

_log = logging.getLogger(__name__)

_FROM_THE_BEGINNING = "0"
_FIELD = b"data"
_AT_A_TIME = 10
_MOST_TAKEN_OVER = 100
_CONNECTIONS = 32
_ANSWER_SECONDS = 5.0
_PARTING_SECONDS = 1.0
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0
_LEAST_BETWEEN_TIDYINGS_SECONDS = 0.05


@attrs.frozen(kw_only=True)
class _Entry:
    """A message on the stream; `data` is empty if it was not written by taskiq."""

    entry_id: bytes
    data: bytes

    @classmethod
    def of(cls, entry_id: bytes, fields: dict[bytes, bytes]) -> _Entry:
        return cls(entry_id=entry_id, data=fields.get(_FIELD, b""))


class SteadyStreamBroker(RedisStreamBroker):
    """
    Sends and receives messages over one stream that several processes share.

    A listener outlives whatever befalls Redis, takes over what others left unacknowledged also while the stream is
    quiet, and removes consumers that are gone. An acknowledged message is off the stream.

    Args:
        url: `redis://`, `rediss://` or `unix://`.
        stream: the key of the stream. Shops that share a Redis need different ones, or databases of their own.
        group: the consumer group, which all workers share.
        block: how long one read waits for messages.
        take_over_after: a message that was fetched and not acknowledged for so long is somebody else's.
        forget_after: a consumer that was idle for so long and holds no message is removed.
        longest: about how many messages may wait; the oldest go first.

    Raises:
        ValueError: the address cannot be read.
    """

    def __init__(
        self,
        url: str,
        *,
        stream: str,
        group: str,
        block: timedelta,
        take_over_after: timedelta,
        forget_after: timedelta,
        longest: int,
    ) -> None:
        super().__init__(
            url,
            queue_name=stream,
            consumer_group_name=group,
            # What was rung before the first worker came is heard too.
            consumer_id=_FROM_THE_BEGINNING,
            xread_block=_millis(block),
            xread_count=_AT_A_TIME,
            maxlen=longest,
            idle_timeout=_millis(take_over_after),
            max_connection_pool_size=_CONNECTIONS,
            # redis-py would end a read that waits after 5 s, and sends under `asyncio.wait_for`, which on Python 3.11
            # can swallow a cancellation. Every call here has a deadline of its own.
            socket_timeout=None,
        )
        self.with_serializer(JSONSerializer())
        self._redis: Redis = Redis(connection_pool=self.connection_pool)
        self._forget_after = _millis(forget_after)
        self._between_tidyings = max(take_over_after.total_seconds() / 2, _LEAST_BETWEEN_TIDYINGS_SECONDS)
        self._has_listened = False

    async def startup(self) -> None:
        """Ask nothing of Redis, which may be away: the group is declared by who listens, as often as it takes."""
        await AsyncBroker.startup(self)

    async def shutdown(self) -> None:
        """Take our consumer off the group, if Redis answers, and close the connections."""
        if self._has_listened:
            try:
                async with asyncio.timeout(_PARTING_SECONDS):
                    await self._remove_consumers(lambda consumer: consumer["name"] == self.consumer_name.encode())
            except Exception as exc:  # noqa: BLE001 - another worker removes it after a while
                _log.info("consumer left behind", extra={"error": type(exc).__name__})
        await super().shutdown()

    async def answers(self) -> bool:
        """Whether Redis answers now; for a look at the health of things."""
        try:
            async with asyncio.timeout(_PARTING_SECONDS):
                return bool(await self._redis.ping())
        except Exception as exc:  # noqa: BLE001 - whatever it is, the answer is no
            _log.info("no answer from redis", extra={"error": type(exc).__name__})
            return False

    async def listen(self) -> AsyncGenerator[AckableMessage, None]:
        """
        Yield messages for ever: new ones, and those that another worker left.

        Trouble with Redis is logged by the class of the error, once until it is over, and waited out.
        """
        self._has_listened = True
        clock = asyncio.get_running_loop().time
        is_declared, is_silent = False, False
        pause, tidy_at = _FIRST_PAUSE_SECONDS, clock()
        while True:
            try:
                if not is_declared:
                    await self._declare_consumer_group()
                    is_declared = True
                if clock() >= tidy_at:
                    tidy_at = clock() + self._between_tidyings
                    entries = await self._take_over()
                else:
                    entries = await self._fetch()
            except Exception as exc:  # noqa: BLE001 - a listener that ends would leave the worker deaf
                if not is_silent:
                    _log.warning("doorbell silent", extra={"error": type(exc).__name__})
                # After a FLUSHALL, or a restart that kept nothing, there is no group any more.
                is_declared, is_silent = False, True
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
                continue
            if is_silent:
                _log.info("doorbell back")
            is_silent, pause = False, _FIRST_PAUSE_SECONDS
            for entry in entries:
                yield AckableMessage(data=entry.data, ack=self._taken_off(entry.entry_id))

    async def _declare_consumer_group(self) -> None:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._redis.xgroup_create(
                    self.queue_name, self.consumer_group_name, id=self.consumer_id, mkstream=True
                )
        except ResponseError as exc:
            if not str(exc).startswith("BUSYGROUP"):
                raise

    async def _fetch(self) -> list[_Entry]:
        """New messages; waits for some, but not for ever."""
        async with asyncio.timeout(self.block / 1000 + _ANSWER_SECONDS):
            streams: Any = await self._redis.xreadgroup(
                self.consumer_group_name,
                self.consumer_name,
                {self.queue_name: ">"},
                count=self.count,
                block=self.block,
            )
        return [_Entry.of(entry_id, fields) for _, entries in streams or () for entry_id, fields in entries]

    async def _take_over(self) -> list[_Entry]:
        """What was fetched by somebody and not acknowledged in time; removes who is gone."""
        async with asyncio.timeout(_ANSWER_SECONDS):
            # The ids alone: for an entry that was trimmed meanwhile, Redis 6.2 would answer nothing that could be
            # acknowledged, and keep it pending for ever.
            entry_ids: Any = await self._redis.xautoclaim(
                self.queue_name,
                self.consumer_group_name,
                self.consumer_name,
                min_idle_time=self.idle_timeout,
                count=_MOST_TAKEN_OVER,
                justid=True,
            )
            found = [await self._read(entry_id) for entry_id in entry_ids]
            await self._remove_consumers(lambda consumer: consumer["idle"] >= self._forget_after)
        return [entry for entry in found if entry is not None]

    async def _read(self, entry_id: bytes) -> _Entry | None:
        found: Any = await self._redis.xrange(self.queue_name, entry_id, entry_id)
        if not found:
            await self._redis.xack(self.queue_name, self.consumer_group_name, entry_id)
            return None
        return _Entry.of(*found[0])

    async def _remove_consumers(self, is_over: Callable[[dict[str, Any]], bool]) -> None:
        """
        Remove those consumers that are over and hold nothing: what they held would be lost with them.

        A consumer that lives is made anew by its next message, so one that only seemed gone loses nothing.
        """
        consumers: Any = await self._redis.xinfo_consumers(self.queue_name, self.consumer_group_name)
        for consumer in consumers:
            if not consumer["pending"] and is_over(consumer):
                await self._redis.xgroup_delconsumer(self.queue_name, self.consumer_group_name, consumer["name"])

    def _taken_off(self, entry_id: bytes) -> Callable[[], Awaitable[None]]:
        async def take_off() -> None:
            try:
                # `Any`: the commands of a pipeline are typed as if each were to be awaited.
                both: Any = self._redis.pipeline(transaction=True)
                both.xack(self.queue_name, self.consumer_group_name, entry_id)
                both.xdel(self.queue_name, entry_id)
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await both.execute()
            except Exception as exc:  # noqa: BLE001 - it comes again, and the claim in the job table decides
                _log.info("message not taken off", extra={"error": type(exc).__name__})

        return take_off


def _millis(duration: timedelta) -> int:
    return round(duration.total_seconds() * 1000)
