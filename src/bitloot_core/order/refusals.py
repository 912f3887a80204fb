"""
How `decide` says no.
"""

from __future__ import annotations

from bitloot_core.order.order import Order
from bitloot_core.order.status import shown_status
from bitloot_core.values.errors import Refused


class TransitionRefused(Refused):
    """
    The order's state forbids what was asked. Nothing changed.

    Attributes:
        order_id: which order.
        status: its status, as people see it.
        command: what was asked.
    """

    def __init__(self, order: Order, command: object, reason: str, *, code: str = "refused-by-state") -> None:
        super().__init__(code, reason)
        self.order_id = order.id
        self.status = shown_status(order)
        self.command = type(command).__name__
