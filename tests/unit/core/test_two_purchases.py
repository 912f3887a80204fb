"""An order that buys twice: what concerns one of its purchases concerns no other."""

from datetime import timedelta

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
from bitloot_core.order.reservations import CompletedReservation, PlacedReservation, SupplierWord
from bitloot_core.order.returns import WINDOW, AcceptedReturn, AskedReturn
from bitloot_core.order.transitions import evolve
from bitloot_core.order.units import HeldUnit, ReturnedUnit
from bitloot_core.testing.milestones import COST, bought, hold, key_for
from bitloot_core.testing.orders import COIN, a_line, an_invoice, placed
from bitloot_core.testing.story import Story, a_reading, read
from bitloot_core.values.errors import NotFound
from bitloot_core.values.ids import SupplierOrderId, UnitId, event_key_id
from bitloot_core.values.money import Money

BY = {"by": "admin:ann", "reason": "because"}
HOUR = timedelta(hours=1)
FIRST, SECOND = SupplierOrderId("bought-1"), SupplierOrderId("bought-2")
NINE = tuple(key_for(f"1.{number}") for number in range(1, 10))
TWO = (key_for("1.10"), key_for("1.11"))


def _paid() -> Story:
    """Eleven of one product are paid: nine are bought in one purchase, and two in another."""
    story = Story(order=placed(quantity=11))
    story = story.when(c.IntendPayment(coin=COIN), c.RecordInvoice(attempt=1, invoice=an_invoice(story.order)))
    return story.when(read(a_reading(story.order)))


def _bought() -> Story:
    """Both went through, the second for 11.00 EUR."""
    story = PAID.when(c.ClaimPurchase(number=1), bought(1, charged=Money.of("45.00", "EUR")))
    return story.when(c.ClaimPurchase(number=2), bought(2, charged=Money.of("11.00", "EUR")))


PAID = _paid()
BOUGHT = _bought()
NINE_HELD = BOUGHT.when(hold(BOUGHT, *NINE))
ALL_HELD = NINE_HELD.later(HOUR).when(hold(NINE_HELD.later(HOUR), *TWO, number=2))
REFUNDED = ALL_HELD.when(c.RecordRefund(**BY))


def refused(number: int) -> c.RecordPurchaseRefusal:
    """The supplier has none left."""
    return c.RecordPurchaseRefusal(number=number, code="out-of-stock", reason="nothing left")


def took_back(name: SupplierOrderId, *keys: c.SealedKey) -> sc.RecordReturn:
    """The supplier took these."""
    return sc.RecordReturn(supplier_order_id=name, keys=tuple(key.supplier_key_id for key in keys), pending=0)


def test_a_purchase_that_falls_is_told_with_its_own_keys() -> None:
    """Nine keys of the other say nothing of these two."""
    fallen = NINE_HELD.when(c.RecordSupplierWord(number=2, word=SupplierWord.CANCELLED))

    (told,) = fallen.order.findings
    assert (told.subject, told.text) == ("o1-2", "The supplier cancelled the purchase; 0 of its 2 keys are held.")


def test_a_purchase_that_falls_after_it_was_complete_holds_nothing_up() -> None:
    """Its keys are held, and the buyer still waits for the others."""
    fallen = NINE_HELD.when(c.RecordSupplierWord(number=1, word=SupplierWord.REFUNDED))

    (told,) = fallen.order.findings
    assert (told.subject, told.blocking) == ("o1-1", False)


def test_each_purchase_can_go_back_for_a_day_from_its_own_first_key() -> None:
    """The second one's came an hour later."""
    first, second = REFUNDED.order.reservations

    assert returnable_until(REFUNDED.order, first) == NINE_HELD.now + WINDOW
    assert returnable_until(REFUNDED.order, second) == NINE_HELD.now + HOUR + WINDOW


def test_keys_that_came_in_an_event_are_those_of_their_own_purchase() -> None:
    """The supplier's list of the other one need not show them."""
    told = attrs.evolve(TWO[0], supplier_key_id=event_key_id("a fingerprint"))
    story = NINE_HELD.when(hold(NINE_HELD, told, number=2))

    assert (len(story.order.unconfirmed(1)), len(story.order.unconfirmed(2))) == (0, 1)


def test_each_purchase_goes_back_by_itself() -> None:
    """That one was asked for and taken says nothing of the other."""
    one = REFUNDED.when(sc.ReturnKeys(supplier_order_id=FIRST, **BY), took_back(FIRST, *NINE))
    both = one.when(sc.ReturnKeys(supplier_order_id=SECOND, **BY))

    assert one.order.return_of(SECOND) is None
    assert isinstance(both.order.return_of(FIRST), AcceptedReturn)
    assert isinstance(both.order.return_of(SECOND), AskedReturn)
    assert {type(unit) for unit in both.order.units[:9]} == {ReturnedUnit}
    assert {type(unit) for unit in both.order.units[9:]} == {HeldUnit}


def test_a_key_that_was_not_taken_back_is_held_on() -> None:
    """The supplier took one of two."""
    story = REFUNDED.when(sc.ReturnKeys(supplier_order_id=SECOND, **BY), took_back(SECOND, TWO[1]))

    assert [type(unit) for unit in story.order.units[9:]] == [HeldUnit, ReturnedUnit]


def test_what_goes_back_is_credited_with_its_own_charge() -> None:
    """Each with what it cost; of the second, half of it for one key of two."""
    story = REFUNDED.when(sc.ReturnKeys(supplier_order_id=SECOND, **BY), took_back(SECOND, TWO[1]))

    (credit,) = (row for row in story.ledger if row.kind is LedgerKind.RETURNED)
    assert (credit.external_id, str(credit.amount)) == (SECOND, "5.50")


def test_a_part_of_a_purchase_of_two_products_has_no_known_credit() -> None:
    """Nobody says what each of them cost."""
    story = Story(order=placed(lines=(a_line(1, product="game"), a_line(2, product="other"))))
    story = story.when(c.IntendPayment(coin=COIN), c.RecordInvoice(attempt=1, invoice=an_invoice(story.order)))
    story = story.when(read(a_reading(story.order)), c.ClaimPurchase(number=1), bought())
    keys = (key_for("1.1"), key_for("2.1"))
    story = story.when(hold(story, *keys), c.RecordRefund(**BY), sc.ReturnKeys(supplier_order_id=FIRST, **BY))

    part, whole = story.when(took_back(FIRST, keys[0])), story.when(took_back(FIRST, *keys))

    assert [row.amount for row in part.ledger if row.kind is LedgerKind.RETURNED] == []
    assert [row.amount for row in whole.ledger if row.kind is LedgerKind.RETURNED] == [COST.amount]


def test_a_bad_key_of_one_purchase_takes_nothing_from_the_credit_of_the_other() -> None:
    """The supplier put another key into the first, for nothing; the second goes back whole."""
    bad = sc.ReplaceKey(unit_id=UnitId("1.1"), from_supplier=True, **BY)
    story = ALL_HELD.when(bad).when(c.RecordRefund(**BY), sc.ReturnKeys(supplier_order_id=SECOND, **BY))

    credited = [row for row in story.when(took_back(SECOND, *TWO)).ledger if row.kind is LedgerKind.RETURNED]

    assert [(row.external_id, str(row.amount)) for row in credited] == [(SECOND, "11.00")]


def test_a_purchase_that_brings_another_key_is_looked_at_again_alone() -> None:
    """The other one stays complete."""
    story = ALL_HELD.when(sc.ReplaceKey(unit_id=UnitId("1.1"), from_supplier=True, **BY))

    assert [type(res) for res in story.order.reservations] == [PlacedReservation, CompletedReservation]
    job = story.jobs[-1]
    assert (job.name, job.ref) == (JobName.CHECK_RESERVATION, "o1-1")
    assert job.due_at == story.now + story.policy.supplier_poll[0]


def test_no_purchase_brings_a_key_for_a_unit_of_another() -> None:
    """That would be a key that nobody bought."""
    event = s.UnitReplaced(
        at=ALL_HELD.now, unit_id=UnitId("1.1"), replaced_by=UnitId("1.12"), in_purchase=2, by="admin:ann", reason="bad"
    )

    with pytest.raises(ImpossibleEvent, match="purchase 2 brings no other key"):
        evolve(ALL_HELD.order, event)


def test_a_key_is_replaced_by_the_next_of_its_own_line() -> None:
    """However many the other lines have."""
    lines = (a_line(1, product="game"), a_line(2, product="other", quantity=3))
    story = Story(order=placed(lines=lines))
    story = story.when(c.IntendPayment(coin=COIN), c.RecordInvoice(attempt=1, invoice=an_invoice(story.order)))
    story = story.when(read(a_reading(story.order)), c.ClaimPurchase(number=1), bought())
    held = story.when(hold(story, *(key_for(unit.id) for unit in story.order.units)))

    replaced = held.when(sc.ReplaceKey(unit_id=UnitId("1.1"), from_supplier=False, **BY))

    assert [unit.id for unit in replaced.order.owed] == ["1.2"]


def test_buying_one_anew_leaves_what_was_told_of_the_other() -> None:
    """The second is not sent again as long as it is too dear, and is not known to be dead."""
    story = PAID.when(c.ClaimPurchase(number=1), refused(1), c.ClaimPurchase(number=2), c.RecordPurchaseDoubt(number=2))
    dear = c.OpenFinding(reason=FindingReason.PRICE_ABOVE_CAP, subject="o1-2", text="Not sent again.", blocking=True)

    again = story.when(dear, sc.Rebuy(**BY))

    assert [(one.reason, one.subject) for one in again.order.findings] == [(FindingReason.PRICE_ABOVE_CAP, "o1-2")]


def test_attempts_are_counted_for_each_purchase() -> None:
    """Two tries for the two keys are none for the nine."""
    story = PAID.when(c.ClaimPurchase(number=2), refused(2), sc.Rebuy(**BY), c.ClaimPurchase(number=3), refused(3))
    story = story.when(sc.Rebuy(**BY), c.ClaimPurchase(number=1), refused(1), sc.Rebuy(**BY))

    assert [(res.plan.number, res.plan.attempt) for res in story.order.reservations] == [
        (1, 1),
        (2, 1),
        (3, 2),
        (4, 3),
        (5, 2),
    ]


@pytest.mark.parametrize(
    ("reason", "subject"),
    [(FindingReason.SURPLUS_PURCHASE, "another"), (FindingReason.SUPPLIER_MISMATCH, "strange")],
)
def test_only_a_purchase_that_was_called_surplus_goes_back_unknown(reason: FindingReason, subject: str) -> None:
    """Keys that somebody else bought are not ours to give back."""
    told = c.OpenFinding(reason=reason, subject=subject, text="There is more.", blocking=False)

    with pytest.raises(NotFound):
        BOUGHT.when(told, sc.ReturnKeys(supplier_order_id=SupplierOrderId("strange"), **BY))


def test_a_surplus_purchase_that_stays_there_holds_nothing_up() -> None:
    """The buyer's own keys are coming."""
    surplus = BOUGHT.when(bought(2, name="surplus"))
    asked = surplus.when(sc.ReturnKeys(supplier_order_id=SupplierOrderId("surplus"), **BY))
    refusal = sc.RecordReturnRefusal(
        supplier_order_id=SupplierOrderId("surplus"), code="too-late", reason="a day is over"
    )

    after = asked.when(refusal)

    assert {(one.reason, one.blocking) for one in after.order.findings} == {
        (FindingReason.SURPLUS_PURCHASE, False),
        (FindingReason.RETURN_REFUSED, False),
    }
    assert (asked.jobs[-1].name, asked.jobs[-1].ref) == (JobName.RETURN_KEYS, "o1/surplus")


@pytest.mark.parametrize("word", [SupplierWord.PROCESSING, SupplierWord.COMPLETED, SupplierWord.UNRECOGNISED])
def test_a_purchase_is_as_far_as_the_supplier_says(word: SupplierWord) -> None:
    """From its first answer on; one that is called dead at once is looked at first."""
    story = PAID.when(c.ClaimPurchase(number=1))

    (res, _) = story.when(attrs.evolve(bought(), word=word)).order.reservations
    (dead, _) = story.when(attrs.evolve(bought(), word=SupplierWord.CANCELLED)).order.reservations

    assert isinstance(res, PlacedReservation)
    assert isinstance(dead, PlacedReservation)
    assert (res.word, dead.word) == (word, SupplierWord.PROCESSING)


def test_a_key_from_an_event_is_held_against_the_list_when_it_completes_a_purchase() -> None:
    """A look at this purchase is asked for in the same write."""
    told = attrs.evolve(TWO[1], supplier_key_id=event_key_id("a fingerprint"))
    before = NINE_HELD.when(hold(NINE_HELD, TWO[0], number=2))

    jobs = attrs.evolve(before, jobs=()).when(hold(before, told, number=2)).jobs

    looks = [(job.ref, job.due_at) for job in jobs if job.name is JobName.CHECK_RESERVATION]
    assert looks == [("o1-2", before.now + before.policy.supplier_poll[0])]
