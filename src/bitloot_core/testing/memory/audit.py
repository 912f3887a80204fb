"""
The books that are only added to, in memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitloot_core.ports.audit import AccessFilter, AccessRow, ActFilter, ActRow, Audit, Head, Verdict
from bitloot_core.ports.queries import Page, Slice
from bitloot_core.testing.memory.database import MemoryDatabase, chained
from bitloot_core.testing.memory.paging import newest_first


class MemoryAudit:
    """What the staff did, and who saw a key. See `Audit` for what is promised."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def acts(self, which: ActFilter, part: Slice) -> Page[ActRow]:
        """What the staff did, newest first."""
        rows = (
            ActRow(id=number, act=act)
            for number, act in enumerate(self._database.acts, start=1)
            if which.actor in (None, act.actor)
            and which.action in (None, act.action)
            and which.order_id in (None, act.order_id)
        )
        return newest_first(rows, part, at=lambda row: row.act.at, name=lambda row: f"{row.id:020}")

    async def accesses(self, which: AccessFilter, part: Slice) -> Page[AccessRow]:
        """Who saw a key, newest first."""
        rows = (
            AccessRow(id=number, access=access)
            for number, access in enumerate(self._database.accesses, start=1)
            if which.actor in (None, access.actor) and which.order_id in (None, access.order_id)
        )
        return newest_first(rows, part, at=lambda row: row.access.at, name=lambda row: f"{row.id:020}")

    async def verify_accesses(self, earlier: Head | None) -> Verdict:
        """Check every row against the one before it."""
        rows = list(zip(self._database.accesses, self._database.chain, strict=True))
        heads = [Head(row=number, digest=digest) for number, (_, digest) in enumerate(rows, start=1)]
        befores = ["", *(head.digest for head in heads)]
        broken = (
            number
            for number, ((access, digest), before) in enumerate(zip(rows, befores, strict=False), start=1)
            if digest != chained(before, access)
        )
        return Verdict(
            rows=len(rows),
            head=heads[-1] if heads else None,
            broken_row=next(broken, None),
            is_cut=earlier is not None and earlier not in heads,
        )


if TYPE_CHECKING:
    _: type[Audit] = MemoryAudit
