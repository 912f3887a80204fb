"""
The switch that stops all buying, in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from bitloot_core.order.buying import Buying, Pause
from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.jobs import JobName
from bitloot_core.ports.switches import Switches
from bitloot_core.testing.memory.database import MemoryDatabase


class MemorySwitches:
    """Keeps the pauses in buying. See `Switches` for what is promised."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def buying(self) -> Buying:
        """The pauses that nobody has taken away."""
        return self._database.buying

    async def pause(self, pause: Pause, *, finding: Finding | None = None) -> Pause:
        """Stop all buying."""
        with self._database.commit("switches.pause"):
            if finding is not None:
                self._database.open_finding(finding)
            held = {one.holder: one for one in self._database.buying.pauses}
            kept = attrs.evolve(held.get(pause.holder, pause), until=pause.until)
            self._keep((held | {pause.holder: kept}).values())
            return kept

    async def lift(self, pauses: Sequence[Pause], *, by: str, at: datetime) -> None:
        """Take these pauses away."""
        with self._database.commit("switches.lift"):
            self._lift(pauses, by=by, at=at)

    async def resume(self, *, by: str, reason: str, at: datetime) -> tuple[Pause, ...]:
        """Take all pauses away, because a person says so."""
        del reason  # it stands beside the finding, which this fake keeps without
        with self._database.commit("switches.resume"):
            pauses = self._database.buying.pauses
            self._lift(pauses, by=by, at=at)
            self._database.buying = attrs.evolve(self._database.buying, resumed_at=at)
            return pauses

    def _lift(self, pauses: Sequence[Pause], *, by: str, at: datetime) -> None:
        left = [one for one in self._database.buying.pauses if one not in pauses]
        lifted = [one for one in self._database.buying.pauses if one in pauses]
        self._keep(left)
        for pause in lifted:
            self._settle(pause, by=by, at=at)
        self._hurry(at)

    def _keep(self, pauses: Iterable[Pause]) -> None:
        oldest_first = sorted(pauses, key=lambda pause: (pause.since, pause.holder))
        self._database.buying = attrs.evolve(self._database.buying, pauses=tuple(oldest_first))

    def _settle(self, pause: Pause, *, by: str, at: datetime) -> None:
        same = (None, FindingReason.BUYING_PAUSED, str(pause.holder))
        if (finding_id := self._database.open_findings.get(same)) is not None:
            self._database.resolve_finding(finding_id, at=at, by=by)

    def _hurry(self, at: datetime) -> None:
        """Let what waits be looked at again, now; one that is being worked on may have seen the pause already."""
        for (name, _), job_id in self._database.living.items():
            if name == JobName.RESERVE:
                job = self._database.jobs[job_id]
                self._database.jobs[job_id] = attrs.evolve(job, due_at=min(job.due_at, at), wake=job.wake + 1)


if TYPE_CHECKING:
    _: type[Switches] = MemorySwitches
