"""
How often one caller may do something: a bucket for each, that fills again by itself.

In memory and for one process: it keeps a single address from drowning the shop, and decides nothing about money.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable

import attrs

from bitloot_http.problems import HttpRefusal

_MOST_BUCKETS = 20_000
_MINUTE = 60.0


@attrs.define
class _Bucket:
    left: float
    at: float


class Buckets:
    """
    Admits so many a minute for each name; a full bucket may be emptied at once.

    Args:
        a_minute: how many; 0 for no limit.
        monotonic: seconds from an arbitrary start.
    """

    def __init__(self, a_minute: int, *, monotonic: Callable[[], float]) -> None:
        self._most = a_minute
        self._monotonic = monotonic
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, name: str) -> None:
        """
        Take one out of a bucket.

        Raises:
            HttpRefusal: it is empty (`too-many-requests`); `Retry-After` says when it is not.
        """
        if not self._most:
            return
        now = self._monotonic()
        bucket = self._buckets.pop(name, None) or _Bucket(left=float(self._most), at=now)
        bucket.left = min(self._most, bucket.left + max(0.0, now - bucket.at) * self._most / _MINUTE)
        bucket.at = now
        self._buckets[name] = bucket
        while len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)
        if bucket.left < 1:
            wait = int((1 - bucket.left) * _MINUTE / self._most) + 1
            raise HttpRefusal(
                "too-many-requests",
                f"No more than {self._most} a minute; try again in {wait} seconds.",
                headers={"Retry-After": str(wait)},
            )
        bucket.left -= 1


def bucket_of(address: str) -> str:
    """
    Whose bucket an address takes from: for IPv6 the network of a household, which has more addresses than we buckets.

    >>> bucket_of("192.0.2.7"), bucket_of("2001:db8:1:2:3::4")
    ('192.0.2.7', '2001:db8:1:2::/64')
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return address if parsed.version == 4 else str(ipaddress.ip_network((parsed, 64), strict=False))  # noqa: PLR2004
