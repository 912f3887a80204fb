"""
The suite of the port `Switches`: whoever holds a pause keeps it, and what waits for it goes on when it is lifted.

Of the unhappy five, a slow peer and a malformed body do not apply: the port takes values and calls nobody. That a pause
stops the write that claims a purchase is promised by the order store, in `store_claims`.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import attrs

from bitloot_core.order.actions import Action
from bitloot_core.order.buying import Balance, Buying, Pause, PauseHolder
from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.jobs import JobName
from bitloot_core.ports.acts import StaffAct
from bitloot_core.ports.audit import ActFilter
from bitloot_core.ports.jobs import JobOutcome, Snooze
from bitloot_core.ports.queries import Slice
from bitloot_core.testing.contracts.storage import StorageWorld, claim, due, failure_of
from bitloot_core.testing.orders import PLACED_AT
from bitloot_core.testing.samples import a_job
from bitloot_core.values.ids import FindingId
from bitloot_core.values.money import Money

LATER = timedelta(minutes=5)
ANN = Pause(holder=PauseHolder.OPERATOR, by="shell:ann", reason="prices look wrong, so wait", since=PLACED_AT)
CAP = Pause(
    holder=PauseHolder.SPEND_CAP,
    by="system",
    reason="the cap is reached",
    since=PLACED_AT + timedelta(seconds=1),
    until=PLACED_AT + LATER,
)


def a_finding(number: int = 1) -> Finding:
    """What the spend cap's pause tells a person."""
    return Finding(
        id=FindingId(f"f{number}"),
        order_id=None,
        reason=FindingReason.BUYING_PAUSED,
        subject=str(PauseHolder.SPEND_CAP),
        text="the cap is reached",
        amount=None,
        blocking=False,
        opened_at=PLACED_AT,
    )


def an_act(action: Action, *, at: datetime) -> StaffAct:
    """What the audit says of it."""
    return StaffAct(at=at, actor="shell:bob", action=str(action), order_id=None, subject="", reason="looked at it")


async def pauses(world: StorageWorld) -> tuple[Pause, ...]:
    """The pauses that are kept."""
    return (await world.switches.buying()).pauses


class SwitchesContract:
    """What every keeper of the switches must do. The fixture `world` gives an empty one."""

    async def test_a_new_shop_may_buy(self, world: StorageWorld) -> None:
        """Nobody has paused it, and nobody has resumed it."""
        assert Buying() == await world.switches.buying()

    async def test_a_pause_comes_back_as_it_was_given(self, world: StorageWorld) -> None:
        """Who, why, since when and until when."""
        assert await world.switches.pause(ANN) == ANN
        assert await world.switches.pause(CAP) == CAP

        assert await pauses(world) == (ANN, CAP)

    async def test_pauses_are_listed_oldest_first(self, world: StorageWorld) -> None:
        """Whoever paused first is named first."""
        await world.switches.pause(CAP)
        await world.switches.pause(ANN)

        assert await pauses(world) == (ANN, CAP)

    async def test_pausing_again_changes_nothing_but_the_end(self, world: StorageWorld) -> None:
        """Who paused first, why and when stays the truth; a machine's pause is moved on."""
        again = attrs.evolve(CAP, by="else", reason="other", since=CAP.since + LATER, until=PLACED_AT + 3 * LATER)
        await world.switches.pause(CAP)

        kept = await world.switches.pause(again)

        assert attrs.evolve(CAP, until=again.until) == kept
        assert (kept,) == await pauses(world)

    async def test_of_many_who_pause_at_once_one_is_kept(self, world: StorageWorld) -> None:
        """Ten of one holder: all are told of the same one."""
        reasons = (attrs.evolve(ANN, reason=f"reason {number}") for number in range(10))

        kept = await asyncio.gather(*(world.switches.pause(pause) for pause in reasons))

        assert len(set(kept)) == 1
        assert (kept[0],) == await pauses(world)

    async def test_a_lifted_pause_is_gone_and_the_others_stay(self, world: StorageWorld) -> None:
        """Each holder lets go of its own; lifting again is harmless."""
        await world.switches.pause(ANN)
        await world.switches.pause(CAP)

        await world.switches.lift([CAP], by="system", at=world.clock.now())
        await world.switches.lift([CAP], by="system", at=world.clock.now())

        assert Buying(pauses=(ANN,)) == await world.switches.buying()

    async def test_a_pause_that_was_renewed_is_not_lifted(self, world: StorageWorld) -> None:
        """Whoever lifts saw an older one: somebody has found since that it is still needed."""
        await world.switches.pause(CAP)
        renewed = await world.switches.pause(attrs.evolve(CAP, until=PLACED_AT + 2 * LATER))

        await world.switches.lift([CAP], by="system", at=world.clock.now())

        assert (renewed,) == await pauses(world)

    async def test_a_pause_of_another_time_is_not_lifted(self, world: StorageWorld) -> None:
        """It was resumed and paused anew meanwhile."""
        anew = attrs.evolve(ANN, since=ANN.since + LATER)
        await world.switches.pause(anew)

        await world.switches.lift([ANN], by="system", at=world.clock.now())

        assert (anew,) == await pauses(world)

    async def test_a_person_lifts_every_pause(self, world: StorageWorld) -> None:
        """Whoever holds it; a limit is remembered as lifted, and what was lifted is told once."""
        await world.switches.pause(ANN)
        await world.switches.pause(CAP)

        now = world.clock.now()
        lifted = await world.switches.resume(by="shell:bob", reason="looked at it", at=now)
        again = await world.switches.resume(by="shell:bob", reason="looked at it", at=now)

        assert (lifted, again) == ((ANN, CAP), ())
        assert Buying(lifted={PauseHolder.SPEND_CAP: now}) == await world.switches.buying()

    async def test_a_limit_that_is_broken_again_is_no_longer_lifted(self, world: StorageWorld) -> None:
        """The new pause has its own reason and time, and a machine may end it."""
        anew = attrs.evolve(CAP, reason="reached again", since=CAP.since + LATER, until=PLACED_AT + 3 * LATER)
        await world.switches.pause(CAP)
        await world.switches.resume(by="shell:bob", reason="go on", at=world.clock.now())

        assert await world.switches.pause(anew) == anew
        paused = await world.switches.buying()
        await world.switches.lift([anew], by="system", at=world.clock.now())

        assert Buying(pauses=(anew,)) == paused
        assert Buying() == await world.switches.buying()

    async def test_another_pause_leaves_a_limit_lifted(self, world: StorageWorld) -> None:
        """So does a resume that finds nothing to lift."""
        await world.switches.pause(CAP)
        lifted_at = world.clock.now()
        await world.switches.resume(by="shell:bob", reason="go on", at=lifted_at)
        world.clock.advance(LATER)
        await world.switches.pause(ANN)
        await world.switches.resume(by="shell:bob", reason="go on", at=world.clock.now())

        assert Buying(lifted={PauseHolder.SPEND_CAP: lifted_at}) == await world.switches.buying()

    async def test_the_newest_balance_is_kept(self, world: StorageWorld) -> None:
        """An answer that was overtaken by a later one changes nothing."""
        early = Balance(left=Money.of("80.00", "EUR"), at=PLACED_AT)
        late = Balance(left=Money.of("61.99", "EUR"), at=PLACED_AT + LATER)
        await world.switches.note_balance(early)
        first = await world.switches.buying()
        await world.switches.note_balance(late)
        await world.switches.note_balance(early)

        assert (Buying(balance=early), Buying(balance=late)) == (first, await world.switches.buying())

    async def test_a_balance_outlives_a_pause(self, world: StorageWorld) -> None:
        """It says nothing of who may buy."""
        balance = Balance(left=Money.of("80.00", "EUR"), at=PLACED_AT)
        await world.switches.note_balance(balance)
        await world.switches.pause(ANN)
        await world.switches.resume(by="shell:bob", reason="go on", at=world.clock.now())

        assert Buying(balance=balance) == await world.switches.buying()

    async def test_what_a_person_switched_is_in_the_audit(self, world: StorageWorld) -> None:
        """Who paused, who resumed and why, in the same write; what changed nothing is not told."""
        acts = [an_act(action, at=world.clock.now()) for action in (Action.PAUSE, Action.RESUME)]
        for _ in range(2):
            await world.switches.pause(ANN, act=acts[0])
        for _ in range(2):
            await world.switches.resume(by="shell:bob", reason="go on", at=world.clock.now(), act=acts[1])

        rows = (await world.audit.acts(ActFilter(), Slice())).items

        assert acts[::-1] == [row.act for row in rows]

    async def test_a_finding_is_opened_once(self, world: StorageWorld) -> None:
        """However often the pause is renewed."""
        await world.switches.pause(CAP, finding=a_finding(1))
        await world.switches.pause(CAP, finding=a_finding(2))

        assert list(await world.open_subjects()) == [PauseHolder.SPEND_CAP]

    async def test_a_finding_is_settled_with_its_pause(self, world: StorageWorld) -> None:
        """Lifted by the machine or by a person; the next pause opens a new one."""
        await world.switches.pause(CAP, finding=a_finding(1))
        await world.switches.pause(ANN)
        await world.switches.lift([ANN], by="system", at=world.clock.now())
        still_open = list(await world.open_subjects())
        await world.switches.lift([CAP], by="system", at=world.clock.now())
        settled = list(await world.open_subjects())
        await world.switches.pause(CAP, finding=a_finding(2))
        await world.switches.resume(by="shell:bob", reason="looked at it", at=world.clock.now())

        assert (still_open, settled, list(await world.open_subjects())) == ([PauseHolder.SPEND_CAP], [], [])

    async def test_what_waits_is_due_when_a_pause_is_lifted(self, world: StorageWorld) -> None:
        """The `reserve` jobs; any other job keeps its time."""
        late = world.clock.now() + timedelta(hours=1)
        waiting = await world.jobs.ask(a_job(due_at=late), now=world.clock.now())
        await world.jobs.ask(a_job(name=JobName.CHECK_RESERVATION, due_at=late), now=world.clock.now())
        await world.switches.pause(CAP)

        await world.switches.lift([CAP], by="system", at=world.clock.now())

        assert (waiting,) == await due(world)

    async def test_what_waits_is_due_when_a_person_resumes(self, world: StorageWorld) -> None:
        """The same; what is due already is not put off."""
        late = world.clock.now() + timedelta(hours=1)
        first = await world.jobs.ask(a_job("o1-1", due_at=world.clock.now()), now=world.clock.now())
        world.clock.advance(LATER)
        second = await world.jobs.ask(a_job("o2-1", due_at=late), now=world.clock.now())

        await world.switches.resume(by="shell:bob", reason="go on", at=world.clock.now())

        assert (first, second) == await due(world)

    async def test_a_job_that_has_just_seen_the_pause_looks_again(self, world: StorageWorld) -> None:
        """It was about to wait while the pause was lifted: it would wait in vain."""
        await world.switches.pause(ANN)
        job_id = await world.jobs.ask(a_job(due_at=world.clock.now()), now=world.clock.now())
        claimed = await claim(world, job_id)

        await world.switches.resume(by="shell:bob", reason="go on", at=world.clock.now())
        end = JobOutcome(lease=claimed.lease, end=Snooze(until=world.clock.now() + timedelta(hours=1)))
        await world.jobs.end(end, now=world.clock.now())

        assert (job_id,) == await due(world)

    async def test_a_pause_that_fails_stops_nothing(self, world: StorageWorld) -> None:
        """A failure before the commit point: neither pause nor finding."""
        await world.given_commit_fails_before()
        await failure_of(world.switches.pause(CAP, finding=a_finding()))

        assert (Buying(), []) == (await world.switches.buying(), list(await world.open_subjects()))

    async def test_a_pause_without_an_answer_can_be_repeated(self, world: StorageWorld) -> None:
        """A failure after the commit point: it holds, and once more is harmless."""
        await world.given_commit_fails_after()
        await failure_of(world.switches.pause(CAP, finding=a_finding()))

        assert await world.switches.pause(CAP, finding=a_finding(2)) == CAP
        assert list(await world.open_subjects()) == [PauseHolder.SPEND_CAP]

    async def test_a_resume_that_fails_leaves_the_pause(self, world: StorageWorld) -> None:
        """A failure before the commit point: nothing of it is written, and what waits goes on waiting."""
        await world.switches.pause(CAP, finding=a_finding())
        await world.jobs.ask(a_job(due_at=world.clock.now() + LATER), now=world.clock.now())
        await world.given_commit_fails_before()

        await failure_of(world.switches.resume(by="shell:bob", reason="go on", at=world.clock.now()))

        assert Buying(pauses=(CAP,)) == await world.switches.buying()
        assert (list(await world.open_subjects()), await due(world)) == ([PauseHolder.SPEND_CAP], ())

    async def test_a_resume_without_an_answer_can_be_repeated(self, world: StorageWorld) -> None:
        """A failure after the commit point: the pauses are gone, and the second time there is nothing to lift."""
        await world.switches.pause(ANN)
        await world.given_commit_fails_after()
        await failure_of(world.switches.resume(by="shell:bob", reason="go on", at=world.clock.now()))

        assert await world.switches.resume(by="shell:bob", reason="go on", at=world.clock.now()) == ()
