"""
The calls of the simulated API: authentication, lookup, answer.

What lives here: one method a call, and the routes. What must not: faults and transport
(`pipeline.py`), state
(`book.py`), shapes (`wire.py`).

**Source**: NOWPayments API documentation (2026-04), corrected by live answers where the two differ.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from aiohttp import web

from . import errors, requests, wire
from .account import Account
from .book import Book, sorted_payments
from .canonical import JsonValue
from .payer import Payer
from .pipeline import Answer, Incoming, Pipeline
from .values import SimulatedPayment

BASE_PATH = "/v1"

_SORTABLE: Final = frozenset(
    {
        "created_at",
        "updated_at",
        "payment_id",
        "payment_status",
        "pay_address",
        "price_amount",
        "price_currency",
        "pay_amount",
        "actually_paid",
        "pay_currency",
        "order_id",
        "order_description",
        "purchase_id",
        "outcome_amount",
        "outcome_currency",
    }
)


class Api:
    """
    The calls, each from a request that has been read to an answer that has not been written.

    Args:
        book: payments and invoices.
        payer: the wire forms in force, and who is told of a new payment.
        account: keys and login.
        clock: now.
        on_created: called with each payment that the merchant makes, and with the sandbox `case` of its request.
    """

    def __init__(
        self,
        book: Book,
        payer: Payer,
        account: Account,
        clock: Callable[[], datetime],
        on_created: Callable[[SimulatedPayment, str | None], None],
    ) -> None:
        self._book = book
        self._payer = payer
        self._account = account
        self._clock = clock
        self._on_created = on_created

    def routes(self, pipeline: Pipeline) -> list[web.RouteDef]:
        """The routes under `/v1`, all else being 404."""
        calls = {
            "GET /status": self.status,
            "GET /currencies": self.currencies,
            "GET /full-currencies": self.full_currencies,
            "GET /merchant/coins": self.merchant_coins,
            "GET /min-amount": self.min_amount,
            "GET /estimate": self.estimate,
            "POST /payment": self.create_payment,
            "GET /payment/": self.list_payments,
            "GET /payment/{id}": self.payment,
            "POST /payment/{id}/update-merchant-estimate": self.update_estimate,
            "POST /invoice": self.create_invoice,
            "POST /invoice-payment": self.create_invoice_payment,
            "POST /auth": self.log_in,
        }
        routes = []
        for call, handle in calls.items():
            method, _, path = call.partition(" ")
            routes.append(web.route(method, BASE_PATH + path, pipeline.handler(call, handle)))
        routes.append(web.get(f"{BASE_PATH}/payment", pipeline.handler("GET /payment/", self.list_payments)))
        return [*routes, web.route("*", "/{path:.*}", _not_found)]

    def status(self, _: Incoming) -> Answer:
        """`GET /status`, the only call without a key."""
        return Answer(200, {"message": "OK"})

    def currencies(self, request: Incoming) -> Answer:
        """
        `GET /currencies`.

        With `fixed_rate` the documentation promises bounds but shows no shape, so this one is a guess.
        """
        self._account.check_key(request.headers)
        coins = [coin for coin in self._book.rates.coins if coin.is_enabled]
        codes: list[JsonValue] = [coin.code for coin in coins]
        if not requests.query_flag(request.query, "fixed_rate"):
            return Answer(200, {"currencies": codes})
        bounded: list[JsonValue] = [
            {
                "currency": coin.code,
                "min_amount": self._book.rates.minimum(coin.code, is_fixed_rate=True),
                "max_amount": coin.due(Decimal(100_000) / coin.usd),
            }
            for coin in coins
        ]
        return Answer(200, {"currencies": bounded})

    def full_currencies(self, request: Incoming) -> Answer:
        """`GET /full-currencies`."""
        self._account.check_key(request.headers)
        items: list[JsonValue] = [
            wire.full_currency(number, coin) for number, coin in enumerate(self._book.rates.coins, start=1)
        ]
        return Answer(200, {"currencies": items})

    def merchant_coins(self, request: Incoming) -> Answer:
        """`GET /merchant/coins`: what the merchant ticked, some of which cannot be paid with."""
        self._account.check_key(request.headers)
        is_live = self._payer.options.merchant_coins == "live"
        codes: list[JsonValue] = [
            coin.code.upper() if is_live else coin.code for coin in self._book.rates.coins if coin.is_enabled
        ]
        return Answer(200, {"selectedCurrencies" if is_live else "currencies": codes})

    def min_amount(self, request: Incoming) -> Answer:
        """`GET /min-amount`; without `currency_to` it assumes the account's wallet."""
        self._account.check_key(request.headers)
        rates = self._book.rates
        source = rates.coin(requests.query_text(request.query, "currency_from"))
        target = request.query.get("currency_to", self._book.outcome_currency).lower()
        rates.convert(Decimal(1), source.code, target)
        is_fixed_rate = requests.query_flag(request.query, "is_fixed_rate")
        is_fee_paid_by_user = requests.query_flag(request.query, "is_fee_paid_by_user")
        least = rates.minimum(source.code, is_fixed_rate=is_fixed_rate or is_fee_paid_by_user)
        fields: dict[str, JsonValue] = {"currency_from": source.code, "currency_to": target, "min_amount": least}
        fiat = request.query.get("fiat_equivalent")
        if fiat is not None:
            fields["fiat_equivalent"] = (least * source.usd / rates.in_usd(fiat)).quantize(Decimal("0.000001"))
        return Answer(200, fields)

    def estimate(self, request: Incoming) -> Answer:
        """`GET /estimate`: the estimated amount is a string in live answers, a number in the documentation."""
        self._account.check_key(request.headers)
        amount = requests.query_amount(request.query, "amount")
        source = requests.query_text(request.query, "currency_from").lower()
        target = requests.query_text(request.query, "currency_to").lower()
        estimated = self._book.rates.convert(amount, source, target)
        as_text = self._payer.options.estimated_amount == "string"
        return Answer(
            200,
            {
                "currency_from": source,
                "amount_from": amount,
                "currency_to": target,
                "estimated_amount": f"{estimated:f}" if as_text else estimated,
            },
        )

    def create_payment(self, request: Incoming) -> Answer:
        """`POST /payment`."""
        api_key = self._account.check_key(request.headers)
        body = requests.payment_request(request.body, is_sandbox=self._account.is_sandbox)
        payment = self._book.create_payment(body, api_key=api_key, origin_ip=request.remote)
        return self._created(payment, body.case)

    def create_invoice(self, request: Incoming) -> Answer:
        """`POST /invoice`."""
        api_key = self._account.check_key(request.headers)
        invoice = self._book.create_invoice(requests.invoice_request(request.body), api_key=api_key)
        return Answer(201, wire.created_invoice(invoice))

    def create_invoice_payment(self, request: Incoming) -> Answer:
        """`POST /invoice-payment`."""
        api_key = self._account.check_key(request.headers)
        body = requests.invoice_payment_request(request.body)
        payment = self._book.create_invoice_payment(body, api_key=api_key, origin_ip=request.remote)
        return self._created(payment, None)

    def payment(self, request: Incoming) -> Answer:
        """`GET /payment/{id}`: only with the key that made it."""
        return Answer(200, self._payer.read_fields(self._own_payment(request)))

    def update_estimate(self, request: Incoming) -> Answer:
        """`POST /payment/{id}/update-merchant-estimate`."""
        payment = self._book.update_estimate(self._own_payment(request))
        return Answer(200, wire.updated_estimate(payment))

    def list_payments(self, request: Incoming) -> Answer:
        """`GET /payment/`: needs a login besides the key; knows no filter by order id."""
        api_key = self._account.check_key(request.headers)
        self._account.check_login(request.headers, self._clock())
        limit = requests.query_integer(request.query, "limit", 10, least=1, most=500)
        page = requests.query_integer(request.query, "page", 0, least=0, most=1_000_000)
        found = self._found(request, api_key)
        rows: list[JsonValue] = [
            self._payer.listed_fields(payment) for payment in found[page * limit : (page + 1) * limit]
        ]
        return Answer(
            200,
            {"data": rows, "limit": limit, "page": page, "pagesCount": -(-len(found) // limit), "total": len(found)},
        )

    def log_in(self, request: Incoming) -> Answer:
        """`POST /auth`."""
        email, password = requests.login_request(request.body)
        return Answer(200, {"token": self._account.log_in(email, password, self._clock())})

    def _created(self, payment: SimulatedPayment, case: str | None) -> Answer:
        self._on_created(payment, case)
        return Answer(
            201, wire.created_payment(payment, self._book.rates.coin(payment.pay_currency), self._payer.options)
        )

    def _own_payment(self, request: Incoming) -> SimulatedPayment:
        api_key = self._account.check_key(request.headers)
        return self._book.payment(requests.path_id(request.path["id"]), api_key=api_key)

    def _found(self, request: Incoming, api_key: str) -> list[SimulatedPayment]:
        """The payments of the list, filtered and sorted; a field name in `orderBy` is their 500 (official SDK)."""
        sort_by = request.query.get("sortBy", "created_at")
        order_by = request.query.get("orderBy", "asc")
        if order_by not in {"asc", "desc"}:
            raise errors.internal_error()
        if sort_by not in _SORTABLE:
            raise errors.invalid_request(f"sortBy must be one of [{', '.join(sorted(_SORTABLE))}]")
        earliest = _date(request, "dateFrom")
        latest = _date(request, "dateTo")
        invoice_id = request.query.get("invoiceId")
        found = (
            payment
            for payment in self._book.payments
            if payment.api_key == api_key
            and (earliest is None or payment.created_at >= earliest)
            and (latest is None or payment.created_at <= latest)
            and (invoice_id is None or str(payment.invoice_id) == invoice_id)
        )
        return sorted_payments(found, sort_by, is_descending=order_by == "desc")


def _date(request: Incoming, name: str) -> datetime | None:
    """`YYYY-MM-DD` or ISO; without a zone it is UTC."""
    value = request.query.get(name)
    if value is None:
        return None
    try:
        date = datetime.fromisoformat(value)
    except ValueError:
        raise errors.invalid_request(f"{name} must be a valid date") from None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


async def _not_found(_: web.Request) -> web.Response:
    refusal = errors.path_not_found()
    return web.json_response(refusal.envelope(), status=refusal.status)
