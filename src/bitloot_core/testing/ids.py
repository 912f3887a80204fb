"""Identifiers that a test can foretell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitloot_core.ports.system import Ids
from bitloot_core.values.ids import FindingId, LinkId, OrderId


class SequentialIds:
    """
    Counts each kind of identifier from 1.

    Args:
        fraction: what `fraction` always answers, from 0 up to (not including) 1.

    >>> ids = SequentialIds()
    >>> ids.order_id(), ids.order_id(), ids.link_id(), ids.token(), ids.fraction()
    ('order1', 'order2', 'link1', 'token1', 0.5)
    """

    def __init__(self, *, fraction: float = 0.5) -> None:
        self._fraction = fraction
        self._made: dict[str, int] = {}

    def order_id(self) -> OrderId:
        """The next order id."""
        return OrderId(self._next("order"))

    def link_id(self) -> LinkId:
        """The next link id."""
        return LinkId(self._next("link"))

    def finding_id(self) -> FindingId:
        """The next finding id."""
        return FindingId(self._next("finding"))

    def token(self) -> str:
        """The next lease token."""
        return self._next("token")

    def fraction(self) -> float:
        """The number that was given."""
        return self._fraction

    def _next(self, kind: str) -> str:
        number = self._made[kind] = self._made.get(kind, 0) + 1
        return f"{kind}{number}"


if TYPE_CHECKING:
    _: type[Ids] = SequentialIds
