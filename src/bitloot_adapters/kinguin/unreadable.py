"""What is wrong with an answer that is not what Kinguin documents; the port's errors are made of it in `supplier`."""

from __future__ import annotations


class Unreadable(ValueError):
    """
    Something that we need is missing from an answer, or is not what it should be.

    Args:
        field: which part of the answer.
        reason: a clause that completes "field ...", free of any value from the answer.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}")
