"""
The sender of notices (IPN): signs, posts, retries, and keeps a log of what was answered.

What lives here: the way of a notice from a change of status to the merchant's answer. What must not: when a status
changes. First attempts of one payment leave one after another, as a healthy vendor's usually do; nothing orders
retries, delayed notices or different payments. The real sender refuses loopback addresses; this one must not.

**Source**: NOWPayments help centre on IPN (2026): 2xx within 3000 ms, else a count of repeats at an interval set
in the dashboard.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime

import aiohttp
import attrs

from .canonical import JsonObject, canonical_text, replacer_array_text, signature_of, wire_text
from .notice_faults import (
    Delay,
    Drop,
    Duplicate,
    NoSignature,
    NoticeFault,
    Reorder,
    ReplacerArraySignature,
    Replay,
    SignedWith,
    StatusWord,
    WrongSignature,
)
from .tasks import TaskPool

SIGNATURE_HEADER = "x-nowpayments-sig"
_REORDER_PATIENCE_SECONDS = 0.5
_LOG_LIMIT = 50_000


@attrs.frozen(kw_only=True)
class RetrySchedule:
    """
    What the merchant set in the dashboard ("recurrent notifications").

    Attributes:
        count: further attempts after a first one that was not answered with 2xx; then silence.
        interval_seconds: the pause before each of them; a minute in the vendor's example, short here.
        answer_within_seconds: an answer that takes longer counts as none.
    """

    count: int = 3
    interval_seconds: float = 1.0
    answer_within_seconds: float = 3.0


@attrs.frozen(kw_only=True)
class Notice:
    """The bytes of one notice; a retry or a replay sends the same value again."""

    payment_id: int | None
    status: str
    url: str
    body: bytes
    signature: str | None = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class SentNotice:
    """
    One attempt as the log keeps it.

    Attributes:
        attempt: 1 for the first; 0 for a notice that never left.
        answer: the HTTP status, or none.
        error: why there was no answer; `dropped` for one that was lost by plan, `closed` while nothing was served.
    """

    notice: Notice
    attempt: int
    answer: int | None
    error: str | None
    at: datetime

    @property
    def is_delivered(self) -> bool:
        """Whether the merchant answered 2xx in time."""
        return self.answer is not None and 200 <= self.answer < 300


class _Lane:
    """The notices of one payment that wait for their first attempt."""

    def __init__(self) -> None:
        self.waiting: deque[tuple[Notice, bool]] = deque()
        self.arrived = asyncio.Event()


class NoticeSender:
    """
    Posts notices while it is open.

    Args:
        clock: now, for the log.
        schedule: retries and time-out.
    """

    def __init__(self, clock: Callable[[], datetime], schedule: RetrySchedule) -> None:
        self.schedule = schedule
        self.log: deque[SentNotice] = deque(maxlen=_LOG_LIMIT)
        self._clock = clock
        self._tasks = TaskPool()
        self._lanes: dict[int | None, _Lane] = {}
        self._first: dict[int, Notice] = {}
        self._session: aiohttp.ClientSession | None = None

    def open(self) -> None:
        """Begin to send; needs a running event loop."""
        connector = aiohttp.TCPConnector(limit=0)
        self._session = aiohttp.ClientSession(connector=connector, auto_decompress=False)

    async def close(self) -> None:
        """Stop at once; what was not sent is lost, as at a vendor's outage."""
        session, self._session = self._session, None
        try:
            await self._tasks.close()
        finally:
            self._lanes.clear()
            if session is not None:
                await session.close()

    async def idle(self) -> None:
        """Wait until every notice has been delivered or given up."""
        await self._tasks.idle()

    @property
    def pending_tasks(self) -> int:
        """How many background tasks are alive; zero at rest, whatever was sent before."""
        return len(self._tasks)

    def first_of(self, payment_id: int) -> Notice | None:
        """The first notice that left for a payment, if any."""
        return self._first.get(payment_id)

    def dispatch(self, notice: Notice, faults: Sequence[NoticeFault]) -> None:
        """Send a notice with the faults that concern its way; those that concern its bytes are already in it."""
        if self._session is None:
            self._record(notice, 0, None, "closed")
            return
        if any(isinstance(fault, Drop) for fault in faults):
            self._record(notice, 0, None, "dropped")
            return
        copies = max((fault.times for fault in faults if isinstance(fault, Duplicate)), default=1)
        outgoing = [notice] * copies
        if notice.payment_id is not None:
            first = self._first.setdefault(notice.payment_id, notice)
            outgoing += [first for fault in faults if isinstance(fault, Replay)]
        delay_seconds = max((fault.seconds for fault in faults if isinstance(fault, Delay)), default=0.0)
        is_held = any(isinstance(fault, Reorder) for fault in faults)
        if delay_seconds:
            self._tasks.start(self._send_later(outgoing, delay_seconds))
        else:
            self._queue(outgoing, is_held=is_held)

    def _queue(self, outgoing: Sequence[Notice], *, is_held: bool) -> None:
        payment_id = outgoing[0].payment_id
        lane = self._lanes.get(payment_id)
        if lane is None:
            lane = self._lanes[payment_id] = _Lane()
            self._tasks.start(self._drain(payment_id, lane))
        lane.waiting.extend((notice, is_held) for notice in outgoing)
        lane.arrived.set()

    async def _send_later(self, outgoing: Sequence[Notice], delay_seconds: float) -> None:
        await asyncio.sleep(delay_seconds)
        self._queue(outgoing, is_held=False)

    async def _drain(self, payment_id: int | None, lane: _Lane) -> None:
        while lane.waiting:
            notice, is_held = lane.waiting.popleft()
            if is_held:
                notice = await self._swapped(notice, lane)
            await self._first_attempt(notice)
        del self._lanes[payment_id]

    async def _swapped(self, held: Notice, lane: _Lane) -> Notice:
        """The notice that goes out before a held one; the held one itself if no other comes in time."""
        if not lane.waiting:
            lane.arrived.clear()
            try:
                await asyncio.wait_for(lane.arrived.wait(), _REORDER_PATIENCE_SECONDS)
            except TimeoutError:
                return held
        follower, _ = lane.waiting.popleft()
        lane.waiting.appendleft((held, False))
        return follower

    async def _first_attempt(self, notice: Notice) -> None:
        if not await self._post(notice, 1) and self.schedule.count:
            self._tasks.start(self._retry(notice))

    async def _retry(self, notice: Notice) -> None:
        for attempt in range(2, self.schedule.count + 2):
            await asyncio.sleep(self.schedule.interval_seconds)
            if await self._post(notice, attempt):
                return

    async def _post(self, notice: Notice, attempt: int) -> bool:
        if self._session is None:
            return self._record(notice, attempt, None, "closed")
        headers = {"Content-Type": "application/json"}
        if notice.signature is not None:
            headers[SIGNATURE_HEADER] = notice.signature
        timeout = aiohttp.ClientTimeout(total=self.schedule.answer_within_seconds)
        try:
            async with self._session.post(
                notice.url, data=notice.body, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                return self._record(notice, attempt, answer.status, None)
        except TimeoutError:
            return self._record(notice, attempt, None, "timed out")
        except aiohttp.ClientError as exc:
            return self._record(notice, attempt, None, type(exc).__name__)

    def _record(self, notice: Notice, attempt: int, answer: int | None, error: str | None) -> bool:
        sent = SentNotice(notice=notice, attempt=attempt, answer=answer, error=error, at=self._clock())
        self.log.append(sent)
        return sent.is_delivered


def composed(
    fields: JsonObject, *, url: str, secret: str, key_order: str, faults: Sequence[NoticeFault] = ()
) -> Notice:
    """
    Write and sign a notice.

    Args:
        fields: the body; its order is the wire order if that is `unsorted`.
        url: where it goes.
        secret: the account's IPN secret.
        key_order: `sorted` or `unsorted`.
        faults: those that concern the bytes are applied, the others ignored.
    """
    for fault in faults:
        if isinstance(fault, StatusWord):
            fields = {**fields, "payment_status": fault.word}
    canonical = canonical_text(fields)
    signature: str | None = signature_of(canonical, secret)
    for fault in faults:
        if isinstance(fault, SignedWith):
            signature = signature_of(canonical, fault.secret)
        elif isinstance(fault, WrongSignature):
            signature = signature_of(canonical, secret + "-but-another")
        elif isinstance(fault, ReplacerArraySignature):
            signature = signature_of(replacer_array_text(fields), secret)
        elif isinstance(fault, NoSignature):
            signature = None
    payment_id = fields.get("payment_id")
    return Notice(
        payment_id=payment_id if isinstance(payment_id, int) else None,
        status=str(fields.get("payment_status", fields.get("status", ""))),
        url=url,
        body=(canonical if key_order == "sorted" else wire_text(fields)).encode(),
        signature=signature,
    )
