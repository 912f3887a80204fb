"""
What a payment gateway says of one payment, in our words.

A reading is evidence, not a decision: `bitloot_core.order.assessment` compares it with what we asked for.
"""

from __future__ import annotations

import enum
from datetime import datetime
from decimal import Decimal

import attrs

from bitloot_core.values.ids import GatewayPaymentId


class PaymentWord(enum.StrEnum):
    """
    How far a payment is. **Source:** NOWPayments API documentation and SDK (April and May 2026), section "Lifecycle".
    """

    WAITING = "waiting"
    CONFIRMING = "confirming"
    CONFIRMED = "confirmed"
    SENDING = "sending"
    FINISHED = "finished"
    PARTIALLY_PAID = "partially_paid"
    FAILED = "failed"
    REFUNDED = "refunded"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    WRONG_ASSET = "wrong_asset_confirmed"
    UNRECOGNISED = "unrecognised"
    """A word that we do not know; it never takes a default branch."""


PROGRESS = {PaymentWord.WAITING: 0, PaymentWord.CONFIRMING: 1, PaymentWord.CONFIRMED: 2, PaymentWord.SENDING: 3}
"""The rank of the words that mean "on its way"; a lower one that comes later is an old message."""


@attrs.frozen(kw_only=True)
class PaymentReading:
    """
    One payment as the gateway describes it, read back by us or told by a verified notice.

    Attributes:
        gateway_id: the gateway's name of the payment.
        word: how far it is.
        raw_word: the gateway's own word, for the operator; at most 64 characters.
        order_ref: what the gateway has as our order's id, if anything.
        price_amount: the fiat price in major units, as the gateway has it.
        price_currency: its currency, in capitals.
        coin: the coin to pay with, lower case.
        pay_amount: how much of it is due, if the gateway says so.
        actually_paid: how much of it has arrived.
        parent_id: the original payment, if this is a repeated deposit or a top-up.
        updated_at: the gateway's own time of this state, if it gives one.
        address: where the coins go, if the gateway says so.
        extra_id: the memo or tag that must go with the address.
    """

    gateway_id: GatewayPaymentId
    word: PaymentWord
    raw_word: str
    order_ref: str | None
    price_amount: Decimal
    price_currency: str
    coin: str
    pay_amount: Decimal | None
    actually_paid: Decimal
    parent_id: GatewayPaymentId | None = None
    updated_at: datetime | None = None
    address: str | None = None
    extra_id: str | None = None
