"""What is let in and what is said about it come from one place."""

from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from bitloot_core.values.money import Money
from bitloot_core.values.secret import Secret
from bitloot_http.invalid_body import InvalidBody
from bitloot_http.outgoing import unstructure
from bitloot_http.schema import parameters_of, schemas_of, structure, structure_query
from bitloot_http.shapes import shape
from bitloot_http.wire.bodies import ItemBody, OrdersQuery, PaymentBody, PlaceOrderBody

ORDER: dict[str, Any] = {"email": "buyer@example.com", "items": [{"productId": "game", "quantity": 2}]}


def problems(payload: object, cls: type[Any] = PlaceOrderBody) -> dict[str, str]:
    """The code of each problem by its field."""
    with pytest.raises(InvalidBody) as caught:
        structure(payload, cls)
    return {problem.field: problem.code for problem in caught.value.problems}


def test_a_good_body_is_read() -> None:
    """Names are camelCase on the wire and snake_case in Python."""
    body = structure({**ORDER, "payCurrency": "btc"}, PlaceOrderBody)

    assert body == PlaceOrderBody(
        email="buyer@example.com", items=(ItemBody(product_id="game", quantity=2),), pay_currency="btc"
    )


@pytest.mark.parametrize("coin", [{}, {"payCurrency": None}])
def test_what_is_optional_may_be_absent_or_null(coin: dict[str, Any]) -> None:
    """A client that writes null means the same as one that writes nothing."""
    assert structure({**ORDER, **coin}, PlaceOrderBody).pay_currency is None


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ([], {"body": "invalid-field"}),
        ("text", {"body": "invalid-field"}),
        (None, {"body": "invalid-field"}),
        ({}, {"email": "missing-field", "items": "missing-field"}),
        ({**ORDER, "coupon": 1, "admin": True}, {"admin": "unknown-field", "coupon": "unknown-field"}),
        ({**ORDER, "email": 7}, {"email": "invalid-email"}),
        ({**ORDER, "email": "a\x00@b.example"}, {"email": "invalid-email"}),
        ({**ORDER, "email": "a\ud800@b.example"}, {"email": "invalid-email"}),
        ({**ORDER, "items": []}, {"items": "invalid-items"}),
        ({**ORDER, "items": {}}, {"items": "invalid-items"}),
        ({**ORDER, "items": "ab"}, {"items": "invalid-items"}),
        ({**ORDER, "items": [7]}, {"items[0]": "invalid-field"}),
        ({**ORDER, "items": [{"productId": "", "quantity": 1}]}, {"items[0].productId": "unknown-product"}),
        ({**ORDER, "items": [{"productId": "x", "quantity": 0}]}, {"items[0].quantity": "invalid-quantity"}),
        ({**ORDER, "items": [{"productId": "x", "quantity": -1}]}, {"items[0].quantity": "invalid-quantity"}),
        ({**ORDER, "items": [{"productId": "x", "quantity": 91}]}, {"items[0].quantity": "invalid-quantity"}),
        ({**ORDER, "items": [{"productId": "x", "quantity": True}]}, {"items[0].quantity": "invalid-quantity"}),
        ({**ORDER, "items": [{"productId": "x", "quantity": "1"}]}, {"items[0].quantity": "invalid-quantity"}),
        ({**ORDER, "items": [{"productId": "x", "quantity": 1.0}]}, {"items[0].quantity": "invalid-quantity"}),
        (
            {**ORDER, "items": [*ORDER["items"], {"productId": "x", "quantity": 1, "price": "0.01"}]},
            {"items[1].price": "unknown-field"},
        ),
        ({**ORDER, "payCurrency": "b"}, {"payCurrency": "unknown-coin"}),
        ({**ORDER, "payCurrency": 1}, {"payCurrency": "unknown-coin"}),
    ],
)
def test_each_problem_is_told_with_its_path_and_its_code(payload: object, expected: dict[str, str]) -> None:
    """All problems of a body at once, under the names that the sender used."""
    assert problems(payload) == expected


def test_a_problem_does_not_repeat_what_was_sent() -> None:
    """A client may have put a secret into the wrong field."""
    with pytest.raises(InvalidBody) as caught:
        structure({**ORDER, "email": ["hunter2"]}, PlaceOrderBody)

    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_query_is_read_from_text() -> None:
    """Numbers and times are text in a query, and an empty field of a form is no filter."""
    query = structure_query({"limit": "50", "from": "2026-01-05", "status": "", "orderId": "o1"}, OrdersQuery)

    assert query == OrdersQuery(limit=50, since=datetime(2026, 1, 5, tzinfo=UTC), order_id="o1")


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ({"limit": "0"}, "limit", "invalid-limit"),
        ({"limit": "101"}, "limit", "invalid-limit"),
        ({"limit": "ten"}, "limit", "invalid-limit"),
        ({"limit": "9" * 5000}, "limit", "invalid-limit"),
        ({"limit": "٣"}, "limit", "invalid-limit"),
        ({"from": "yesterday"}, "from", "invalid-field"),
        ({"to": "0001-01-01T00:00:00+14:00"}, "to", "invalid-field"),
        ({"statuss": "paid"}, "statuss", "unknown-field"),
    ],
)
def test_a_query_without_sense_is_refused(query: dict[str, str], field: str, code: str) -> None:
    """A filter with a slip of the pen would else show everything."""
    with pytest.raises(InvalidBody) as caught:
        structure_query(query, OrdersQuery)

    assert (caught.value.field, caught.value.code) == (field, code)


# JSON Schema takes 1.0 for an integer; we do not, and no client of ours writes it.
FRACTIONS = st.floats(allow_nan=False).filter(lambda number: not number.is_integer())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 100) | FRACTIONS | st.text(max_size=24),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["productId", "quantity", "x"]), inner),
    max_leaves=6,
)
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "email": st.sampled_from(["buyer@example.com", "x", 7, None]),
        "items": st.lists(
            st.fixed_dictionaries(
                {"productId": st.sampled_from(["game", "", "p" * 200, 3]), "quantity": st.integers(-1, 92) | JSON}
            )
            | JSON,
            max_size=3,
        )
        | JSON,
        "payCurrency": st.sampled_from(["btc", "b", "BTC!", None, 5, "x" * 21]),
        "more": st.just(1),
    },
)


@given(BODIES)
def test_the_schema_and_the_reader_agree(payload: dict[str, Any]) -> None:
    """Whatever the published schema admits is read, and whatever it refuses is refused."""
    validator = Draft202012Validator(
        {"$ref": "#/components/schemas/PlaceOrderBody", "components": {"schemas": schemas_of(taken=[PlaceOrderBody])}}
    )
    try:
        structure(payload, PlaceOrderBody)
        admitted = True
    except InvalidBody:
        admitted = False

    assert admitted == validator.is_valid(payload)


def test_what_is_let_in_has_no_other_field_and_what_is_sent_may() -> None:
    """The document refuses what the reader refuses, at every depth; and answers may grow."""
    taken, given = schemas_of(taken=[PlaceOrderBody]), schemas_of(given=[PlaceOrderBody])

    assert [taken[name]["additionalProperties"] for name in ("PlaceOrderBody", "ItemBody")] == [False, False]
    assert [name for name, schema in given.items() if "additionalProperties" in schema] == []


def test_a_promise_of_a_field_is_in_the_schema_and_in_the_reader() -> None:
    """Bounds are written once."""

    @attrs.frozen(kw_only=True)
    class Sample:
        """A sample."""

        count: int = attrs.field(metadata=shape("How many.", least=3, most=5, code="bad-count"))

    assert schemas_of(taken=[Sample])["Sample"]["properties"]["count"] == {
        "type": "integer",
        "minimum": 3,
        "maximum": 5,
        "description": "How many.",
    }
    assert problems({"count": 2}, Sample) == {"count": "bad-count"}
    assert problems({"count": 6}, Sample) == {"count": "bad-count"}


def test_the_parameters_of_a_query_are_described() -> None:
    """`from` and `to` go by their names on the wire."""
    names = [parameter["name"] for parameter in parameters_of(OrdersQuery)]

    assert names[:5] == ["format", "limit", "cursor", "from", "to"]
    assert {"status", "email", "orderId", "kinguinReservationId"} < set(names)


def test_a_parameter_is_text_or_absent() -> None:
    """There is no null in a query."""
    assert {one["required"] for one in parameters_of(OrdersQuery)} == {False}
    assert [one for one in parameters_of(OrdersQuery) if "null" in str(one["schema"])] == []


def test_a_coin_is_admitted_in_any_case() -> None:
    """The core lower-cases it; people write BTC."""
    assert structure({"payCurrency": "BTC"}, PaymentBody).pay_currency == "BTC"


def test_what_goes_out_has_the_forms_of_the_wire() -> None:
    """Money as exact text, times in UTC with a Z, secrets in the clear at the last moment."""

    @attrs.frozen(kw_only=True)
    class Sample:
        """A sample."""

        unit_price: Money
        created_at: datetime
        access_token: Secret

    sample = Sample(
        unit_price=Money.of("12.9", "EUR"), created_at=datetime(2026, 1, 5, 12, tzinfo=UTC), access_token=Secret("t")
    )

    assert unstructure(sample) == {
        "unitPrice": {"amount": "12.90", "currency": "EUR"},
        "createdAt": "2026-01-05T12:00:00.000Z",
        "accessToken": "t",
    }
    assert "'t'" not in repr(sample)
