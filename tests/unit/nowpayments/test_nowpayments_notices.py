"""Notices of NOWPayments: what becomes of each body that public captures show."""

import hashlib
import hmac
import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitloot_adapters.nowpayments.notices import NoticeReader
from bitloot_adapters.nowpayments.signature import IpnVerifier
from bitloot_core.ports.inbox import Source, VerifiedWebhook
from bitloot_core.values.errors import SignatureInvalid
from bitloot_core.values.reading import PaymentReading, PaymentWord

SECRET = "np-test-ipn-secret-0001"
READER = NoticeReader(IpnVerifier(SECRET))
VECTORS = json.loads((Path(__file__).parents[2] / "data" / "nowpayments_vectors.json").read_text(encoding="utf-8"))
BY_NAME = {vector["name"]: vector for vector in VECTORS}
FOUND = [vector for vector in VECTORS if vector["group"].startswith("A-")]


def canonical(fields: dict[str, object]) -> str:
    """The signed text of fields whose numbers Python and JavaScript print alike."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def verified(body: str, **headers: str) -> VerifiedWebhook:
    """A webhook with this body under its own signature; the body must be canonical."""
    signature = hmac.new(SECRET.encode(), body.encode(), hashlib.sha512).hexdigest()
    return READER.verify({"x-nowpayments-sig": signature, **headers}, body.encode())


def of_vector(name: str) -> tuple[VerifiedWebhook, PaymentReading | None]:
    """A capture as webhook and reading."""
    vector = BY_NAME[name]
    webhook = READER.verify({"x-nowpayments-sig": vector["signature"]}, vector["body"].encode())
    return webhook, READER.read(webhook)


def changed(**fields: object) -> PaymentReading | None:
    """The reading of a capture with other fields."""
    body = json.loads(BY_NAME["cap2026_finished_eth"]["body"]) | fields
    return READER.read(verified(canonical(body)))


@pytest.mark.parametrize("vector", FOUND, ids=lambda vector: vector["name"])
def test_every_capture_is_read(vector: dict[str, str]) -> None:
    """Each public capture is a payment with its own id and status; withdrawals and recurring payments are none."""
    fields = json.loads(vector["body"])

    webhook, reading = of_vector(vector["name"])

    if "payment_id" not in fields:
        assert (webhook.type, webhook.external_id, webhook.worth_processing) == ("unknown", None, False)
        assert reading is None
        return
    assert (webhook.source, webhook.scheme) == (Source.NOWPAYMENTS, "hmac")
    assert webhook.type == f"payment.{fields['payment_status']}"
    assert webhook.external_id == str(fields["payment_id"])
    assert webhook.worth_processing
    assert reading is not None
    assert (reading.gateway_id, reading.raw_word) == (str(fields["payment_id"]), fields["payment_status"])


def test_a_capture_is_read_to_the_last_digit() -> None:
    """**Source:** public capture, 2026-08."""
    _, reading = of_vector("cap2026_finished_eth")

    assert reading == PaymentReading(
        gateway_id="4726427731",
        word=PaymentWord.FINISHED,
        raw_word="finished",
        order_ref="PAY-20260808-121725-59225d99",
        price_amount=Decimal(15),
        price_currency="USD",
        coin="eth",
        pay_amount=Decimal("0.00778774"),
        actually_paid=Decimal("0.00778774"),
        parent_id=None,
        updated_at=None,
        address="0x3133B7AFEB9a19b7664c9A3b7296bdadEFf62119",
        extra_id=None,
    )


def test_a_wrong_asset_names_its_parent() -> None:
    """**Source:** incident notes of 2026-10: it looks paid but for the parent and the coin."""
    _, reading = of_vector("cap2026_wrong_asset_child_partially_paid")

    assert reading is not None
    assert reading.parent_id == "6160305429"
    assert reading.coin == "usdtbsc"
    assert reading.pay_amount == reading.actually_paid == 13


def test_the_time_of_a_notice_is_in_milliseconds() -> None:
    """**Source:** captures of 2023 to 2025; about half have none, and the documentation of 2021 has ISO 8601."""
    milliseconds = of_vector("cap2024_waiting_invoice")[1]
    iso = of_vector("docs2021_waiting")[1]

    assert milliseconds is not None
    assert iso is not None
    assert milliseconds.updated_at is not None
    assert iso.updated_at is not None
    assert milliseconds.updated_at.isoformat() == "2024-06-24T06:38:08.600000+00:00"
    assert iso.updated_at.isoformat() == "2021-04-12T14:23:06.244000+00:00"


def test_the_dedupe_key_is_the_hash_of_the_canonical_body() -> None:
    """Another order of keys on the wire is the same delivery."""
    vector = BY_NAME["cap2024_waiting_invoice"]
    fields = json.loads(vector["body"])
    reordered = json.dumps(dict(reversed(fields.items())), indent=1)
    headers = {"x-nowpayments-sig": vector["signature"]}

    keys = {READER.verify(headers, body.encode()).dedupe_key for body in (vector["body"], reordered)}

    assert {hashlib.sha256(vector["body"].encode()).hexdigest()} == keys


@pytest.mark.parametrize("word", [word for word in PaymentWord if word is not PaymentWord.UNRECOGNISED])
def test_each_known_word_is_read(word: PaymentWord) -> None:
    """**Source:** NOWPayments documentation and SDK, statuses."""
    reading = changed(payment_status=word.value)

    assert reading is not None
    assert reading.word is word


def test_an_unknown_word_is_kept_and_cut() -> None:
    """It never takes a default branch, and nothing in it can spoil a database."""
    reading = changed(payment_status="new\x00word" + "w" * 500)

    assert reading is not None
    assert reading.word is PaymentWord.UNRECOGNISED
    assert reading.raw_word == "new?word" + "w" * 56


@pytest.mark.parametrize(
    "fields",
    [
        {"payment_id": None},
        {"payment_id": ""},
        {"payment_id": True},
        {"payment_id": -5},
        {"payment_id": "12a"},
        {"payment_id": "1" * 21},
        {"payment_id": [1]},
        {"payment_status": None},
        {"payment_status": ""},
        {"payment_status": []},
    ],
    ids=str,
)
def test_a_notice_without_payment_or_status_is_not_worked_on(fields: dict[str, object]) -> None:
    """It is stored as ignored, without a job."""
    body = json.loads(BY_NAME["cap2026_finished_eth"]["body"]) | fields

    webhook = verified(canonical(body))

    assert not webhook.worth_processing
    assert READER.read(webhook) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"price_amount": None},
        {"price_amount": "1,5"},
        {"price_amount": -1},
        {"price_currency": None},
        {"price_currency": "us$"},
        {"pay_currency": 5},
        {"actually_paid": "much"},
        {"actually_paid": -1},
        {"actually_paid": 10**30},
        {"actually_paid": "1e400"},
        {"actually_paid": True},
        {"pay_amount": {}},
        {"parent_payment_id": "x"},
        {"pay_address": "a\nb"},
    ],
    ids=str,
)
def test_half_a_reading_is_none(fields: dict[str, object]) -> None:
    """A field that decides about money is never guessed; the read-back settles the order."""
    assert changed(**fields) is None


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        (0, "0"),
        (12, "12"),
        ("12", "12"),
        ("0.034133", "0.034133"),
        ("1e-8", "1e-8"),
        ("1.5E+2", "150"),
        ("0e-30", "0"),
        ("0e-999", None),
        ("+1", None),
        (" 1", None),
        ("1.", None),
        (".5", None),
        ("0x10", None),
        ("\N{ARABIC-INDIC DIGIT ONE}", None),
        ("9" * 61, None),
        ("NaN", None),
        ("", None),
    ],
    ids=str,
)
def test_amounts_come_as_numbers_or_as_strings(written: object, amount: str | None) -> None:
    """**Source:** live answers mix both. `0e-999` is nothing, written so that printing it would fill a page."""
    reading = changed(actually_paid=written)

    assert (None if amount is None else Decimal(amount)) == (reading and reading.actually_paid)


def test_missing_fields_of_older_notices_are_no_obstacle() -> None:
    """No deposit that anybody told of is zero; no due amount, order or address is None."""
    fields = json.loads(BY_NAME["cap2026_finished_eth"]["body"])
    for name in ("actually_paid", "pay_amount", "order_id", "pay_address", "payin_extra_id", "parent_payment_id"):
        del fields[name]

    reading = READER.read(verified(canonical(fields)))

    assert reading is not None
    assert reading.actually_paid == 0
    assert (reading.pay_amount, reading.order_ref, reading.address, reading.parent_id) == (None, None, None, None)


def test_only_harmless_headers_are_kept() -> None:
    """The signature could be replayed by whoever reads the inbox."""
    webhook = verified("{}", **{"content-type": "application/json", "cookie": "x", "authorization": "y"})

    assert webhook.headers == {"content-type": "application/json"}


def test_a_missing_header_is_a_wrong_signature() -> None:
    """Also under other names of it."""
    vector = BY_NAME["cap2026_finished_eth"]

    with pytest.raises(SignatureInvalid):
        READER.verify({"X-NOWPayments-Sig-2": vector["signature"]}, vector["body"].encode())


@given(body=st.binary(max_size=300))
def test_reading_never_raises(body: bytes) -> None:
    """A webhook comes back from the inbox years later, or was pruned: garbage is no payment, and no error."""
    webhook = VerifiedWebhook(
        source=Source.NOWPAYMENTS,
        dedupe_key="k",
        type="unknown",
        external_id=None,
        scheme="hmac",
        body=body,
        headers={},
    )

    READER.read(webhook)


FIELDS = st.dictionaries(
    st.sampled_from(sorted(json.loads(BY_NAME["cap2024_waiting_invoice"]["body"]))),
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["1e9", "-0", "12", "btc", "usd", "2026-01-01"])
    | st.lists(st.none(), max_size=1)
    | st.dictionaries(st.text(max_size=2), st.none(), max_size=1),
)


@given(fields=FIELDS)
def test_any_content_of_known_fields_is_read_or_is_none(fields: dict[str, object]) -> None:
    """Whatever the vendor invents, `read` answers a sound reading or None, and both agree with `worth_processing`."""
    body = json.dumps(json.loads(BY_NAME["cap2026_finished_eth"]["body"]) | fields)
    webhook = VerifiedWebhook(
        source=Source.NOWPAYMENTS,
        dedupe_key="k",
        type="unknown",
        external_id=None,
        scheme="hmac",
        body=body.encode(),
        headers={},
    )

    reading = READER.read(webhook)

    if reading is not None:
        assert reading.actually_paid >= 0
        assert reading.gateway_id.isdigit()
        assert len(reading.raw_word) <= 64
        assert reading.raw_word.isprintable()
