"""
What happens to a payment from outside: the payer sends coins, the chain confirms, the vendor's staff decide.

What lives here: the verbs of tests and of the demo, each of which moves the books and announces the change.
What must not: HTTP.

**Source**: NOWPayments documentation on payment statuses and on repeated and wrong-asset deposits (2026-04),
help centre, live captures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from . import values, wire
from .book import Book
from .canonical import JsonObject, JsonValue
from .notice_faults import NoticeFault, NoticeFaults
from .notices import NoticeSender, composed
from .requests import InvoicePaymentRequest
from .values import SimulatedPayment
from .wire import WireOptions

ORDINARY_STEPS = (values.CONFIRMING, values.CONFIRMED, values.SENDING, values.FINISHED)
SHORT_STEPS = (values.CONFIRMING, values.CONFIRMED, values.SENDING, values.PARTIALLY_PAID)

ChildOrder: TypeAlias = Literal["parent", "null"]
"""The `order_id` of a child: the parent's (live capture 2026-10), or null (documentation)."""

_STATUSES_WITH_OUTCOME = frozenset({values.SENDING, values.FINISHED, values.PARTIALLY_PAID})


class PaymentNotOpen(Exception):
    """
    A deposit was asked for on a payment that has had one.

    Send a top-up, a repeated deposit or a wrong asset instead.
    """

    def __init__(self, payment: SimulatedPayment) -> None:
        super().__init__(f"payment {payment.payment_id} is {payment.status}")
        self.payment_id = payment.payment_id
        self.status = payment.status


class Payer:
    """
    The verbs. Each returns the payment as it stands afterwards; notices leave in the background.

    Args:
        book: where payments are kept.
        sender: what carries the notices.
        faults: the plan of what goes wrong with them.
        ipn_secret: the account's secret; none means that no notice is ever sent.
        options: the wire forms.
    """

    def __init__(
        self, book: Book, sender: NoticeSender, faults: NoticeFaults, ipn_secret: str | None, options: WireOptions
    ) -> None:
        self.notice_faults = faults
        self.options = options
        self.step_delay_seconds = 0.0
        self.covering_percent = Decimal(0)
        self._book = book
        self._sender = sender
        self._ipn_secret = ipn_secret
        self._tampered: dict[int, dict[str, JsonValue]] = {}

    async def pay(
        self, payment_id: int | str, amount: Decimal | str | int | None = None, *, steps: Sequence[str] | None = None
    ) -> SimulatedPayment:
        """
        The payer sends coins to the address of a payment that has had none.

        On an expired payment this is a late deposit: it is received and runs through the same states, but **no notice**
        is sent.

        Args:
            payment_id: the payment.
            amount: in units of the coin; by default what is due, as far as the chain can move it.
            steps: the status words to pass through; by default the ordinary four, ending with `finished` if what is
                due arrived (less the account's covering percentage), else with `partially_paid`.

        Raises:
            PaymentNotOpen: it is neither waiting nor expired.
            ApiError: it does not exist.
        """
        payment = self._book.payment(int(payment_id))
        if payment.status not in {values.WAITING, values.EXPIRED}:
            raise PaymentNotOpen(payment)
        paid = self._book.rates.coin(payment.pay_currency).movable(payment.pay_amount)
        if amount is not None:
            paid = Decimal(amount)
        is_late = payment.status == values.EXPIRED
        self._book.change(
            payment.payment_id,
            actually_paid=paid,
            payin_hash=self._book.hash_of_transfer(),
            amount_received=self._book.received(paid, payment.pay_currency, payment.outcome_currency),
        )
        if steps is None:
            steps = ORDINARY_STEPS if self._is_covered(payment, paid) else SHORT_STEPS
        return await self._walk(payment.payment_id, steps, is_silent=is_late)

    async def top_up(
        self,
        payment_id: int | str,
        amount: Decimal | str | int | None = None,
        *,
        child_order: ChildOrder = "parent",
        steps: Sequence[str] = ORDINARY_STEPS,
        parent_becomes: str | None = None,
    ) -> SimulatedPayment:
        """
        The payer sends what was missing: a child payment; the parent does not move by itself.

        Args:
            payment_id: the short one.
            amount: by default what is missing.
            child_order: the child's `order_id`.
            steps: the child's status words.
            parent_becomes: a status for the parent afterwards, such as `finished`; none leaves it.
        """
        parent = self._book.payment(int(payment_id))
        missing = parent.pay_amount - parent.actually_paid
        child = await self._deposit_again(
            parent, parent.pay_currency, missing if amount is None else Decimal(amount), child_order, steps
        )
        if parent_becomes is not None:
            await self.set_status(parent.payment_id, parent_becomes)
        return child

    async def repeat_deposit(
        self,
        payment_id: int | str,
        amount: Decimal | str | int | None = None,
        *,
        child_order: ChildOrder = "parent",
        steps: Sequence[str] = (values.FINISHED,),
    ) -> SimulatedPayment:
        """The payer sends coins to a used address once more: a child payment, `finished` by the account's setting."""
        parent = self._book.payment(int(payment_id))
        paid = parent.pay_amount if amount is None else Decimal(amount)
        return await self._deposit_again(parent, parent.pay_currency, paid, child_order, steps)

    async def send_wrong_asset(
        self,
        payment_id: int | str,
        coin: str,
        amount: Decimal | str | int,
        *,
        child_order: ChildOrder = "parent",
        steps: Sequence[str] = (values.WRONG_ASSET_CONFIRMED,),
    ) -> SimulatedPayment:
        """
        The payer sends another coin, which makes a child payment that looks paid.

        Its `pay_amount` equals what arrived and its price is the parent's (live capture 2026-10).
        """
        parent = self._book.payment(int(payment_id))
        return await self._deposit_again(parent, coin, Decimal(amount), child_order, steps)

    async def expire(self, payment_id: int | str) -> SimulatedPayment:
        """The payment expires, with a notice."""
        return await self.set_status(payment_id, values.EXPIRED)

    async def fail(self, payment_id: int | str) -> SimulatedPayment:
        """The payment fails, as after a deposit below the minimum."""
        return await self.set_status(payment_id, values.FAILED)

    async def refund(self, payment_id: int | str) -> SimulatedPayment:
        """The vendor sends the coins back."""
        return await self.set_status(payment_id, values.REFUNDED)

    async def cancel(self, payment_id: int | str) -> SimulatedPayment:
        """The merchant closes a short payment by hand in the dashboard."""
        return await self.set_status(payment_id, values.CANCELLED)

    async def finish_unpaid(self, payment_id: int | str) -> SimulatedPayment:
        """The payment is finished although nothing arrived (captures 2024 and of the sandbox)."""
        return await self.set_status(payment_id, values.FINISHED, actually_paid=Decimal(0))

    async def set_status(
        self, payment_id: int | str, status: str, *, is_silent: bool = False, **changes: Any
    ) -> SimulatedPayment:
        """
        Put a payment into any state, one that the vendor has never named included.

        Args:
            payment_id: the payment.
            status: any word.
            is_silent: no notice is sent.
            changes: other fields of the payment.
        """
        self._book.change(int(payment_id), **changes)
        return await self._walk(int(payment_id), (status,), is_silent=is_silent)

    async def expire_void_payments(self) -> tuple[SimulatedPayment, ...]:
        """All payments whose time has run out by the clock expire now, with a notice each."""
        void = self._book.void_payments()
        for payment in void:
            self._announce(payment)
        return void

    async def open_invoice(self, invoice_id: int | str, coin: str) -> SimulatedPayment:
        """The payer chooses a coin on an invoice's hosted page: a payment that the merchant did not create."""
        request = InvoicePaymentRequest(
            invoice_id=int(invoice_id),
            pay_currency=coin,
            purchase_id=None,
            order_description=None,
            customer_email=None,
            payout_currency=None,
        )
        payment = self._book.create_invoice_payment(request, api_key=None, origin_ip=None)
        self._announce(payment)
        return payment

    def tamper(self, payment_id: int | str, /, **fields: JsonValue) -> None:
        """
        Overlay fields on every later read of a payment, under their wire names; notices stay as they are.

        Without fields the overlay is removed.
        """
        if fields:
            self._tampered.setdefault(int(payment_id), {}).update(fields)
        else:
            self._tampered.pop(int(payment_id), None)

    def notify(self, payment_id: int | str, /, *faults: NoticeFault, **fields: JsonValue) -> None:
        """
        Send a notice of the present state by hand, as the dashboard's button does.

        Args:
            payment_id: the payment.
            faults: what goes wrong with it.
            fields: fields that differ from the truth, under their wire names; the signature covers them.
        """
        self._announce(self._book.payment(int(payment_id)), faults, fields)

    def replay_notice(self, payment_id: int | str) -> None:
        """
        Send the first notice of a payment again, byte for byte, as anybody can who has seen it.

        Raises:
            LookupError: none was ever sent.
        """
        first = self._sender.first_of(int(payment_id))
        if first is None:
            raise LookupError(f"no notice was sent for payment {payment_id}")
        self._sender.dispatch(first, ())

    def send_notice(self, url: str, fields: JsonObject, *faults: NoticeFault) -> None:
        """
        Send any JSON object as a notice, such as that of a withdrawal, which has the same signature and another shape.

        Raises:
            ValueError: the account has no IPN secret.
        """
        if self._ipn_secret is None:
            raise ValueError("the account has no IPN secret")
        notice = composed(fields, url=url, secret=self._ipn_secret, key_order=self.options.key_order, faults=faults)
        self._sender.dispatch(notice, faults)

    def rotate_ipn_secret(self, secret: str | None) -> None:
        """Sign with another secret from now on; retries keep their signature; none ends all notices."""
        self._ipn_secret = secret

    def read_fields(self, payment: SimulatedPayment) -> JsonObject:
        """The read shape of a payment with what was tampered."""
        return wire.read_payment(payment, self.options) | self._tampered.get(payment.payment_id, {})

    def listed_fields(self, payment: SimulatedPayment) -> JsonObject:
        """The list shape of a payment with what was tampered."""
        return wire.listed_payment(payment, self.options) | self._tampered.get(payment.payment_id, {})

    def _is_covered(self, payment: SimulatedPayment, paid: Decimal) -> bool:
        """A chain with few decimals cannot carry more (capture 2026: 4.98842 paid for 4.98842014)."""
        due = self._book.rates.coin(payment.pay_currency).movable(payment.pay_amount)
        return paid >= due * (1 - self.covering_percent / 100)

    async def _deposit_again(
        self, parent: SimulatedPayment, coin: str, paid: Decimal, child_order: ChildOrder, steps: Sequence[str]
    ) -> SimulatedPayment:
        rates = self._book.rates
        fiat = paid * rates.in_usd(coin) / rates.in_usd(parent.price_currency)
        child = self._book.add_child(
            parent,
            status=steps[0],
            order_id=parent.order_id if child_order == "parent" else None,
            pay_currency=rates.coin(coin).code,
            pay_amount=paid,
            actually_paid=paid,
            actually_paid_at_fiat=fiat.quantize(Decimal("0.00000001")),
            amount_received=self._book.received(paid, coin, parent.outcome_currency),
            outcome_amount=None,
            payin_hash=self._book.hash_of_transfer(),
            payout_hash=None,
        )
        return await self._walk(child.payment_id, steps, is_silent=False)

    async def _walk(self, payment_id: int, steps: Sequence[str], *, is_silent: bool) -> SimulatedPayment:
        for number, status in enumerate(steps):
            if number and self.step_delay_seconds:
                await asyncio.sleep(self.step_delay_seconds)
            payment = self._book.change(payment_id, status=status)
            if status in _STATUSES_WITH_OUTCOME and payment.outcome_amount is None:
                payment = self._book.change(
                    payment_id, outcome_amount=payment.amount_received, payout_hash=self._book.hash_of_transfer()
                )
            if not is_silent:
                self._announce(payment)
        return self._book.payment(payment_id)

    def _announce(
        self,
        payment: SimulatedPayment,
        faults: Sequence[NoticeFault] | None = None,
        changed: JsonObject | None = None,
    ) -> None:
        """One notice for one change of status; none without a callback address or without a secret."""
        if payment.ipn_callback_url is None or not self._ipn_secret:
            return
        if not faults:
            faults = self.notice_faults.faults_of(payment.payment_id, payment.status)
        notice = composed(
            {**wire.notice(payment, self.options), **(changed or {})},
            url=payment.ipn_callback_url,
            secret=self._ipn_secret,
            key_order=self.options.key_order,
            faults=faults,
        )
        self._sender.dispatch(notice, faults)
