"""
What one process has counted since it started. Counting is an addition to a dictionary.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from functools import partial

from bitloot_http.metrics.distribution import Distribution

_MINUTES_KEPT = 60
JOB_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
CALL_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
DELIVERY_SECONDS = (1, 2, 5, 10, 30, 60, 120, 300, 900, 1800, 3600, 4 * 3600, 24 * 3600)
STORED = "stored"
DUPLICATE = "duplicate"
FORGED = "forged"
"""Not authentic: counted, and never stored."""
REFUSED = "refused"
"""Not stored, whatever the reason: the sender tries again."""


def _distributions(bounds: Sequence[float]) -> defaultdict[tuple[str, ...], Distribution]:
    return defaultdict(partial(Distribution, bounds))


class Counts:
    """
    Counters of one process, from its start.

    Attributes:
        requests: answered requests by method, route template and status.
        webhooks: webhooks by source and verdict: `STORED`, `DUPLICATE`, `FORGED` or `REFUSED`.
        events: what happened to orders, by the event's name, as far as this process wrote it.
        jobs: jobs that this process took, by name and how they ended.
        job_seconds: how long those took, by name.
        calls: calls to what lies outside, by port, operation and outcome.
        call_seconds: how long those took, by port and operation.
        paid_to_delivered: from a payment that counted until the last key was held.
    """

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str, int]] = Counter()
        self.webhooks: Counter[tuple[str, str]] = Counter()
        self.events: Counter[str] = Counter()
        self.jobs: Counter[tuple[str, str]] = Counter()
        self.job_seconds = _distributions(JOB_SECONDS)
        self.calls: Counter[tuple[str, str, str]] = Counter()
        self.call_seconds = _distributions(CALL_SECONDS)
        self.paid_to_delivered = Distribution(DELIVERY_SECONDS)
        self._by_minute: deque[tuple[int, Counter[str]]] = deque(maxlen=_MINUTES_KEPT)

    def refuse_webhook(self, source: str, *, minute: int) -> int:
        """Count a forged webhook; returns how many its source has had in this minute."""
        self.webhooks[source, FORGED] += 1
        if not self._by_minute or self._by_minute[-1][0] != minute:
            self._by_minute.append((minute, Counter()))
        counter = self._by_minute[-1][1]
        counter[source] += 1
        return counter[source]

    def refused_in_minute(self, source: str, minute: int) -> int:
        """How many forged webhooks a source has had in a minute of the last hour."""
        return sum(counter[source] for at, counter in self._by_minute if at == minute)
