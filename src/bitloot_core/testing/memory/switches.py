"""
The switch that stops all buying, in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from bitloot_core.order.buying import LIMITS, Balance, Buying, Pause, PauseHolder
from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.jobs import JobName
from bitloot_core.ports.acts import StaffAct
from bitloot_core.ports.switches import Switches
from bitloot_core.testing.memory.database import MemoryDatabase


class MemorySwitches:
    """Keeps the pauses in buying. See `Switches` for what is promised."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def buying(self) -> Buying:
        """The pauses that nobody has taken away."""
        return self._database.buying

    async def pause(self, pause: Pause, *, finding: Finding | None = None, act: StaffAct | None = None) -> Pause:
        """Stop all buying."""
        with self._database.commit("switches.pause"):
            if finding is not None:
                self._database.open_finding(finding)
            buying = self._database.buying
            held = {one.holder: one for one in buying.pauses}
            self._note(act if pause.holder not in held else None)
            kept = attrs.evolve(held.get(pause.holder, pause), until=pause.until)
            lifted = {holder: at for holder, at in buying.lifted.items() if holder is not pause.holder}
            self._keep((held | {pause.holder: kept}).values(), lifted)
            return kept

    async def lift(self, pauses: Sequence[Pause], *, by: str, at: datetime) -> None:
        """Take these pauses away."""
        with self._database.commit("switches.lift"):
            self._lift(pauses, by=by, how="buying goes on", at=at)

    async def resume(self, *, by: str, reason: str, at: datetime, act: StaffAct | None = None) -> tuple[Pause, ...]:
        """Take all pauses away, because a person says so."""
        with self._database.commit("switches.resume"):
            pauses = self._database.buying.pauses
            self._note(act if pauses else None)
            self._lift(pauses, by=by, how=reason, at=at)
            limits = {pause.holder: at for pause in pauses if pause.holder in LIMITS}
            self._keep((), {**self._database.buying.lifted, **limits})
            return pauses

    async def note_balance(self, balance: Balance) -> None:
        """Keep a reading of the balance at the supplier."""
        with self._database.commit("switches.note_balance"):
            known = self._database.buying.balance
            if known is None or known.at <= balance.at:
                self._database.buying = attrs.evolve(self._database.buying, balance=balance)

    def _lift(self, pauses: Sequence[Pause], *, by: str, how: str, at: datetime) -> None:
        buying = self._database.buying
        self._keep([one for one in buying.pauses if one not in pauses], buying.lifted)
        for pause in buying.pauses:
            if pause in pauses:
                self._settle(pause, by=by, how=how, at=at)
        self._hurry(at)

    def _keep(self, pauses: Iterable[Pause], lifted: Mapping[PauseHolder, datetime]) -> None:
        oldest_first = tuple(sorted(pauses, key=lambda pause: (pause.since, pause.holder)))
        self._database.buying = attrs.evolve(self._database.buying, pauses=oldest_first, lifted=lifted)

    def _note(self, act: StaffAct | None) -> None:
        self._database.acts.extend(() if act is None else (act,))

    def _settle(self, pause: Pause, *, by: str, how: str, at: datetime) -> None:
        same = (None, FindingReason.BUYING_PAUSED, str(pause.holder))
        if (finding_id := self._database.open_findings.get(same)) is not None:
            self._database.resolve_finding(finding_id, at=at, by=by, how=how)

    def _hurry(self, at: datetime) -> None:
        """Let what waits be looked at again, now; one that is being worked on may have seen the pause already."""
        for (name, _), job_id in self._database.living.items():
            if name == JobName.RESERVE:
                job = self._database.jobs[job_id]
                self._database.jobs[job_id] = attrs.evolve(job, due_at=min(job.due_at, at), wake=job.wake + 1)


if TYPE_CHECKING:
    _: type[Switches] = MemorySwitches
