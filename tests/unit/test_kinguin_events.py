"""
Kinguin's webhooks: who may speak, and what is heard.

**Source:** Kinguin ESA documentation (state July 2025), webhooks, for `X-Event-Secret`; BitLoot's seed specification
for `X-KINGUIN-SIGNATURE`. The golden signature was made with OpenSSL.
"""

import hashlib
import hmac
import json

import pytest

from bitloot_adapters.kinguin import EventVerifier
from bitloot_core.ports.inbox import Source
from bitloot_core.ports.supplier import SupplierEvent
from bitloot_core.values.errors import SignatureInvalid
from bitloot_core.values.ids import ExternalRef, SupplierOrderId
from bitloot_core.values.keys import KeyMaterial
from bitloot_core.values.secret import Secret

SECRET = "webhook-secret-of-the-shop"
EVENT_SECRET = "event-secret-of-the-shop"
STATUS = (
    b'{"orderId":"PHS84FJAG5U","orderExternalId":"o1-1","status":"completed","updatedAt":"2020-10-16T11:24:08.025Z"}'
)
SIGNED = b'{"reservationId":"PHS84FJAG5U","status":"ready","key":"CANARY-12345"}'
GOLDEN_SIGNATURE = (
    "d4c20a76c51881c03c6a6fdf076a85231a1ff8ffc7621cca6856b666f3461a9c"
    "c381d27d575de734e5418ea0b9dd27c8ca3514df4fb280f3db75de6987af6cac"
)


def verifier(webhook: str = SECRET, event: str | None = EVENT_SECRET) -> EventVerifier:
    """A verifier with these secrets."""
    return EventVerifier(webhook_secret=Secret(webhook), event_secret=None if event is None else Secret(event))


def signature(body: bytes, secret: str = SECRET) -> str:
    """The seed system's signature of a body."""
    return hmac.new(secret.encode(), body, hashlib.sha512).hexdigest()


def signed(body: bytes, secret: str = SECRET, **more: str) -> dict[str, str]:
    """Headers of the signed form."""
    return {"content-type": "application/json", "x-kinguin-signature": signature(body, secret)} | more


def plain(name: str | None = "order.status", secret: str = EVENT_SECRET, **more: str) -> dict[str, str]:
    """Headers of the documented form."""
    named = {} if name is None else {"x-event-name": name}
    return {"content-type": "aplication/json", "x-event-secret": secret} | named | more


def test_the_documented_form_is_a_hint_about_an_order() -> None:
    """Ids and status are read; the content type may be misspelt, as in the documentation."""
    webhook = verifier().verify(plain(), STATUS)

    assert webhook.source is Source.KINGUIN
    assert (webhook.scheme, webhook.type, webhook.external_id) == ("secret", "order.status", "PHS84FJAG5U")
    assert webhook.worth_processing
    assert webhook.dedupe_key == hashlib.sha256(STATUS).hexdigest()
    assert verifier().read(webhook) == SupplierEvent(
        supplier_order_id=SupplierOrderId("PHS84FJAG5U"), ref=ExternalRef("o1-1"), word="completed"
    )


def test_a_signature_made_elsewhere_is_accepted() -> None:
    """A golden value: HMAC-SHA512 in hexadecimal over the raw bytes."""
    webhook = verifier(SECRET).verify({"x-kinguin-signature": GOLDEN_SIGNATURE}, SIGNED)

    assert (webhook.scheme, webhook.type, webhook.external_id) == ("hmac", "order.status", "PHS84FJAG5U")
    assert webhook.dedupe_key == hashlib.sha256(SIGNED).hexdigest()


def test_the_signed_form_can_carry_a_key() -> None:
    """Its whole body is vouched for; the key is not printed with it."""
    webhook = verifier().verify(signed(SIGNED), SIGNED)

    event = verifier().read(webhook)

    assert event is not None
    assert event == SupplierEvent(
        supplier_order_id=SupplierOrderId("PHS84FJAG5U"),
        ref=None,
        word="ready",
        material=KeyMaterial.of_text("CANARY-12345"),
        material_id=event.material_id,
    )
    assert "CANARY" not in repr(webhook) + repr(event)


def test_a_key_in_an_event_is_named_by_its_fingerprint() -> None:
    """The same key has the same name, which says nothing about it to those without the secret."""

    def name_of(body: bytes, secrets: str = SECRET) -> str | None:
        """The name of the key in this event."""
        event = verifier(secrets).read(verifier(secrets).verify(signed(body, SECRET), body))
        return event and event.material_id

    name = name_of(SIGNED)

    assert name is not None
    assert name.startswith("event:")
    assert len(name) == len("event:") + 64
    assert name == name_of(SIGNED.replace(b"ready", b"delivered"))
    assert name == name_of(SIGNED, f"{SECRET},old")
    assert name != name_of(SIGNED.replace(b"12345", b"12346"))
    assert name != name_of(SIGNED, f"new,{SECRET}")
    assert hashlib.sha256(b"CANARY-12345").hexdigest() not in name


def test_a_listed_key_has_the_names_that_events_gave_it() -> None:
    """Under today's secret and under an older one that is still accepted, so that a new secret hides no held key."""

    def name_of(body: bytes, secrets: str) -> str | None:
        """The name of the key in this event."""
        event = verifier(secrets).read(verifier(secrets).verify(signed(body, SECRET), body))
        return event and event.material_id

    serial = KeyMaterial.of_text("CANARY-12345")

    names = verifier(f"new,{SECRET}").names_of(serial)

    assert names == (name_of(SIGNED, f"new,{SECRET}"), name_of(SIGNED, SECRET))
    assert set(names).isdisjoint(verifier(f"new,{SECRET}").names_of(KeyMaterial.of_text("CANARY-12346")))
    assert verifier("", EVENT_SECRET).names_of(serial) == ()


def test_a_stored_key_without_a_secret_has_no_name() -> None:
    """The signed form was switched off since: what was stored is still a hint, and its key counts for nothing."""
    webhook = verifier().verify(signed(SIGNED), SIGNED)

    event = verifier("", EVENT_SECRET).read(webhook)

    assert event is not None
    assert event.material_id is None


def test_a_key_under_a_plain_secret_is_not_believed() -> None:
    """Whoever once saw the secret could put any key there."""
    event = verifier().read(verifier().verify(plain(), SIGNED))

    assert event is not None
    assert event.material is None


@pytest.mark.parametrize("key", ["null", '""', '"  "', "7", '"\\ud800"', '["x"]'])
def test_a_key_that_is_none_leaves_the_hint(key: str) -> None:
    """The status still says that something happened."""
    body = b'{"reservationId":"PHS84FJAG5U","status":"delivered","key":' + key.encode() + b"}"

    event = verifier().read(verifier().verify(signed(body), body))

    assert event == SupplierEvent(supplier_order_id=SupplierOrderId("PHS84FJAG5U"), ref=None, word="delivered")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-event-name": "order.status"},
        plain(secret="wrong"),
        plain(secret=""),
        plain(secret=EVENT_SECRET + "x"),
        plain(secret=EVENT_SECRET[:-1]),
        plain(secret=EVENT_SECRET.upper()),
        plain(secret=SECRET),
        plain(secret="\udcff"),
        {"x-kinguin-signature": ""},
        {"x-kinguin-signature": "0" * 128},
        {"x-kinguin-signature": signature(STATUS)[:-1]},
        {"x-kinguin-signature": signature(STATUS) + "0"},
        {"x-kinguin-signature": signature(STATUS, EVENT_SECRET)},
        {"x-kinguin-signature": signature(STATUS + b" ")},
        {"x-kinguin-signature": "sha512=" + signature(STATUS)},
        {"x-kinguin-signature": "\udcff" * 128},
        {"x-kinguin-signature": "\u0660" * 128},
        {"x-kinguin-signature": hmac.new(SECRET.encode(), STATUS, hashlib.sha256).hexdigest()},
        # The better proof is the one that counts: a wrong signature is not mended by a right secret.
        plain() | {"x-kinguin-signature": "0" * 128},
    ],
)
def test_what_is_not_authentic_is_refused(headers: dict[str, str]) -> None:
    """No header, wrong header, half a header; and nothing of it is quoted."""
    with pytest.raises(SignatureInvalid) as caught:
        verifier().verify(headers, STATUS)

    assert caught.value.source == "kinguin"
    assert EVENT_SECRET not in str(caught.value)


@pytest.mark.parametrize("change", [b" ", b"\n", b"\0"])
def test_one_byte_more_breaks_the_signature(change: bytes) -> None:
    """What is signed is the bytes, not the JSON in them."""
    with pytest.raises(SignatureInvalid):
        verifier().verify(signed(SIGNED), SIGNED + change)


@pytest.mark.parametrize("written", [signature(SIGNED).upper(), f"  {signature(SIGNED)} "])
def test_a_signature_is_taken_in_any_writing(written: str) -> None:
    """Hexadecimal has no case."""
    assert verifier().verify({"x-kinguin-signature": written}, SIGNED).scheme == "hmac"


@pytest.mark.parametrize("secret", ["", " ", ",", " , "])
def test_without_a_secret_nothing_is_authentic(secret: str) -> None:
    """An empty secret fails closed: it is not the key of an HMAC that everybody can compute."""
    shut = verifier(secret, None)

    for headers in (signed(STATUS, ""), signed(STATUS, secret), plain(secret=""), plain(secret=secret)):
        with pytest.raises(SignatureInvalid):
            shut.verify(headers, STATUS)


def test_without_an_event_secret_the_webhook_secret_serves_both_forms() -> None:
    """`KINGUIN_EVENT_SECRET` absent, or blank."""
    for absent in (None, "", "  "):
        assert verifier(SECRET, absent).verify(plain(secret=SECRET), STATUS).scheme == "secret"


def test_an_event_secret_of_its_own_does_not_sign() -> None:
    """What travels in the clear with every event must not open the stronger form."""
    with pytest.raises(SignatureInvalid):
        verifier().verify(signed(SIGNED, EVENT_SECRET), SIGNED)


@pytest.mark.parametrize("secret", ["new", "old"])
def test_two_secrets_are_accepted_while_one_replaces_the_other(secret: str) -> None:
    """Several, separated by commas, in both forms."""
    rotating = verifier("new, old", "new,old")

    assert rotating.verify(signed(SIGNED, secret), SIGNED).scheme == "hmac"
    assert rotating.verify(plain(secret=secret), STATUS).scheme == "secret"
    with pytest.raises(SignatureInvalid):
        rotating.verify(plain(secret="new, old"), STATUS)


IGNORED = {
    "catalogue": (plain("product.update"), b'{"kinguinId":1,"productId":"p","qty":3}', "product.update"),
    "catalogue, garbage": (plain("product.update"), b"\xff{", "product.update"),
    "catalogue that looks like an order": (plain("product.update"), STATUS, "product.update"),
    "probe": (plain(None), b"", "probe"),
    "probe of white space": (plain(None), b" \r\n", "probe"),
    "probe with a name": (plain("order.status"), b"", "probe"),
    "signed probe": (signed(b""), b"", "probe"),
    "unknown event": (plain("order.celebrated"), STATUS, "unknown"),
    "garbage": (plain(), b"\xff\xfe", "unknown"),
    "half": (plain(), STATUS[:-1], "unknown"),
    "list": (plain(), b"[1]", "unknown"),
    "nobody's": (plain(), b'{"status":"completed"}', "unknown"),
    "ids that are none": (plain(), b'{"orderId":7,"orderExternalId":"","status":"completed"}', "unknown"),
    "an id with a NUL": (plain(), b'{"orderId":"a\\u0000b","status":"completed"}', "unknown"),
    "an id beyond the limit": (plain(), b'{"orderId":"' + b"x" * 129 + b'"}', "unknown"),
    "NaN": (plain(), b'{"orderId":"PHS84FJAG5U","x":NaN}', "unknown"),
    "signed garbage": (signed(b"\0"), b"\0", "unknown"),
    "signed catalogue": (signed(b'{"productId":"p"}'), b'{"productId":"p"}', "unknown"),
}


@pytest.mark.parametrize("case", IGNORED)
def test_an_authentic_webhook_about_no_purchase_is_stored_and_ignored(case: str) -> None:
    """It is answered 200 and leads to no job, or the supplier would disable the endpoint."""
    headers, body, subject = IGNORED[case]

    webhook = verifier().verify(headers, body)

    named = "p" if case == "catalogue" else None
    assert (webhook.type, webhook.worth_processing, webhook.external_id) == (subject, False, named)
    assert webhook.body == body
    assert verifier().read(webhook) is None


def test_what_is_ignored_never_stands_in_the_way_of_an_event() -> None:
    """The same bytes under a name that we ignore must not make the real event a duplicate."""
    about_orders = verifier().verify(plain("order.status"), STATUS)
    ignored = [verifier().verify(plain(name), STATUS) for name in ("product.update", "order.celebrated")]
    empty = [verifier().verify(plain(name), b"") for name in (None, "product.update")]

    keys = {webhook.dedupe_key for webhook in (about_orders, *ignored, *empty)}

    assert len(keys) == 5


def test_equal_deliveries_have_equal_keys_and_others_have_not() -> None:
    """There is no event id; the raw body, which holds order, status and time, is the identity."""
    first, again = (verifier().verify(plain(**{"user-agent": agent}), STATUS) for agent in ("a", "b"))
    later = verifier().verify(plain(), STATUS.replace(b"08.025", b"09.000"))

    assert first.dedupe_key == again.dedupe_key
    assert first.dedupe_key != later.dedupe_key


@pytest.mark.parametrize(
    ("name", "body", "word"),
    [
        ("order.complete", {"orderId": "PHS84FJAG5U"}, "completed"),
        ("order.complete", {"orderId": "PHS84FJAG5U", "status": "refunded"}, "refunded"),
        (None, {"orderId": "PHS84FJAG5U", "status": "canceled"}, "canceled"),
        (" Order.Status ", {"orderId": "PHS84FJAG5U", "status": "canceled"}, "canceled"),
        ("order.status", {"orderExternalId": "o1-1", "status": "completed"}, "completed"),
        ("order.status", {"orderId": "PHS84FJAG5U"}, "unknown"),
        ("order.status", {"orderId": "PHS84FJAG5U", "status": 3}, "unknown"),
        ("order.status", {"orderId": "PHS84FJAG5U", "status": "x" * 65}, "unknown"),
        ("order.status", {"orderId": "PHS84FJAG5U", "status": "a\nb"}, "unknown"),
    ],
)
def test_an_event_about_an_order_is_a_hint_whatever_it_says(
    name: str | None, body: dict[str, object], word: str
) -> None:
    """The deprecated `order.complete`, a missing name or a strange status: the order is looked at all the same."""
    webhook = verifier().verify(plain(name), json.dumps(body).encode())

    event = verifier().read(webhook)

    assert webhook.worth_processing
    assert event is not None
    assert event.word == word


def test_the_headers_that_are_kept_are_harmless() -> None:
    """No secret, no signature, nothing that a database refuses."""
    headers = plain(
        name="order.status\0",
        **{
            "user-agent": "caf\udce9 " + "x" * 1_000,
            "authorization": "CANARY",
            "x-kinguin-signature": signature(STATUS),
        },
    )

    webhook = verifier().verify(headers, STATUS)

    assert webhook.headers == {
        "content-type": "aplication/json",
        "user-agent": "caf? " + "x" * 195,
        "x-event-name": "order.status?",
    }
