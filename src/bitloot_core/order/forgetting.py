"""
Forgetting a buyer: what must be over before, and what may not happen to the order afterwards.

The address goes; order, payments, purchases, ledger and audit stay, since they name nobody.
"""

from __future__ import annotations

from datetime import datetime

from bitloot_core.order import commands as c
from bitloot_core.order import events as e
from bitloot_core.order.order import Order, UnnamedBuyer
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.status import Status, status_of

FOR_NOBODY = "it came after the buyer was forgotten, so there is nobody to deliver to"
"""Why money is put before a person that would have bought keys."""
_GIVEN_UP = frozenset({Status.EXPIRED, Status.FAILED})


def forget(order: Order, command: c.ForgetBuyer, now: datetime) -> tuple[e.OrderEvent, ...]:
    """Erase who bought, once nobody has to write to them any more; erasing it twice is erasing it once."""
    if isinstance(order.buyer, UnnamedBuyer):
        return ()
    status = status_of(order)
    if not order.is_over and not (status in _GIVEN_UP and now >= order.expires_at):
        raise TransitionRefused(order, command, f"the order is {status}, and not over", code="buyer-needed")
    if order.findings:
        raise TransitionRefused(
            order, command, "a finding is open, and somebody may have to write to the buyer", code="buyer-needed"
        )
    return (e.BuyerForgotten(at=now, by=command.by, reason=command.reason),)


def is_for_nobody(order: Order) -> bool:
    """Whether a payment that counted would buy keys for nobody."""
    return isinstance(order.buyer, UnnamedBuyer) and not order.is_settled and not order.at_rest
