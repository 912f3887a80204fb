"""The truth table of money, for any reading of any payment: nothing settles but what is ours, whole and here."""

from decimal import Decimal
from typing import Any

import attrs
from hypothesis import given
from hypothesis import strategies as st

from bitloot_core.order.assessment import Contradicts, FallsShort, Settles, assess, contradictions
from bitloot_core.testing.orders import an_invoice, placed
from bitloot_core.testing.story import a_reading
from bitloot_core.values.ids import GatewayPaymentId
from bitloot_core.values.reading import PaymentReading, PaymentWord

ORDER = placed()
INVOICE = an_invoice(ORDER)
DUE = INVOICE.due.amount
TOLERANCE = Decimal("0.5")
AMOUNTS = st.decimals(0, 10**6, places=8) | st.sampled_from([Decimal(0), DUE, DUE / 2, DUE * 2, DUE * Decimal("0.995")])


def changed(**changes: st.SearchStrategy[Any]) -> st.SearchStrategy[PaymentReading]:
    """A reading of the payment in which any of these may differ from what was asked for."""
    fields = st.fixed_dictionaries({}, optional=changes)
    return fields.map(lambda given: attrs.evolve(a_reading(ORDER), **given))


READINGS = changed(
    word=st.sampled_from(PaymentWord),
    order_ref=st.sampled_from([ORDER.id, "o2", None, ""]),
    price_amount=st.sampled_from([INVOICE.price.amount, Decimal(0), Decimal("12.98")]) | AMOUNTS,
    price_currency=st.sampled_from(["EUR", "USD"]),
    coin=st.sampled_from([INVOICE.due.coin, "eth"]),
    pay_amount=st.none() | AMOUNTS,
    actually_paid=AMOUNTS,
    parent_id=st.none() | st.just(GatewayPaymentId("another")),
)


def verdict_on(reading: PaymentReading) -> Any:
    """What it means."""
    return assess(reading, INVOICE, ORDER.id, tolerance_percent=TOLERANCE)


@given(READINGS)
def test_only_what_is_ours_and_whole_settles(reading: PaymentReading) -> None:
    """I3: finished, as it was asked for, and not more than the tolerance short."""
    whole = reading.actually_paid >= DUE * (1 - TOLERANCE / 100) and reading.actually_paid > 0
    right = not contradictions(reading, INVOICE, ORDER.id)

    settles = isinstance(verdict_on(reading), Settles)

    assert settles == (reading.word is PaymentWord.FINISHED and right and whole)


@given(READINGS)
def test_money_that_is_said_to_be_here_is_never_ignored(reading: PaymentReading) -> None:
    """I6: what came is in the verdict, to the last digit."""
    verdict = verdict_on(reading)

    if reading.word in (PaymentWord.FINISHED, PaymentWord.PARTIALLY_PAID, PaymentWord.WRONG_ASSET):
        assert isinstance(verdict, Settles | FallsShort | Contradicts)
        assert (verdict.received.amount, verdict.received.coin) == (reading.actually_paid, reading.coin)


@given(READINGS)
def test_a_surplus_is_what_came_beyond_the_tolerance(reading: PaymentReading) -> None:
    """I6: a few grains of dust are none."""
    verdict = verdict_on(reading)

    if isinstance(verdict, Settles):
        over = reading.actually_paid - DUE
        assert (verdict.surplus.amount if verdict.surplus else 0) == (over if over > DUE * TOLERANCE / 100 else 0)


@given(READINGS, st.sampled_from(["order_ref", "price_currency", "coin", "parent_id", "price_amount"]))
def test_one_field_that_is_not_ours_is_enough(reading: PaymentReading, field: str) -> None:
    """I3: whatever else agrees."""
    other: Any = {"price_amount": Decimal("0.01"), "parent_id": GatewayPaymentId("another")}.get(field, "other")

    assert not isinstance(verdict_on(attrs.evolve(reading, **{field: other})), Settles)
