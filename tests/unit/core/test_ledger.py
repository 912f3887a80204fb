"""Every movement of money that was seen is one entry; told twice, it is one entry too."""

from decimal import Decimal

import attrs
import pytest

from bitloot_core.order import commands as c
from bitloot_core.order import events as e
from bitloot_core.order.effects import entries_of
from bitloot_core.order.ledger import LedgerEntry, LedgerKind
from bitloot_core.order.payments import VoidReason
from bitloot_core.testing.milestones import milestones
from bitloot_core.testing.orders import COIN, DUE, NOTHING
from bitloot_core.testing.story import Story, a_reading, read
from bitloot_core.values.ids import GatewayPaymentId
from bitloot_core.values.reading import PaymentWord as Word

PLACES = milestones()
WAITING = PLACES["waiting"]
PAY = "pay-o1-1"


def rows(story: Story) -> list[tuple[str, str, Decimal, str]]:
    """The ledger as kind, name, amount and currency."""
    return [(row.kind, row.external_id, row.amount, row.currency) for row in story.ledger]


def says(story: Story, word: Word, paid: Decimal | str) -> Story:
    """The gateway was asked about the first payment."""
    return story.when(read(a_reading(story.order, word, paid=paid)))


def test_what_settles_was_received() -> None:
    """The coins that arrived, not the price."""
    story = says(WAITING, Word.FINISHED, "0.000124")

    assert rows(story) == [("received", PAY, Decimal("0.000124"), COIN)]
    assert [(story.order.id, story.now)] == [(row.order_id, row.at) for row in story.ledger]


def test_each_top_up_is_an_entry_of_its_own() -> None:
    """I6: their sum is what is there, and each has a name of its own."""
    story = says(
        says(says(WAITING, Word.PARTIALLY_PAID, "0.00005"), Word.PARTIALLY_PAID, "0.0001"), Word.FINISHED, "0.000124"
    )

    assert rows(story) == [
        ("received", PAY, Decimal("0.00005"), COIN),
        ("received", f"{PAY}+0.0001 btc", Decimal("0.00005"), COIN),
        ("received", f"{PAY}+0.000124 btc", Decimal("0.000024"), COIN),
    ]


def test_the_same_money_in_another_state_is_no_second_entry() -> None:
    """Short, then in review, then accepted: it came once."""
    story = says(says(WAITING, Word.PARTIALLY_PAID, "0.00005"), Word.WRONG_ASSET, "0.00005")

    accepted = story.when(c.AcceptPayment(gateway_id=GatewayPaymentId(PAY), by="admin:ann", reason="enough"))

    assert len(rows(accepted)) == 1


def test_another_coin_is_never_subtracted() -> None:
    """A payment that turns out to be in another coin is an entry in that coin, whole."""
    wrong = attrs.evolve(a_reading(WAITING.order, Word.WRONG_ASSET, paid="3"), coin="eth")

    story = says(WAITING, Word.PARTIALLY_PAID, "0.00005").when(read(wrong))

    assert rows(story)[1] == ("received", f"{PAY}+3 eth", Decimal(3), "eth")


def test_a_stray_is_received_once_and_its_growth_apart() -> None:
    """Money that nobody expected is money."""
    first = read(a_reading(WAITING.order, Word.CONFIRMING, paid="0.0001", gateway_id="stray"))
    more = read(a_reading(WAITING.order, Word.FINISHED, paid="0.0002", gateway_id="stray"))
    accept = c.AcceptPayment(gateway_id=GatewayPaymentId("stray"), by="admin:ann", reason="ours")

    story = WAITING.when(first, more, accept)

    assert [(name, amount) for _, name, amount, _ in rows(story)] == [
        ("stray", Decimal("0.0001")),
        ("stray+0.0002 btc", Decimal("0.0001")),
    ]


def test_a_payment_that_failed_with_money_was_received() -> None:
    """I6: the word is not the money."""
    assert rows(says(WAITING, Word.FAILED, "0.00005")) == [("received", PAY, Decimal("0.00005"), COIN)]


def test_what_came_and_went_between_two_looks_is_both() -> None:
    """Nobody saw it settle; it was there, and it is gone."""
    assert [row[:2] for row in rows(says(WAITING, Word.REFUNDED, DUE.amount))] == [("received", PAY), ("refunded", PAY)]


def test_a_payment_that_went_back_is_refunded_whole() -> None:
    """All of it, under the payment's name."""
    story = says(PLACES["paid"], Word.REFUNDED, 0)

    assert rows(story)[-1] == ("refunded", PAY, DUE.amount, COIN)


def test_more_on_a_payment_that_went_back_is_received_and_not_refunded() -> None:
    """What came after the refund is here."""
    story = says(PLACES["failed, money back"], Word.FINISHED, DUE.amount)

    assert rows(story)[-1] == ("received", f"{PAY}+{DUE}", DUE.amount / 2, COIN)


def test_a_payment_that_brought_nothing_is_no_entry() -> None:
    """Zero is no movement."""
    assert rows(PLACES["failed"]) == []


def test_an_event_that_moves_no_money_is_no_entry() -> None:
    """Claims, keys and findings are in the timeline."""
    order = PLACES["paid"].order

    assert entries_of(e.ReservationClaimed(at=PLACES["paid"].now, number=1), order, order) == ()


def test_a_charge_is_what_our_balance_paid() -> None:
    """Under the supplier's name of the purchase."""
    assert rows(PLACES["fulfilling"])[-1] == ("charged", "bought-1", Decimal("17.00"), "EUR")


def test_a_refund_by_hand_is_what_was_held_of_each_payment() -> None:
    """Two payments in two coins are two entries; what is short is short in the ledger as well."""
    stray = attrs.evolve(a_reading(WAITING.order, gateway_id="stray", paid="2"), coin="eth")
    story = PLACES["underpaid"].when(read(stray), c.RecordRefund(by="admin:ann", reason="no stock"))

    assert [row[1:] for row in rows(story) if row[0] == "refunded"] == [
        (PAY, DUE.amount / 2, COIN),
        ("stray", Decimal(2), "eth"),
    ]


@pytest.mark.parametrize("place", PLACES)
def test_no_entry_is_there_twice(place: str) -> None:
    """(kind, external id) is unique, so that the same movement told twice is one row."""
    names = [(row.kind, row.external_id) for row in PLACES[place].ledger]

    assert len(names) == len(set(names))


def test_a_second_end_of_a_payment_moves_no_money() -> None:
    """Expired, then failed: one payment, no money."""
    before = says(WAITING, Word.EXPIRED, 0)
    event = e.PaymentVoided(at=before.now, attempt=1, why=VoidReason.FAILED, received=NOTHING)

    assert before.happens(event).ledger == ()


def test_an_entry_says_which_order_it_belongs_to() -> None:
    """The operator reads the ledger by order."""
    (entry,) = says(WAITING, Word.FINISHED, DUE.amount).ledger

    assert isinstance(entry, LedgerEntry)
    assert (entry.order_id, entry.kind) == ("o1", LedgerKind.RECEIVED)
