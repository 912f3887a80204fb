"""
Times as people ask for them: how long ago, how long until.
"""

from __future__ import annotations

from datetime import datetime, timedelta


def age(then: datetime, now: datetime) -> str:
    """
    How long ago it was, or how long it will be, in the two units that matter at most.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 1, 31, 12, tzinfo=UTC)
    >>> age(noon - timedelta(hours=3, minutes=5), noon), age(noon + timedelta(seconds=40), noon)
    ('3 h 5 min ago', 'in 40 s')
    """
    span = span_of(abs(now - then))
    return f"in {span}" if then > now else f"{span} ago"


def span_of(length: timedelta) -> str:
    """
    A length of time in the two units that matter at most.

    >>> span_of(timedelta(days=2, hours=7, minutes=1))
    '2 d 7 h'
    """
    seconds = int(length.total_seconds())
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    if days:
        return f"{days} d {hours % 24} h" if hours % 24 else f"{days} d"
    if hours:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{minutes} min" if minutes else f"{seconds} s"
