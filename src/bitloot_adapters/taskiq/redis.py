"""
Making the broker over Redis; whoever does not, never imports Redis' client.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bitloot_core.values.errors import InvalidInput

if TYPE_CHECKING:
    from bitloot_adapters.taskiq.steady import SteadyStreamBroker

FIELD = "REDIS_URL"


def build_redis_broker(
    redis_url: str,
    *,
    stream: str = "bitloot:rings",
    group: str = "workers",
    block: timedelta = timedelta(seconds=1),
    take_over_after: timedelta = timedelta(minutes=5),
    forget_after: timedelta = timedelta(hours=1),
    longest: int = 100_000,
) -> SteadyStreamBroker:
    """
    Make the broker of a service or a worker with Redis; nothing is connected yet.

    Args:
        redis_url: where Redis is, 6.2 or newer. Options in it (`?socket_timeout=...`) win over ours.
        stream: see `SteadyStreamBroker`, as for the others.

    Raises:
        InvalidInput: the address cannot be read.
    """
    from bitloot_adapters.taskiq.steady import SteadyStreamBroker

    try:
        return SteadyStreamBroker(
            redis_url,
            stream=stream,
            group=group,
            block=block,
            take_over_after=take_over_after,
            forget_after=forget_after,
            longest=longest,
        )
    except ValueError:
        # The cause would print the address, password included.
        raise InvalidInput(FIELD, "is no address of a Redis server") from None
