"""
The JSON shapes of answers and notices.

What lives here: which field goes out under which name, as a number or as a string, on which call. What must not:
decisions.

**Source**: live captures 2023 to 2026 where there are any, else the documentation's examples (2026-04).
"""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

import attrs

from .canonical import JsonObject, JsonValue
from .coins import Coin
from .values import WAITING, SimulatedInvoice, SimulatedPayment

_FEE_STEP = Decimal("0.000001")
_DEPOSIT_FEE_SHARE = Decimal("0.004")
_SERVICE_FEE_SHARE = Decimal("0.005")


@attrs.frozen(kw_only=True)
class WireOptions:
    """
    Which of the forms seen in the wild goes out.

    Attributes:
        merchant_coins: `live` = `selectedCurrencies` in upper case, `documented` = `currencies` in lower case.
        amounts_on_create: `pay_amount` as a number, or as the string that a few clients met.
        estimated_amount: of GET /estimate, a string in live answers, a number in the documentation.
        fee: amounts of a notice's `fee` as numbers, as strings, or no `fee` at all (2023 captures).
        updated_at: integer milliseconds, or absent (about half of the captures).
        key_order: wire order of a notice: `sorted` (since 2024) or `unsorted` (2021 to 2023).
        parent_on_reads: whether a single read of a child names its parent; not guaranteed by the vendor.
    """

    merchant_coins: Literal["live", "documented"] = "live"
    amounts_on_create: Literal["number", "string"] = "number"
    estimated_amount: Literal["string", "number"] = "string"
    fee: Literal["number", "string", "absent"] = "number"
    updated_at: Literal["ms", "absent"] = "ms"
    key_order: Literal["sorted", "unsorted"] = "sorted"
    parent_on_reads: Literal["named", "absent"] = "named"


def stamp(at: datetime) -> str:
    """A time as the vendor prints it: UTC with milliseconds and `Z`."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def created_payment(payment: SimulatedPayment, coin: Coin, options: WireOptions) -> JsonObject:
    """The answer to a create call: ids are strings."""
    as_text = options.amounts_on_create == "string"
    return {
        "payment_id": str(payment.payment_id),
        "payment_status": payment.status,
        "pay_address": payment.pay_address,
        "price_amount": payment.price_amount,
        "price_currency": payment.price_currency,
        "pay_amount": f"{payment.pay_amount:f}" if as_text else payment.pay_amount,
        "amount_received": payment.amount_received,
        "pay_currency": payment.pay_currency,
        "order_id": payment.order_id,
        "order_description": payment.order_description,
        "payin_extra_id": payment.payin_extra_id,
        "ipn_callback_url": payment.ipn_callback_url,
        "customer_email": payment.customer_email,
        "created_at": stamp(payment.created_at),
        "updated_at": stamp(payment.updated_at),
        "purchase_id": str(payment.purchase_id),
        "smart_contract": coin.smart_contract,
        "network": coin.network,
        "network_precision": None,
        "time_limit": None,
        "burning_percent": None,
        "expiration_estimate_date": stamp(payment.expiration_estimate_at),
        "is_fixed_rate": payment.is_fixed_rate,
        "is_fee_paid_by_user": payment.is_fee_paid_by_user,
        "valid_until": stamp(payment.valid_until),
        "type": "crypto2crypto",
        "product": "api",
        "origin_ip": payment.origin_ip,
    }


def read_payment(payment: SimulatedPayment, options: WireOptions) -> dict[str, JsonValue]:
    """The answer to a read: ids are numbers, `burning_percent` is the string `null`."""
    fields: dict[str, JsonValue] = {
        "payment_id": payment.payment_id,
        "invoice_id": payment.invoice_id,
        "payment_status": payment.status,
        "pay_address": payment.pay_address,
        "payin_extra_id": payment.payin_extra_id,
        "price_amount": payment.price_amount,
        "price_currency": payment.price_currency,
        "pay_amount": payment.pay_amount,
        "actually_paid": payment.actually_paid,
        "pay_currency": payment.pay_currency,
        "order_id": payment.order_id,
        "order_description": payment.order_description,
        "purchase_id": payment.purchase_id,
        "outcome_amount": payment.outcome_amount,
        "outcome_currency": payment.outcome_currency,
        "payout_hash": payment.payout_hash,
        "payin_hash": payment.payin_hash,
        "created_at": stamp(payment.created_at),
        "updated_at": stamp(payment.updated_at),
        "burning_percent": "null",
        "type": "crypto2crypto",
    }
    if payment.child_ids:
        fields["payment_extra_ids"] = payment.child_ids
    if payment.parent_payment_id is not None and options.parent_on_reads == "named":
        fields["parent_payment_id"] = payment.parent_payment_id
    return fields


def listed_payment(payment: SimulatedPayment, options: WireOptions) -> dict[str, JsonValue]:
    """A row of the list: the read shape; a child always names its parent and its origin there."""
    fields = read_payment(payment, options)
    if payment.parent_payment_id is not None:
        fields |= {"parent_payment_id": payment.parent_payment_id, "origin_type": "REPEATED"}
    return fields


def notice(payment: SimulatedPayment, options: WireOptions) -> dict[str, JsonValue]:
    """The body of an IPN, keys in the order of the unsorted 2023 captures."""
    outcome = payment.amount_received if payment.outcome_amount is None else payment.outcome_amount
    fields: dict[str, JsonValue] = {
        "payment_id": payment.payment_id,
        "parent_payment_id": payment.parent_payment_id,
        "invoice_id": payment.invoice_id,
        "payment_status": payment.status,
        "pay_address": payment.pay_address,
        "payin_extra_id": payment.payin_extra_id,
        "price_amount": payment.price_amount,
        "price_currency": payment.price_currency,
        "pay_amount": payment.pay_amount,
        "actually_paid": payment.actually_paid,
        "actually_paid_at_fiat": payment.actually_paid_at_fiat,
        "pay_currency": payment.pay_currency,
        "order_id": payment.order_id,
        "order_description": payment.order_description,
        "purchase_id": str(payment.purchase_id),
        "outcome_amount": outcome,
        "outcome_currency": payment.outcome_currency,
        "payment_extra_ids": None,
    }
    if options.updated_at == "ms":
        fields["updated_at"] = int(payment.updated_at.timestamp() * 1000)
    if options.fee != "absent":
        fields["fee"] = _fee(payment, outcome, as_text=options.fee == "string")
    return fields


def _fee(payment: SimulatedPayment, outcome: Decimal, *, as_text: bool) -> JsonObject:
    """Zero until something arrived; six decimals, which is where Python and JavaScript begin to print differently."""
    share = Decimal(0) if payment.status == WAITING or not payment.actually_paid else outcome
    amounts = {
        "depositFee": (share * _DEPOSIT_FEE_SHARE).quantize(_FEE_STEP, ROUND_HALF_UP),
        "withdrawalFee": Decimal(0),
        "serviceFee": (share * _SERVICE_FEE_SHARE).quantize(_FEE_STEP, ROUND_HALF_UP),
    }
    return {"currency": payment.outcome_currency} | {
        name: _plain(amount) if as_text else amount for name, amount in amounts.items()
    }


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}" if amount else "0"


def created_invoice(invoice: SimulatedInvoice) -> JsonObject:
    """The answer to `POST /invoice`: amount and id are strings, the currency is echoed as sent, no payment status."""
    return {
        "id": str(invoice.invoice_id),
        "token_id": str(invoice.token_id),
        "order_id": invoice.order_id,
        "order_description": invoice.order_description,
        "price_amount": _plain(invoice.price_amount),
        "price_currency": invoice.price_currency,
        "pay_currency": invoice.pay_currency,
        "ipn_callback_url": invoice.ipn_callback_url,
        "invoice_url": f"https://nowpayments.io/payment/?iid={invoice.invoice_id}",
        "success_url": invoice.success_url,
        "cancel_url": invoice.cancel_url,
        "partially_paid_url": invoice.partially_paid_url,
        "payout_currency": None,
        "created_at": stamp(invoice.created_at),
        "updated_at": stamp(invoice.created_at),
        "is_fixed_rate": invoice.is_fixed_rate,
        "is_fee_paid_by_user": invoice.is_fee_paid_by_user,
    }


def updated_estimate(payment: SimulatedPayment) -> JsonObject:
    """The answer to update-merchant-estimate."""
    return {
        "id": str(payment.payment_id),
        "token_id": str(payment.purchase_id),
        "pay_amount": payment.pay_amount,
        "expiration_estimate_date": stamp(payment.expiration_estimate_at),
    }


def full_currency(number: int, coin: Coin) -> JsonObject:
    """An item of the full list; `network_precision` is a string in live answers."""
    return {
        "id": number,
        "code": coin.code.upper(),
        "name": coin.name,
        "enable": coin.is_enabled,
        "wallet_regex": f"^{coin.address_prefix}[0-9a-zA-Z]{{20,62}}$",
        "priority": 100 + number,
        "extra_id_exists": coin.has_memo,
        "extra_id_regex": "^[0-9]{1,19}$" if coin.has_memo else None,
        "logo_url": f"/images/coins/{coin.code}.svg",
        "track": True,
        "cg_id": coin.name.lower(),
        "is_maxlimit": coin.is_capped,
        "network": coin.network,
        "smart_contract": coin.smart_contract,
        "network_precision": str(coin.chain_decimals) if coin.smart_contract else None,
        "precision": coin.due_decimals,
        "ticker": coin.code,
        "available_for_payment": coin.is_available_for_payment,
        "available_for_payout": coin.is_available_for_payment,
        "extra_id_optional": False,
    }
