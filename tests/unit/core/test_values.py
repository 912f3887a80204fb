"""Identifiers, keys, secrets and errors: told apart, never printed, split by what to do."""

import traceback
from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitloot_core.values import errors
from bitloot_core.values.errors import (
    AlreadyTaken,
    BitlootError,
    Corrupt,
    InvalidInput,
    LeaseLost,
    NotFound,
    PortError,
    Refused,
    Rejected,
    SignatureInvalid,
    StaleOrder,
    Unavailable,
    Unknown,
)
from bitloot_core.values.ids import (
    ExternalRef,
    OrderId,
    SupplierKeyId,
    UnitId,
    external_ref,
    finding_id,
    order_of,
    unit_id,
)
from bitloot_core.values.keys import PICTURES, KeyMaterial, KeyOwner
from bitloot_core.values.secret import Secret

CANARY = "CANARY-7Q2X-KEY"


@attrs.frozen(kw_only=True)
class Holder:
    """Something of ours that holds a key and a secret, without a thought for printing."""

    material: KeyMaterial
    secret: Secret


HOLDER = Holder(material=KeyMaterial.of_text(CANARY), secret=Secret(CANARY))
PRINTED = {
    "repr": repr,
    "str": str,
    "format": "{}".format,
    "f-string": lambda value: f"{value} {value!r} {value!s}",
    "percent": lambda value: "%s %r" % (value, value),  # noqa: UP031 - one of the ways in which loggers print
    "list": lambda value: str([value, {"a": value}]),
    "traceback": lambda value: "".join(traceback.format_exception(ValueError(value))),
}


@pytest.mark.parametrize("how", PRINTED)
@pytest.mark.parametrize(
    "value", [HOLDER, HOLDER.material, HOLDER.secret], ids=["holder", "product key", "secret text"]
)
def test_what_must_not_be_read_is_never_printed(value: object, how: str) -> None:
    """I7: in no repr, text, format or traceback of it or of what holds it."""
    assert CANARY not in PRINTED[how](value)


@given(st.text(min_size=1))
def test_a_secret_is_read_by_name_alone(text: str) -> None:
    """Each reading can be found by searching for `reveal`."""
    assert text == Secret(text).reveal()
    assert repr(Secret(text)) == "Secret('***')"


@given(st.text(min_size=1).filter(lambda text: text.isprintable()))
def test_a_text_key_keeps_every_character(serial: str) -> None:
    """What the supplier sold is what the buyer reads."""
    material = KeyMaterial.of_text(serial)

    assert material.is_text
    assert serial == material.content.decode()


@pytest.mark.parametrize("media_type", sorted(PICTURES))
def test_a_key_can_be_a_picture(media_type: str) -> None:
    """**Source:** Kinguin ESA documentation (state July 2025): image/jpeg, image/png, image/gif."""
    assert not KeyMaterial(content=b"\x89PNG", media_type=media_type).is_text


@pytest.mark.parametrize(
    ("content", "media_type", "field"),
    [(b"", "text/plain", "key"), (b"x", "image/svg+xml", "type"), (b"x", "text/html", "type")],
)
def test_a_key_that_cannot_be_shown_is_refused(content: bytes, media_type: str, field: str) -> None:
    """F5: nothing that a browser would run, and nothing empty; the refusal holds no key."""
    with pytest.raises(InvalidInput) as refused:
        KeyMaterial(content=content, media_type=media_type)

    assert field == refused.value.field


def test_a_key_owner_names_order_unit_and_key() -> None:
    """I4: this is what a sealed object is bound to."""
    owner = KeyOwner(order_id=OrderId("o1"), unit_id=UnitId("1.1"), supplier_key_id=SupplierKeyId("k1"))

    assert {"order_id", "unit_id", "supplier_key_id"} == {field.name for field in attrs.fields(type(owner))}


@given(st.text(min_size=1).filter(lambda text: "\n" not in text), st.integers(1, 10**6))
def test_a_reference_leads_back_to_its_order(order_id: str, number: int) -> None:
    """Whatever an order is called, also `o-1-2`."""
    assert order_id == order_of(external_ref(OrderId(order_id), number))


@pytest.mark.parametrize("text", ["", "o1", "o1-", "o1-0", "-1", "o1-01", "o1-1a", "o1-1\n"])
def test_what_is_no_reference_of_ours_is_refused(text: str) -> None:
    """A webhook may name anything."""
    with pytest.raises(InvalidInput) as refused:
        order_of(ExternalRef(text))

    assert refused.value.field == "externalRef"


def test_names_are_made_in_one_place() -> None:
    """Units and findings are named after their order's own numbers."""
    assert (unit_id(2, 3), finding_id(OrderId("o1"), 4)) == ("2.3", "o1.f4")


def every_error() -> tuple[tuple[BitlootError, set[str]], ...]:
    """Each kind of error, made now, and its fields."""
    return (
        (
            InvalidInput("items[0].quantity", "is not from 1 to 90", code="invalid-quantity"),
            {"field", "reason", "code"},
        ),
        (NotFound("order", "o1"), {"kind", "name"}),
        (Refused("not-paid", "no payment counts"), {"code", "reason"}),
        (StaleOrder("o1"), {"order_id"}),
        (LeaseLost(7), {"job_id"}),
        (AlreadyTaken("supplier key id", "k1"), {"what", "name", "holder"}),
        (PortError("supplier", "is away"), {"port", "reason"}),
        (Unavailable("supplier", "is away", retry_after=timedelta(seconds=5)), {"port", "reason", "retry_after"}),
        (Rejected("supplier", "is out of stock", code="out-of-stock"), {"port", "reason", "code"}),
        (Unknown("supplier", "gave no answer"), {"port", "reason"}),
        (Corrupt("vault", "an object does not open"), {"port", "reason"}),
        (SignatureInvalid("kinguin", "the header is missing"), {"source", "reason"}),
    )


@pytest.mark.parametrize(
    "number", range(len(every_error())), ids=lambda number: type(every_error()[number][0]).__name__
)
def test_an_error_carries_what_its_caller_needs(number: int) -> None:
    """Fields for programs, and a sentence for people that names what it is about."""
    error, fields = every_error()[number]
    said = vars(error)
    names = {said[name] for name in ("order_id", "job_id", "field", "kind", "what", "port", "source") if name in said}

    assert fields == set(said)
    assert all(str(name) in str(error) for name in names | {said.get("reason", "")})
    assert " " in str(error)
    assert not str(error).startswith("(")


def test_every_error_is_tried() -> None:
    """The list above leaves none out."""
    mine = {value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, BitlootError)}

    assert mine - {BitlootError} == {type(error) for error, _ in every_error()}


def test_an_error_says_who_holds_a_name_if_it_is_known() -> None:
    """The store cannot always tell."""
    assert str(AlreadyTaken("supplier key id", "k1")) == "supplier key id k1 belongs to another order"
    assert str(AlreadyTaken("supplier key id", "k1", "o2")) == "supplier key id k1 belongs to o2"
