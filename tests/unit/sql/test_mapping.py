"""How parts of an order and events stand in a column."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, get_args

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitloot_adapters.sql import mapping
from bitloot_adapters.sql.columns import digits, micros, moment
from bitloot_core.order.events import OrderEvent
from bitloot_core.order.order import AnyBuyer, Buyer, Closing, Line, Link
from bitloot_core.order.payments import Payment
from bitloot_core.order.reservations import Reservation
from bitloot_core.order.units import Unit
from bitloot_core.testing.order_states import every_state
from bitloot_core.testing.orders import a_line
from bitloot_core.values.money import CoinAmount, Money

TIMES = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
st.register_type_strategy(datetime, TIMES)
st.register_type_strategy(
    Money, st.integers(0, 10**9).map(lambda minor: Money.from_minor(minor, "EUR" if minor % 2 else "JPY"))
)
st.register_type_strategy(
    CoinAmount,
    st.decimals(min_value=0, max_value=10**12, places=18).map(lambda amount: CoinAmount(amount=amount, coin="btc")),
)
st.register_type_strategy(Buyer, st.just(Buyer(email="buyer@example.com")))
st.register_type_strategy(Line, st.integers(1, 9).map(lambda number: a_line(number, quantity=number)))
KINDS: dict[str, tuple[Any, Any, Any, Any]] = {
    "payments": (Payment, mapping.PAYMENT_TAGS, mapping.dump_payment, mapping.load_payment),
    "reservations": (Reservation, mapping.RESERVATION_TAGS, mapping.dump_reservation, mapping.load_reservation),
    "units": (Unit, mapping.UNIT_TAGS, mapping.dump_unit, mapping.load_unit),
    "events": (OrderEvent, mapping.EVENT_TAGS, mapping.dump_event, mapping.load_event),
}
STATES = [(kind, state) for kind, (union, *_) in KINDS.items() for state in get_args(union)]


def test_the_tags_are_those_that_are_stored() -> None:
    """A tag is in databases out there: it can be added to, never changed."""
    payments = "intended in-doubt refused open short review stray accepted settled returned stray-returned void"
    reservations = "planned claimed in-doubt placed completed refused fallen"

    assert payments == " ".join(mapping.PAYMENT_TAGS.values())
    assert reservations == " ".join(mapping.RESERVATION_TAGS.values())
    assert " ".join(mapping.UNIT_TAGS.values()) == "owed held returned replaced"
    assert " ".join(mapping.CLOSING_TAGS.values()) == "open expired fulfilled cancelled refunded"
    assert " ".join(mapping.LINK_TAGS.values()) == "none live"
    assert " ".join(mapping.BUYER_TAGS.values()) == "named unnamed"


@pytest.mark.parametrize(
    ("union", "tags"),
    [(union, tags) for union, tags, *_ in KINDS.values()]
    + [(AnyBuyer, mapping.BUYER_TAGS), (Closing, mapping.CLOSING_TAGS), (Link, mapping.LINK_TAGS)],
)
def test_each_state_has_a_tag_of_its_own(union: Any, tags: dict[type, str]) -> None:
    """A new state without a tag could not be stored."""
    assert set(get_args(union)) == set(tags)
    assert len(set(tags.values())) == len(tags)


@pytest.mark.parametrize(("kind", "state"), STATES, ids=[state.__name__ for _, state in STATES])
@settings(max_examples=30)
@given(data=st.data())
def test_every_state_comes_back(kind: str, state: type, data: st.DataObject) -> None:
    """Whatever a state or an event holds, it is read as it was written, under its tag."""
    _, tags, dump, load = KINDS[kind]
    value = data.draw(st.from_type(state))

    stored = dump(value)

    assert value == load(stored)
    assert json.loads(stored)["is"] == tags[state]


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_tag_is_an_error(kind: str) -> None:
    """What a newer version wrote is never read as something else."""
    *_, load = KINDS[kind]

    with pytest.raises(Exception, match="a-newer-state"):
        load('{"is": "a-newer-state"}')


def test_a_broken_value_is_an_error() -> None:
    """What is read is checked like any other value: a price without a currency is none."""
    stored = mapping.dump_line(a_line()).replace('"EUR"', '"eu"')

    with pytest.raises(Exception, match="currency"):
        mapping.load_line(stored)


def test_half_a_character_is_replaced() -> None:
    """A vendor's broken text does not keep a payment from being stored; everything else of it stays as it is."""
    (refused,) = every_state()["payment-refused"].payments
    broken = attrs.evolve(refused, reason="too \ud800 small")

    assert attrs.evolve(refused, reason="too \ufffd small") == mapping.load_payment(mapping.dump_payment(broken))


def test_the_rest_of_an_order_comes_back() -> None:
    """Buyer, times, closing decision and link, in every state that they have."""
    for order in every_state().values():
        head = mapping.Head(
            buyer=order.buyer,
            created_at=order.created_at,
            expires_at=order.expires_at,
            closing=order.closing,
            link=order.link,
            findings_opened=order.findings_opened,
        )

        assert head == mapping.load_head(mapping.dump_head(head))


@given(TIMES)
def test_a_time_is_kept_to_the_microsecond(at: datetime) -> None:
    """A column of whole microseconds holds every time that Python has."""
    assert at == moment(micros(at))
    assert micros(at + timedelta(microseconds=1)) == micros(at) + 1


@given(st.decimals(min_value=0, max_value=10**15, allow_nan=False))
def test_an_amount_keeps_every_digit(amount: Decimal) -> None:
    """An amount is plain digits, never an exponent, and the same number afterwards."""
    assert "E" not in digits(amount)
    assert amount == Decimal(digits(amount))


def test_every_part_has_a_place() -> None:
    """No attribute of an order is forgotten: each is a part, or stands in the head, or is its version."""
    parts = {"id", "lines", "units", "payments", "reservations", "findings", "version"}

    assert {field.name for field in attrs.fields(type(every_state()["placed"]))} == (
        parts | {field.name for field in attrs.fields(mapping.Head)}
    )
