"""
Rows with something sealed in them, as a port: what a rotation of master keys has to touch in the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Column, bindparam, func, select, update
from sqlalchemy.engine import Connection

from bitloot_adapters.sql.database import Database
from bitloot_adapters.sql.staff_tables import ADMIN_USERS
from bitloot_adapters.sql.statements import Statement
from bitloot_adapters.sql.tables import WEBHOOK_LOGS
from bitloot_core.ports.sealed_rows import RotatedRows, SealedRows
from bitloot_core.ports.vault import Rotation
from bitloot_core.values.errors import Corrupt

BODIES = WEBHOOK_LOGS.c.sealed
SECOND_FACTORS = ADMIN_USERS.c.totp_sealed
_BEFORE_THE_FIRST = 0


class Rewrapper(Protocol):
    """Wraps data keys anew. See `bitloot_adapters._shared.envelope.PayloadSealer`."""

    def rewrap(self, sealed: bytes) -> bytes | None:
        """
        The same body under the newest master key; None if it is under that one already.

        Raises:
            Corrupt: it does not unwrap.
        """
        ...

    def key_id_of(self, sealed: bytes) -> str:
        """
        The id of the master key that it says it is under.

        Raises:
            Corrupt: it says none.
        """
        ...


class SqlSealedRows:
    """
    Brings one sealed column under the newest master key. See `SealedRows` for what is promised.

    Args:
        rewrapper: knows the master keys.
        column: `BODIES` or `SECOND_FACTORS`; its table numbers its rows.
    """

    def __init__(self, database: Database, rewrapper: Rewrapper, column: Column[bytes]) -> None:
        self._database = database
        self._rewrapper = rewrapper
        row_id = column.table.c.id
        kept = column.is_not(None)
        self._count = select(func.count()).select_from(column.table).where(kept)
        self._next = Statement(
            select(row_id, column.label("sealed"))
            .where(row_id > bindparam("after"), kept)
            .order_by(row_id)
            .limit(bindparam("most"))
        )
        # What was emptied meanwhile, or rotated by somebody else, is left as it is.
        self._replace = Statement(
            update(column.table)
            .where(row_id == bindparam("which"), column == bindparam("old"))
            .values({column: bindparam("new")})
        )

    async def count(self) -> int:
        """How many rows have something sealed in them."""
        return await self._database.read(lambda c: int(c.execute(self._count).scalar_one()))

    async def rotate(self, *, after: int | None, limit: int) -> RotatedRows:
        """Wrap the next rows anew: read, worked on outside of any transaction, and written where they still stand."""
        start = _BEFORE_THE_FIRST if after is None else after
        rows = await self._database.read(lambda c: self._next.all(c, {"after": start, "most": limit}))
        rotated: dict[int, Rotation] = {}
        stuck: list[tuple[int, str | None]] = []
        fresh: list[tuple[int, bytes, bytes]] = []
        for row_id, sealed in rows:
            try:
                before, rewrapped = self._rewrapper.key_id_of(sealed), self._rewrapper.rewrap(sealed)
            except Corrupt:
                stuck.append((row_id, self._says(sealed)))
                continue
            rotated[row_id] = Rotation(before=before, after=self._rewrapper.key_id_of(rewrapped or sealed))
            if rewrapped is not None:
                fresh.append((row_id, sealed, rewrapped))
        for row_id in await self._put(fresh):
            del rotated[row_id]
        return RotatedRows(rotated=tuple(rotated.items()), stuck=tuple(stuck), last=rows[-1].id if rows else None)

    async def _put(self, fresh: Sequence[tuple[int, bytes, bytes]]) -> list[int]:
        """Put what was wrapped anew in its place; the ids of those that are not as they were read any more."""

        def work(connection: Connection) -> list[int]:
            return [
                row_id
                for row_id, old, new in fresh
                if not self._replace.change(connection, {"which": row_id, "old": old, "new": new})
            ]

        return await self._database.write(work) if fresh else []

    def _says(self, sealed: bytes) -> str | None:
        try:
            return self._rewrapper.key_id_of(sealed)
        except Corrupt:
            return None


if TYPE_CHECKING:
    _: type[SealedRows] = SqlSealedRows
