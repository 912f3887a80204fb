"""
Kinguin's JSON, read and written. **Source** of the shapes: Kinguin ESA documentation, state July 2025.
"""

import copy
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import attrs
import pytest

from bitloot_adapters._shared.exact_json import decode_json, encode_json
from bitloot_adapters.kinguin.unreadable import Unreadable
from bitloot_adapters.kinguin.wire import (
    UNDATED,
    order_request,
    read_balance,
    read_found,
    read_order,
    read_returned,
)
from bitloot_core.order.reservations import KeyType, PurchaseItem, SupplierWord
from bitloot_core.ports.supplier import Purchase, ReturnedKey, ReturnOutcome
from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.ids import ExternalRef, SupplierKeyId, SupplierOrderId, SupplierProductId, UnitId
from bitloot_core.values.money import Money

# The documentation's own example of an order object.
DOCUMENTED = b"""{"totalPrice":5.79,"requestTotalPrice":5.79,"status":"processing","userEmail":"shop@example.com",
"storeId":1,"createdAt":"2020-10-28T08:40:44+00:00","orderId":"PHS84FJAG5U","orderExternalId":"AL2FEEHOO2OHF","paymentPrice":5.29,
"products":[{"kinguinId":1949,"offerId":"5f7efd272f3a650001f42722","productId":"5c9b68662539a4e8f17ae2fe","qty":1,
"name":"Counter-Strike: Source Steam CD Key","price":5.79,"totalPrice":5.79,"requestPrice":5.79,"isPreorder":false,
"releaseDate":"2020-10-07","keyType":"text","keys":[{"id":"67041c31e4d991383ee2a278","status":"DELIVERED"}]}],
"totalQty":1,"isPreorder":false}"""
REF = ExternalRef("AL2FEEHOO2OHF")
GAME = SupplierProductId("5c9b68662539a4e8f17ae2fe")
ITEM = PurchaseItem(
    line=1,
    units=(UnitId("1.1"), UnitId("1.2")),
    supplier_product_id=GAME,
    max_cost=Money.of("5.10", "EUR"),
    key_type=KeyType.TEXT,
)


def an_order(**changed: Any) -> Any:
    """The documented order object with other values; None removes one."""
    order: Any = decode_json(DOCUMENTED)
    order |= changed
    return {name: value for name, value in order.items() if value is not None}


def test_the_documented_order_is_read() -> None:
    """Each value is taken from the field that the documentation gives it."""
    expected = Purchase(
        supplier_order_id=SupplierOrderId("PHS84FJAG5U"),
        ref=REF,
        word=SupplierWord.PROCESSING,
        charged=Money.of("5.29", "EUR"),
        quantities={GAME: 1},
        created_at=datetime(2020, 10, 28, 8, 40, 44, tzinfo=UTC),
    )

    assert expected == read_order(decode_json(DOCUMENTED))


def test_an_order_is_read_whatever_else_stands_in_it() -> None:
    """Fields that we do not need may come, go and change their type."""
    order = an_order(userEmail=7, storeId=None, totalQty="one", novelty={"a": []}, isPreorder="no", totalPrice=None)

    assert read_order(order) == read_order(decode_json(DOCUMENTED))


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("processing", SupplierWord.PROCESSING),
        ("completed", SupplierWord.COMPLETED),
        ("canceled", SupplierWord.CANCELLED),
        ("refunded", SupplierWord.REFUNDED),
        ("unrecognised", SupplierWord.UNRECOGNISED),
        ("on-hold", SupplierWord.UNRECOGNISED),
        ("COMPLETED", SupplierWord.UNRECOGNISED),
    ],
)
def test_a_word_that_is_not_documented_is_not_guessed_at(status: str, word: SupplierWord) -> None:
    """The four documented words, and one for all others."""
    assert word == read_order(an_order(status=status)).word


@pytest.mark.parametrize(
    ("fields", "charged"),
    [
        ({"paymentPrice": "5.29"}, "5.29"),  # "may be a string"
        ({"paymentPrice": 5}, "5.00"),
        ({"paymentPrice": 0}, "0.00"),
        ({"paymentPrice": None}, "5.79"),
        ({"paymentPrice": Decimal("10.580000000000002")}, "10.58"),
        ({"paymentPrice": Decimal("0.285")}, "0.29"),
        ({"paymentPrice": Decimal("1.2E1")}, "12.00"),
    ],
)
def test_the_charge_is_read_exactly(fields: dict[str, Any], charged: str) -> None:
    """`paymentPrice` is what the balance paid; a number, or a number in a string; drift of their floats is cut off."""
    assert Money.of(charged, "EUR") == read_order(an_order(**fields)).charged


def test_entries_of_one_product_add_up() -> None:
    """A product bought from two offers stands there twice."""
    entry = decode_json(DOCUMENTED)["products"][0]  # type: ignore[index]  # JSON
    other = entry | {"productId": "other", "qty": 4}

    purchase = read_order(an_order(products=[entry, other, entry | {"offerId": "second", "qty": 2}]))

    assert purchase.quantities == {GAME: 3, "other": 4}


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2020-10-16T11:24:08.025+00:00", datetime(2020, 10, 16, 11, 24, 8, 25_000, tzinfo=UTC)),
        ("2020-10-16T13:24:08+02:00", datetime(2020, 10, 16, 11, 24, 8, tzinfo=UTC)),
        ("2020-10-16T11:24:08Z", datetime(2020, 10, 16, 11, 24, 8, tzinfo=UTC)),
        ("2020-10-16T11:24:08", datetime(2020, 10, 16, 11, 24, 8, tzinfo=UTC)),
        ("2020-10-16", datetime(2020, 10, 16, tzinfo=UTC)),
        ("yesterday", UNDATED),
        ("0001-01-01T00:00:00+14:00", UNDATED),
        (1602847448, UNDATED),
    ],
)
def test_a_date_never_costs_us_an_order(text: object, at: datetime) -> None:
    """What cannot be read as a date is dated long ago; the purchase is paid for all the same."""
    assert at == read_order(an_order(createdAt=text)).created_at


@pytest.mark.parametrize(
    "changed",
    [
        {"orderId": None},
        {"orderId": 7},
        {"orderId": ""},
        {"orderId": "a b"},
        {"orderId": "x" * 129},
        {"orderId": "nul\0"},
        {"orderExternalId": None},
        {"status": None},
        {"status": 3},
        {"paymentPrice": None, "totalPrice": None},
        {"paymentPrice": True},
        {"paymentPrice": "5,29"},
        {"paymentPrice": "1e3"},
        {"paymentPrice": Decimal("1E+9999")},
        {"paymentPrice": [5]},
        {"products": None},
        {"products": {}},
        {"products": ["x"]},
        {"products": [{"productId": GAME}]},
        {"products": [{"productId": GAME, "qty": "2"}]},
        {"products": [{"productId": GAME, "qty": True}]},
        {"products": [{"productId": GAME, "qty": -1}]},
        {"products": [{"qty": 1}]},
    ],
)
def test_an_order_without_what_we_need_is_refused(changed: dict[str, Any]) -> None:
    """Nothing is made up for what is missing."""
    with pytest.raises(Unreadable):
        read_order(an_order(**changed))


@pytest.mark.parametrize("payload", [None, [], "order", 7, True])
def test_what_is_no_object_is_no_order(payload: object) -> None:
    """Nor a search, nor a balance."""
    for reader in (read_order, read_balance, lambda found: read_found(found, ref=REF)):
        with pytest.raises(Unreadable):
            reader(payload)


def test_a_search_gives_only_what_carries_our_reference() -> None:
    """`o1-1` is not `o1-10`, should the search match by the beginning or not at all."""
    others = [an_order(orderExternalId="AL2FEEHOO2OHF0"), an_order(orderExternalId="al2feehoo2ohf")]

    page = read_found({"results": [others[0], an_order(), others[1]], "item_count": 3}, ref=REF)

    assert (page.shown, page.total) == (3, 3)
    assert page.ours == (read_order(an_order()),)


def test_a_strange_order_in_a_search_is_not_read_any_further() -> None:
    """Somebody else's order may lack what ours has."""
    page = read_found({"results": [{"orderExternalId": "other"}], "item_count": 1}, ref=REF)

    assert page.ours == ()


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"results": []},
        {"item_count": 0},
        {"results": None, "item_count": 0},
        {"results": {}, "item_count": 0},
        {"results": [], "item_count": "0"},
        {"results": [{}], "item_count": 1},
        {"results": [{"orderExternalId": REF}], "item_count": 1},
    ],
)
def test_a_search_that_cannot_be_read_is_never_empty(payload: object) -> None:
    """ "Nothing found" may lead to a second purchase, so it is said only by an answer that says it."""
    with pytest.raises(Unreadable):
        read_found(payload, ref=REF)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("RETURNED", ReturnOutcome.RETURNED),
        ("REFUNDED", ReturnOutcome.RETURNED),
        ("DELIVERED", ReturnOutcome.PENDING),
        ("PROCESSING", ReturnOutcome.PENDING),
        ("PENDING", ReturnOutcome.PENDING),
        ("CANCELED", ReturnOutcome.REFUSED),
    ],
)
def test_the_states_of_returned_keys_are_told_apart(status: str, outcome: ReturnOutcome) -> None:
    """The six documented states."""
    expected = (ReturnedKey(id=SupplierKeyId("k1"), outcome=outcome),)

    assert expected == read_returned([{"id": "k1", "status": status}])


@pytest.mark.parametrize(
    "payload", [None, {}, ["x"], [{"id": "k1"}], [{"id": "k1", "status": "LOST"}], [{"status": 1}]]
)
def test_a_state_that_is_not_documented_is_not_guessed_at(payload: object) -> None:
    """Money hangs on it."""
    with pytest.raises(Unreadable):
        read_returned(payload)


@pytest.mark.parametrize(("value", "balance"), [(Decimal("99.5"), "99.50"), ("0", "0.00"), (Decimal("-3.2"), "-3.20")])
def test_the_balance_is_read(value: object, balance: str) -> None:
    """In euros, and below zero if the supplier says so."""
    assert Money.of(balance, "EUR") == read_balance({"balance": value})


def test_an_order_request_has_the_documented_shape() -> None:
    """Prices are numbers with their own digits; text keys are asked for unless any will do."""
    anything = attrs.evolve(
        ITEM,
        units=(UnitId("2.1"),),
        supplier_product_id=SupplierProductId("other"),
        max_cost=Money.of("12", "EUR"),
        key_type=KeyType.ANY,
    )

    body = encode_json(order_request((ITEM, anything), ref=ExternalRef("o1-1")))

    assert body == (
        b'{"products":[{"productId":"5c9b68662539a4e8f17ae2fe","qty":2,"price":5.10,"keyType":"text"},'
        b'{"productId":"other","qty":1,"price":12}],"orderExternalId":"o1-1"}'
    )


def test_a_preorder_is_asked_for_without_a_key_type() -> None:
    """The API refuses `keyType` with a preorder."""
    item = attrs.evolve(ITEM, release_date=date(2027, 1, 1))

    request: Any = order_request((item,), ref=ExternalRef("o1-1"))

    assert request["products"] == [{"productId": GAME, "qty": 2, "price": Decimal("5.10")}]


def test_a_cap_in_another_currency_is_never_sent() -> None:
    """The API takes the number for euros."""
    item = attrs.evolve(ITEM, max_cost=Money.of("5.10", "USD"))

    with pytest.raises(InvalidInput):
        order_request((item,), ref=ExternalRef("o1-1"))


def test_reading_changes_nothing() -> None:
    """The payload can be read again."""
    order = an_order()
    before = copy.deepcopy(order)

    read_order(order)

    assert before == order
