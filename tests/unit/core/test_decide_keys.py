"""Keys that went wrong: replaced, or given back; what the order is otherwise stays as it is."""

from datetime import date, timedelta
from decimal import Decimal

import attrs
import pytest

from bitloot_core.order import commands as c
from bitloot_core.order import staff_commands as sc
from bitloot_core.order import staff_events as s
from bitloot_core.order.decide_keys import returnable_until
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.impossible import ImpossibleEvent
from bitloot_core.order.jobs import JobName
from bitloot_core.order.ledger import LedgerKind
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.reservations import CompletedReservation, PlacedReservation, SupplierWord
from bitloot_core.order.returns import AcceptedReturn, AskedReturn, RefusedReturn
from bitloot_core.order.status import Status
from bitloot_core.order.transitions import evolve
from bitloot_core.order.units import OwedUnit, ReplacedUnit, ReturnedUnit
from bitloot_core.testing.milestones import bought, hold, key_for, milestones
from bitloot_core.testing.orders import PLACED_AT
from bitloot_core.testing.story import Story
from bitloot_core.values.errors import NotFound
from bitloot_core.values.ids import SupplierKeyId, SupplierOrderId, UnitId
from bitloot_core.values.money import Money

PLACES = milestones()
FULFILLED, REFUNDED = PLACES["fulfilled"], PLACES["refunded, going back"]
BY = {"by": "admin:ann", "reason": "used up"}
PURCHASE = SupplierOrderId("bought-1")


def bad_key(unit: str = "1.1", *, from_supplier: bool = False) -> sc.ReplaceKey:
    """The key of a unit is bad."""
    return sc.ReplaceKey(unit_id=UnitId(unit), from_supplier=from_supplier, **BY)


def give_back(name: str = PURCHASE) -> sc.ReturnKeys:
    """The keys of a purchase are to go back."""
    return sc.ReturnKeys(supplier_order_id=SupplierOrderId(name), **BY)


def went_back(*keys: str, pending: int = 0) -> sc.RecordReturn:
    """The supplier took them."""
    return sc.RecordReturn(supplier_order_id=PURCHASE, keys=tuple(map(SupplierKeyId, keys)), pending=pending)


def test_a_bad_key_is_quarantined_and_linked_to_the_one_in_its_place() -> None:
    """It is never shown again, and never forgotten."""
    story = FULFILLED.when(bad_key())

    old, new = story.order.unit(UnitId("1.1")), story.order.unit(UnitId("1.3"))
    assert isinstance(old, ReplacedUnit)
    assert (new, story.order.owed) == (OwedUnit(id=UnitId("1.3"), line=1), (new,))
    assert (UnitId("1.3"), "sealed-1.1") == (old.replaced_by, old.storage_ref)


def test_a_fulfilled_order_stays_fulfilled() -> None:
    """While the key is owed, bought and held; the buyer gets a mail with a link of its own."""
    story = FULFILLED.when(bad_key())
    planned = story.order.reservations[-1]
    story = story.when(c.ClaimPurchase(number=2), bought(2, charged=Money.of("8.50", "EUR")))
    after = story.when(hold(story, key_for("1.3"), number=2, link="link2"))

    assert {Status.FULFILLED} == {story.shown, after.shown}
    assert (UnitId("1.3"),) == planned.plan.units
    assert after.order.owed == ()
    assert [job.name for job in after.jobs if job.ref.endswith("link2")] == [JobName.SEND_MAIL]
    assert isinstance(after.order.reservations[-1], CompletedReservation)


def test_only_the_bad_key_is_bought_anew() -> None:
    """What else is owed may wait for a decision of its own."""
    story = PLACES["fulfilling, fallen"].when(bad_key())

    assert (UnitId("1.3"),) == story.order.reservations[-1].plan.units
    assert [UnitId("1.2")] == [unit.id for unit in story.order.unbought]


def test_replacing_a_key_that_the_supplier_replaces_buys_nothing() -> None:
    """Its purchase is looked at again, and the key that it then shows is the one."""
    story = FULFILLED.when(bad_key(from_supplier=True))
    (res,) = story.order.reservations
    after = story.when(hold(story, key_for("1.3"), link="link2"))

    assert isinstance(res, PlacedReservation)
    assert (res.plan.units, res.word) == (("1.3", "1.2"), SupplierWord.COMPLETED)
    assert JobName.CHECK_RESERVATION is story.jobs[-1].name
    assert isinstance(after.order.reservations[0], CompletedReservation)
    assert (after.shown, after.order.owed) == (Status.FULFILLED, ())


def test_a_purchase_that_is_still_open_keeps_the_suppliers_word() -> None:
    """It was not complete, and is not made so."""
    story = PLACES["fulfilling, one held"].when(bad_key(from_supplier=True))
    (res,) = story.order.reservations

    assert isinstance(res, PlacedReservation)
    assert SupplierWord.PROCESSING is res.word


def test_a_key_is_replaced_once() -> None:
    """Pressing it again does nothing; the one in its place can be bad, too."""
    story = FULFILLED.when(bad_key())
    again = story.when(bad_key())
    story = story.when(c.ClaimPurchase(number=2), bought(2))
    third = story.when(hold(story, key_for("1.3"), number=2, link="l2")).when(bad_key("1.3"))

    assert again.last == ()
    assert [UnitId("1.4")] == [unit.id for unit in third.order.owed]


def test_a_replaced_key_settles_what_was_told_of_it() -> None:
    """That it cannot be opened is answered."""
    told = c.OpenFinding(reason=FindingReason.KEY_UNREADABLE, subject="1.1", text="It does not open.", blocking=True)
    story = FULFILLED.when(told).when(bad_key())

    assert story.order.findings == ()


@pytest.mark.parametrize("place", ["fulfilled, forgotten", "refunded, going back", "fulfilling"])
def test_what_the_buyer_may_not_see_is_not_replaced(place: str) -> None:
    """Nobody would get it."""
    with pytest.raises(TransitionRefused) as refusal:
        PLACES[place].when(bad_key())

    assert refusal.value.code == "not-replaceable"


def test_a_unit_that_is_not_there_is_not_found() -> None:
    """The order has two."""
    with pytest.raises(NotFound):
        FULFILLED.when(bad_key("7.7"))


def test_an_order_that_was_put_aside_gets_no_new_key() -> None:
    """Take it up again first."""
    with pytest.raises(TransitionRefused) as refusal:
        FULFILLED.when(sc.ParkOrder(**BY)).when(bad_key())

    assert refusal.value.code == "parked"


def test_a_purchase_that_fell_brings_no_other_key() -> None:
    """Another has to be bought."""
    with pytest.raises(TransitionRefused) as refusal:
        PLACES["fulfilling, fallen"].when(bad_key(from_supplier=True))

    assert refusal.value.code == "not-replaceable"


@pytest.mark.parametrize(
    "event",
    [
        s.UnitReplaced(at=PLACED_AT, unit_id=UnitId("9.9"), replaced_by=UnitId("1.3"), in_purchase=None, **BY),
        s.UnitReplaced(at=PLACED_AT, unit_id=UnitId("1.1"), replaced_by=UnitId("1.2"), in_purchase=None, **BY),
        s.UnitReplaced(at=PLACED_AT, unit_id=UnitId("1.1"), replaced_by=UnitId("1.3"), in_purchase=7, **BY),
        s.KeysReturned(at=PLACED_AT, supplier_order_id=PURCHASE, keys=(), pending=0),
        s.ReturnRefused(at=PLACED_AT, supplier_order_id=PURCHASE, code="too-late", reason="over"),
    ],
)
def test_events_that_cannot_follow_are_refused(event: s.StaffStep) -> None:
    """They are faults of this program, and change nothing."""
    with pytest.raises(ImpossibleEvent):
        evolve(FULFILLED.order, event)


def test_keys_of_a_refunded_order_go_back() -> None:
    """Held ones are gone for good, and what they cost is credited."""
    story = REFUNDED.when(went_back("key-1.1", "key-1.2"))

    assert [ReturnedUnit, ReturnedUnit] == [type(unit) for unit in story.order.units]
    assert isinstance(story.order.return_of(PURCHASE), AcceptedReturn)
    assert [Money.of("17.00", "EUR").amount] == [
        entry.amount for entry in story.ledger if entry.kind is LedgerKind.RETURNED
    ]


def test_a_part_that_goes_back_is_credited_by_its_share() -> None:
    """All keys of the purchase cost the same."""
    story = REFUNDED.when(went_back("key-1.1", pending=1))

    assert [Money.of("8.50", "EUR").amount] == [
        entry.amount for entry in story.ledger if entry.kind is LedgerKind.RETURNED
    ]


@pytest.mark.parametrize(
    ("keys", "credited"),
    [(("key-1.1", "key-1.3"), []), (("key-1.3",), []), (("key-1.1", "key-1.2", "key-1.3"), [Decimal("17.00")])],
)
def test_a_bad_key_and_the_one_that_came_for_it_are_not_credited_twice(
    keys: tuple[str, ...], credited: list[Decimal]
) -> None:
    """The supplier put the other into the same purchase for nothing: all of it can be told, and no part."""
    story = FULFILLED.when(bad_key(from_supplier=True))
    story = story.when(hold(story, key_for("1.3"), link="link2")).when(c.RecordRefund(**BY)).when(give_back())

    after = story.when(went_back(*keys, pending=3 - len(keys)))

    assert credited == [entry.amount for entry in after.ledger if entry.kind is LedgerKind.RETURNED]


@pytest.mark.parametrize(
    ("keys", "charged"), [((), "17.00"), (("key-1.1",), "17.01"), (("key-1.1", "key-1.2", "key-9"), "17.00")]
)
def test_what_cannot_be_told_is_not_credited(keys: tuple[str, ...], charged: str) -> None:
    """An entry in the ledger is a fact, not a guess."""
    res = attrs.evolve(REFUNDED.order.reservations[0], charged=Money.of(charged, "EUR"))
    story = attrs.evolve(REFUNDED, order=attrs.evolve(REFUNDED.order, reservations=(res,)))

    after = story.when(went_back(*keys, pending=1))

    assert all(entry.kind is not LedgerKind.RETURNED for entry in after.ledger)


def test_asking_for_a_return_asks_a_worker() -> None:
    """One job, however often it is asked for."""
    again = REFUNDED.when(give_back())

    assert isinstance(REFUNDED.order.return_of(PURCHASE), AskedReturn)
    assert [job.name for job in REFUNDED.jobs if job.ref == f"o1/{PURCHASE}"] == [JobName.RETURN_KEYS]
    assert again.last == ()
    assert again.when(went_back("key-1.1")).when(give_back()).last == ()
    assert again.when(went_back("key-1.1")).when(went_back("key-1.1")).last == ()


def test_a_refused_return_is_told_and_can_be_asked_for_again() -> None:
    """The supplier may think better of it; the finding is settled when it does."""
    refusal = sc.RecordReturnRefusal(supplier_order_id=PURCHASE, code="too-late", reason="a day is over")
    refused = REFUNDED.when(refusal)
    again = refused.when(refusal)
    done = refused.when(give_back()).when(went_back("key-1.1", "key-1.2"))

    assert isinstance(refused.order.return_of(PURCHASE), RefusedReturn)
    assert [one.reason for one in refused.order.findings] == [FindingReason.RETURN_REFUSED]
    assert again.last == ()
    assert done.order.findings == ()


def test_keys_that_came_after_the_refund_are_answered_for() -> None:
    """The finding that told of them is settled with their return."""
    story = PLACES["refunded, bought"]
    story = story.when(hold(story, key_for("1.1"))).when(give_back())
    told = [one.reason for one in story.order.findings]

    after = story.when(went_back("key-1.1"))

    assert told == [FindingReason.KEYS_AFTER_REFUND]
    assert after.order.findings == ()


def test_a_surplus_purchase_goes_back() -> None:
    """It is none of the order's, but the order tells of it."""
    story = PLACES["paid, no stock"].when(bought(name="surplus")).when(give_back("surplus"))
    told = [one.reason for one in story.order.findings if one.subject == "surplus"]
    back = sc.RecordReturn(supplier_order_id=SupplierOrderId("surplus"), keys=(SupplierKeyId("k9"),), pending=0)

    after = story.when(back)

    assert told == [FindingReason.SURPLUS_PURCHASE]
    assert not [one for one in after.order.findings if one.subject == "surplus"]
    assert all(entry.kind is not LedgerKind.RETURNED for entry in after.ledger)


def test_a_strange_purchase_does_not_go_back() -> None:
    """Nobody told of it."""
    with pytest.raises(NotFound):
        FULFILLED.when(give_back("strange"))


def test_a_preorder_does_not_go_back() -> None:
    """The supplier takes none."""
    story = PLACES["refunded, bought"]
    res = story.order.reservations[0]
    items = tuple(attrs.evolve(item, release_date=date(2026, 3, 1)) for item in res.plan.items)
    preorder = attrs.evolve(res, plan=attrs.evolve(res.plan, items=items))
    story = attrs.evolve(story, order=attrs.evolve(story.order, reservations=(preorder,)))

    with pytest.raises(TransitionRefused) as refusal:
        story.when(give_back())

    assert refusal.value.code == "not-returnable"


def test_a_day_after_the_first_key_it_is_too_late() -> None:
    """The countdown runs from the first key that came; before any came, there is none."""
    story = FULFILLED.when(c.RecordRefund(**BY))
    res = story.order.reservations[0]
    until = returnable_until(story.order, res)
    assert until is not None

    early = story.later(until - story.now - timedelta(seconds=1)).when(give_back())
    with pytest.raises(TransitionRefused) as refusal:
        story.later(until - story.now).when(give_back())

    assert min(unit.held_at for unit in story.order.held) + timedelta(hours=24) == until
    assert isinstance(early.order.return_of(PURCHASE), AskedReturn)
    assert refusal.value.code == "too-late"
    assert returnable_until(PLACES["refunded, bought"].order, res) is None


def test_a_story_keeps_its_place() -> None:
    """The places that these tests begin at are what they are called."""
    assert isinstance(REFUNDED, Story)
    assert (FULFILLED.shown, REFUNDED.shown) == (Status.FULFILLED, Status.REFUNDED)
