"""The aggregate and what can be read off it."""

from datetime import UTC, date, datetime, timedelta

import attrs
import pytest

from bitloot_core.order.jobs import JobName, MailKind, mail_ref, number_of, payment_ref, split_ref
from bitloot_core.order.order import MOST_UNITS, Buyer
from bitloot_core.order.policy import Policy, rung
from bitloot_core.order.reservations import supplier_order_of
from bitloot_core.testing.milestones import milestones
from bitloot_core.testing.order_states import every_state
from bitloot_core.testing.orders import a_line, a_plan, placed
from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.ids import ExternalRef, GatewayPaymentId, OrderId, UnitId
from bitloot_core.values.money import Money

PLACES = milestones()


@pytest.mark.parametrize("email", ["a@b.co", "o'brien+keys@mail.example.org", "ü@bücher.example", "a@sub.b.co"])
def test_an_address_that_can_be_written_to_is_taken(email: str) -> None:
    """Plus signs, apostrophes and other scripts are good addresses."""
    assert email == Buyer(email=email).email


@pytest.mark.parametrize(
    "email",
    [
        "",
        "a",
        "a@",
        "@b.co",
        "a@b",
        "a@b.",
        "a@.b",
        "a b@c.co",
        "a@b.co\nBcc: x@y.z",
        "a@b.co>",
        "a,b@c.co",
        "a@b@c.co",
        f"a@{'b' * 64}.co",
        "a@b\u200b.co",
        "a@b\uff1bx.co",
    ],
)
def test_what_is_no_address_is_refused(email: str) -> None:
    """Nothing that could make a second header or recipient of a mail."""
    with pytest.raises(InvalidInput) as refused:
        Buyer(email=email)

    assert (refused.value.field, refused.value.code) == ("email", "invalid-email")


def test_an_address_has_an_end() -> None:
    """**Source:** RFC 5321, section 4.5.3: 64 octets before the sign, 255 after it."""
    with pytest.raises(InvalidInput):
        Buyer(email=f"{'a' * 65}@b.co")


@pytest.mark.parametrize("quantity", [0, -1, MOST_UNITS + 1])
def test_a_line_has_a_quantity_that_can_be_bought(quantity: int) -> None:
    """**Source:** Kinguin ESA documentation (state July 2025): 90 keys in an order."""
    with pytest.raises(ValueError, match="quantity"):
        a_line(quantity=quantity)


def test_the_total_is_what_the_lines_cost() -> None:
    """Quantity times price, added up."""
    order = placed(lines=(a_line(1, quantity=3, price="1.10"), a_line(2, product="licence", price="0.05")))

    assert Money.of("3.35", "EUR") == order.total
    assert Money.of("3.30", "EUR") == order.lines[0].total


def test_parts_are_found_by_name() -> None:
    """And what is not there is not found."""
    order = PLACES["fulfilling, one held"].order

    assert order.payments[0] is order.payment(1) is order.payment_named(GatewayPaymentId("pay-o1-1"))
    assert order.reservations[0] is order.reservation(1)
    assert order.units[0] is order.unit(UnitId("1.1"))
    assert order.lines[0] is order.line(1)
    assert [order.payment(7), order.payment_named(GatewayPaymentId("x")), order.reservation(7)] == [None] * 3
    assert order.unit(UnitId("9.9")) is None


@pytest.mark.parametrize(
    ("place", "reveals"),
    [
        ("paid", True),
        ("fulfilling", True),
        ("fulfilled", True),
        ("refunded", False),
        ("paid, sent back", False),
        ("underpaid", False),
        ("cancelled, paid late", True),
    ],
)
def test_keys_may_go_out_while_money_counts_and_was_not_refunded(place: str, *, reveals: bool) -> None:
    """I3: it is read off the parts, never off the status word."""
    assert reveals is PLACES[place].order.may_reveal


@pytest.mark.parametrize(
    ("place", "saw", "holds"),
    [
        ("created", False, False),
        ("confirming", False, False),
        ("underpaid", True, True),
        ("created, in review", True, True),
        ("waiting, stray", True, True),
        ("failed", False, False),
        ("failed, money back", True, False),
        ("paid", True, True),
        ("paid, sent back", True, False),
    ],
)
def test_money_that_was_seen_and_money_that_is_here_are_told_apart(place: str, *, saw: bool, holds: bool) -> None:
    """I6: what went back was seen, and is not here."""
    order = PLACES[place].order

    assert (saw, holds) == (order.saw_money, order.holds_money)


@pytest.mark.parametrize(
    ("place", "unbought"),
    [
        ("paid", []),
        ("paid, in doubt", []),
        ("paid, no stock", ["1.1", "1.2"]),
        ("fulfilling, one held", []),
        ("fulfilling, fallen", ["1.2"]),
        ("fulfilled", []),
        ("waiting", ["1.1", "1.2"]),
    ],
)
def test_what_nothing_brings_is_unbought(place: str, unbought: list[str]) -> None:
    """I1: a purchase in doubt may still bring its keys."""
    assert unbought == [unit.id for unit in PLACES[place].order.unbought]


@pytest.mark.parametrize("name", [name for name in every_state() if name.startswith("reservation-")])
def test_a_purchase_has_a_name_once_the_supplier_gave_it_one(name: str) -> None:
    """Placed, completed or fallen."""
    res = every_state()[name].reservations[0]
    named = any(word in name for word in ("placed", "completed", "fallen"))

    assert named is (supplier_order_of(res) is not None)


def test_a_preorder_knows_its_day() -> None:
    """It is the day of the one product in it."""
    plan = a_plan(placed())
    preorder = attrs.evolve(plan, items=(attrs.evolve(plan.items[0], release_date=date(2027, 3, 1)),))

    assert (plan.release_date, preorder.release_date) == (None, date(2027, 3, 1))


def test_jobs_are_named_after_what_they_are_about() -> None:
    """(name, ref) is one living job; the ref can be read back."""
    order_id = OrderId("o1")

    assert split_ref(payment_ref(order_id, 2), 2) == ("o1", "2")
    assert split_ref(mail_ref(order_id, MailKind.PARTLY, "first"), 3) == ("o1", "partly", "first")
    assert number_of(ExternalRef("o-1-12")) == 12
    with pytest.raises(InvalidInput):
        split_ref("o1", 2)


def test_the_names_of_jobs_are_wire_format() -> None:
    """They are stored and sent, so they never change their meaning."""
    assert [str(name) for name in JobName] == [
        "reserve",
        "kinguin.webhook",
        "nowpayments.ipn",
        "check-payment",
        "check-reservation",
        "send-mail",
        "expire",
        "fulfillOrder",
        "return-keys",
        "check-prices",
    ]


def test_the_lookups_of_a_doubt_fill_the_quiet_window() -> None:
    """The last one is at its end, however long it is."""
    short = Policy(supplier_quiet=timedelta(seconds=9))

    assert short.lookups()[-1] == short.supplier_quiet
    assert [pause.total_seconds() for pause in short.lookups()][:2] == [0.1, 0.3]


@pytest.mark.parametrize(("step", "seconds"), [(0, 1), (1, 5), (9, 5)])
def test_the_last_rung_of_a_ladder_repeats(step: int, seconds: int) -> None:
    """Nobody gives up looking because a list ran out."""
    assert timedelta(seconds=seconds) == rung((timedelta(seconds=1), timedelta(seconds=5)), step)


def test_an_order_is_a_value() -> None:
    """Nobody can change one behind another's back."""
    order = placed(at=datetime(2026, 1, 5, 12, 0, tzinfo=UTC))

    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        order.version = 2
