"""The address of a buyer: refused before any money, or one that a mail can go to."""

from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bitloot_adapters._shared.mail_message import Sender, render
from bitloot_core.order.order import Buyer
from bitloot_core.testing.contracts.mailer import MAIL
from bitloot_core.values.errors import InvalidInput, Rejected

SENDER = Sender(name="The Shop", address="shop@example.com")
AT = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
_PART = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20)


@pytest.mark.parametrize(
    "address",
    [
        "buyer\u200b@example.com",
        "buyer@exam\u00adple.com",
        "\u202ebuyer@example.com",
        "buyer\x9b@example.com",
        "buyer@example..com",
        "buyer@.example.com",
        "buyer@é..com",
        f"buyer@{'é' * 70}.com",
        f"buyer@{'e' * 70}.com",
        "buyer\ud800@example.com",
        "buyer@shop\ufe6bevil.example",
        "buyer@shop\uff0cevil.example",
        "buyer@shop\uff1eevil.example",
        "buyer@shop/evil.example",
    ],
)
def test_an_address_that_no_mail_can_go_to_is_refused_before_any_money(address: str) -> None:
    """A blank of no width is pasted along unseen; after the payment nobody could mend it."""
    with pytest.raises(InvalidInput) as refusal:
        Buyer(email=address)

    assert refusal.value.code == "invalid-email"


@pytest.mark.parametrize("address", ["buyer@example.com", "b@a.co", "bü@exämple.com", "o'b+tag@mail.example.co.uk"])
def test_an_address_that_people_have_is_taken(address: str) -> None:
    """Whatever its letters."""
    assert address == Buyer(email=address).email


@given(mailbox=_PART, host=_PART, top=_PART)
@example(mailbox="buyer\u200b", host="example", top="com")
def test_whatever_is_taken_can_be_written_to(mailbox: str, host: str, top: str) -> None:
    """The order's rule is at least as strict as the mailer's."""
    address = f"{mailbox}@{host}.{top}"
    try:
        Buyer(email=address)
    except InvalidInput:
        return

    message = render(attrs.evolve(MAIL, to=address), key="order7f3k/delivery/1", sender=SENDER, at=AT)

    assert message.recipient.isprintable()
    assert not set(message.recipient.rpartition("@")[2]) & set(" <>()[],;:/@")


@pytest.mark.parametrize("wide", ["\ufe6b", "\uff0c", "\uff1e", "\uff1b", "\u00a8", "\u2100"])
def test_a_wide_form_never_becomes_a_sign_of_the_header(wide: str) -> None:
    """The mailer's own rule, whatever came past the order's: normalised, these are `@ , > ;`, a blank and a slash."""
    mail = attrs.evolve(MAIL, to=f"buyer@shop{wide}evil.example")

    with pytest.raises(Rejected):
        render(mail, key="order7f3k/delivery/1", sender=SENDER, at=AT)
