"""Money is exact, in one currency, and never comes from a float."""

from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.money import LARGEST, CoinAmount, Money, exponent_of, parse_coin, parse_decimal

minors = st.integers(-(10**11), 10**11)
CURRENCIES = st.sampled_from(["EUR", "USD", "JPY"])


@given(minors, CURRENCIES)
def test_minor_units_are_the_whole_truth(minor: int, currency: str) -> None:
    """What the database holds comes back as it was."""
    assert minor == Money.from_minor(minor, currency).minor


@given(minors, CURRENCIES)
def test_the_text_of_money_reads_as_the_same_money(minor: int, currency: str) -> None:
    """What the wire shows can be read again."""
    money = Money.from_minor(minor, currency)

    assert money == Money.of(money.text, currency)


@given(minors, minors)
def test_sums_are_exact(first: int, second: int) -> None:
    """Adding and taking away again changes nothing."""
    one, other = Money.from_minor(first, "EUR"), Money.from_minor(second, "EUR")

    assert one == one + other - other
    assert (first < second, first <= second) == (one < other, one <= other)


@given(st.integers(0, 10**6), st.integers(0, 90))
def test_a_price_times_a_quantity_is_that_many_prices(minor: int, count: int) -> None:
    """Multiplying is adding."""
    money = Money.from_minor(minor, "EUR")

    assert sum([money] * count, start=Money.zero("EUR")) == money * count


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "1,5",
        "1.",
        ".5",
        "1e5",
        "0x1",
        "NaN",
        "Infinity",
        "--1",
        "+1",
        "1_000",
        "1\n",
        "\u0661",
        "1.2.3",
        "9" * 16,
    ],
)
def test_what_is_no_plain_number_is_refused(text: str) -> None:
    """Exponents, separators, other scripts' digits and words are not amounts."""
    with pytest.raises(InvalidInput) as refused:
        parse_decimal(text, field="price")

    assert (refused.value.field, refused.value.code) == ("price", "invalid")
    assert text not in str(refused.value) or not text.strip()


@pytest.mark.parametrize("value", [5.0, 5, None, b"5"])
def test_only_text_is_read_as_a_number(value: object) -> None:
    """A float has lost its digits already."""
    with pytest.raises(InvalidInput):
        parse_decimal(value)


def test_more_than_a_shop_could_mean_is_refused() -> None:
    """A number beyond a million millions is a mistake or an attack."""
    assert parse_decimal("999999999999.99") < LARGEST
    with pytest.raises(InvalidInput, match=r"^price is out of range"):
        parse_decimal("1000000000000", field="price")


@pytest.mark.parametrize(
    ("amount", "currency", "slip"),
    [
        (Decimal("1.001"), "EUR", "amount has more digits than EUR"),
        (Decimal("1.5"), "JPY", "amount has more digits than JPY"),
        (Decimal("NaN"), "EUR", "amount"),
        (Decimal("Infinity"), "EUR", "amount"),
        (LARGEST, "EUR", "amount"),
        (12.99, "EUR", "amount"),
        (Decimal(1), "eur", "currency"),
        (Decimal(1), "EURO", "currency"),
        (Decimal(1), "", "currency"),
    ],
)
def test_money_that_cannot_be_is_refused(amount: Decimal, currency: str, slip: str) -> None:
    """No more digits than the currency has, no float, no strange currency."""
    with pytest.raises(InvalidInput, match=rf"^{slip}\b"):
        Money(amount=amount, currency=currency)


def test_whoever_reads_money_says_where_it_stands() -> None:
    """The sender is told of the field by its own name."""
    with pytest.raises(InvalidInput, match=r"^floor is not a plain"):
        Money.of("1,5", "EUR", field="floor")


@pytest.mark.parametrize("operation", [Money.__add__, Money.__sub__, Money.__le__, Money.__lt__])
def test_two_currencies_never_meet(operation: object) -> None:
    """One currency a sum, one currency a comparison."""
    with pytest.raises(InvalidInput, match=r"^currency is USD, expected EUR"):
        operation(Money.zero("EUR"), Money.zero("USD"))


def test_money_is_written_as_people_write_it() -> None:
    """All digits of the currency, and its code."""
    assert str(Money.of("12.9", "EUR")) == "12.90 EUR"
    assert str(Money.of("1300", "JPY")) == "1300 JPY"
    assert repr(Money.of("0.01", "EUR")) == "Money(amount=Decimal('0.01'), currency='EUR')"
    assert [exponent_of("EUR"), exponent_of("KRW")] == [2, 0]


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("1E-8", "0.00000001"),
        ("1E+3", "1000"),
        ("0.500", "0.5"),
        ("100", "100"),
        ("0", "0"),
        ("1.0", "1"),
        ("0.000000000000000001", "0.000000000000000001"),
    ],
)
def test_coins_are_written_without_exponents(amount: str, text: str) -> None:
    """**Source:** NOWPayments captures: amounts below 1e-6 come with an exponent; people do not read them so."""
    assert text == CoinAmount(amount=Decimal(amount), coin="btc").text


@pytest.mark.parametrize(
    ("amount", "coin", "field"),
    [
        (Decimal(-1), "btc", "amount"),
        (Decimal("NaN"), "btc", "amount"),
        (Decimal(10) ** 30, "btc", "amount"),
        (0.1, "btc", "amount"),
        (Decimal(1), "BTC", "coin"),
        (Decimal(1), "b", "coin"),
        (Decimal(1), "b-t-c", "coin"),
    ],
)
def test_coins_that_cannot_be_are_refused(amount: Decimal, coin: str, field: str) -> None:
    """No negative amount, no float, a code in lower case."""
    with pytest.raises(InvalidInput, match=f"^{field} is not"):
        CoinAmount(amount=amount, coin=coin)


@pytest.mark.parametrize("text", ["", "x", "usdt trc20", "b" * 21, "btc;drop", "бтц"])
def test_what_is_no_coin_has_its_own_code(text: str) -> None:
    """A program can tell an unknown coin from other bad input."""
    with pytest.raises(InvalidInput) as refused:
        parse_coin(text)

    assert (refused.value.field, refused.value.code) == ("payCurrency", "unknown-coin")


def test_a_coin_is_read_in_any_case() -> None:
    """**Source:** NOWPayments: lists come in capitals or not; codes are compared in lower case."""
    assert [parse_coin(" USDTtrc20 "), parse_coin("btc")] == ["usdttrc20", "btc"]


def test_amounts_are_values() -> None:
    """Equal amounts are equal, and none can be changed."""
    money = Money.of("1.00", "EUR")

    assert {money, Money.of("1.00", "EUR")} == {money}
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        money.amount = Decimal(2)
