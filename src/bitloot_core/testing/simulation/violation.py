"""What a simulation is run for: not to find this."""

from __future__ import annotations


class Violation(AssertionError):
    """
    An invariant is broken.

    Args:
        invariant: which one, `I1` to `I13`.
        text: what was seen, in a sentence.
        order_id: the order that it is about, if there is one.
    """

    def __init__(self, invariant: str, text: str, order_id: str | None = None) -> None:
        super().__init__(f"{invariant}: {text}")
        self.invariant = invariant
        self.text = text
        self.order_id = order_id


def hold(invariant: str, fact: object, text: str, order_id: str | None = None) -> None:
    """
    Check one fact.

    Raises:
        Violation: it is none.
    """
    if not fact:
        raise Violation(invariant, text, order_id)
