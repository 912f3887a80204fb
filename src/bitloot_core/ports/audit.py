"""
The books that are only added to: what the staff did, and who saw a key.

What is written in them is part of a `Change` (`StaffAct`, `KeyAccess`), and so of the write that it is about.
"""

from __future__ import annotations

import re
from typing import Protocol, Self

import attrs

from bitloot_core.ports.acts import StaffAct
from bitloot_core.ports.queries import Page, Slice
from bitloot_core.ports.store import KeyAccess
from bitloot_core.values.errors import InvalidInput

_HEAD = re.compile(r"([0-9a-f]{64})@([1-9][0-9]{0,17})")


@attrs.frozen(kw_only=True)
class ActFilter:
    """Which acts; an absent field admits all."""

    actor: str | None = None
    action: str | None = None
    order_id: str | None = None


@attrs.frozen(kw_only=True)
class ActRow:
    """An act of the staff in a list."""

    id: int
    act: StaffAct


@attrs.frozen(kw_only=True)
class AccessFilter:
    """
    Which looks at product keys; an absent field admits all.

    Attributes:
        actor: `link`, or `admin:NAME`.
    """

    actor: str | None = None
    order_id: str | None = None


@attrs.frozen(kw_only=True)
class AccessRow:
    """A look at a product key in a list; `id` is its place in the chain."""

    id: int
    access: KeyAccess


@attrs.frozen(kw_only=True)
class Head:
    """
    How far the chain of accesses had come at some time, to be kept somewhere else: a tail that is cut shows against it.

    Attributes:
        row: the number of the last row.
        digest: that row's hash, which depends on every row before it.
    """

    row: int
    digest: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read a head as `str` writes it.

        Raises:
            InvalidInput: it is none.
        """
        found = _HEAD.fullmatch(text.strip())
        if found is None:
            raise InvalidInput("head", "is not of the form HASH@ROW", code="invalid-head")
        return cls(row=int(found[2]), digest=found[1])

    def __str__(self) -> str:
        return f"{self.digest}@{self.row}"


@attrs.frozen(kw_only=True)
class Verdict:
    """
    What came of checking the chain of accesses.

    Attributes:
        rows: how many there are.
        head: the last of them; None if there is none.
        broken_row: the first row that does not follow from those before it; None if all do.
        is_cut: whether a head that was given is not in it: rows were taken from its end, or it was written anew.
    """

    rows: int
    head: Head | None
    broken_row: int | None
    is_cut: bool

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong."""
        return self.broken_row is None and not self.is_cut


class Audit(Protocol):
    """Reads the books that are only added to."""

    async def acts(self, which: ActFilter, part: Slice) -> Page[ActRow]:
        """What the staff did, newest first. A cursor without sense raises `InvalidInput("cursor")`."""
        ...

    async def accesses(self, which: AccessFilter, part: Slice) -> Page[AccessRow]:
        """Who saw a key, newest first. A cursor without sense raises `InvalidInput("cursor")`."""
        ...

    async def verify_accesses(self, earlier: Head | None) -> Verdict:
        """
        Check every row of the accesses against the one before it, and the chain against a head that it once had.

        Reads all of them.
        """
        ...
