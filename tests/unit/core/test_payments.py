"""What can be read off a payment in any of its states."""

from decimal import Decimal

import attrs
import pytest

from bitloot_core.order.payments import (
    GATEWAY,
    ReviewedPayment,
    VoidPayment,
    VoidReason,
    coin_of,
    counts,
    gateway_id_of,
    is_let_count,
    is_returned,
    received_of,
)
from bitloot_core.testing.order_states import every_state
from bitloot_core.testing.orders import COIN, DUE, NOTHING, a_receipt, an_invoice, placed

STATES = {name: order.payments[0] for name, order in every_state().items() if name.startswith("payment-")}
NAMELESS = {"payment-intended", "payment-doubtful", "payment-refused"}
COUNTING = {"payment-settled", "payment-stray-accepted"}


@pytest.mark.parametrize("name", STATES)
def test_the_coin_is_known_in_every_state(name: str) -> None:
    """A buyer has chosen a coin before anything else is known."""
    assert coin_of(STATES[name]) == COIN


@pytest.mark.parametrize("name", STATES)
def test_a_payment_has_a_name_once_the_gateway_gave_it_one(name: str) -> None:
    """Only attempts without an answer, and refused ones, have none."""
    assert (name in NAMELESS) is (gateway_id_of(STATES[name]) is None)


@pytest.mark.parametrize("name", STATES)
def test_only_what_settled_and_stayed_counts(name: str) -> None:
    """I3: short, strange, stray and returned payments settle nothing."""
    assert (name in COUNTING) is counts(STATES[name])


def test_what_was_seen_on_a_payment_stays_seen() -> None:
    """I6: money that went back was there; where none came, there is none to show."""
    order = placed()
    nothing = ReviewedPayment(attempt=1, invoice=an_invoice(order), received=NOTHING, reasons=("nothing arrived",))

    assert received_of(STATES["payment-returned"]) == DUE
    assert received_of(STATES["payment-open"]) is None
    assert received_of(nothing) is None


@pytest.mark.parametrize("name", STATES)
def test_a_payment_that_has_a_receipt_has_brought_what_it_says(name: str) -> None:
    """I6: whether we had asked for it or not, and though it went back since."""
    receipt = getattr(STATES[name], "receipt", None)

    assert receipt is None or received_of(STATES[name]) == receipt.received
    assert (receipt is not None) is name.endswith(("settled", "returned", "accepted"))


@pytest.mark.parametrize("name", STATES)
def test_only_what_a_person_said_so_of_is_let_count(name: str) -> None:
    """What the gateway settled itself is no matter of anybody's consent."""
    payment = STATES[name]

    by_hand = attrs.evolve(payment, receipt=a_receipt(placed(), by="admin:ann")) if name in COUNTING else payment

    assert is_let_count(by_hand) is (name in COUNTING)
    if name in COUNTING:
        assert not is_let_count(attrs.evolve(payment, receipt=a_receipt(placed(), by=GATEWAY)))


@pytest.mark.parametrize("why", VoidReason)
def test_only_a_refund_sends_money_back(why: VoidReason) -> None:
    """A payment that expired, failed or was cancelled with money on it still has that money."""
    order = placed()
    void = VoidPayment(attempt=1, invoice=an_invoice(order), why=why, received=DUE, ended_at=order.expires_at)

    assert (why is VoidReason.REFUNDED) is is_returned(void)
    assert Decimal("0.00012345") == DUE.amount
