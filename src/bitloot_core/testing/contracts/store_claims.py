"""
The part of the order store's suite about purchases that are claimed: not while buying is paused, and within the budget.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal

import attrs
import pytest

from bitloot_core.order.buying import Balance, Budget, BuyingPaused, Pause, PauseHolder
from bitloot_core.order.events import ReservationClaimed
from bitloot_core.order.ledger import LedgerEntry, LedgerKind
from bitloot_core.order.order import Order
from bitloot_core.order.reservations import ClaimedReservation, DoubtfulReservation, PlannedReservation
from bitloot_core.ports.jobs import Done, JobOutcome
from bitloot_core.ports.store import Change
from bitloot_core.testing.contracts.storage import StorageWorld, claim, place, rewrite
from bitloot_core.testing.orders import PLACED_AT, a_line, a_plan, placed, settled, with_reservation
from bitloot_core.testing.samples import a_change, a_job
from bitloot_core.values.ids import OrderId
from bitloot_core.values.money import Money

DAY = timedelta(days=1)
MIDNIGHT = PLACED_AT.replace(hour=0)
NO_LIMITS = Budget()
CAP = Budget(day_cap=Money.of("25.00", "EUR"))
FLOOR = Budget(floor=Money.of("50.00", "EUR"))
ANN = Pause(holder=PauseHolder.OPERATOR, by="shell:ann", reason="prices look wrong", since=PLACED_AT)


async def given_planned(world: StorageWorld, order_id: str, *, cost: str = "10.00") -> Order:
    """A paid order with a purchase that may be sent, at this cost at most."""
    order = settled(placed(order_id, lines=(a_line(max_cost=cost),)))
    return await place(world, with_reservation(order, PlannedReservation(plan=a_plan(order), planned_at=PLACED_AT)))


def claiming(world: StorageWorld, order: Order, budget: Budget) -> Change:
    """The write that claims the purchase."""
    now = world.clock.now()
    claimed = ClaimedReservation(plan=order.reservations[0].plan, claimed_at=now, asked=1)
    change = a_change(with_reservation(order, claimed), before=order, at=now)
    return attrs.evolve(change, events=(ReservationClaimed(at=now, number=1),), budget=budget)


async def claim_purchase(world: StorageWorld, order_id: str, budget: Budget, *, cost: str = "10.00") -> Order:
    """Claim the purchase of a new order."""
    order = await given_planned(world, order_id, cost=cost)
    await world.store.commit(claiming(world, order, budget))
    return await world.store.get(order.id)


async def stopped(world: StorageWorld, order_id: str, budget: Budget, *, cost: str = "10.00") -> BuyingPaused:
    """What stops the purchase of a new order, which must be as it was afterwards."""
    order = await given_planned(world, order_id, cost=cost)
    with pytest.raises(BuyingPaused) as caught:
        await world.store.commit(claiming(world, order, budget))
    assert order == await world.store.get(order.id)
    return caught.value


async def given_moved(
    world: StorageWorld, kind: LedgerKind, amount: str, *, at: datetime, name: str = "k1", currency: str = "EUR"
) -> None:
    """An entry in the ledger."""
    moved = LedgerEntry(
        order_id=OrderId("books"), kind=kind, external_id=name, amount=Decimal(amount), currency=currency, at=at
    )
    await world.store.commit(Change(at=at, ledger=(moved,)))


class ClaimContract:
    """Whether a purchase may be sent is decided in the write that claims it."""

    async def test_nothing_is_claimed_while_buying_is_paused(self, world: StorageWorld) -> None:
        """Whoever asks is told by whom and why, and nothing of the write is done."""
        await world.switches.pause(ANN)

        paused = await stopped(world, "o1", NO_LIMITS)

        assert (paused.pause, paused.is_new) == (ANN, False)

    async def test_a_refused_claim_leaves_its_job_as_it_was(self, world: StorageWorld) -> None:
        """The job goes on under its lease, and can be ended otherwise."""
        order = await given_planned(world, "o1")
        job = await claim(world, await world.jobs.ask(a_job(), now=world.clock.now()))
        outcome = JobOutcome(lease=job.lease, end=Done())
        await world.switches.pause(ANN)

        with pytest.raises(BuyingPaused):
            await world.store.commit(attrs.evolve(claiming(world, order, NO_LIMITS), outcome=outcome))

        await world.jobs.end(outcome, now=world.clock.now())

    async def test_everything_else_is_written_while_buying_is_paused(self, world: StorageWorld) -> None:
        """A pause stops purchases, not orders."""
        order = await given_planned(world, "o1")
        await world.switches.pause(ANN)

        after = with_reservation(order, PlannedReservation(plan=order.reservations[0].plan, planned_at=MIDNIGHT))
        assert after.reservations == (await rewrite(world, order, after)).reservations

    async def test_a_pause_that_is_over_stops_nothing(self, world: StorageWorld) -> None:
        """Nobody needs to take it away first."""
        await world.switches.pause(attrs.evolve(ANN, until=world.clock.now()))

        order = await claim_purchase(world, "o1", NO_LIMITS)

        assert isinstance(order.reservations[0], ClaimedReservation)

    async def test_what_may_be_spent_counts_against_the_cap(self, world: StorageWorld) -> None:
        """The most that each claimed purchase may cost, until it is answered."""
        await claim_purchase(world, "o1", CAP)
        await claim_purchase(world, "o2", CAP)

        paused = await stopped(world, "o3", CAP)

        assert (paused.pause.holder, paused.is_new) == (PauseHolder.SPEND_CAP, True)
        assert "30.00 EUR" in paused.pause.reason
        assert "25.00 EUR" in paused.pause.reason

    async def test_the_cap_may_be_reached(self, world: StorageWorld) -> None:
        """To the cent."""
        await claim_purchase(world, "o1", CAP, cost="24.99")
        await claim_purchase(world, "o2", CAP, cost="0.01")

        assert (await stopped(world, "o3", CAP, cost="0.01")).pause.holder == PauseHolder.SPEND_CAP

    async def test_what_was_spent_today_counts(self, world: StorageWorld) -> None:
        """Since midnight, UTC; what was spent yesterday does not."""
        await given_moved(world, LedgerKind.CHARGED, "24.99", at=MIDNIGHT - timedelta(microseconds=1), name="yesterday")
        await claim_purchase(world, "o1", CAP)
        await given_moved(world, LedgerKind.CHARGED, "10.00", at=MIDNIGHT, name="today")

        assert "30.00 EUR" in (await stopped(world, "o2", CAP)).pause.reason

    async def test_many_small_amounts_are_added_exactly(self, world: StorageWorld) -> None:
        """A tenth of a euro is no binary fraction."""
        for number in range(150):
            await given_moved(world, LedgerKind.CHARGED, "0.10", at=MIDNIGHT, name=f"k{number}")

        await claim_purchase(world, "o1", CAP)

        assert (await stopped(world, "o2", CAP, cost="0.01")).pause.holder == PauseHolder.SPEND_CAP

    async def test_what_came_back_may_be_spent_again(self, world: StorageWorld) -> None:
        """Returned by the supplier; what buyers paid or got back is another matter."""
        await given_moved(world, LedgerKind.CHARGED, "25.00", at=PLACED_AT)
        await given_moved(world, LedgerKind.RECEIVED, "90.00", at=PLACED_AT)
        await given_moved(world, LedgerKind.REFUNDED, "90.00", at=PLACED_AT)
        before = await stopped(world, "o1", CAP, cost="25.00")
        await given_moved(world, LedgerKind.RETURNED, "25.00", at=PLACED_AT)

        await claim_purchase(world, "o2", CAP, cost="25.00")

        assert "50.00 EUR" in before.pause.reason

    async def test_other_currencies_do_not_count(self, world: StorageWorld) -> None:
        """The supplier charges in the one that the limits are in."""
        await given_moved(world, LedgerKind.CHARGED, "900.00", at=PLACED_AT, currency="USD")

        await claim_purchase(world, "o1", CAP)

    async def test_money_in_doubt_counts(self, world: StorageWorld) -> None:
        """Also on the next day: it may be charged any time. Asking again under the same reference costs no more."""
        claimed = await claim_purchase(world, "o1", CAP, cost="20.00")
        plan = claimed.reservations[0].plan
        doubt = DoubtfulReservation(plan=plan, claimed_at=world.clock.now(), asked=1)
        doubtful = await rewrite(world, claimed, with_reservation(claimed, doubt))
        world.clock.advance(DAY)

        paused = await stopped(world, "o2", CAP)
        await world.store.commit(claiming(world, doubtful, CAP))

        assert "30.00 EUR" in paused.pause.reason

    async def test_a_purchase_that_was_not_made_costs_nothing(self, world: StorageWorld) -> None:
        """It is planned again."""
        claimed = await claim_purchase(world, "o1", CAP, cost="20.00")
        planned = PlannedReservation(plan=claimed.reservations[0].plan, planned_at=PLACED_AT)
        await rewrite(world, claimed, with_reservation(claimed, planned))

        await claim_purchase(world, "o2", CAP, cost="25.00")

    async def test_who_lifts_the_cap_starts_the_count_anew(self, world: StorageWorld) -> None:
        """What was charged before that counts no more today; what is on its way does."""
        await given_moved(world, LedgerKind.CHARGED, "25.00", at=world.clock.now())
        await world.switches.pause((await stopped(world, "o1", CAP)).pause)
        world.clock.advance(timedelta(seconds=1))
        await world.switches.resume(by="shell:bob", reason="a good day", at=world.clock.now())

        await claim_purchase(world, "o2", CAP, cost="20.00")

        assert "30.00 EUR" in (await stopped(world, "o3", CAP)).pause.reason

    async def test_of_many_claims_at_once_those_pass_that_fit(self, world: StorageWorld) -> None:
        """Ten at the same moment, and money for two: no two are both let through for the same money."""
        orders = [await given_planned(world, f"o{number}") for number in range(10)]

        done = await asyncio.gather(
            *(world.store.commit(claiming(world, order, CAP)) for order in orders), return_exceptions=True
        )

        assert [BuyingPaused] * 8 == [type(one) for one in done if isinstance(one, BaseException)]

    async def test_what_may_be_left_must_not_fall_below_the_floor(self, world: StorageWorld) -> None:
        """The balance, less what may be on its way out."""
        balance = Balance(left=Money.of("75.00", "EUR"), at=world.clock.now())
        await world.switches.note_balance(balance)
        await claim_purchase(world, "o1", FLOOR)
        await claim_purchase(world, "o2", FLOOR, cost="15.00")

        paused = await stopped(world, "o3", FLOOR, cost="0.01")

        assert (paused.pause.holder, paused.is_new) == (PauseHolder.BALANCE_FLOOR, True)
        assert "75.00 EUR" in paused.pause.reason
        assert "50.00 EUR" in paused.pause.reason

    async def test_what_was_charged_since_the_reading_is_gone(self, world: StorageWorld) -> None:
        """What was charged before is gone from the balance already."""
        await given_moved(world, LedgerKind.CHARGED, "500.00", at=PLACED_AT - timedelta(seconds=1), name="before")
        await given_moved(world, LedgerKind.CHARGED, "5.00", at=PLACED_AT + timedelta(seconds=1), name="after")
        await world.switches.note_balance(Balance(left=Money.of("60.00", "EUR"), at=PLACED_AT))

        paused = await stopped(world, "o1", FLOOR)
        await claim_purchase(world, "o2", FLOOR, cost="5.00")

        assert "55.00 EUR" in paused.pause.reason

    async def test_a_floor_without_a_balance_stops_everything(self, world: StorageWorld) -> None:
        """What is not known cannot be spent."""
        paused = await stopped(world, "o1", FLOOR)

        assert "not known" in paused.pause.reason

    async def test_who_lifts_the_floor_does_so_for_the_day(self, world: StorageWorld) -> None:
        """On the next day it holds again."""
        await world.switches.note_balance(Balance(left=Money.of("50.00", "EUR"), at=PLACED_AT))
        await world.switches.pause((await stopped(world, "o1", FLOOR)).pause)
        await world.switches.resume(by="shell:bob", reason="the transfer is on its way", at=world.clock.now())
        await claim_purchase(world, "o2", FLOOR)
        world.clock.advance(DAY)

        assert (await stopped(world, "o3", FLOOR)).pause.holder == PauseHolder.BALANCE_FLOOR

    async def test_a_limit_stops_for_a_while_and_no_longer_than_today(self, world: StorageWorld) -> None:
        """It is looked at again by itself, at midnight at the latest."""
        early = await stopped(world, "o1", FLOOR)
        now = MIDNIGHT + DAY - timedelta(minutes=1)
        world.clock.advance(now - world.clock.now())
        late = await stopped(world, "o2", FLOOR)

        assert (PLACED_AT + FLOOR.look_again, MIDNIGHT + DAY) == (early.pause.until, late.pause.until)
