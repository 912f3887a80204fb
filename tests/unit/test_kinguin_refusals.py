"""
What each of Kinguin's refusals means. **Source** of the kinds: Kinguin ESA documentation, state July 2025.
"""

import json

import pytest

from bitloot_adapters._shared.http_caller import Answer
from bitloot_adapters.kinguin.refusals import Refusal, of_purchase, of_read, of_return, refusal_of
from bitloot_core.values.errors import NotFound, PortError, Rejected, Unavailable, Unknown
from bitloot_core.values.ids import ExternalRef, SupplierOrderId

REF = ExternalRef("o1-1")
ORDER = SupplierOrderId("PHS84FJAG5U")
DOCUMENTED_KINDS = frozenset(
    {
        "ConstraintViolation",
        "Error",
        "HttpClient",
        "Http",
        "Authorization",
        "InsufficientBalance",
        "OrderFailed",
        "Preorder",
        "ProductUnavailable",
        "OrderNotFound",
        "ResourceLock",
        "OrderNotSupported",
        "NoKeysToReturn",
    }
)
OF_A_PURCHASE = {
    "Authorization": (Rejected, "unauthorised"),
    "ProductUnavailable": (Rejected, "out-of-stock"),
    "InsufficientBalance": (Rejected, "insufficient-balance"),
    "Preorder": (Rejected, "preorder"),
}
OF_A_RETURN = {
    "NoKeysToReturn": (Rejected, "nothing-to-return"),
    "OrderNotSupported": (Rejected, "nothing-to-return"),
    "OrderNotFound": (Rejected, "nothing-to-return"),
    "Authorization": (Unavailable, None),
}


def answered(body: object, *, status: int = 422, content_type: str = "application/json") -> Answer:
    """An answer with this JSON."""
    return Answer(status=status, content_type=content_type, body=json.dumps(body).encode())


def outcome(error: PortError) -> tuple[type[PortError], str | None]:
    """What the caller branches on."""
    return type(error), error.code if isinstance(error, Rejected) else None


@pytest.mark.parametrize("kind", sorted(DOCUMENTED_KINDS | {"", "Novelty"}))
def test_only_a_definite_refusal_of_a_purchase_is_final(kind: str) -> None:
    """Four kinds come before anything is bought; whatever else comes, the purchase is looked up."""
    expected = OF_A_PURCHASE.get(kind, (Unknown, None))

    assert expected == outcome(of_purchase(Refusal(status=422, kind=kind), ref=REF))


@pytest.mark.parametrize(
    ("property_path", "expected"),
    [
        ("products[0].qty", (Rejected, "invalid-purchase")),
        ("products", (Rejected, "invalid-purchase")),
        ("orderExternalId", (Unknown, None)),
        ("data.orderExternalId", (Unknown, None)),
        ("", (Unknown, None)),
    ],
)
@pytest.mark.parametrize("status", [400, 422])
def test_a_reference_that_was_seen_before_is_looked_up(
    property_path: str, expected: tuple[type[PortError], str | None], status: int
) -> None:
    """A violation is final only if it names another property than the reference (field report: 422 on a repeat)."""
    refusal = Refusal(status=status, kind="ConstraintViolation", property_path=property_path)

    assert expected == outcome(of_purchase(refusal, ref=REF))


@pytest.mark.parametrize("kind", sorted(DOCUMENTED_KINDS | {"", "Novelty"}))
def test_a_return_is_refused_or_in_doubt(kind: str) -> None:
    """There is one return a purchase: a refusal that is not known to be one is not taken for one."""
    expected = OF_A_RETURN.get(kind, (Unknown, None))

    assert expected == outcome(of_return(Refusal(status=422, kind=kind)))


@pytest.mark.parametrize("kind", sorted(DOCUMENTED_KINDS | {"", "Novelty"}))
def test_an_order_is_unknown_only_if_the_api_says_so(kind: str) -> None:
    """A 404 of another kind is a wrong address or a gateway; nothing follows from it about the order."""
    expected = NotFound if kind == "OrderNotFound" else Unavailable

    assert isinstance(of_read(Refusal(status=404, kind=kind), supplier_order_id=ORDER), expected)


def test_a_refusal_is_read_from_its_stable_fields() -> None:
    """The documented envelope; prose and quoted values stay out."""
    answer = answered(
        {
            "kind": "ConstraintViolation",
            "status": 400,
            "title": "CANARY",
            "detail": "CANARY",
            "path": "/api/v2/order",
            "method": "POST",
            "trace": "5f4d1f0a3c",
            "timestamp": "2020-10-16T11:24:08+00:00",
            "propertyPath": "products[0].qty",
            "invalidValue": "CANARY",
        },
        status=400,
    )

    refusal = refusal_of(answer)

    expected = Refusal(status=400, kind="ConstraintViolation", property_path="products[0].qty", trace="5f4d1f0a3c")
    assert expected == refusal
    assert str(refusal) == "answered 400, ConstraintViolation, products[0].qty, 5f4d1f0a3c"


def test_the_documented_refusal_of_an_api_key_is_read() -> None:
    """It is shorter than the others."""
    body = {
        "kind": "Authorization",
        "status": 401,
        "detail": "Invalid authentication data.",
        "type": "Unauthorized",
    }

    assert Refusal(status=401, kind="Authorization") == refusal_of(answered(body, status=401))


@pytest.mark.parametrize(
    "answer",
    [
        answered({"kind": "ProductUnavailable"}, content_type="text/html"),
        Answer(status=422, content_type="text/html", body=b"<html>"),
        Answer(status=422, content_type="application/json", body=b"{"),
        Answer(status=422, content_type="", body=b""),
        answered([]),
        answered("ProductUnavailable"),
        answered({}),
        answered({"kind": None}),
        answered({"kind": ["ProductUnavailable"]}),
        answered({"kind": "ProductUnavailable\nforged log line"}),
        answered({"kind": "x" * 65}),
    ],
)
def test_what_is_not_the_apis_own_word_refuses_nothing(answer: Answer) -> None:
    """A page of a gateway, or half a document, says nothing about a purchase."""
    refusal = refusal_of(answer)

    assert (Unknown, None) == outcome(of_purchase(refusal, ref=REF))
    assert str(refusal) == "answered 422, not the API's JSON"
