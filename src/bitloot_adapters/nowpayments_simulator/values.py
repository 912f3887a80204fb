"""
What the simulated gateway remembers: payments and invoices as frozen values.

What lives here: the data and the status words. What must not: wire shapes (`wire.py`) and what may follow what
(`payer.py`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import attrs

WAITING: Final = "waiting"
CONFIRMING: Final = "confirming"
CONFIRMED: Final = "confirmed"
SENDING: Final = "sending"
FINISHED: Final = "finished"
PARTIALLY_PAID: Final = "partially_paid"
FAILED: Final = "failed"
REFUNDED: Final = "refunded"
EXPIRED: Final = "expired"
CANCELLED: Final = "cancelled"
WRONG_ASSET_CONFIRMED: Final = "wrong_asset_confirmed"

RATE_WINDOW = timedelta(minutes=20)
VALIDITY = timedelta(days=7)


@attrs.frozen(kw_only=True)
class SimulatedPayment:
    """
    One payment as the gateway sees it.

    Attributes:
        payment_id: ten digits; a string in the answer to the create call, a number in reads and notices.
        api_key: the key that created it and that alone can read it.
        pay_amount: what is due, in units of the coin.
        actually_paid: what arrived, in units of the coin.
        actually_paid_at_fiat: zero for ordinary payments, as in nearly all captures.
        amount_received: the estimate of what reaches the merchant's wallet.
        outcome_amount: what did reach it; none before that.
        purchase_id: links all payments of one purchase.
        parent_payment_id: set on a top-up, a repeated deposit or a wrong asset.
        child_ids: the payments that name this one as parent.
        expiration_estimate_at: end of the rate window, 20 minutes after the last estimate.
        valid_until: seven days after creation.
    """

    payment_id: int
    api_key: str = attrs.field(repr=False)
    status: str
    pay_address: str
    payin_extra_id: str | None
    price_amount: Decimal
    price_currency: str
    pay_amount: Decimal
    pay_currency: str
    amount_received: Decimal
    outcome_currency: str
    order_id: str | None
    order_description: str | None
    customer_email: str | None
    ipn_callback_url: str | None
    purchase_id: int
    invoice_id: int | None
    is_fixed_rate: bool
    is_fee_paid_by_user: bool
    origin_ip: str | None
    created_at: datetime
    updated_at: datetime
    expiration_estimate_at: datetime
    valid_until: datetime
    actually_paid: Decimal = Decimal(0)
    actually_paid_at_fiat: Decimal = Decimal(0)
    outcome_amount: Decimal | None = None
    parent_payment_id: int | None = None
    child_ids: tuple[int, ...] = ()
    payin_hash: str | None = None
    payout_hash: str | None = None

    def is_void(self, now: datetime) -> bool:
        """
        Whether the time to pay has run out: seven days, or the rate window at a fixed rate, without a deposit.

        **Source**: NOWPayments help centre on `expired` (2026); the fixed window is 20 minutes in live
        answers, 10 in one reading.
        """
        if self.status != WAITING:
            return False
        return now >= (self.expiration_estimate_at if self.is_fixed_rate else self.valid_until)


@attrs.frozen(kw_only=True)
class SimulatedInvoice:
    """
    An invoice: it never expires and may give any number of payments.

    Attributes:
        price_currency: as sent; the answer echoes its case.
        pay_currency: the coin that the merchant fixed, if any.
    """

    invoice_id: int
    token_id: int
    api_key: str = attrs.field(repr=False)
    price_amount: Decimal
    price_currency: str
    pay_currency: str | None
    order_id: str | None
    order_description: str | None
    ipn_callback_url: str | None
    success_url: str | None
    cancel_url: str | None
    partially_paid_url: str | None
    is_fixed_rate: bool
    is_fee_paid_by_user: bool
    created_at: datetime
