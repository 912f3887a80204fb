"""
The books of the simulated gateway: which payments and invoices exist, and how one comes to be.

What lives here: state, ids, pricing at creation, expiry by the clock. What must not: HTTP, notices, what a payer does.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

import attrs

from . import errors
from .coins import CAP_IN_USD, Coin, RateTable
from .requests import InvoicePaymentRequest, InvoiceRequest, PaymentRequest
from .values import EXPIRED, RATE_WINDOW, VALIDITY, WAITING, SimulatedInvoice, SimulatedPayment

_SAME_COIN_FEE = Decimal("0.005")
_CONVERSION_FEE = Decimal("0.01")
_ADDRESS_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ADDRESS_LENGTH = 33
_FIRST_ID = 4_000_000_000
_LAST_ID = 6_999_999_999


class Book:
    """
    All payments and invoices of one merchant account.

    Args:
        rates: coins and exchange rates.
        clock: now, in aware UTC.
        rng: source of ids and addresses.
        outcome_currency: the coin of the merchant's wallet.
    """

    def __init__(
        self, rates: RateTable, clock: Callable[[], datetime], rng: random.Random, outcome_currency: str
    ) -> None:
        self.rates = rates
        self._clock = clock
        self._rng = rng
        self.outcome_currency = outcome_currency
        self._payments: dict[int, SimulatedPayment] = {}
        self._invoices: dict[int, SimulatedInvoice] = {}
        self._by_order: dict[str, list[int]] = {}

    @property
    def payments(self) -> tuple[SimulatedPayment, ...]:
        """All payments, oldest first, as of now."""
        return tuple(self.payment(payment_id) for payment_id in self._payments)

    @property
    def invoices(self) -> tuple[SimulatedInvoice, ...]:
        """All invoices, oldest first."""
        return tuple(self._invoices.values())

    def payments_of(self, order_id: str) -> tuple[SimulatedPayment, ...]:
        """The payments that carry an order id, oldest first."""
        return tuple(self.payment(payment_id) for payment_id in self._by_order.get(order_id, ()))

    def payment(self, payment_id: int, *, api_key: str | None = None) -> SimulatedPayment:
        """
        One payment as of now: a deposit that did not come in time shows as expired.

        Raises:
            ApiError: it does not exist, or belongs to another key than the one given.
        """
        payment = self._stored(payment_id)
        if api_key not in {None, payment.api_key}:
            raise errors.payment_not_found()
        if payment.is_void(self._clock()):
            payment = self.change(payment_id, status=EXPIRED)
        return payment

    def void_payments(self) -> tuple[SimulatedPayment, ...]:
        """The payments whose time has run out since anybody looked; they are expired by this call."""
        now = self._clock()
        void = [payment.payment_id for payment in self._payments.values() if payment.is_void(now)]
        return tuple(self.payment(payment_id) for payment_id in void)

    def invoice(self, invoice_id: int, *, api_key: str | None = None) -> SimulatedInvoice:
        """
        One invoice.

        Raises:
            ApiError: it does not exist, or belongs to another key than the one given.
        """
        invoice = self._invoices.get(invoice_id)
        if invoice is None or api_key not in {None, invoice.api_key}:
            raise errors.invoice_not_found()
        return invoice

    def change(self, payment_id: int, **changes: Any) -> SimulatedPayment:  # attrs checks the names
        """
        Replace fields of a payment and stamp it.

        Raises:
            ApiError: it does not exist.
        """
        changed = attrs.evolve(self._stored(payment_id), updated_at=self._clock(), **changes)
        self._payments[payment_id] = changed
        return changed

    def create_payment(self, request: PaymentRequest, *, api_key: str, origin_ip: str | None) -> SimulatedPayment:
        """
        Make a payment. There is no idempotency key: the same request again makes a second one.

        Raises:
            ApiError: a currency is unknown or off, or the amount is outside the coin's bounds.
        """
        return self._add(
            request,
            api_key=api_key,
            origin_ip=origin_ip,
            invoice_id=None,
            customer_email=None,
        )

    def create_invoice(self, request: InvoiceRequest, *, api_key: str) -> SimulatedInvoice:
        """
        Make an invoice.

        Raises:
            ApiError: a currency is unknown or off.
        """
        self.rates.in_usd(request.price_currency)
        if request.pay_currency is not None:
            self._offered(request.pay_currency)
        invoice = SimulatedInvoice(
            invoice_id=self._new_id(),
            token_id=self._new_id(),
            api_key=api_key,
            created_at=self._clock(),
            **attrs.asdict(request),
        )
        self._invoices[invoice.invoice_id] = invoice
        return invoice

    def create_invoice_payment(
        self, request: InvoicePaymentRequest, *, api_key: str | None, origin_ip: str | None
    ) -> SimulatedPayment:
        """
        Make a payment of an invoice; without an API key it is the payer who does so on the hosted page.

        Raises:
            ApiError: no such invoice, or as for `create_payment`.
        """
        invoice = self.invoice(request.invoice_id, api_key=api_key)
        payment_request = PaymentRequest(
            price_amount=invoice.price_amount,
            price_currency=invoice.price_currency,
            pay_currency=request.pay_currency,
            pay_amount=None,
            ipn_callback_url=invoice.ipn_callback_url,
            order_id=invoice.order_id,
            order_description=request.order_description or invoice.order_description,
            payout_currency=request.payout_currency,
            is_fixed_rate=invoice.is_fixed_rate,
            is_fee_paid_by_user=invoice.is_fee_paid_by_user,
            purchase_id=request.purchase_id,
            case=None,
        )
        return self._add(
            payment_request,
            api_key=invoice.api_key,
            origin_ip=origin_ip,
            invoice_id=invoice.invoice_id,
            customer_email=request.customer_email,
        )

    def add_child(self, parent: SimulatedPayment, **changes: Any) -> SimulatedPayment:
        """
        A further deposit to the address of a payment is a payment of its own, which names the first as its parent.
        """
        now = self._clock()
        child = attrs.evolve(
            parent,
            payment_id=self._new_id(),
            parent_payment_id=parent.payment_id,
            child_ids=(),
            created_at=now,
            updated_at=now,
            **changes,
        )
        self._store(child)
        self.change(parent.payment_id, child_ids=(*parent.child_ids, child.payment_id))
        return child

    def update_estimate(self, payment: SimulatedPayment) -> SimulatedPayment:
        """Price a floating payment again once its rate window has passed; before that nothing changes."""
        now = self._clock()
        if payment.status != WAITING or payment.is_fixed_rate or now < payment.expiration_estimate_at:
            return payment
        due = self.rates.convert(payment.price_amount, payment.price_currency, payment.pay_currency)
        received = self.received(due, payment.pay_currency, payment.outcome_currency)
        return self.change(
            payment.payment_id, pay_amount=due, amount_received=received, expiration_estimate_at=now + RATE_WINDOW
        )

    def received(self, amount: Decimal, pay_currency: str, outcome_currency: str) -> Decimal:
        """
        What reaches the merchant's wallet of an amount.

        **Source**: help centre on fees (2026): 0.5 % without conversion, 1 % with it. The network fee is left out.
        """
        fee = _SAME_COIN_FEE if pay_currency == outcome_currency else _CONVERSION_FEE
        usd = amount * (1 - fee) * self.rates.in_usd(pay_currency)
        return self.rates.rounded(usd / self.rates.in_usd(outcome_currency), outcome_currency)

    def hash_of_transfer(self) -> str:
        """An invented transaction hash."""
        return f"{self._rng.getrandbits(256):064x}"

    def _add(
        self,
        request: PaymentRequest,
        *,
        api_key: str,
        origin_ip: str | None,
        invoice_id: int | None,
        customer_email: str | None,
    ) -> SimulatedPayment:
        coin = self._offered(request.pay_currency)
        outcome_currency = (request.payout_currency or self.outcome_currency).lower()
        pay_amount = self._priced(request, coin)
        now = self._clock()
        payment = SimulatedPayment(
            payment_id=self._new_id(),
            api_key=api_key,
            status=WAITING,
            pay_address=self._new_address(coin),
            payin_extra_id=str(self._rng.randint(100_000_000, 999_999_999)) if coin.has_memo else None,
            price_amount=request.price_amount,
            price_currency=request.price_currency.lower(),
            pay_amount=pay_amount,
            pay_currency=coin.code,
            amount_received=self.received(pay_amount, coin.code, outcome_currency),
            outcome_currency=outcome_currency,
            order_id=request.order_id,
            order_description=request.order_description,
            customer_email=customer_email,
            ipn_callback_url=request.ipn_callback_url,
            purchase_id=request.purchase_id or self._new_id(),
            invoice_id=invoice_id,
            is_fixed_rate=request.is_fixed_rate or request.is_fee_paid_by_user,
            is_fee_paid_by_user=request.is_fee_paid_by_user,
            origin_ip=origin_ip,
            created_at=now,
            updated_at=now,
            expiration_estimate_at=now + RATE_WINDOW,
            valid_until=now + VALIDITY,
        )
        self._store(payment)
        return payment

    def _priced(self, request: PaymentRequest, coin: Coin) -> Decimal:
        is_fixed_rate = request.is_fixed_rate or request.is_fee_paid_by_user
        due = request.pay_amount
        if due is None:
            due = self.rates.convert(request.price_amount, request.price_currency, coin.code)
        if request.is_fee_paid_by_user:
            due = coin.due(due * (1 + _CONVERSION_FEE))
        if due < self.rates.minimum(coin.code, is_fixed_rate=is_fixed_rate):
            raise errors.below_minimum(due)
        if coin.is_capped and due * coin.usd > CAP_IN_USD:
            raise errors.above_maximum(due)
        return due

    def _offered(self, code: str) -> Coin:
        coin = self.rates.coin(code)
        if not coin.is_offered:
            raise errors.not_convertible(coin.code, self.outcome_currency)
        return coin

    def _stored(self, payment_id: int) -> SimulatedPayment:
        try:
            return self._payments[payment_id]
        except KeyError:
            raise errors.payment_not_found() from None

    def _store(self, payment: SimulatedPayment) -> None:
        self._payments[payment.payment_id] = payment
        if payment.order_id is not None:
            self._by_order.setdefault(payment.order_id, []).append(payment.payment_id)

    def _new_id(self) -> int:
        while True:
            number = self._rng.randint(_FIRST_ID, _LAST_ID)
            if number not in self._payments and number not in self._invoices:
                return number

    def _new_address(self, coin: Coin) -> str:
        return coin.address_prefix + "".join(self._rng.choices(_ADDRESS_ALPHABET, k=_ADDRESS_LENGTH))


def sorted_payments(
    payments: Iterable[SimulatedPayment], sort_by: str, *, is_descending: bool
) -> list[SimulatedPayment]:
    """Payments by one field; those without a value come first, as the smallest."""
    attribute = {"payment_status": "status"}.get(sort_by, sort_by)

    def key(payment: SimulatedPayment) -> tuple[bool, Any]:  # a field of one type at a time
        value = getattr(payment, attribute)
        return value is not None, value

    return sorted(payments, key=key, reverse=is_descending)
