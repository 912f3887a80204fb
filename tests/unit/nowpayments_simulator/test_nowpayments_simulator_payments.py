"""The simulator's payments and invoices over HTTP: create, read, list, refuse."""

import json
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import attrs
import pytest
from merchant_world import API_KEY, Client

from bitloot_adapters.nowpayments_simulator import DEFAULT_LOGIN, NowPaymentsSimulator, WireOptions

OTHER_KEY = "api-key-of-another-shop"
START = datetime(2026, 3, 1, 12, 0, 0, 628_000, tzinfo=UTC)
ORDER = {"price_amount": 13, "price_currency": "usd", "pay_currency": "btc", "order_id": "order-1"}


@attrs.define
class Hand:
    """A clock that stands still until it is moved."""

    now: datetime = START

    def __call__(self) -> datetime:
        """The time on the clock."""
        return self.now


@pytest.fixture
def clock() -> Hand:
    """A clock in the test's hand."""
    return Hand()


@pytest.fixture
def simulator(clock: Hand) -> NowPaymentsSimulator:
    """An account with two keys."""
    return NowPaymentsSimulator(
        api_keys={API_KEY, OTHER_KEY}, ipn_secret=None, clock=clock, rng=random.Random(1), is_sandbox=False
    )


async def test_a_new_payment_has_string_ids_and_stamps(client: Client) -> None:
    """The create shape: ids are strings, the rate holds for 20 minutes, the address for 7 days."""
    status, body = await client.post("/payment", ORDER)

    assert status == 201
    assert (str, str) == (type(body["payment_id"]), type(body["purchase_id"]))
    assert body["created_at"] == "2026-03-01T12:00:00.628Z"
    assert body["expiration_estimate_date"] == "2026-03-01T12:20:00.628Z"
    assert body["valid_until"] == "2026-03-08T12:00:00.628Z"
    assert (body["payment_status"], body["pay_amount"], body["burning_percent"]) == ("waiting", 0.0001372, None)
    assert (body["is_fixed_rate"], body["payin_extra_id"]) == (False, None)


async def test_a_read_has_numeric_ids_and_a_null_in_quotes(client: Client) -> None:
    """The read shape: ids are numbers, `burning_percent` is the string null."""
    _, created = await client.post("/payment", ORDER)

    status, body = await client.get(f"/payment/{created['payment_id']}")

    assert status == 200
    assert body["payment_id"] == int(created["payment_id"])
    assert body["purchase_id"] == int(created["purchase_id"])
    assert (body["burning_percent"], body["actually_paid"], body["outcome_amount"]) == ("null", 0, None)
    assert not {"fee", "actually_paid_at_fiat", "parent_payment_id", "payment_extra_ids"} & body.keys()


async def test_repeating_the_request_makes_a_second_payment(simulator: NowPaymentsSimulator, client: Client) -> None:
    """There is no idempotency key; both carry the order id."""
    _, first = await client.post("/payment", ORDER)
    _, second = await client.post("/payment", ORDER)

    assert first["payment_id"] != second["payment_id"]
    assert len(simulator.payments_of("order-1")) == 2


async def test_a_payment_belongs_to_the_key_that_made_it(client: Client) -> None:
    """Another key of the same account gets 404, as after a key was rotated."""
    _, created = await client.post("/payment", ORDER)

    status, body = await client.get(f"/payment/{created['payment_id']}", key=OTHER_KEY)

    assert (status, body["code"], body["message"]) == (404, "NOT_FOUND", "Payment not found")


async def test_a_revoked_key_reads_nothing(simulator: NowPaymentsSimulator, client: Client) -> None:
    """A key ends at once and a new one works at once."""
    simulator.account.revoke_api_key(API_KEY)
    simulator.account.add_api_key("a-third-key")

    assert (await client.get("/currencies"))[0] == 403
    assert (await client.get("/currencies", key="a-third-key"))[0] == 200


async def test_a_payment_id_must_be_a_number(client: Client) -> None:
    """Letters in the path are a 400, not a 404."""
    status, body = await client.get("/payment/abc")

    assert (status, body["code"], body["message"]) == (400, "INVALID_REQUEST_PARAMS", "Payment id must be a number")


async def test_a_memo_coin_comes_with_its_memo(client: Client) -> None:
    """Deposits without `payin_extra_id` are not detected."""
    _, body = await client.post("/payment", ORDER | {"pay_currency": "XRP"})

    assert body["pay_currency"] == "xrp"
    assert body["payin_extra_id"].isdigit()


async def test_a_fee_paid_by_the_buyer_makes_a_dearer_fixed_rate(client: Client) -> None:
    """`is_fee_paid_by_user` adds the fee to what is due and implies a fixed rate."""
    _, plain = await client.post("/payment", ORDER)
    _, body = await client.post("/payment", ORDER | {"is_fee_paid_by_user": True})

    assert body["is_fixed_rate"] is True
    assert body["pay_amount"] > plain["pay_amount"]


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"price_amount": "13"}, "INVALID_REQUEST_PARAMS", "price_amount must be a number"),
        ({"price_amount": True}, "INVALID_REQUEST_PARAMS", "price_amount must be a number"),
        ({"price_amount": -1}, "INVALID_REQUEST_PARAMS", "price_amount must be a positive number"),
        ({"price_amount": None}, "INVALID_REQUEST_PARAMS", "price_amount is required"),
        ({"pay_currency": ""}, "INVALID_REQUEST_PARAMS", "pay_currency is required"),
        ({"order_id": 7}, "INVALID_REQUEST_PARAMS", "order_id must be a string"),
        ({"is_fixed_rate": "yes"}, "INVALID_REQUEST_PARAMS", "is_fixed_rate must be a boolean"),
        ({"ipn_callback_url": "shop/ipn"}, "INVALID_REQUEST_PARAMS", "ipn_callback_url must be a valid uri"),
        ({"ipn_callback_url": "https://a.test/?a=|"}, "INVALID_REQUEST_PARAMS", "ipn_callback_url must be a valid uri"),
        ({"payout_address": "x"}, "INVALID_REQUEST_PARAMS", "payout_currency is required"),
        ({"order": "1"}, "INVALID_REQUEST_PARAMS", "order is not allowed"),
        ({"case": "success"}, "INVALID_REQUEST_PARAMS", "case is not allowed"),
        ({"pay_currency": "usdt"}, "CURRENCY_UNAVAILABLE", "Currency USDT was not found"),
        ({"pay_currency": "aave"}, "BAD_REQUEST", "Currency aave is not convertable to usdttrc20 now"),
        ({"price_amount": 3}, "AMOUNT_MINIMAL_ERROR", "Crypto amount 0.00003166 is less than minimal"),
        ({"price_amount": 0.03}, "AMOUNT_MINIMAL_ERROR", "Crypto amount 3.2e-7 is less than minimal"),
        (
            {"price_amount": 2001, "pay_currency": "shib"},
            "AMOUNT_MAXIMAL_ERROR",
            "Crypto amount 229735935.70608497 is greater than maximal",
        ),
    ],
)
async def test_a_request_that_cannot_be_granted_is_400(
    simulator: NowPaymentsSimulator, client: Client, changes: dict[str, object], code: str, message: str
) -> None:
    """The envelope says why, in the vendor's words where they are known, and nothing is made."""
    status, body = await client.post("/payment", ORDER | changes)

    assert (status, body["statusCode"], body["code"], body["message"]) == (400, 400, code, message)
    assert simulator.payments == ()


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff"])
async def test_a_body_that_is_no_object_is_400(client: Client, raw: bytes) -> None:
    """Broken JSON is a refusal, not a server error."""
    async with client.session.post(
        client.base_url + "/payment", data=raw, headers={"x-api-key": API_KEY, "Content-Type": "application/json"}
    ) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, "INVALID_REQUEST_PARAMS")


async def test_pay_amount_can_come_as_a_string(simulator: NowPaymentsSimulator, client: Client) -> None:
    """A few clients met it."""
    simulator.configure(options=WireOptions(amounts_on_create="string"))

    _, body = await client.post("/payment", ORDER)

    assert body["pay_amount"] == "0.00013720"


async def test_a_fixed_rate_expires_after_its_window(client: Client, clock: Hand) -> None:
    """Without a deposit a fixed rate ends after 20 minutes, a floating one after 7 days."""
    _, fixed = await client.post("/payment", ORDER | {"is_fixed_rate": True})
    _, floating = await client.post("/payment", ORDER)

    async def statuses() -> tuple[str, str]:
        """Fixed and floating, as read now."""
        _, first = await client.get(f"/payment/{fixed['payment_id']}")
        _, second = await client.get(f"/payment/{floating['payment_id']}")
        return first["payment_status"], second["payment_status"]

    assert await statuses() == ("waiting", "waiting")
    clock.now += timedelta(minutes=20)
    assert await statuses() == ("expired", "waiting")
    clock.now += timedelta(days=7)
    assert await statuses() == ("expired", "expired")


async def test_an_estimate_is_renewed_only_after_its_window(
    simulator: NowPaymentsSimulator, client: Client, clock: Hand
) -> None:
    """Before that the present one comes back unchanged."""
    _, created = await client.post("/payment", ORDER)
    simulator.rates.change("btc", usd=Decimal(50_000))
    path = f"/payment/{created['payment_id']}/update-merchant-estimate"

    _, early = await client.post(path)
    clock.now += timedelta(minutes=20)
    _, late = await client.post(path)

    assert (early["id"], early["pay_amount"]) == (created["payment_id"], created["pay_amount"])
    assert (late["pay_amount"], late["expiration_estimate_date"]) == (0.00026, "2026-03-01T12:40:00.628Z")


async def test_an_invoice_prints_its_price_as_a_string(client: Client) -> None:
    """The invoice shape: price and ids are strings, the currency is echoed, there is no status."""
    status, body = await client.post("/invoice", {"price_amount": 5, "price_currency": "USD", "order_id": "order-1"})

    assert status == 201
    assert (body["price_amount"], body["price_currency"]) == ("5", "USD")
    assert body["invoice_url"] == f"https://nowpayments.io/payment/?iid={body['id']}"
    assert "payment_status" not in body


async def test_an_invoice_address_must_be_encoded(client: Client) -> None:
    """A bare bar is refused with the field's name."""
    request = {"price_amount": 5, "price_currency": "usd", "success_url": "https://shop.test/?a|b"}

    status, body = await client.post("/invoice", request)

    assert (status, body["message"]) == (400, "success_url must be a valid uri")


@pytest.mark.parametrize("form", [int, str])
async def test_an_invoice_may_give_many_payments(client: Client, form: type) -> None:
    """Each payment has its own id, the invoice's order, and names the invoice on reads."""
    _, invoice = await client.post("/invoice", {"price_amount": 5, "price_currency": "usd", "order_id": "order-1"})
    request = {"iid": form(invoice["id"]), "pay_currency": "ltc"}

    _, first = await client.post("/invoice-payment", request)
    _, second = await client.post("/invoice-payment", request)
    _, read = await client.get(f"/payment/{second['payment_id']}")

    assert first["payment_id"] != second["payment_id"]
    assert (read["invoice_id"], read["order_id"]) == (int(invoice["id"]), "order-1")


async def test_an_invoice_belongs_to_its_key(client: Client) -> None:
    """Another key does not find it."""
    _, invoice = await client.post("/invoice", {"price_amount": 5, "price_currency": "usd"})

    status, _ = await client.post("/invoice-payment", {"iid": invoice["id"], "pay_currency": "ltc"}, key=OTHER_KEY)

    assert status == 404


async def test_the_list_needs_a_login_that_lasts_300_seconds(client: Client, clock: Hand) -> None:
    """The key alone is 401; a token is good until its 300 seconds are over."""
    token = await client.log_in()

    assert (await client.get("/payment/"))[1]["code"] == "AUTH_REQUIRED"
    assert (await client.get("/payment/", token="a.b.c"))[0] == 401
    assert (await client.get("/payment/", token=token))[0] == 200
    clock.now += timedelta(seconds=300)
    assert (await client.get("/payment/", token=token))[0] == 401


async def test_a_login_is_case_sensitive(client: Client) -> None:
    """E-mail and password are compared as they are."""
    email, password = DEFAULT_LOGIN

    status, _ = await client.post("/auth", {"email": email.upper(), "password": password})

    assert status == 403


async def test_the_list_has_pages_and_an_order(client: Client) -> None:
    """Only payments of the key are counted; the page says how many pages there are."""
    for amount in (15, 14, 13):
        await client.post("/payment", ORDER | {"price_amount": amount})
    await client.post("/payment", ORDER, key=OTHER_KEY)
    token = await client.log_in()

    _, body = await client.get("/payment/", token=token, limit="2", page="1", sortBy="price_amount", orderBy="desc")

    assert (body["total"], body["pagesCount"], body["page"], body["limit"]) == (3, 2, 1, 2)
    assert [row["price_amount"] for row in body["data"]] == [13]


@pytest.mark.parametrize(
    ("query", "status"),
    [({"limit": "501"}, 400), ({"limit": "0"}, 400), ({"sortBy": "fee"}, 400), ({"orderBy": "created_at"}, 500)],
)
async def test_a_list_request_that_makes_no_sense_is_refused(
    client: Client, query: dict[str, str], status: int
) -> None:
    """Bounds are 400; a field name in `orderBy` is their 500."""
    token = await client.log_in()

    assert (await client.get("/payment/", token=token, **query))[0] == status


async def test_the_list_filters_by_date(client: Client, clock: Hand) -> None:
    """Dates are inclusive and may lack the time."""
    await client.post("/payment", ORDER)
    clock.now += timedelta(days=1)
    await client.post("/payment", ORDER)
    token = await client.log_in()

    _, body = await client.get("/payment/", token=token, dateFrom="2026-03-02")

    assert body["total"] == 1


def test_secrets_are_not_in_a_repr(simulator: NowPaymentsSimulator) -> None:
    """Neither a payment nor the simulator shows a key when printed."""
    assert API_KEY not in repr(simulator)
    assert API_KEY not in json.dumps([repr(payment) for payment in simulator.payments])
