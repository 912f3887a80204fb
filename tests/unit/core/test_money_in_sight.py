"""Money that the gateway knows of is never out of sight, in whatever order its words come (I6)."""

import attrs
import pytest
from first_payment import HALF, PLACES, WAITING, reasons, received, says
from hypothesis import given
from hypothesis import strategies as st

from bitloot_core.order import commands as c
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.ledger import LedgerKind
from bitloot_core.order.payments import (
    VoidPayment,
)
from bitloot_core.testing.orders import COIN, DUE, an_invoice
from bitloot_core.testing.story import a_reading, read
from bitloot_core.values.reading import PaymentWord as Word

UNSETTLED = (Word.PARTIALLY_PAID, Word.WRONG_ASSET, Word.EXPIRED, Word.FAILED, Word.CANCELLED)


@given(st.lists(st.tuples(st.sampled_from(UNSETTLED), st.integers(0, 3)), min_size=1, max_size=5))
def test_money_that_any_word_knows_of_is_in_sight(told: list[tuple[Word, int]]) -> None:
    """I6: in whatever order the words come; the ledger has the most that any of them named, and a finding says so."""
    story = WAITING
    for word, quarters in told:
        story = says(story, word, paid=DUE.amount * quarters / 4)

    most = max(quarters for _, quarters in told)
    assert received(story) == DUE.amount * most / 4
    assert bool(story.order.findings) or not most


@pytest.mark.parametrize("place", ["failed", "failed, money back", "cancelled", "expired"])
def test_more_money_on_a_payment_that_ended_is_told(place: str) -> None:
    """I6: by the same word once more, or by a lesser one; the payment stays what it was."""
    ended = says(PLACES[place], Word.FAILED, paid="0")

    again = says(ended, Word.EXPIRED, paid=DUE.amount * 3 / 4)

    (before,), (after,) = ended.order.payments, again.order.payments
    assert isinstance(before, VoidPayment)
    assert isinstance(after, VoidPayment)
    assert (before.why, DUE.amount * 3 / 4) == (after.why, after.received.amount)
    assert [one.reason for one in again.order.findings] == [FindingReason.PAYMENT_STATUS]
    went = [row.amount for row in again.ledger if row.kind is LedgerKind.REFUNDED]
    assert went == ([HALF] if place == "failed, money back" else [])


@pytest.mark.parametrize("place", ["underpaid", "created, in review"])
def test_nothing_of_another_coin_takes_no_money_out_of_sight(place: str) -> None:
    """An end that names a coin which nobody sent is an old message like any other."""
    story = PLACES[place]

    ended = story.when(read(attrs.evolve(a_reading(story.order, Word.EXPIRED, paid="0"), coin="eth")))

    assert ended.told == ()


def test_money_that_buys_nothing_new_answers_no_refusal() -> None:
    """What the first payment had bought is on its way; that another purchase was refused is still to be seen."""
    two = WAITING.when(c.IntendPayment(coin=COIN), c.RecordInvoice(attempt=2, invoice=an_invoice(WAITING.order, 2)))
    refused = c.OpenFinding(reason=FindingReason.SUPPLIER_REFUSED, subject="o1-9", text="None left.", blocking=False)
    back = says(says(two).when(refused), Word.REFUNDED)

    settled = back.when(read(a_reading(WAITING.order, gateway_id="pay-o1-2")))

    assert "ReservationPlanned" not in settled.told
    assert reasons(settled) == [FindingReason.SUPPLIER_REFUSED]
