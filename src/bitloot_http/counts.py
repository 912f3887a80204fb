"""
What is counted while requests are answered, and shown by `/metrics`. Counting is an addition to a dictionary.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

_MINUTES_KEPT = 60


class Counts:
    """
    Counters of one process, from its start.

    Attributes:
        requests: answered requests by method, route template and status.
        refused_webhooks: webhooks without a right signature, by source. They are counted and never stored.
    """

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str, int]] = Counter()
        self.refused_webhooks: Counter[str] = Counter()
        self._by_minute: deque[tuple[int, Counter[str]]] = deque(maxlen=_MINUTES_KEPT)

    def refuse_webhook(self, source: str, *, minute: int) -> int:
        """Count a forged webhook; returns how many its source has had in this minute."""
        self.refused_webhooks[source] += 1
        if not self._by_minute or self._by_minute[-1][0] != minute:
            self._by_minute.append((minute, Counter()))
        counter = self._by_minute[-1][1]
        counter[source] += 1
        return counter[source]

    def refused_in_minute(self, source: str, minute: int) -> int:
        """How many forged webhooks a source has had in a minute of the last hour."""
        return sum(counter[source] for at, counter in self._by_minute if at == minute)

    def collect(self) -> Iterator[Metric]:
        """Hand the counters to Prometheus' client, whose collectors look so."""
        from prometheus_client.core import CounterMetricFamily

        requests = CounterMetricFamily(
            "bitloot_http_requests", "Answered requests.", labels=("method", "route", "status")
        )
        for (method, route, status), count in self.requests.items():
            requests.add_metric((method, route, str(status)), count)
        refused = CounterMetricFamily(
            "bitloot_webhooks_refused", "Webhooks that are not authentic.", labels=("source",)
        )
        for source, count in self.refused_webhooks.items():
            refused.add_metric((source,), count)
        yield from (requests, refused)


def as_prometheus(counts: Counts) -> bytes:
    """Write the counters, and what the process uses, as Prometheus reads them."""
    from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

    registry = CollectorRegistry()
    registry.register(counts)
    ProcessCollector(registry=registry)
    return generate_latest(registry)
