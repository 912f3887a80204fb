"""
The names of jobs and the form of a request for one. A job is an effect that was committed and is still to be done.
"""

from __future__ import annotations

import enum
from datetime import datetime

import attrs

from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.ids import ExternalRef, OrderId, SupplierOrderId


class JobName(enum.StrEnum):
    """What a worker can be asked to do; these words are stored and sent, so they never change their meaning."""

    RESERVE = "reserve"
    KINGUIN_WEBHOOK = "kinguin.webhook"
    NOWPAYMENTS_IPN = "nowpayments.ipn"
    CHECK_PAYMENT = "check-payment"
    CHECK_RESERVATION = "check-reservation"
    SEND_MAIL = "send-mail"
    EXPIRE = "expire"
    FULFILL_ORDER = "fulfillOrder"
    RETURN_KEYS = "return-keys"
    CHECK_PRICES = "check-prices"


@attrs.frozen(kw_only=True)
class JobRequest:
    """
    A job to be done.

    Attributes:
        name: which one.
        ref: on what; (name, ref) names at most one living job, and asking again for it moves its due time forward.
        order_id: the order that it is for, if it is known.
        due_at: not before this time.
    """

    name: JobName
    ref: str
    order_id: OrderId | None
    due_at: datetime


def payment_ref(order_id: OrderId, attempt: int) -> str:
    """
    Name a payment as the subject of a job.

    >>> payment_ref(OrderId("o1"), 2)
    'o1/2'
    """
    return f"{order_id}/{attempt}"


class MailKind(enum.StrEnum):
    """The mails that a buyer can get."""

    DELIVERY = "delivery"
    PARTLY = "partly"


FIRST = "first"
"""The edition of the "partly ready" mail that nobody asked for."""


def mail_ref(order_id: OrderId, kind: MailKind, edition: str) -> str:
    """
    Name a mail as the subject of a job; `edition` tells a repeat that was asked for from a retry.

    >>> mail_ref(OrderId("o1"), MailKind.DELIVERY, "l7")
    'o1/delivery/l7'
    """
    return f"{order_id}/{kind}/{edition}"


def return_ref(order_id: OrderId, supplier_order_id: SupplierOrderId) -> str:
    """
    Name the return of a purchase as the subject of a job.

    >>> return_ref(OrderId("o1"), SupplierOrderId("K7"))
    'o1/K7'
    """
    return f"{order_id}/{supplier_order_id}"


def split_ref(ref: str, parts: int) -> tuple[str, ...]:
    """
    Take such a name apart again.

    >>> split_ref("o1/delivery/l7", 3)
    ('o1', 'delivery', 'l7')

    Raises:
        InvalidInput: it has another number of parts.
    """
    found = tuple(ref.split("/"))
    if len(found) != parts:
        raise InvalidInput("ref", f"does not have {parts} parts")
    return found


def number_of(ref: ExternalRef) -> int:
    """
    The number of the reservation that one of our references names.

    >>> number_of(ExternalRef("o1-3"))
    3
    """
    return int(ref.rpartition("-")[2])
