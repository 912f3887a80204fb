"""
Our payments beside what the gateway says of them, and beside our own ledger. Pure.

What the gateway says is news if the order would make something of it: `decide` is asked, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

import attrs

from bitloot_core.order import events as e
from bitloot_core.order.commands import RecordReading
from bitloot_core.order.decide import decide
from bitloot_core.order.discrepancies import Amiss, Behind, Discrepancy, Side
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import JobName, JobRequest, payment_ref
from bitloot_core.order.ledger import LedgerEntry, LedgerKind
from bitloot_core.order.order import Order
from bitloot_core.order.payments import (
    AcceptedStray,
    DoubtfulPayment,
    IntendedPayment,
    Named,
    Payment,
    RefusedPayment,
    SettledPayment,
    gateway_id_of,
    name_of,
    received_of,
)
from bitloot_core.order.policy import Policy
from bitloot_core.order.reservations import BOUGHT
from bitloot_core.order.upkeep import WATCHED
from bitloot_core.values.ids import GatewayPaymentId
from bitloot_core.values.money import CoinAmount
from bitloot_core.values.reading import PaymentReading, PaymentWord

_CONFIRMS = frozenset({PaymentWord.FINISHED, PaymentWord.PARTIALLY_PAID, PaymentWord.REFUNDED})
"""The words that go with a payment which counted: after a refund it counts no more, which is news of its own."""


def compare_payment(
    order: Order, payment: Named, reading: PaymentReading | None, *, now: datetime, policy: Policy
) -> tuple[Discrepancy, ...]:
    """
    Set a payment beside what the gateway says of it.

    Args:
        reading: None if the gateway does not know it.
    """
    if reading is None:
        return (_unknown(order, payment),)
    # A payment that a job looks at tells its findings itself; of any other, an open finding is no reason to be silent.
    is_watched = isinstance(payment, WATCHED)
    seen = order if is_watched else attrs.evolve(order, findings=())
    news = decide(seen, RecordReading(reading=reading, read_back=True), now=now, policy=policy)
    if not news:
        return tuple(_contradictions(order, payment, reading))
    told = [event.finding for event in news if isinstance(event, e.FindingOpened)]
    if is_watched or len(told) < len(news):
        return (_behind(order, payment, reading, now),)
    return tuple(Amiss.told(one, Side.PAYMENTS) for one in told)


def _unknown(order: Order, payment: Named) -> Amiss:
    return Amiss(
        side=Side.PAYMENTS,
        order_id=order.id,
        reason=FindingReason.PAYMENT_UNKNOWN,
        subject=name_of(payment),
        text=unknown_to_gateway(name_of(payment)),
    )


def unknown_to_gateway(gateway_id: GatewayPaymentId) -> str:
    """What a person is told of a payment that the gateway does not know."""
    return f"The gateway does not know payment {gateway_id} any more (was the API key changed?)."


def _behind(order: Order, payment: Named, reading: PaymentReading, now: datetime) -> Behind:
    ref = payment_ref(order.id, payment.attempt)
    job = JobRequest(name=JobName.CHECK_PAYMENT, ref=ref, order_id=order.id, due_at=now)
    return Behind(
        side=Side.PAYMENTS,
        order_id=order.id,
        subject=name_of(payment),
        text=f"The gateway calls payment {name_of(payment)} {reading.raw_word!r}; our books do not have that yet.",
        remedy=job if isinstance(payment, WATCHED) else reading,
    )


def _contradictions(order: Order, payment: Named, reading: PaymentReading) -> Iterator[Amiss]:
    """What the gateway says against a payment that counts because it once said so."""
    if not isinstance(payment, SettledPayment | AcceptedStray) or payment.receipt.accepted_by != "gateway":
        return
    had = payment.receipt.received
    shown = CoinAmount(amount=reading.actually_paid, coin=reading.coin)
    if reading.word in _CONFIRMS and shown.coin == had.coin and shown.amount >= had.amount:
        return
    yield Amiss(
        side=Side.PAYMENTS,
        order_id=order.id,
        reason=FindingReason.PAYMENT_MISMATCH,
        subject=name_of(payment),
        text=f"The payment counted with {had}; the gateway now calls it {reading.raw_word!r} and shows {shown}.",
        amount=str(had),
    )


def compare_ledger(order: Order, entries: Sequence[LedgerEntry]) -> tuple[Amiss, ...]:
    """Set an order beside its ledger: both are written in one commit, so a difference is a fault or somebody's hand."""
    return (*_unbooked_receipts(order, entries), *_unbooked_charges(order, entries))


def _unbooked_receipts(order: Order, entries: Sequence[LedgerEntry]) -> Iterator[Amiss]:
    for payment in order.payments:
        gateway_id, seen = gateway_id_of(payment), received_of(payment)
        if gateway_id is None or seen is None:
            continue
        booked = _sum(entries, LedgerKind.RECEIVED, gateway_id, seen.coin)
        if booked < seen.amount:
            text = f"Payment {gateway_id} has brought {seen}, and the ledger has {booked:f} {seen.coin}."
            yield _not_in_the_ledger(order, gateway_id, text, str(seen))


def _unbooked_charges(order: Order, entries: Sequence[LedgerEntry]) -> Iterator[Amiss]:
    for res in order.reservations:
        if not isinstance(res, BOUGHT):
            continue
        name, charged = res.supplier_order_id, res.charged
        booked = _sum(entries, LedgerKind.CHARGED, name, charged.currency)
        if booked != charged.amount:
            text = f"Purchase {name} was charged with {charged}, and the ledger has {booked:f} {charged.currency}."
            yield _not_in_the_ledger(order, name, text, str(charged))


def _sum(entries: Sequence[LedgerEntry], kind: LedgerKind, external_id: str, currency: str) -> Decimal:
    """What was booked under a name; a top-up of a payment has an entry of its own, `<id>+...`."""
    return sum(
        (
            one.amount
            for one in entries
            if one.kind is kind and one.currency == currency and one.external_id.partition("+")[0] == external_id
        ),
        start=Decimal(0),
    )


def _not_in_the_ledger(order: Order, name: str, text: str, amount: str) -> Amiss:
    return Amiss(
        side=Side.PAYMENTS,
        order_id=order.id,
        reason=FindingReason.RECONCILIATION,
        subject=f"ledger:{name}",
        text=text,
        amount=amount,
    )


def named(payments: Sequence[Payment]) -> Iterator[Named]:
    """The payments that the gateway has a name for; of the others nobody can be asked."""
    for payment in payments:
        if not isinstance(payment, IntendedPayment | DoubtfulPayment | RefusedPayment):
            yield payment
