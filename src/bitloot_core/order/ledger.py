"""
The ledger: every movement of money that was seen. Single entry, append-only, one currency a row.

An entry is unique by (kind, external id), so that the same movement told twice is one row.
"""

from __future__ import annotations

import enum
from datetime import datetime
from decimal import Decimal

import attrs

from bitloot_core.values.ids import OrderId


class LedgerKind(enum.StrEnum):
    """Which way the money went."""

    RECEIVED = "received"
    CHARGED = "charged"
    RETURNED = "returned"
    REFUNDED = "refunded"


@attrs.frozen(kw_only=True)
class LedgerEntry:
    """
    One movement.

    Attributes:
        kind: received from the buyer, charged by the supplier, returned by the supplier, refunded to the buyer.
        external_id: who names it outside: the gateway's payment id (a top-up, or one that goes back after a
            refund, adds `+<what has come by then>`), the supplier's order id.
        amount: in major units (fiat) or whole coins; positive.
        currency: a fiat code in capitals or a coin's code in lower case.
        at: when we learnt of it.
    """

    order_id: OrderId
    kind: LedgerKind
    external_id: str
    amount: Decimal
    currency: str
    at: datetime
