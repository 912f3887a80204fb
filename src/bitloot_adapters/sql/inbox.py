"""
The inbox as a port: webhooks that arrive together are stored together.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import msgspec
from sqlalchemy.engine import Connection

from bitloot_adapters.sql import inbox_rows
from bitloot_adapters.sql.columns import moment, moment_or_none
from bitloot_adapters.sql.database import Database
from bitloot_adapters.sql.inbox_rows import Arrival
from bitloot_core.ports.acts import StaffAct
from bitloot_core.ports.inbox import Inbox, Received, Source, StoredWebhook, VerifiedWebhook, WebhookStatus
from bitloot_core.values.errors import Unavailable
from bitloot_core.values.ids import JobId, OrderId, WebhookId

PORT = "inbox"
MOST_AT_ONCE = 64
CROWD = 8
MOST_BATCHES = 2
"""While one is written, the next one stands behind it, so that the writer never waits for the event loop."""
MOST_WAITING = 2048
PATIENCE_SECONDS = 2.5
"""The senders give up after a few seconds; one that hears 503 before that tries again."""
PRUNED_AT_ONCE = 500


class PayloadSealer(Protocol):
    """Seals bodies at rest. See `bitloot_adapters._shared.envelope.PayloadSealer`."""

    def seal(self, context: tuple[str, ...], payload: bytes) -> bytes:
        """Seal a body for a context."""
        ...

    def open(self, context: tuple[str, ...], sealed: bytes) -> bytes:
        """
        Open a body again, for the same context.

        Raises:
            Corrupt: it does not open.
        """
        ...


_Waiting: TypeAlias = tuple[Arrival, asyncio.Future[Received]]
"""A webhook on its way in, and who waits for it to be durable."""


class SqlInbox:
    """
    Keeps authentic webhooks, each once. See `Inbox` for what is promised.

    Args:
        sealer: seals bodies before they come near the database.
        most_waiting: how many may wait before the next is turned away.
        patience_seconds: how long one waits for its commit.
    """

    def __init__(
        self,
        database: Database,
        sealer: PayloadSealer,
        *,
        most_waiting: int = MOST_WAITING,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._database = database
        self._sealer = sealer
        self._most_waiting = most_waiting
        self._patience_seconds = patience_seconds
        self._arrived: deque[_Waiting] = deque()
        self._in_hand = 0
        self._batches = 0
        self._storing: set[asyncio.Task[None]] = set()
        self._deadlines: deque[tuple[float, asyncio.Future[Received]]] = deque()
        self._alarm: asyncio.TimerHandle | None = None

    async def receive(self, webhook: VerifiedWebhook, *, now: datetime) -> Received:
        """Store a webhook and its job, in one commit with those that arrive at the same time."""
        if len(self._arrived) >= self._most_waiting:
            raise Unavailable(PORT, "too many webhooks wait to be stored")
        sealed = self._sealer.seal(_context(webhook.source, webhook.dedupe_key), webhook.body)
        waiter: asyncio.Future[Received] = asyncio.get_running_loop().create_future()
        self._arrived.append((Arrival.of(webhook, sealed, now=now), waiter))
        if self._batches < MOST_BATCHES:
            self._batches += 1
            task = asyncio.create_task(self._store_all())
            # The loop itself keeps no task alive.
            self._storing.add(task)
            task.add_done_callback(self._storing.discard)
        self._watch(waiter)
        self._in_hand += 1
        try:
            return await waiter
        finally:
            self._in_hand -= 1

    @property
    def is_crowded(self) -> bool:
        """Whether so many senders wait for an answer that what can wait should."""
        return self._in_hand >= CROWD

    async def get(self, webhook_id: WebhookId) -> StoredWebhook:
        """Read one, body included."""
        row = await self._database.look(lambda c: inbox_rows.get_webhook(c, webhook_id))
        return self._opened(row)

    async def replay(self, webhook_id: WebhookId, *, now: datetime, act: StaffAct | None = None) -> JobId:
        """Ask for its job again, whatever its status."""
        return await self._database.write(lambda c: inbox_rows.replay(c, webhook_id, now=now, act=act))

    async def prune_bodies(self, *, before: datetime) -> int:
        """Remove a batch of bodies that arrived before a time; the number of those removed, 0 when none is left."""
        return await self._database.write(lambda c: inbox_rows.prune_bodies(c, before=before, limit=PRUNED_AT_ONCE))

    async def _store_all(self) -> None:
        """Store what has arrived, a batch after the other; one batch fills while another is written."""
        try:
            while self._arrived:
                await self._store(_Batch(self._arrived))
                # Whoever has an answer needs no deadline.
                while self._deadlines and self._deadlines[0][1].done():
                    self._deadlines.popleft()
        finally:
            # In the same breath as the last look: who arrives after it begins a batch.
            self._batches -= 1

    async def _store(self, batch: _Batch) -> None:
        try:
            answers = await self._database.write(batch.store)
        except Exception as exc:  # noqa: BLE001 - whose fault it is shows when each is stored alone
            await self._store_each(batch.take(), exc)
        else:
            for (_, waiter), answer in zip(batch.taken, answers, strict=True):
                if not waiter.done():
                    waiter.set_result(answer)

    async def _store_each(self, taken: Sequence[_Waiting], error: Exception) -> None:
        """One webhook that cannot be stored must not turn its neighbours away."""
        if len(taken) == 1:
            _refuse(taken[0][1], error)
            return
        answers = await asyncio.gather(
            *(self._database.write(_Batch(deque([one])).store) for one in taken), return_exceptions=True
        )
        for (_, waiter), answer in zip(taken, answers, strict=True):
            if isinstance(answer, BaseException):
                _refuse(waiter, answer)
            elif not waiter.done():
                waiter.set_result(answer[0])

    def _watch(self, waiter: asyncio.Future[Received]) -> None:
        """Give a waiter its deadline. One timer serves all: a timer for each would cost a tenth of the whole work."""
        loop = waiter.get_loop()
        deadline = loop.time() + self._patience_seconds
        self._deadlines.append((deadline, waiter))
        if self._alarm is None:
            self._alarm = loop.call_at(deadline, self._give_up, loop)

    def _give_up(self, loop: asyncio.AbstractEventLoop) -> None:
        """Turn away those who have waited too long; they stand in the order in which they came."""
        self._alarm = None
        while self._deadlines and (self._deadlines[0][1].done() or self._deadlines[0][0] <= loop.time()):
            _, waiter = self._deadlines.popleft()
            if not waiter.done():
                waiter.set_exception(
                    Unavailable(PORT, "the webhook is not known to be stored: the database is too slow")
                )
        if self._deadlines:
            self._alarm = loop.call_at(self._deadlines[0][0], self._give_up, loop)

    def _opened(self, row: Any) -> StoredWebhook:
        source = Source(row.source)
        context = _context(source, row.dedupe_key)
        headers: Mapping[str, str] = msgspec.json.decode(row.headers, type=dict[str, str])
        return StoredWebhook(
            id=WebhookId(row.id),
            webhook=VerifiedWebhook(
                source=source,
                dedupe_key=row.dedupe_key,
                type=row.type,
                external_id=row.external_id,
                scheme=row.scheme,
                body=b"" if row.sealed is None else self._sealer.open(context, row.sealed),
                headers=headers,
                worth_processing=bool(row.worth_processing),
            ),
            status=WebhookStatus(row.status),
            deliveries=row.deliveries,
            order_id=None if row.order_id is None else OrderId(row.order_id),
            result=row.result,
            received_at=moment(row.received_at),
            processed_at=moment_or_none(row.processed_at),
        )


class _Batch:
    """
    Webhooks that are stored in one statement.

    Which they are is settled when the write begins, so that those which arrive while an earlier commit runs are in it
    too; a second run of the same write stores the same ones.
    """

    def __init__(self, arrived: deque[_Waiting]) -> None:
        self._arrived = arrived
        self.taken: list[_Waiting] = []

    def store(self, connection: Connection) -> list[Received]:
        """Store them; called on the writer's thread. There may be none, if the batch before has taken all."""
        if not self.take():
            return []
        return inbox_rows.store_all(connection, [arrival for arrival, _ in self.take()])

    def take(self) -> list[_Waiting]:
        """Settle which they are, once."""
        if not self.taken:
            self.taken = [self._arrived.popleft() for _ in range(min(len(self._arrived), MOST_AT_ONCE))]
        return self.taken


def _context(source: Source, dedupe_key: str) -> tuple[str, str]:
    """What a sealed body is bound to: moved to another row, it does not open."""
    return (str(source), dedupe_key)


def _refuse(waiter: asyncio.Future[Received], error: BaseException) -> None:
    if not waiter.done():
        refused = Unavailable(PORT, "the webhook is not known to be stored")
        refused.__cause__ = error
        waiter.set_exception(refused)


if TYPE_CHECKING:
    _: type[Inbox] = SqlInbox
