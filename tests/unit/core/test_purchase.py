"""
What is bought for an order, within the supplier's limits.

**Source:** Kinguin ESA documentation (state July 2025): 9 of an offer, 10 products and 90 keys in an order; a preorder
stands alone. A productId may stand only once in an order (field report).
"""

from datetime import date

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitloot_core.order import commands as c
from bitloot_core.order.order import Line, Order
from bitloot_core.order.purchase import MOST_OF_A_PRODUCT, MOST_PRODUCTS, plan_purchases
from bitloot_core.order.reservations import KeyType, is_dead
from bitloot_core.testing.milestones import milestones
from bitloot_core.testing.orders import a_line, held, placed, reserved, settled
from bitloot_core.values.ids import SupplierProductId, order_of

PLACES = milestones()
RELEASE = date(2027, 3, 1)


def baskets(order: Order) -> list[list[int]]:
    """How many of each product each purchase is for."""
    return [[item.quantity for item in plan.items] for plan in plan_purchases(order)]


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [(1, [[1]]), (9, [[9]]), (10, [[9], [1]]), (18, [[9], [9]]), (90, [[9]] * 10)],
)
def test_at_most_nine_of_a_product_are_bought_at_once(quantity: int, expected: list[list[int]]) -> None:
    """A product stands once in a purchase, so the rest of it goes into the next one."""
    assert expected == baskets(placed(quantity=quantity))


@pytest.mark.parametrize(("products", "expected"), [(10, [10]), (11, [10, 1]), (25, [10, 10, 5])])
def test_at_most_ten_products_are_bought_at_once(products: int, expected: list[int]) -> None:
    """The eleventh product opens another purchase."""
    lines = tuple(a_line(number, product=f"p{number}") for number in range(1, products + 1))

    assert expected == [len(basket) for basket in baskets(placed(lines=lines))]


def test_a_preorder_is_bought_alone() -> None:
    """Its keys come at its release, and hold up no other."""
    soon = attrs.evolve(a_line(2, product="soon"), release_date=RELEASE)
    order = placed(lines=(a_line(1), soon, a_line(3, product="licence")))

    plans = plan_purchases(order)

    assert [[item.line for item in plan.items] for plan in plans] == [[1, 3], [2]]
    assert [plan.release_date for plan in plans] == [None, RELEASE]


def test_two_preorders_are_two_purchases() -> None:
    """A preorder is alone also beside another one."""
    lines = tuple(attrs.evolve(a_line(n, product=f"p{n}"), release_date=RELEASE) for n in (1, 2))

    assert baskets(placed(lines=lines)) == [[1], [1]]


def test_one_product_of_the_supplier_stands_once_in_a_purchase() -> None:
    """Two products of ours can be one at the supplier; it refuses the repeat."""
    twin = attrs.evolve(a_line(2, product="twin"), supplier_product_id=SupplierProductId("supplier-game"))

    assert baskets(placed(lines=(a_line(1), twin))) == [[1], [1]]


def test_an_item_has_the_terms_of_its_line() -> None:
    """The cost cap, the kind of key and the units are what the order was placed with."""
    line = attrs.evolve(a_line(1, quantity=2), key_type=KeyType.ANY)

    ((item,),) = [plan.items for plan in plan_purchases(placed(lines=(line,)))]

    assert (line.supplier_product_id, line.max_cost, KeyType.ANY) == (
        item.supplier_product_id,
        item.max_cost,
        item.key_type,
    )
    assert item.units == ("1.1", "1.2")


@pytest.mark.parametrize(
    "place", ["paid", "paid, claimed", "paid, in doubt", "fulfilling", "fulfilling, one held", "fulfilled"]
)
def test_nothing_is_planned_for_what_is_held_or_coming(place: str) -> None:
    """I1: a purchase that may still bring a key keeps others from being made for it."""
    assert plan_purchases(PLACES[place].order) == ()


def test_what_a_dead_purchase_left_is_bought_under_a_new_attempt() -> None:
    """Numbers go on, attempts count, and held units are left out."""
    (plan,) = plan_purchases(PLACES["fulfilling, fallen"].order)

    assert (plan.number, plan.ref, plan.attempt, plan.units) == (2, "o1-2", 2, ("1.2",))


def test_attempts_are_counted_by_what_was_tried_for_the_same_units() -> None:
    """A third try after two refusals is attempt 3."""
    refuse = c.RecordPurchaseRefusal(number=2, code="out-of-stock", reason="none")
    retry = c.RetryOrder(by="admin:ann", reason="try again")
    story = PLACES["paid, no stock"].when(retry, refuse, retry)

    plan = story.order.reservations[-1].plan

    assert (plan.number, plan.attempt) == (3, 3)


def test_units_of_other_lines_do_not_count_attempts() -> None:
    """Lines that were never tried are in their first attempt."""
    order = settled(placed(lines=(a_line(1), a_line(2, product="licence"))))
    bought = reserved(attrs.evolve(order, units=order.units[:1]))
    both = attrs.evolve(held(bought, units=1), units=(*held(bought, units=1).units, order.units[1]))

    (plan,) = plan_purchases(both)

    assert (plan.number, plan.attempt, plan.units) == (2, 1, ("2.1",))


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """An order of up to 12 lines and 90 units, some of them preorders, some twins at the supplier."""
    quantities = draw(st.lists(st.integers(1, 30), min_size=1, max_size=12).filter(lambda one: sum(one) <= 90))
    lines: list[Line] = []
    for number, quantity in enumerate(quantities, start=1):
        release = draw(st.sampled_from([None, None, RELEASE]))
        supplier = SupplierProductId(f"s{draw(st.integers(1, 9))}")
        line = a_line(number, product=f"p{number}", quantity=quantity)
        lines.append(attrs.evolve(line, release_date=release, supplier_product_id=supplier))
    return placed(lines=tuple(lines))


@given(orders())
def test_every_owed_unit_is_planned_once_within_the_limits(order: Order) -> None:
    """I1: whatever is ordered, each unit is in one purchase, and the supplier would accept each purchase."""
    plans = plan_purchases(order)

    assert sorted(unit.id for unit in order.units) == sorted(unit for plan in plans for unit in plan.units)
    assert list(range(1, len(plans) + 1)) == [plan.number for plan in plans]
    for plan in plans:
        names = [item.supplier_product_id for item in plan.items]
        assert len(names) == len(set(names)) <= MOST_PRODUCTS
        assert all(1 <= item.quantity <= MOST_OF_A_PRODUCT for item in plan.items)
        assert len(plan.items) == 1 or plan.release_date is None
        assert order.id == order_of(plan.ref)
    assert not any(is_dead(res) for res in order.reservations)
