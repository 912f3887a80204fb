"""
The one error of `evolve`.
"""

from __future__ import annotations

from bitloot_core.values.errors import BitlootError


class ImpossibleEvent(BitlootError):
    """An event cannot follow on this order: a fault of this program, never of an outsider."""

    def __init__(self, order_id: str, event: object, reason: str) -> None:
        super().__init__(f"{type(event).__name__} cannot follow on order {order_id}: {reason}")
        self.order_id = order_id
        self.event = type(event).__name__
