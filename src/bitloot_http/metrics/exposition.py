"""
What is known, as Prometheus reads it. `docs/metrics.md` says what each metric means; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, TypeVar

from bitloot_core.ports.alerts import ChannelState
from bitloot_http.metrics.counts import Counts
from bitloot_http.metrics.distribution import Distribution
from bitloot_http.metrics.gauges import Reading, Standing

if TYPE_CHECKING:
    from prometheus_client.core import Metric

Key = TypeVar("Key", bound=tuple[str, ...])
CONTENT_TYPE = "text/plain; version=0.0.4"


def as_prometheus(counts: Counts, reading: Reading | None = None, *, in_hand: int | None = None) -> bytes:
    """
    Write everything down.

    Args:
        counts: what this process has counted.
        reading: how the shop stands, if anybody looked.
        in_hand: how many jobs this process works on; None if it works on none.
    """
    from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest

    registry = CollectorRegistry()
    registry.register(_Collector([*_counted(counts), *_known(reading), *_process(in_hand)]))
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    return generate_latest(registry)


class _Collector:
    """What Prometheus' client takes metrics from."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """Hand them over."""
        yield from self._metrics


def _counted(counts: Counts) -> Iterator[Metric]:
    yield _counter(
        "bitloot_http_requests_total",
        "Answered requests.",
        ("method", "route", "status"),
        {(method, route, str(status)): count for (method, route, status), count in counts.requests.items()},
    )
    yield _counter(
        "bitloot_webhooks_total", "Webhooks, by what became of them.", ("source", "verdict"), counts.webhooks
    )
    yield _counter(
        "bitloot_order_events_total",
        "What happened to orders.",
        ("event",),
        {(event,): count for event, count in counts.events.items()},
    )
    yield _counter("bitloot_jobs_total", "Jobs, by how they ended.", ("name", "outcome"), counts.jobs)
    yield _counter("bitloot_calls_total", "Calls to what lies outside.", ("port", "operation", "outcome"), counts.calls)
    yield _histogram("bitloot_job_seconds", "How long jobs took.", ("name",), counts.job_seconds)
    yield _histogram("bitloot_call_seconds", "How long calls took.", ("port", "operation"), counts.call_seconds)
    yield _histogram(
        "bitloot_paid_to_delivered_seconds",
        "From a payment that counted until the last key was held.",
        (),
        {(): counts.paid_to_delivered},
    )


def _known(reading: Reading | None) -> Iterator[Metric]:
    if reading is None:
        return
    standing = reading.standing
    yield _gauge("bitloot_figures_known", "Whether the database could be read.", {(): float(standing is not None)})
    if standing is not None:
        age = (reading.now - standing.at).total_seconds()
        yield _gauge("bitloot_figures_age_seconds", "How long ago the figures were read.", {(): max(0.0, age)})
        yield from _stands(standing)
    if reading.balance is not None:
        left, age = reading.balance.left, (reading.now - reading.balance.at).total_seconds()
        yield _gauge(
            "bitloot_supplier_balance",
            "What is left of our balance at the supplier.",
            {(left.currency,): float(left.amount)},
            ("currency",),
        )
        yield _gauge("bitloot_supplier_balance_age_seconds", "How long ago the balance was read.", {(): max(0.0, age)})


def _stands(standing: Standing) -> Iterator[Metric]:
    orders, queue = standing.orders, standing.queue
    yield _gauge("bitloot_orders", "Orders by the status that they show.", _one(orders.by_status), ("status",))
    groups = {
        ("+Inf" if group.up_to is None else f"{group.up_to.total_seconds():g}",): float(group.count)
        for group in orders.undelivered
    }
    yield _gauge("bitloot_orders_undelivered", "Paid orders that are owed a key.", groups, ("younger_than_seconds",))
    waits = 0.0 if orders.oldest_paid_at is None else (standing.at - orders.oldest_paid_at).total_seconds()
    yield _gauge("bitloot_orders_undelivered_oldest_seconds", "How long the oldest of those has waited.", {(): waits})
    states = {"due": queue.due, "later": queue.later, "running": queue.running}
    states |= {"overrun": queue.overrun, "dead": queue.dead}
    yield _gauge("bitloot_queue_jobs", "Jobs in the table.", _one(states), ("state",))
    due_for = 0.0 if queue.due_since is None else (standing.at - queue.due_since).total_seconds()
    yield _gauge("bitloot_queue_oldest_due_seconds", "How long the oldest due job has waited.", {(): due_for})
    findings = {(str(one.reason),): float(one.count) for one in standing.findings}
    yield _gauge("bitloot_findings_open", "What waits for a person.", findings, ("reason",))
    open_ones = {status: count for status, count in standing.webhooks.items() if status in {"pending", "failed"}}
    yield _gauge(
        "bitloot_webhooks_open",
        "Webhooks that are not dealt with.",
        _one({"pending": 0, "failed": 0} | open_ones),
        ("status",),
    )
    broken = {(one.name,): _seconds_broken(one.state, standing.at) for one in standing.channels}
    yield _gauge("bitloot_alert_channel_failing_seconds", "How long no alert gets through.", broken, ("channel",))
    untold = {(one.name,): float(one.waiting) for one in standing.channels}
    yield _gauge("bitloot_alert_findings_untold", "Open findings that a channel has not told of.", untold, ("channel",))
    paused = {(holder,): 1.0 for holder in standing.paused_by}
    yield _gauge("bitloot_buying_paused", "Who holds buying up.", paused, ("holder",))


def _seconds_broken(state: ChannelState, now: datetime) -> float:
    since = state.failing_since or state.closed_at
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


def _process(in_hand: int | None) -> Iterator[Metric]:
    yield _gauge("bitloot_build_info", "Which version this is.", {(version("bitloot"),): 1.0}, ("version",))
    if in_hand is not None:
        yield _gauge("bitloot_jobs_in_hand", "Jobs that this process works on.", {(): float(in_hand)})


def _one(values: Mapping[str, int]) -> dict[tuple[str, ...], float]:
    return {(name,): float(value) for name, value in values.items()}


def _counter(name: str, text: str, labels: tuple[str, ...], values: Mapping[Key, int]) -> Metric:
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(name, text, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def _gauge(name: str, text: str, values: Mapping[Key, float], labels: tuple[str, ...] = ()) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(name, text, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def _histogram(name: str, text: str, labels: tuple[str, ...], values: Mapping[Key, Distribution]) -> Metric:
    from prometheus_client.core import HistogramMetricFamily

    family = HistogramMetricFamily(name, text, labels=labels)
    for key, distribution in values.items():
        family.add_metric(key, list(distribution.cumulative()), distribution.total)
    return family
