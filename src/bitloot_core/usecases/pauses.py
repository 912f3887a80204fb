"""
How long to wait after what went wrong.
"""

from __future__ import annotations

from datetime import timedelta

from bitloot_core.order.policy import Policy

_SPREAD = 0.2


def backoff(policy: Policy, attempts: int, fraction: float, *, asked: timedelta | None = None) -> timedelta:
    """
    The pause before the next try: doubling, bounded, spread by a tenth either way, never shorter than asked.

    Args:
        attempts: how often it was tried, from 1.
        fraction: chance, from 0 to 1.
        asked: how long the other side asked us to wait.

    >>> backoff(Policy(), 3, 0.5)
    datetime.timedelta(seconds=20)
    """
    doubled = policy.retry_base * (1 << min(attempts - 1, 20))
    bounded = min(doubled, policy.retry_most)
    spread = bounded * (1 - _SPREAD / 2 + _SPREAD * fraction)
    return max(spread, asked or timedelta(0))
