"""Giving keys back to the supplier at the console: for how much longer that can be done is told beside it."""

from datetime import timedelta

import attrs

from bitloot_core.order.actions import Action
from bitloot_core.order.order import Order, Refunded
from bitloot_core.order.policy import Policy
from bitloot_core.testing.orders import PLACED_AT, held, placed, reserved, settled
from bitloot_http.pages.console.choices import choices


def refunded() -> Order:
    """An order with one key, whose money went back."""
    order = held(reserved(settled(placed())), units=1)
    return attrs.evolve(order, closing=Refunded(at=PLACED_AT, by="admin:ann", reason="it does not work"))


def told(order: Order, after: timedelta) -> list[str]:
    """What is offered to be given back, so long after the first key came."""
    came = min(unit.held_at for unit in order.held)
    offered, _ = choices(order, came + after, Policy())
    return [option.note for choice in offered if choice.action is Action.RETURN_KEYS for option in choice.options]


def test_a_return_tells_how_long_it_is_still_possible() -> None:
    """The supplier takes keys back for a day: the hours that are left, and the end of them."""
    order = refunded()
    end = min(unit.held_at for unit in order.held) + timedelta(days=1)

    (text,) = told(order, timedelta(hours=20, minutes=30))

    assert "3 h 30 min left" in text
    assert f"{end:%Y-%m-%d %H:%M}" in text


def test_after_its_day_nothing_is_offered() -> None:
    """Not even for a moment: the supplier would refuse it."""
    assert told(refunded(), timedelta(days=1)) == []


def test_a_purchase_without_keys_has_no_end_yet() -> None:
    """The day begins with its first key."""
    order = attrs.evolve(
        reserved(settled(placed())), closing=Refunded(at=PLACED_AT, by="admin:ann", reason="it takes too long")
    )

    offered, _ = choices(order, PLACED_AT + timedelta(days=3), Policy())

    notes = [option.note for choice in offered if choice.action is Action.RETURN_KEYS for option in choice.options]
    assert notes == [""]
