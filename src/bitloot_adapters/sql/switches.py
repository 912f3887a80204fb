"""
The switch that stops all buying, as a port.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bitloot_adapters.sql.database import Database
from bitloot_adapters.sql.switch_rows import keep_pause, lift_pauses, note_balance, read_buying, resume_buying
from bitloot_core.order.buying import Balance, Buying, Pause
from bitloot_core.order.findings import Finding
from bitloot_core.ports.acts import StaffAct
from bitloot_core.ports.switches import Switches


class SqlSwitches:
    """Keeps the pauses in buying. See `Switches` for what is promised."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def buying(self) -> Buying:
        """The pauses that nobody has taken away."""
        return await self._database.look(read_buying)

    async def pause(self, pause: Pause, *, finding: Finding | None = None, act: StaffAct | None = None) -> Pause:
        """Stop all buying."""
        return await self._database.write(lambda c: keep_pause(c, pause, finding, act))

    async def lift(self, pauses: Sequence[Pause], *, by: str, at: datetime) -> None:
        """Take these pauses away."""
        await self._database.write(lambda c: lift_pauses(c, pauses, by=by, at=at))

    async def resume(self, *, by: str, reason: str, at: datetime, act: StaffAct | None = None) -> tuple[Pause, ...]:
        """Take all pauses away, because a person says so."""
        return await self._database.write(lambda c: resume_buying(c, by=by, reason=reason, at=at, act=act))

    async def note_balance(self, balance: Balance) -> None:
        """Keep a reading of the balance at the supplier."""
        await self._database.write(lambda c: note_balance(c, balance))


if TYPE_CHECKING:
    _: type[Switches] = SqlSwitches
