"""A price is made from a cost: never below cost and floor, never lower for a higher cost, exact to the cent."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.money import Money
from bitloot_core.values.prices import PriceRule, Rounding

ROUNDINGS = ["0.01", "0.05", "0.50", "1", "5", "x.99", "x.90", "x.05", "x9.99", "x5", "x49.00"]
costs = st.integers(1, 10**8).map(lambda minor: Money.from_minor(minor, "EUR"))
rules = st.builds(
    PriceRule,
    margin_percent=st.decimals(0, 1000, places=3),
    floor=st.integers(0, 10**5).map(lambda minor: Money.from_minor(minor, "EUR")),
    rounding=st.sampled_from(ROUNDINGS).map(Rounding.parse),
)


def eur(text: str) -> Money:
    """So many euros."""
    return Money.of(text, "EUR")


@pytest.mark.parametrize(
    ("rule", "cost", "price", "cap"),
    [
        ("20%, 1.00, x.99", "10.00", "12.99", "11.99"),
        ("20%, 1.00, x.99", "10.82", "12.99", "11.99"),
        ("20%, 1.00, x.99", "10.83", "13.99", "12.99"),
        ("20%, 1.00, 0.05", "1.00", "2.00", "1.00"),
        ("0%, 0.00, 0.01", "7.77", "7.77", "7.77"),
        ("33.333%, 0.00, 0.01", "0.01", "0.02", "0.02"),
        ("15%, 0.50, x9.99", "9.00", "19.99", "19.49"),
        ("15%, 0.50, 0.50", "4.35", "5.50", "5.00"),
    ],
)
def test_a_price_is_made_from_a_cost(rule: str, cost: str, price: str, cap: str) -> None:
    """Margin or floor, whichever asks for more; then up to the next price that may stand on a tag."""
    found = PriceRule.parse(rule).price_of(eur(cost))

    assert (eur(price), eur(cap)) == (found, PriceRule.parse(rule).cap_of(found))


@given(rules, costs)
def test_a_price_is_never_below_cost_and_floor(rule: PriceRule, cost: Money) -> None:
    """Nor below the margin; and it is the first such price on the grid, so less than one step above."""
    price = rule.price_of(cost)

    least = max(
        Fraction((cost + rule.floor).amount), Fraction(cost.amount) * (100 + Fraction(rule.margin_percent)) / 100
    )
    assert least <= Fraction(price.amount) < least + Fraction(rule.rounding.step) + Fraction(1, 100)


@given(rules, costs)
def test_a_price_stands_on_the_grid(rule: PriceRule, cost: Money) -> None:
    """It ends as the rule says, and rounding it again changes nothing."""
    price = rule.price_of(cost)

    assert (price.amount - rule.rounding.ending) % rule.rounding.step == 0
    assert price == rule.rounding.up(price)


@given(rules, costs, costs)
def test_a_higher_cost_never_lowers_the_price(rule: PriceRule, one: Money, other: Money) -> None:
    """Monotone: whoever sorts by cost sorts by price."""
    low, high = sorted((one, other), key=lambda cost: cost.minor)

    assert rule.price_of(low) <= rule.price_of(high)


@given(rules, costs)
def test_the_cap_leaves_the_floor(rule: PriceRule, cost: Money) -> None:
    """What may be paid at most leaves the floor, and what it cost today is never above it."""
    price = rule.price_of(cost)

    cap = rule.cap_of(price)

    assert cost <= cap
    assert price - cap == rule.floor


@pytest.mark.parametrize("text", ROUNDINGS)
def test_a_rounding_reads_as_it_is_written(text: str) -> None:
    """What is shown can be typed."""
    rounding = Rounding.parse(text)

    assert rounding == Rounding.parse(rounding.text)


def test_a_rule_reads_as_it_is_written() -> None:
    """Spaces do not matter."""
    rule = PriceRule.parse(" 15 %,0.50 , x.99")

    assert rule.text == "15%, 0.50, x.99"
    assert rule == PriceRule.parse(rule.text)


@pytest.mark.parametrize(
    ("text", "slip"),
    [
        ("", "rule"),
        ("15%", "rule"),
        ("15, 0.50, x.99", "rule"),
        ("ten%, 0, 0.01", "margin"),
        ("-1%, 0, 0.01", "margin must be from 0 to 1000 per cent"),
        ("1000.1%, 0, 0.01", "margin must be from 0 to 1000 per cent"),
        ("1%, none, 0.01", "floor"),
        ("1%, -1, 0.01", "floor"),
        ("1%, 0, 0", "rounding needs a step above 0"),
        ("1%, 0, x", "rounding"),
        ("1%, 0, -1", "rounding needs a step above 0"),
    ],
)
def test_what_is_no_rule_is_refused(text: str, slip: str) -> None:
    """A slip in a rule would be in every price; whoever made it is told in which part."""
    with pytest.raises(InvalidInput, match=rf"^{slip}\b"):
        PriceRule.parse(text)


@pytest.mark.parametrize("number", ["NaN", "Infinity"])
def test_what_is_no_number_rounds_nothing_and_adds_nothing(number: str) -> None:
    """It would make a price of nothing, or none at all."""
    with pytest.raises(InvalidInput, match=r"^rounding needs a step"):
        Rounding(step=Decimal(number))
    with pytest.raises(InvalidInput, match=r"^margin must be"):
        PriceRule(margin_percent=Decimal(number), floor=eur("0"), rounding=Rounding(step=Decimal(1)))


def test_the_largest_margin_can_be_asked_for() -> None:
    """Up to it, and with it."""
    assert eur("11.00") == PriceRule.parse("1000%, 0, 0.01").price_of(eur("1.00"))


def test_an_ending_is_below_its_step() -> None:
    """Another one would never stand on a tag."""
    with pytest.raises(InvalidInput, match=r"^rounding must end"):
        Rounding(step=Decimal(1), ending=Decimal(1))


def test_yen_are_rounded_in_yen() -> None:
    """Step and ending are in the units of the price's own currency."""
    assert Money.of("15", "JPY") == Rounding.parse("x5").up(Money.of("12", "JPY"))


def test_a_cost_of_nothing_has_no_price() -> None:
    """It is a mistake in what was read, and not a gift."""
    with pytest.raises(InvalidInput, match=r"^cost must be above 0"):
        PriceRule.parse("15%, 0.50, x.99").price_of(Money.zero("EUR"))


def test_a_cost_in_another_currency_is_refused() -> None:
    """No rate is guessed."""
    with pytest.raises(InvalidInput, match=r"^currency is EUR, expected USD"):
        PriceRule.parse("15%, 0.50, x.99").price_of(Money.of("10", "USD"))


def test_a_price_at_the_floor_leaves_nothing_to_buy_with() -> None:
    """A cap of nothing would be a product that can never be bought."""
    with pytest.raises(InvalidInput, match=r"^price must be above the floor of 0\.50 EUR"):
        PriceRule.parse("15%, 0.50, x.99").cap_of(eur("0.50"))


def test_small_change_that_a_currency_does_not_have_is_refused() -> None:
    """A yen has no sen."""
    with pytest.raises(InvalidInput, match=r"^rounding has more digits than JPY has"):
        PriceRule.parse("15%, 1, x.99", currency="JPY").price_of(Money.of("500", "JPY"))
