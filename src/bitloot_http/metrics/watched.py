"""
Standing before the ports of a shop, to count what passes. Nothing is changed, and nothing is decided here.

What happens to orders and jobs is seen where it is written: `commit(Change)` is the only way there is.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Collection
from typing import Any, TypeVar, cast

import attrs
import structlog

from bitloot_core.order.events import OrderFulfilled
from bitloot_core.order.jobs import JobName
from bitloot_core.order.order import Order
from bitloot_core.order.payments import AcceptedStray, SettledPayment
from bitloot_core.ports.jobs import ClaimedJob, Dead, Done, JobEnd, JobOutcome, Retry, Snooze
from bitloot_core.ports.store import Change
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import Corrupt, LeaseLost, NotFound, Rejected, Unavailable, Unknown
from bitloot_core.values.ids import JobId
from bitloot_http import log_context
from bitloot_http.metrics.counts import Counts

Port = TypeVar("Port")
_LOG = structlog.get_logger("bitloot.jobs")
_KNOWN_JOBS = frozenset(str(name) for name in JobName)
_OUTCOMES: tuple[tuple[type[BaseException], str], ...] = (
    (Unavailable, "unavailable"),
    (Unknown, "unknown"),
    (Rejected, "rejected"),
    (NotFound, "not-found"),
    (Corrupt, "corrupt"),
)
OPERATIONS = {
    "supplier": ("reserve", "find", "status", "keys_of", "return_keys", "balance", "purchases_between"),
    "supplier_catalogue": ("search", "products"),
    "gateway": ("create_payment", "payment", "coins", "minimum"),
    "vault": ("save_keys", "open_keys", "discard"),
    "mailer": ("send",),
}
"""The ports that lead outside, by their name in a shop, and the operations of each that are counted."""


def watched(shop: Shop, counts: Counts) -> Shop:
    """The same shop, counting what passes."""
    monotonic = shop.clock.monotonic
    jobs = JobWatch(counts, monotonic)
    outside = {
        name: _watch_calls(getattr(shop, name), name, operations, counts, monotonic)
        for name, operations in OPERATIONS.items()
    }
    return attrs.evolve(
        shop,
        orders=_watch_commits(shop.orders, counts, jobs),
        jobs=_watch_jobs(shop.jobs, jobs),
        **outside,
    )


class JobWatch:
    """
    Follows each job from its claim to its end.

    Args:
        counts: where it is counted.
        monotonic: measures how long it took, in seconds.
    """

    def __init__(self, counts: Counts, monotonic: Callable[[], float]) -> None:
        self._counts = counts
        self._monotonic = monotonic
        self._begun: dict[JobId, tuple[str, float]] = {}

    def claimed(self, job: ClaimedJob) -> None:
        """It is ours; the log bears its names from here on."""
        name = job.name if job.name in _KNOWN_JOBS else "unknown"
        if job.lease.job_id in self._begun:
            # Its end was never written: the store was away, and the lease ran out.
            self._count(job.lease.job_id, "left")
        self._begun[job.lease.job_id] = (name, self._monotonic())
        log_context.add(job_id=job.lease.job_id, job=job.name)
        if job.order_id is not None:
            log_context.add(order_id=job.order_id)

    def ended(self, outcome: JobOutcome) -> None:
        """Its end is written."""
        end = outcome.end
        seconds = self._count(outcome.lease.job_id, _word_of(end))
        match end:
            case Done() | Snooze():
                _LOG.debug("job ended", outcome=_word_of(end), seconds=seconds)
            case Retry():
                _LOG.info("job ended", outcome="retried", seconds=seconds, error=end.error)
            case Dead():
                _LOG.warning("job ended", outcome="dead", seconds=seconds, error=end.error)

    def lost(self, job_id: JobId) -> None:
        """Its lease ran out before its end could be written; somebody else has it."""
        seconds = self._count(job_id, "lost")
        _LOG.info("job ended", outcome="lost", seconds=seconds)

    def _count(self, job_id: JobId, outcome: str) -> float | None:
        name, started = self._begun.pop(job_id, ("unknown", None))
        self._counts.jobs[name, outcome] += 1
        if started is None:
            return None
        seconds = self._monotonic() - started
        self._counts.job_seconds[name,].observe(seconds)
        return round(seconds, 4)


class _Watched:
    """
    Hands everything on to a port, save what is watched.

    Args:
        port: where everything goes in the end.
        instead: what is called in the place of an operation, by its name; only if the port has it.
    """

    def __init__(self, port: object, instead: dict[str, Callable[..., Any]]) -> None:
        self._port = port
        self._instead = instead

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        found = self._instead.get(name, found)
        # Asked once: from here on it is an attribute like any other.
        setattr(self, name, found)
        return found

    def __repr__(self) -> str:
        return repr(self._port)


def _watch_calls(
    port: Port, name: str, operations: Collection[str], counts: Counts, monotonic: Callable[[], float]
) -> Port:
    def watch(operation: str) -> Callable[..., Awaitable[object]]:
        call = getattr(port, operation)

        async def counted(*args: Any, **kwargs: Any) -> object:
            started, outcome = monotonic(), "ok"
            try:
                return await call(*args, **kwargs)
            except BaseException as error:
                outcome = _outcome_of(error)
                raise
            finally:
                counts.calls[name, operation, outcome] += 1
                counts.call_seconds[name, operation].observe(monotonic() - started)

        return counted

    instead = {one: watch(one) for one in operations if inspect.iscoroutinefunction(getattr(port, one, None))}
    return cast("Port", _Watched(port, instead))


def _watch_commits(store: Port, counts: Counts, jobs: JobWatch) -> Port:
    inner = cast("Any", store)

    async def commit(change: Change) -> object:
        order = change.after or change.before
        if order is not None:
            log_context.add(order_id=order.id)
        try:
            committed = await inner.commit(change)
        except LeaseLost:
            lease = change.fence or (change.outcome.lease if change.outcome is not None else None)
            if lease is not None:
                jobs.lost(lease.job_id)
            raise
        for event in change.events:
            counts.events[type(event).__name__] += 1
            if isinstance(event, OrderFulfilled) and (seconds := _seconds_since_paid(change.after, event)) is not None:
                counts.paid_to_delivered.observe(seconds)
        if change.outcome is not None:
            jobs.ended(change.outcome)
        return committed

    return cast("Port", _Watched(store, {"commit": commit}))


def _watch_jobs(port: Port, watch: JobWatch) -> Port:
    inner = cast("Any", port)

    async def claim(*args: Any, **kwargs: Any) -> ClaimedJob | None:
        claimed: ClaimedJob | None = await inner.claim(*args, **kwargs)
        if claimed is not None:
            watch.claimed(claimed)
        return claimed

    async def end(outcome: JobOutcome, **kwargs: Any) -> None:
        try:
            await inner.end(outcome, **kwargs)
        except LeaseLost:
            watch.lost(outcome.lease.job_id)
            raise
        watch.ended(outcome)

    return cast("Port", _Watched(port, {"claim": claim, "end": end}))


def _seconds_since_paid(order: Order | None, event: OrderFulfilled) -> float | None:
    """From the first payment that counts until the last key was held."""
    payments = () if order is None else order.payments
    settled = [one.receipt.settled_at for one in payments if isinstance(one, SettledPayment | AcceptedStray)]
    return (event.at - min(settled)).total_seconds() if settled else None


def _outcome_of(error: BaseException) -> str:
    return next((word for kind, word in _OUTCOMES if isinstance(error, kind)), "error")


def _word_of(end: JobEnd) -> str:
    match end:
        case Done():
            return "done"
        case Snooze():
            return "snoozed"
        case Retry():
            return "retried"
        case Dead():
            return "dead"
