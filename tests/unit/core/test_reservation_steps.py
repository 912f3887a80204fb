"""Each event on each state of a purchase: the right state follows, or it is impossible and nothing changes."""

from collections.abc import Mapping
from datetime import timedelta

import attrs
import pytest

from bitloot_core.order import events as e
from bitloot_core.order.impossible import ImpossibleEvent
from bitloot_core.order.order import Order
from bitloot_core.order.reservation_steps import apply_to_reservations, approve, hold
from bitloot_core.order.reservations import (
    ClaimedReservation,
    CompletedReservation,
    DoubtfulReservation,
    FallenReservation,
    PlacedReservation,
    PlannedReservation,
    RefusedReservation,
    Reservation,
    SupplierWord,
)
from bitloot_core.order.units import HeldUnit
from bitloot_core.testing.milestones import COST, milestones
from bitloot_core.testing.orders import PLACED_AT, a_placed_reservation, a_plan, placed
from bitloot_core.values.ids import StorageRef, SupplierKeyId, SupplierOrderId, UnitId

AT = PLACED_AT + timedelta(hours=2)
ORDER = placed(quantity=2)
PLAN = a_plan(ORDER)
BOUGHT = a_placed_reservation(ORDER, PLAN)
BOUGHT_FIELDS = {
    "plan": PLAN,
    "supplier_order_id": BOUGHT.supplier_order_id,
    "charged": BOUGHT.charged,
}
STATES: tuple[Reservation, ...] = (
    PlannedReservation(plan=PLAN, planned_at=AT),
    ClaimedReservation(plan=PLAN, claimed_at=AT, asked=2),
    DoubtfulReservation(plan=PLAN, claimed_at=AT, asked=2),
    BOUGHT,
    CompletedReservation(**BOUGHT_FIELDS, placed_at=AT, completed_at=AT),
    RefusedReservation(plan=PLAN, code="out-of-stock", reason="none", refused_at=AT),
    FallenReservation(**BOUGHT_FIELDS, word=SupplierWord.REFUNDED, fell_at=AT),
)
EVENTS = (
    e.ReservationClaimed(at=AT, number=1),
    e.ReservationReleased(at=AT, number=1),
    e.ReservationDoubted(at=AT, number=1),
    e.ReservationPlaced(
        at=AT, number=1, supplier_order_id=SupplierOrderId("b9"), charged=COST, word=SupplierWord.PROCESSING
    ),
    e.ReservationRefused(at=AT, number=1, code="out-of-stock", reason="none"),
    e.SupplierProgressed(at=AT, number=1, word=SupplierWord.COMPLETED),
    e.ReservationFell(at=AT, number=1, word=SupplierWord.CANCELLED),
    e.ReservationCompleted(at=AT, number=1),
)
ANSWERED = {e.ReservationPlaced: PlacedReservation, e.ReservationRefused: RefusedReservation}
FOLLOWS: Mapping[type[Reservation], Mapping[type, type[Reservation]]] = {
    PlannedReservation: ANSWERED | {e.ReservationClaimed: ClaimedReservation},
    ClaimedReservation: ANSWERED
    | {e.ReservationReleased: DoubtfulReservation, e.ReservationDoubted: DoubtfulReservation},
    DoubtfulReservation: ANSWERED | {e.ReservationClaimed: ClaimedReservation},
    PlacedReservation: {e.SupplierProgressed: PlacedReservation, e.ReservationFell: FallenReservation},
    CompletedReservation: {},
    RefusedReservation: {},
    FallenReservation: {},
}
"""(state, event) -> the state that follows while units are owed; what is not here is impossible."""


def with_one(res: Reservation) -> Order:
    """The order with this purchase alone."""
    return attrs.evolve(ORDER, reservations=(res,))


def test_every_state_of_a_purchase_is_tried() -> None:
    """One of each class of the union."""
    assert list(FOLLOWS) == [type(state) for state in STATES]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
@pytest.mark.parametrize("state", STATES, ids=lambda state: type(state).__name__)
def test_a_purchase_goes_on_by_the_table(state: Reservation, event: e.OrderStep) -> None:
    """The event leads to the state of the table, or raises and leaves the order as it was."""
    order = with_one(state)
    before = attrs.evolve(order)
    expected = FOLLOWS[type(state)].get(type(event))

    try:
        found = type(apply_to_reservations(order, event).reservations[0])
    except ImpossibleEvent:
        found = None

    assert expected is found
    assert before == order


def test_the_first_try_that_was_not_taken_leaves_the_plan() -> None:
    """Nothing was ever sent, so nothing is in doubt."""
    order = with_one(ClaimedReservation(plan=PLAN, claimed_at=AT, asked=1))

    (res,) = apply_to_reservations(order, e.ReservationReleased(at=AT, number=1)).reservations

    assert PlannedReservation(plan=PLAN, planned_at=AT) == res


def test_tries_are_counted() -> None:
    """Each claim is one; a try that was not taken is given back."""
    claimed = apply_to_reservations(with_one(STATES[2]), e.ReservationClaimed(at=AT, number=1))
    released = apply_to_reservations(claimed, e.ReservationReleased(at=AT, number=1))

    assert [claimed.reservations[0].asked, released.reservations[0].asked] == [3, 2]


def test_a_purchase_is_complete_when_all_its_units_are_held() -> None:
    """Not before."""
    fulfilled = milestones()["fulfilled"].order
    placed_ = attrs.evolve(fulfilled, reservations=(BOUGHT,))

    (res,) = apply_to_reservations(placed_, e.ReservationCompleted(at=AT, number=1)).reservations

    assert isinstance(res, CompletedReservation)
    assert res.completed_at == AT


def test_approval_is_for_what_is_in_doubt() -> None:
    """A person lets a silent purchase be asked for again; nothing else changes."""
    order = attrs.evolve(ORDER, reservations=STATES)

    after = approve(order).reservations

    assert [state for state in STATES if state not in after] == [STATES[2]]
    assert attrs.evolve(STATES[2], approved=True) in after


def key(unit: str = "1.1", *, number: int = 1, name: str = "k1") -> e.KeyHeld:
    """A key of a purchase is held for a unit."""
    return e.KeyHeld(
        at=AT,
        unit_id=UnitId(unit),
        number=number,
        supplier_key_id=SupplierKeyId(name),
        storage_ref=StorageRef(f"sealed-{name}"),
    )


def test_a_unit_holds_its_key() -> None:
    """With the purchase that brought it."""
    after = hold(with_one(BOUGHT), key())

    assert after.units[0] == HeldUnit(
        id=UnitId("1.1"),
        line=1,
        storage_ref=StorageRef("sealed-k1"),
        supplier_key_id=SupplierKeyId("k1"),
        reservation=1,
        held_at=AT,
    )
    assert ORDER.units[1] == after.units[1]


@pytest.mark.parametrize(
    ("state", "event", "why"),
    [
        (BOUGHT, key("9.9"), "unit 9.9 is not owed"),
        (BOUGHT, key(number=7), "purchase 7 brings no key"),
        (STATES[0], key(), "purchase 1 brings no key"),
        (attrs.evolve(BOUGHT, plan=a_plan(placed())), key("1.2"), "brings no key for unit 1.2"),
    ],
)
def test_a_key_goes_to_no_unit_that_it_was_not_bought_for(state: Reservation, event: e.KeyHeld, why: str) -> None:
    """I2: owed, and of a placed purchase that was for it."""
    with pytest.raises(ImpossibleEvent, match=why):
        hold(with_one(state), event)


def test_two_units_never_hold_one_key() -> None:
    """I2: a supplier key id is on one unit, whatever became of that unit."""
    once = hold(with_one(BOUGHT), key("1.1"))

    with pytest.raises(ImpossibleEvent, match="another unit has had this key"):
        hold(once, key("1.2"))
    with pytest.raises(ImpossibleEvent, match="not owed"):
        hold(once, key("1.1", name="k2"))
