"""The suites of the switches, and of the claims that they stop, fail fakes that break a promise."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import attrs
import pytest

from bitloot_core.order.buying import Balance, Budget, Pause
from bitloot_core.order.findings import Finding
from bitloot_core.ports.acts import StaffAct
from bitloot_core.ports.store import Change, Committed
from bitloot_core.testing.contracts.memory_world import MemoryWorld
from bitloot_core.testing.contracts.store_claims import ClaimContract
from bitloot_core.testing.contracts.switches import SwitchesContract
from bitloot_core.testing.memory import MemoryOrderStore, MemoryStorage, MemorySwitches
from bitloot_core.testing.memory.spending import spent
from bitloot_core.values.money import Money

SUITE, CLAIMS = SwitchesContract(), ClaimContract()
Promise = Callable[[MemoryWorld], Awaitable[None]]


class LastOneSpeaks(MemorySwitches):
    """Names whoever paused last."""

    async def pause(self, pause: Pause, *, finding: Finding | None = None, act: StaffAct | None = None) -> Pause:
        """Forget what this holder said before."""
        others = [one for one in self._database.buying.pauses if one.holder is not pause.holder]
        self._keep(others, self._database.buying.lifted)
        return await super().pause(pause, finding=finding, act=act)


class OnePauseForAll(MemorySwitches):
    """Lets the machine end what a person began."""

    async def lift(self, pauses: Sequence[Pause], *, by: str, at: datetime) -> None:
        """Take away whatever there is."""
        await super().lift(self._database.buying.pauses, by=by, at=at)


class TellsOnEachTry(MemorySwitches):
    """Has a finding for each order that waits."""

    async def pause(self, pause: Pause, *, finding: Finding | None = None, act: StaffAct | None = None) -> Pause:
        """Open it under a subject of its own."""
        count = len(self._database.findings)
        told = None if finding is None else attrs.evolve(finding, subject=f"{finding.subject}{count}")
        return await super().pause(pause, finding=told, act=act)


class LeavesThemWaiting(MemorySwitches):
    """Lets those who wait find out by themselves."""

    def _hurry(self, at: datetime) -> None:
        """Wake nobody."""


class ForgetsWhoLifted(MemorySwitches):
    """Lets buying go on, and the same limit stop it at once."""

    async def resume(self, *, by: str, reason: str, at: datetime, act: StaffAct | None = None) -> tuple[Pause, ...]:
        """Lift, and no more."""
        pauses = self._database.buying.pauses
        await self.lift(pauses, by=by, at=at)
        return pauses


class BelievesTheLastAnswer(MemorySwitches):
    """Takes what came in last for the newest."""

    async def note_balance(self, balance: Balance) -> None:
        """Keep it, however old."""
        self._database.buying = attrs.evolve(self._database.buying, balance=balance)


class BuysWhilePaused(MemoryOrderStore):
    """Leaves it to the worker to ask."""

    def _check_budget(self, budget: Budget, change: Change) -> None:
        """Look at the money alone."""
        if budget.currency is not None:
            budget.require_room(self._database.buying, spent(self._database, budget, change), change.at)


class CountsAnswersOnly(MemoryOrderStore):
    """Takes a purchase without an answer for none."""

    def _check_budget(self, budget: Budget, change: Change) -> None:
        """Look at the ledger alone."""
        taken = spent(self._database, budget, change)
        nothing = attrs.evolve(taken, unanswered=Money.zero("EUR"))
        budget.require_room(self._database.buying, nothing, change.at)


class LooksBeforeItWrites(MemoryOrderStore):
    """Lets two through that looked at the same time."""

    async def commit(self, change: Change) -> Committed:
        """Check, let others in, and write without a look."""
        if change.budget is not None:
            self._check(change)
            await asyncio.create_task(_another_turn())
        return await super().commit(attrs.evolve(change, budget=None))


async def _another_turn() -> None:
    """Nothing, while whoever else is ready goes on."""


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
        (ForgetsWhoLifted, SUITE.test_a_person_lifts_every_pause),
        (BelievesTheLastAnswer, SUITE.test_the_newest_balance_is_kept),
    ],
)
async def test_the_suite_sees_what_is_broken(broken: type[MemorySwitches], promise: Promise) -> None:
    """The fake breaks the promise, and the suite says so."""
    storage = MemoryStorage()
    storage.switches = broken(storage.database)

    with pytest.raises(AssertionError):
        await promise(MemoryWorld.around(storage))


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (BuysWhilePaused, CLAIMS.test_nothing_is_claimed_while_buying_is_paused),
        (BuysWhilePaused, CLAIMS.test_a_refused_claim_leaves_its_job_as_it_was),
        (CountsAnswersOnly, CLAIMS.test_what_may_be_spent_counts_against_the_cap),
        (CountsAnswersOnly, CLAIMS.test_money_in_doubt_counts),
        (CountsAnswersOnly, CLAIMS.test_what_may_be_left_must_not_fall_below_the_floor),
        (LooksBeforeItWrites, CLAIMS.test_of_many_claims_at_once_those_pass_that_fit),
    ],
)
async def test_the_suite_sees_who_buys_all_the_same(broken: type[MemoryOrderStore], promise: Promise) -> None:
    """The store lets a purchase through, and the suite says so."""
    storage = MemoryStorage()
    storage.store = broken(storage.database)

    with pytest.raises((AssertionError, pytest.fail.Exception)):
        await promise(MemoryWorld.around(storage))
