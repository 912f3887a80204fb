"""What an order needs done is read off its state: nothing that it waits for is forgotten, nothing else is asked for."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import attrs
import pytest

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Cancelled, Fulfilled, LiveLink, Order, Refunded
from bitloot_core.order.policy import Policy
from bitloot_core.order.reservations import CompletedReservation, DoubtfulReservation, PlacedReservation
from bitloot_core.order.upkeep import MEMORY, Need, is_left_hanging, may_expire, needs_of
from bitloot_core.testing.order_states import every_state
from bitloot_core.testing.orders import (
    PLACED_AT,
    a_finding,
    a_line,
    a_plan,
    fulfilled,
    held,
    opened,
    placed,
    reserved,
    settled,
    voided,
    with_finding,
    with_reservation,
)
from bitloot_core.values.ids import LinkId

POLICY = Policy()
SOON = PLACED_AT + timedelta(minutes=10)
BY = {"by": "admin:ann", "reason": "asked for"}

NEEDS: Mapping[str, tuple[str, ...]] = {
    "placed": ("expire:o1",),
    "expired": ("check-payment:o1/1",),
    "payment-intended": ("expire:o1",),
    "payment-doubtful": ("expire:o1",),
    "payment-refused": ("expire:o1",),
    "payment-open": ("expire:o1", "check-payment:o1/1"),
    "payment-confirming": ("check-payment:o1/1",),
    "payment-short": ("check-payment:o1/1",),
    "payment-reviewed": ("check-payment:o1/1",),
    "payment-void-expired": ("check-payment:o1/1",),
    "payment-void-failed": ("check-payment:o1/1",),
    "payment-void-refunded": ("check-payment:o1/1",),
    "payment-void-cancelled": ("check-payment:o1/1",),
    "two-payments": ("expire:o1", "check-payment:o1/1", "check-payment:o1/2"),
    "reservation-planned": ("reserve:o1-1",),
    "reservation-planned-preorder": ("reserve:o1-1",),
    "reservation-claimed": ("reserve:o1-1",),
    "reservation-doubtful": ("reserve:o1-1",),
    **{
        f"reservation-placed-{word}": ("check-reservation:o1-1",)
        for word in ("processing", "completed", "canceled", "refunded", "unrecognised")
    },
    "two-reservations": ("check-reservation:o1-2",),
    "return-asked": ("return-keys:o1/going-back",),
    "unit-held": ("check-reservation:o1-1",),
    "unit-returned": ("check-reservation:o1-1",),
    "unit-replaced": ("check-reservation:o1-1",),
    # As the builders make it: with its last key held, and its purchase not completed yet.
    "fulfilled": ("check-reservation:o1-1", "send-mail:o1/delivery/linko1"),
    # The same, of a buyer whom nobody can write to any more.
    "forgotten": ("check-reservation:o1-1",),
}
"""By the name of a state; a state that is not named needs nothing."""


def needs(order: Order, *, at: datetime = SOON) -> tuple[str, ...]:
    """The jobs that the state calls for, by name and subject."""
    return tuple(f"{need.job.name}:{need.job.ref}" for need in found(order, at=at))


def found(order: Order, *, at: datetime = SOON) -> tuple[Need, ...]:
    """What the state calls for."""
    return needs_of(order, now=at, policy=POLICY)


@pytest.mark.parametrize("state", every_state())
def test_each_state_needs_its_own_jobs(state: str) -> None:
    """And no other: every state that a part of an order can have."""
    assert NEEDS.get(state, ()) == needs(every_state()[state])


def linked(order: Order, *, at: datetime = PLACED_AT) -> Order:
    """The order with a link to its keys."""
    link = LiveLink(id=LinkId("l7"), issued_at=at, expires_at=at + timedelta(days=14))
    return attrs.evolve(order, link=link)


def delivered(*, at: datetime = PLACED_AT) -> Order:
    """An order that was fulfilled at a time, with its link."""
    order = attrs.evolve(linked(fulfilled(settled(placed())), at=at), closing=Fulfilled(at=at))
    return attrs.evolve(order, reservations=())


def test_a_delivered_order_needs_its_mail_once() -> None:
    """The mail leaves no trace in the order, so its job is enough, also if it is done."""
    (need,) = found(delivered())

    assert (need.job.name, need.job.ref, need.once) == ("send-mail", "o1/delivery/l7", True)
    assert need.job.due_at == SOON


def test_an_old_delivery_needs_no_mail() -> None:
    """Jobs that are done are cleared away, and the mail must not go out again because of that."""
    assert needs(delivered(), at=PLACED_AT + MEMORY) == ()


def test_a_fresh_link_needs_a_mail() -> None:
    """However long ago the order was fulfilled."""
    order = attrs.evolve(delivered(), link=linked(placed(), at=SOON).link)

    assert needs(order, at=SOON) == ("send-mail:o1/delivery/l7",)
    assert needs(attrs.evolve(order, closing=Fulfilled(at=PLACED_AT - MEMORY))) == ("send-mail:o1/delivery/l7",)


def test_a_link_to_part_of_the_keys_needs_a_mail_in_a_while() -> None:
    """Fifteen minutes after the first key, unless the rest has come by then."""
    order = linked(held(settled(placed(quantity=2)), units=1))

    (need,) = found(order)

    assert (need.job.ref, need.once) == ("o1/partly/first", True)
    assert PLACED_AT + POLICY.partly_ready == need.job.due_at


def test_keys_that_may_not_go_out_need_no_mail() -> None:
    """After a refund, say."""
    order = attrs.evolve(delivered(), closing=Refunded(at=SOON, **BY))

    assert needs(order) == ()


def test_a_preorder_is_looked_at_when_it_is_released() -> None:
    """Not for months before."""
    line = attrs.evolve(a_line(), release_date=date(2027, 3, 1))

    (need,) = found(reserved(settled(placed(lines=(line,)))))

    assert need.job.due_at == datetime.fromisoformat("2027-03-01T00:00:00+00:00")


def test_an_order_that_was_given_up_is_looked_at_later() -> None:
    """So that many of them do not keep the gateway from the others."""
    (need,) = found(every_state()["expired"])

    assert need.job.due_at == SOON + POLICY.payment_poll[-1]


def test_a_payment_is_looked_at_until_a_day_after_it_is_void() -> None:
    """And no longer."""
    over = PLACED_AT + timedelta(days=8)

    assert needs(every_state()["expired"], at=over) == ("check-payment:o1/1",)
    assert needs(every_state()["expired"], at=over + timedelta(seconds=1)) == ()


def test_an_order_left_hanging_needs_one_more_look() -> None:
    """It hopes for money, nobody asks about it any more, and nobody was told: that look tells a person."""
    order = every_state()["payment-confirming"]
    late = PLACED_AT + timedelta(days=9)

    assert is_left_hanging(order, now=late, policy=POLICY)
    assert needs(order, at=late) == ("check-payment:o1/1",)
    assert needs(with_finding(order), at=late) == ()


def test_a_purchase_that_a_person_was_asked_about_is_not_asked_for() -> None:
    """The answer asks for it."""
    order = every_state()["reservation-doubtful"]
    doubt = FindingReason.SUPPLIER_DOUBT
    told = with_finding(order, a_finding(order, reason=doubt, subject="o1-1", blocking=True))
    aside = with_finding(order, a_finding(order, reason=doubt, subject="o1-1", blocking=False))
    other = with_finding(order, a_finding(order, reason=doubt, subject="o1-7", blocking=True))

    assert (needs(told), needs(aside), needs(other)) == ((), (), ("reserve:o1-1",))


def test_a_purchase_without_money_waits_for_the_person_who_was_told() -> None:
    """No payment counts any more: whoever was told lets one count, or records the refund."""
    order = with_reservation(opened(placed()), every_state()["reservation-planned"].reservations[0])
    told = with_finding(order, a_finding(order, subject="pay-o1-1", blocking=True))

    assert "reserve:o1-1" in needs(order)
    assert "reserve:o1-1" not in needs(told)


@pytest.mark.parametrize("job", ["reserve:o1-1", "check-reservation:o1-1", "check-payment:o1/1", "expire:o1"])
def test_a_job_that_was_given_up_is_not_asked_for(job: str) -> None:
    """I11: a dead letter stays dead until the person who was told answers, also where it holds nobody up."""
    name = {"reserve": "reservation-claimed", "check-reservation": "unit-held"}.get(job.partition(":")[0])
    order = every_state()[name or "payment-open"]
    dead = a_finding(order, reason=FindingReason.DEAD_JOB, subject=job, blocking=False)

    assert job in needs(order)
    assert job not in needs(with_finding(order, dead))


@pytest.mark.parametrize("closing", [Refunded(at=SOON, **BY), Cancelled(at=SOON, **BY)])
def test_a_closed_order_buys_nothing_and_looks_for_what_went_through(closing: Refunded | Cancelled) -> None:
    """A purchase that was on its way may have been made; what was only planned is dropped."""
    planned, claimed, doubtful = (
        attrs.evolve(every_state()[f"reservation-{state}"], closing=closing)
        for state in ("planned", "claimed", "doubtful")
    )
    (res,) = doubtful.reservations
    assert isinstance(res, DoubtfulReservation)

    assert needs(planned) == ()
    assert needs(claimed) == ("reserve:o1-1",)
    assert needs(doubtful) == ("reserve:o1-1",)
    assert needs(doubtful, at=res.claimed_at + POLICY.supplier_quiet) == ("reserve:o1-1",)  # which gives it up


def test_a_key_that_came_in_an_event_is_held_against_the_list() -> None:
    """Once, and within the time that the supplier has for it."""
    order = attrs.evolve(held(settled(placed()), supplier_key_id="event:9f2c"), link=placed().link)
    plan = a_plan(placed())
    done = CompletedReservation(
        plan=plan,
        supplier_order_id=_placed(order).supplier_order_id,
        charged=_placed(order).charged,
        placed_at=SOON,
        completed_at=SOON,
    )
    order = with_reservation(order, done)

    (need,) = found(order)

    assert (need.job.name, need.job.ref, need.once) == ("check-reservation", "o1-1", True)
    assert needs(order, at=SOON + POLICY.supplier_alarm) == ()


def _placed(order: Order) -> PlacedReservation:
    """The same purchase, before it was complete."""
    (res,) = reserved(attrs.evolve(order, units=placed().units)).reservations
    assert isinstance(res, PlacedReservation)
    return res


def test_an_order_may_expire_while_nobody_has_paid() -> None:
    """Not once money was seen on it."""
    assert may_expire(opened(placed()))
    assert not may_expire(voided(placed()))
    assert not may_expire(every_state()["payment-stray"])
    assert not may_expire(settled(placed()))
