"""The suite of the switches fails fakes that break a promise."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import attrs
import pytest

from bitloot_core.order.buying import Pause
from bitloot_core.order.findings import Finding
from bitloot_core.testing.contracts.memory_world import MemoryWorld
from bitloot_core.testing.contracts.switches import SwitchesContract
from bitloot_core.testing.memory import MemoryStorage, MemorySwitches

SUITE = SwitchesContract()


class LastOneSpeaks(MemorySwitches):
    """Names whoever paused last."""

    async def pause(self, pause: Pause, *, finding: Finding | None = None) -> Pause:
        """Forget what this holder said before."""
        earlier = [one for one in self._database.buying.pauses if one.holder is pause.holder]
        self._keep([one for one in self._database.buying.pauses if one not in earlier])
        return await super().pause(pause, finding=finding)


class OnePauseForAll(MemorySwitches):
    """Lets the machine end what a person began."""

    async def lift(self, pauses: Sequence[Pause], *, by: str, at: datetime) -> None:
        """Take away whatever there is."""
        await super().lift(self._database.buying.pauses, by=by, at=at)


class TellsOnEachTry(MemorySwitches):
    """Has a finding for each order that waits."""

    async def pause(self, pause: Pause, *, finding: Finding | None = None) -> Pause:
        """Open it under a subject of its own."""
        count = len(self._database.findings)
        told = None if finding is None else attrs.evolve(finding, subject=f"{finding.subject}{count}")
        return await super().pause(pause, finding=told)


class LeavesThemWaiting(MemorySwitches):
    """Lets those who wait find out by themselves."""

    def _hurry(self, at: datetime) -> None:
        """Wake nobody."""


class ForgetsWhen(MemorySwitches):
    """Lets buying go on, and remembers nothing of it."""

    async def resume(self, *, by: str, reason: str, at: datetime) -> tuple[Pause, ...]:
        """Lift, and no more."""
        pauses = self._database.buying.pauses
        await self.lift(pauses, by=by, at=at)
        return pauses


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (LastOneSpeaks, SUITE.test_pausing_again_changes_nothing_but_the_end),
        (LastOneSpeaks, SUITE.test_of_many_who_pause_at_once_one_is_kept),
        (OnePauseForAll, SUITE.test_a_lifted_pause_is_gone_and_the_others_stay),
        (OnePauseForAll, SUITE.test_a_pause_that_was_renewed_is_not_lifted),
        (OnePauseForAll, SUITE.test_a_pause_of_another_time_is_not_lifted),
        (TellsOnEachTry, SUITE.test_a_finding_is_opened_once),
        (TellsOnEachTry, SUITE.test_a_finding_is_settled_with_its_pause),
        (LeavesThemWaiting, SUITE.test_what_waits_is_due_when_a_pause_is_lifted),
        (LeavesThemWaiting, SUITE.test_a_job_that_has_just_seen_the_pause_looks_again),
        (ForgetsWhen, SUITE.test_the_last_resume_is_remembered),
    ],
)
async def test_the_suite_sees_what_is_broken(
    broken: type[MemorySwitches], promise: Callable[[MemoryWorld], Awaitable[None]]
) -> None:
    """The fake breaks the promise, and the suite says so."""
    storage = MemoryStorage()
    storage.switches = broken(storage.database)
    world = MemoryWorld.around(storage)

    with pytest.raises(AssertionError):
        await promise(world)
