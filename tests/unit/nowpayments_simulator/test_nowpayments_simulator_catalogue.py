"""The simulator's calls about coins, minimums and estimates, and who may make them."""

from decimal import Decimal

import pytest
from merchant_world import API_KEY, Client

from bitloot_adapters.nowpayments_simulator import NowPaymentsSimulator, WireOptions


@pytest.fixture
def simulator() -> NowPaymentsSimulator:
    """An account with one key."""
    return NowPaymentsSimulator(api_keys={API_KEY}, ipn_secret=None)


async def test_status_needs_no_key(client: Client) -> None:
    """Anybody may ask whether the API is up."""
    async with client.session.get(client.base_url + "/status") as answer:
        assert (answer.status, await answer.json()) == (200, {"message": "OK"})


@pytest.mark.parametrize(
    "path",
    ["/currencies", "/full-currencies", "/merchant/coins", "/min-amount", "/estimate", "/payment/1", "/payment/"],
)
@pytest.mark.parametrize("headers", [{}, {"x-api-key": "another"}])
async def test_a_missing_or_wrong_key_is_403(client: Client, path: str, headers: dict[str, str]) -> None:
    """A key is refused with 403, never with 401, before anything else is looked at."""
    async with client.session.get(client.base_url + path, headers=headers) as answer:
        assert answer.status == 403
        assert await answer.json() == {
            "status": False,
            "statusCode": 403,
            "code": "INVALID_API_KEY",
            "message": "Invalid api key",
        }


async def test_currencies_are_lower_case(client: Client) -> None:
    """The plain list has codes only."""
    _, body = await client.get("/currencies")

    assert "usdttrc20" in body["currencies"]


async def test_currencies_at_a_fixed_rate_have_bounds(client: Client) -> None:
    """With `fixed_rate` each currency has a minimum and a maximum."""
    _, body = await client.get("/currencies", fixed_rate="true")

    assert all(item["min_amount"] < item["max_amount"] for item in body["currencies"])


async def test_merchant_coins_have_the_live_shape(client: Client) -> None:
    """Live answers name the list `selectedCurrencies` and use upper case."""
    _, body = await client.get("/merchant/coins")

    assert {"selectedCurrencies"} == body.keys()
    assert "BTC" in body["selectedCurrencies"]


async def test_merchant_coins_can_have_the_documented_shape(simulator: NowPaymentsSimulator, client: Client) -> None:
    """The documentation names the list `currencies` and uses lower case."""
    simulator.configure(options=WireOptions(merchant_coins="documented"))

    _, body = await client.get("/merchant/coins")

    assert {"currencies"} == body.keys()
    assert "btc" in body["currencies"]


async def test_some_coins_are_enabled_but_cannot_be_paid_with(client: Client) -> None:
    """The full list is upper case, its precision a string or null, and not every enabled coin is payable."""
    _, body = await client.get("/full-currencies")
    coins = {item["code"]: item for item in body["currencies"]}

    assert (coins["AAVE"]["enable"], coins["AAVE"]["available_for_payment"]) == (True, False)
    assert coins["LUNA"]["enable"] is False
    assert (coins["USDTTRC20"]["network_precision"], coins["BTC"]["network_precision"]) == ("6", None)
    assert coins["XRP"]["extra_id_exists"] is True


async def test_a_fixed_rate_has_a_dearer_minimum(client: Client) -> None:
    """The same flags as on create must be asked for."""
    _, floating = await client.get("/min-amount", currency_from="usdttrc20")
    _, fixed = await client.get("/min-amount", currency_from="usdttrc20", is_fixed_rate="true")

    assert fixed["min_amount"] > 2 * floating["min_amount"]


async def test_the_fiat_equivalent_comes_only_if_asked(client: Client) -> None:
    """Without `currency_to` the account's wallet is assumed."""
    _, plain = await client.get("/min-amount", currency_from="ltc")
    _, asked = await client.get("/min-amount", currency_from="ltc", fiat_equivalent="usd")

    assert (plain["currency_to"], "fiat_equivalent" in plain) == ("usdttrc20", False)
    assert Decimal("0.4") == round(Decimal(asked["fiat_equivalent"]), 3)


async def test_an_estimate_is_a_string(client: Client) -> None:
    """Live answers print the estimated amount as a string and the given amount as a number."""
    _, body = await client.get("/estimate", amount="20", currency_from="usd", currency_to="usdttrc20")

    assert body == {
        "currency_from": "usd",
        "amount_from": 20,
        "currency_to": "usdttrc20",
        "estimated_amount": "19.992003",
    }


async def test_an_estimate_can_be_a_number(simulator: NowPaymentsSimulator, client: Client) -> None:
    """The documentation prints a number."""
    simulator.configure(options=WireOptions(estimated_amount="number"))

    _, body = await client.get("/estimate", amount="20", currency_from="usd", currency_to="usdttrc20")

    assert body["estimated_amount"] == 19.992003


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ({"amount": "x", "currency_from": "usd", "currency_to": "btc"}, "INVALID_REQUEST_PARAMS", "amount must be"),
        ({"amount": "1", "currency_to": "btc"}, "INVALID_REQUEST_PARAMS", "currency_from is required"),
        ({"amount": "1", "currency_from": "usd", "currency_to": "nope"}, "CURRENCY_UNAVAILABLE", "Currency NOPE"),
        (
            {"amount": "1", "currency_from": "luna", "currency_to": "usdttrc20"},
            "BAD_REQUEST",
            "Currency luna is not convertable to usdttrc20 now",
        ),
    ],
)
async def test_an_estimate_that_makes_no_sense_is_400(
    client: Client, query: dict[str, str], code: str, message: str
) -> None:
    """Each refusal has the envelope with its own code."""
    status, body = await client.get("/estimate", **query)

    assert (400, code) == (status, body["code"])
    assert message in body["message"]


async def test_rates_can_be_moved(simulator: NowPaymentsSimulator, client: Client) -> None:
    """A test decides when the market moves."""
    simulator.rates.change("btc", usd=Decimal(50_000))

    _, body = await client.get("/estimate", amount="100", currency_from="usd", currency_to="btc")

    assert body["estimated_amount"] == "0.00200000"


async def test_an_unknown_path_is_404(client: Client) -> None:
    """There is no refund call."""
    status, body = await client.get("/payment/1/refund")

    assert (status, body["code"]) == (404, "NOT_FOUND")
