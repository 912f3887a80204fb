"""Pauses and limits, decided on values alone."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from bitloot_core.order.buying import Balance, Budget, Buying, BuyingPaused, Pause, PauseHolder, Spent
from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.money import Money

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
MIDNIGHT = NOON.replace(hour=0)
DAY = timedelta(days=1)
ANN = Pause(holder=PauseHolder.OPERATOR, by="shell:ann", reason="prices look wrong", since=NOON)


def euros(text: str) -> Money:
    """An amount."""
    return Money.of(text, "EUR")


def spent(counted: str = "0", unanswered: str = "0", since_reading: str = "0") -> Spent:
    """What purchases took."""
    return Spent(counted=euros(counted), unanswered=euros(unanswered), since_reading=euros(since_reading))


CAP = Budget(day_cap=euros("100"))
FLOOR = Budget(floor=euros("50"))
READ = Buying(balance=Balance(left=euros("80"), at=NOON))


def test_a_pause_of_a_person_is_never_over() -> None:
    """A machine's is, from its end on."""
    machine = attrs.evolve(ANN, until=NOON)

    assert not ANN.is_over(NOON + 1000 * DAY)
    assert (machine.is_over(NOON - timedelta(microseconds=1)), machine.is_over(NOON)) == (False, True)


def test_the_oldest_pause_in_force_is_told() -> None:
    """One that is over stops nothing, even if it was first."""
    over = attrs.evolve(ANN, holder=PauseHolder.SPEND_CAP, until=NOON)
    buying = Buying(pauses=(over, ANN))

    assert (ANN, (over,)) == (buying.pause_at(NOON), buying.over_at(NOON))
    with pytest.raises(BuyingPaused, match="paused by shell:ann: prices look wrong") as caught:
        buying.require_open(NOON)
    assert (caught.value.code, caught.value.is_new) == ("buying-paused", False)
    Buying(pauses=(over,)).require_open(NOON)


def test_a_pause_that_is_over_holds_nothing() -> None:
    """Neither its own holder's, nor another's."""
    buying = Buying(pauses=(attrs.evolve(ANN, holder=PauseHolder.SPEND_CAP, until=NOON), ANN))

    assert {holder for holder in PauseHolder if buying.is_held_by(holder, NOON)} == {PauseHolder.OPERATOR}
    assert buying.is_held_by(PauseHolder.SPEND_CAP, NOON - timedelta(microseconds=1))


def test_limits_are_in_one_currency() -> None:
    """A sum of two would be none."""
    with pytest.raises(InvalidInput, match=r"^floor is in USD, and the cap in EUR"):
        Budget(day_cap=euros("100"), floor=Money.of("50", "USD"))
    assert Budget(day_cap=euros("100"), floor=euros("50")).currency == "EUR"


ABOVE_THE_CAP = {"charged": spent("100.01"), "with what may be": spent("60", "40.01")}
UP_TO_THE_CAP = {
    "charged": spent("100"),
    "with what may be": spent("60", "40"),
    "more came back today than was bought": spent("-20", "120"),
}
BELOW_THE_FLOOR = {
    "what may be": spent(unanswered="30.01"),
    "with what was charged since": spent(since_reading="20", unanswered="10.01"),
}
DOWN_TO_THE_FLOOR = {
    "what may be": spent(unanswered="30"),
    "with what was charged since": spent(since_reading="20", unanswered="10"),
    "what was gone before it was read": spent(counted="900", unanswered="30"),
}


@pytest.mark.parametrize("taken", UP_TO_THE_CAP.values(), ids=UP_TO_THE_CAP)
def test_the_cap_may_be_reached(taken: Spent) -> None:
    """What was charged, and what may still be."""
    CAP.require_room(Buying(), taken, NOON)


@pytest.mark.parametrize("taken", ABOVE_THE_CAP.values(), ids=ABOVE_THE_CAP)
def test_the_cap_is_not_passed(taken: Spent) -> None:
    """By a cent; the pause is a new one, and is looked at again."""
    stopped = stop(CAP, Buying(), taken)

    assert (PauseHolder.SPEND_CAP, NOON, NOON + CAP.look_again) == (stopped.holder, stopped.since, stopped.until)


@pytest.mark.parametrize("taken", DOWN_TO_THE_FLOOR.values(), ids=DOWN_TO_THE_FLOOR)
def test_the_floor_may_be_reached(taken: Spent) -> None:
    """The balance, less what was charged since it was read, less what may still be."""
    FLOOR.require_room(READ, taken, NOON)


@pytest.mark.parametrize("taken", BELOW_THE_FLOOR.values(), ids=BELOW_THE_FLOOR)
def test_the_balance_does_not_fall_below_the_floor(taken: Spent) -> None:
    """By a cent."""
    assert PauseHolder.BALANCE_FLOOR is stop(FLOOR, READ, taken).holder


def test_a_balance_that_is_not_known_is_too_little() -> None:
    """Nothing is bought on a guess."""
    stopped = stop(FLOOR, Buying(), spent())

    assert (stopped.holder, "not known" in stopped.reason) == (PauseHolder.BALANCE_FLOOR, True)


def test_without_limits_everything_fits() -> None:
    """And there is nothing to count."""
    assert Budget().currency is None
    Budget().require_room(Buying(), spent("1000000", "1000000"), NOON)


def stop(budget: Budget, buying: Buying, taken: Spent, now: datetime = NOON) -> Pause:
    """The new pause that a purchase leads to."""
    with pytest.raises(BuyingPaused) as caught:
        budget.require_room(buying, taken, now)
    assert caught.value.is_new
    return caught.value.pause


def test_the_count_begins_at_midnight_or_when_the_cap_was_lifted() -> None:
    """Whichever is later; a floor that was lifted changes nothing in it."""

    def since(**lifted: datetime) -> datetime:
        return CAP.counts_from(Buying(lifted={PauseHolder[name]: at for name, at in lifted.items()}), NOON)

    assert since() == MIDNIGHT
    assert since(SPEND_CAP=MIDNIGHT - DAY) == MIDNIGHT
    assert since(SPEND_CAP=MIDNIGHT + timedelta(hours=3)) == MIDNIGHT + timedelta(hours=3)
    assert since(BALANCE_FLOOR=NOON) == MIDNIGHT


def test_a_pause_for_a_limit_ends_with_its_day() -> None:
    """What was spent today counts no more tomorrow."""
    late = MIDNIGHT + DAY - timedelta(minutes=1)

    assert stop(CAP, Buying(), spent("100.01"), late).until == MIDNIGHT + DAY


@pytest.mark.usefixtures("far_east")
def test_a_day_of_spending_is_a_day_in_utc() -> None:
    """Wherever the machine stands: a shop on two of them has one cap, and not two."""
    evening = MIDNIGHT + timedelta(hours=20)

    assert CAP.counts_from(Buying(), evening) == MIDNIGHT


def test_a_floor_that_was_lifted_holds_again_on_the_next_day() -> None:
    """At midnight, UTC."""
    lifted = attrs.evolve(READ, lifted={PauseHolder.BALANCE_FLOOR: MIDNIGHT})

    assert FLOOR.has_floor(READ, NOON)
    assert not FLOOR.has_floor(lifted, MIDNIGHT + DAY - timedelta(microseconds=1))
    assert FLOOR.has_floor(lifted, MIDNIGHT + DAY)
    assert not CAP.has_floor(READ, NOON)


def test_a_balance_is_read_when_it_is_old_and_matters() -> None:
    """A minute old; where there is no floor nobody asks."""
    later = NOON + FLOOR.balance_age

    assert FLOOR.needs_reading(Buying(), NOON)
    assert (FLOOR.needs_reading(READ, NOON), FLOOR.needs_reading(READ, later)) == (False, True)
    assert not CAP.needs_reading(Buying(), NOON)
