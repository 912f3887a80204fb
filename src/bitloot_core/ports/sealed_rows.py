"""Rows with something sealed in them: what, besides the vault, a master key may still be needed for."""

from __future__ import annotations

from typing import Protocol

import attrs

from bitloot_core.ports.vault import Rotation


@attrs.frozen(kw_only=True)
class RotatedRows:
    """
    What became of a batch of rows.

    Attributes:
        rotated: the ids of those that are under the newest master key now, each with what was done.
        stuck: the ids of those that cannot be unwrapped, each with the id of the master key that it says it is under;
            None if it says none.
        last: the id of the last one that was looked at, where the next batch begins; None if nothing was left.
    """

    rotated: tuple[tuple[int, Rotation], ...]
    stuck: tuple[tuple[int, str | None], ...]
    last: int | None


class SealedRows(Protocol):
    """
    Brings what one kind of row has sealed under the newest master key: the bodies of webhooks, for one.

    Every method may raise `Unavailable` (passing).
    """

    async def count(self) -> int:
        """How many rows have something sealed in them."""
        ...

    async def rotate(self, *, after: int | None, limit: int) -> RotatedRows:
        """
        Wrap the data keys of the next rows anew under the newest master key, in one write. Idempotent.

        A row that somebody else changes or empties meanwhile is left as it is, and is not among the rotated ones.

        Args:
            after: the id to begin behind; with the first row if not given.
            limit: how many at most.

        Raises:
            Unknown: the write gave no answer; repeat it.
        """
        ...
