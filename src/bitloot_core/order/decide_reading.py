"""
What a gateway's reading does to the payment that it names. Nothing here refuses: it reports money.

Money that was seen on a payment never shrinks: a reading that knows of less is an old message.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias, assert_never

from bitloot_core.order import events as e
from bitloot_core.order.assessment import (
    Contradicts,
    Ended,
    FallsShort,
    OnItsWay,
    Settles,
    Strange,
    Verdict,
    assess,
)
from bitloot_core.order.finding_steps import finding, fresh_finding, resolve
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.forgetting import FOR_NOBODY, is_for_nobody
from bitloot_core.order.order import Order
from bitloot_core.order.payments import (
    GATEWAY,
    AcceptedStray,
    Named,
    OpenPayment,
    Payment,
    ReturnedPayment,
    ReturnedStray,
    ReviewedPayment,
    SettledPayment,
    ShortPayment,
    StrayPayment,
    VoidPayment,
    VoidReason,
    is_returned,
    name_of,
    received_of,
)
from bitloot_core.order.policy import Policy
from bitloot_core.order.settlement import settle
from bitloot_core.order.strays import record_stray
from bitloot_core.values.money import CoinAmount
from bitloot_core.values.reading import PROGRESS, PaymentReading, PaymentWord

Unsettled: TypeAlias = OpenPayment | ShortPayment | ReviewedPayment | VoidPayment
Counted: TypeAlias = SettledPayment | AcceptedStray | ReturnedPayment | ReturnedStray
"""A payment that counts, or did until it was sent back."""
_FINALITY = {VoidReason.EXPIRED: 0, VoidReason.FAILED: 1, VoidReason.CANCELLED: 2, VoidReason.REFUNDED: 3}
"""A payment that has ended may end once more with a higher word, never with a lower one."""
_ENDED_BY_ITSELF = frozenset({VoidReason.EXPIRED, VoidReason.FAILED})
_ENDED_BY_HAND = frozenset({VoidReason.CANCELLED, VoidReason.REFUNDED})
_STRANGE_AFTERWARDS = frozenset({PaymentWord.UNRECOGNISED, PaymentWord.WRONG_ASSET})


def follow(
    order: Order, payment: Named, reading: PaymentReading, now: datetime, policy: Policy
) -> tuple[e.OrderEvent, ...]:
    """Apply a reading to the payment that it names, whatever has become of that payment."""
    match payment:
        case StrayPayment():
            return record_stray(order, reading, payment, now)
        case SettledPayment() | AcceptedStray() | ReturnedPayment() | ReturnedStray():
            return _after_settlement(order, payment, reading, now)
        case OpenPayment() | ShortPayment() | ReviewedPayment() | VoidPayment():
            verdict = assess(reading, payment.invoice, order.id, tolerance_percent=policy.tolerance_percent)
            return _judge(order, payment, reading, verdict, now)
        case never:
            assert_never(never)


def _judge(
    order: Order, payment: Unsettled, reading: PaymentReading, verdict: Verdict, now: datetime
) -> tuple[e.OrderEvent, ...]:
    if isinstance(payment, VoidPayment) and payment.why in _ENDED_BY_HAND:
        verdict = _after_the_end(payment, verdict)
    match verdict:
        case OnItsWay():
            return _progress(payment, verdict, reading, now)
        case Settles() if is_for_nobody(order):
            return _hold_for_review(order, payment, Contradicts(received=verdict.received, reasons=(FOR_NOBODY,)), now)
        case Settles():
            received = _at_least_seen(payment, verdict.received)
            return settle(order, payment, received, by=GATEWAY, surplus=verdict.surplus, now=now)
        case FallsShort():
            return _fall_short(order, payment, verdict.received, now)
        case Contradicts():
            return _hold_for_review(order, payment, verdict, now)
        case Ended():
            return _end(order, payment, verdict, now)
        case Strange():
            return _strange(order, payment, reading, now, blocking=True)
        case never:
            assert_never(never)


def _progress(payment: Payment, verdict: OnItsWay, reading: PaymentReading, now: datetime) -> tuple[e.OrderEvent, ...]:
    """Move along, never back: a lower word that comes later is an old message."""
    match payment:
        case OpenPayment():
            goes_on = PROGRESS[verdict.word] > PROGRESS[payment.progress]
        case VoidPayment(why=VoidReason.EXPIRED):
            goes_on = verdict.word is not PaymentWord.WAITING and received_of(payment) is None
        case _:
            goes_on = False
    if not goes_on:
        return ()
    return (e.PaymentProgressed(at=now, attempt=payment.attempt, word=verdict.word, told_at=reading.updated_at),)


def _after_the_end(payment: VoidPayment, verdict: Verdict) -> Verdict:
    """
    Judge money on a payment that was cancelled or refunded: what is known of it went its way; more is for a person.

    **Source:** NOWPayments SDK (May 2026), "Lifecycle": nothing follows on `refunded` or `cancelled`.
    """
    if not isinstance(verdict, Settles | FallsShort | Contradicts):
        return verdict
    if _at_least_seen(payment, verdict.received) == payment.received:
        return Ended(why=payment.why, received=payment.received)
    return Contradicts(received=verdict.received, reasons=(f"it was {payment.why} before",))


def _at_least_seen(payment: Payment, told: CoinAmount) -> CoinAmount:
    seen = received_of(payment)
    return seen if seen is not None and seen.coin == told.coin and seen.amount > told.amount else told


def _is_more(payment: Payment, told: CoinAmount) -> bool:
    """Whether a reading knows of more money than was seen on a payment."""
    seen = received_of(payment)
    return told.amount > 0 if seen is None else seen.coin == told.coin and told.amount > seen.amount


def _fall_short(order: Order, payment: Unsettled, told: CoinAmount, now: datetime) -> tuple[e.OrderEvent, ...]:
    received = _at_least_seen(payment, told)
    if received != told or (isinstance(payment, ShortPayment) and payment.received == received):
        return ()
    gateway_id, due = payment.invoice.gateway_id, payment.invoice.due
    return (
        e.PaymentFellShort(at=now, attempt=payment.attempt, received=received),
        *_answered(order, FindingReason.PAYMENT_MISMATCH, gateway_id, now),
        *fresh_finding(
            order,
            FindingReason.PAYMENT_SHORT,
            gateway_id,
            f"{received} arrived, {due} was due.",
            at=now,
            blocking=False,
            amount=str(received),
        ),
    )


def _hold_for_review(order: Order, payment: Unsettled, verdict: Contradicts, now: datetime) -> tuple[e.OrderEvent, ...]:
    received = _at_least_seen(payment, verdict.received)
    same = isinstance(payment, ReviewedPayment) and payment.received == received and payment.reasons == verdict.reasons
    if same:
        return ()
    gateway_id = payment.invoice.gateway_id
    return (
        e.PaymentHeldForReview(at=now, attempt=payment.attempt, received=received, reasons=verdict.reasons),
        *_answered(order, FindingReason.PAYMENT_SHORT, gateway_id, now),
        *fresh_finding(
            order,
            FindingReason.PAYMENT_MISMATCH,
            gateway_id,
            f"A payment of {received} is not as we asked: {'; '.join(verdict.reasons)}.",
            at=now,
            blocking=not order.is_settled,
            amount=str(received),
        ),
    )


def _answered(order: Order, reason: FindingReason, gateway_id: str, now: datetime) -> tuple[e.OrderEvent, ...]:
    return resolve(order, reason, subject=gateway_id, by="system", why="the gateway says otherwise now", at=now)


def _end(order: Order, payment: Unsettled, verdict: Ended, now: datetime) -> tuple[e.OrderEvent, ...]:
    why, has_more = verdict.why, _is_more(payment, verdict.received)
    match payment:
        case VoidPayment() if _FINALITY[payment.why] >= _FINALITY[why]:
            if why is VoidReason.REFUNDED or not has_more:
                return ()
            why = payment.why  # it stays what it was; money that nobody had seen on it is shown
        # Money was seen on it: a late "expired" is an old message, unless it knows of more.
        case ShortPayment() if why in _ENDED_BY_ITSELF:
            return _fall_short(order, payment, verdict.received, now) if has_more else ()
        case ReviewedPayment() if why in _ENDED_BY_ITSELF:
            more = Contradicts(received=verdict.received, reasons=payment.reasons)
            return _hold_for_review(order, payment, more, now) if has_more else ()
        case _:
            pass
    gateway_id = payment.invoice.gateway_id
    received = _at_least_seen(payment, verdict.received)
    ended = (
        e.PaymentVoided(at=now, attempt=payment.attempt, why=why, received=received),
        *resolve(
            order,
            FindingReason.PAYMENT_SHORT,
            FindingReason.PAYMENT_MISMATCH,
            subject=gateway_id,
            by="system",
            why=f"the gateway calls it {verdict.why}",
            at=now,
        ),
    )
    if not received.amount or verdict.why is VoidReason.REFUNDED:
        left = "no money is left on it"
        return (
            *ended,
            *resolve(order, FindingReason.PAYMENT_STATUS, subject=gateway_id, by="system", why=left, at=now),
        )
    return (
        *ended,
        *fresh_finding(
            order,
            FindingReason.PAYMENT_STATUS,
            gateway_id,
            f"The payment is {why}, and yet {received} arrived.",
            at=now,
            blocking=False,
            amount=str(received),
        ),
    )


def _strange(
    order: Order, payment: Named, reading: PaymentReading, now: datetime, *, blocking: bool
) -> tuple[e.OrderEvent, ...]:
    """A word that says nothing to this program, or nothing at this point: a person looks."""
    received = CoinAmount(amount=reading.actually_paid, coin=reading.coin)
    return fresh_finding(
        order,
        FindingReason.PAYMENT_STATUS,
        name_of(payment),
        f"The gateway calls the payment {reading.raw_word!r}, which this program cannot judge.",
        at=now,
        blocking=blocking,
        amount=str(received) if received.amount else None,
    )


def _after_settlement(
    order: Order, payment: Counted, reading: PaymentReading, now: datetime
) -> tuple[e.OrderEvent, ...]:
    """Settled stays settled, whatever old messages say; only a refund takes the money away again."""
    if reading.word in _STRANGE_AFTERWARDS:
        return _strange(order, payment, reading, now, blocking=False)
    if reading.word is PaymentWord.REFUNDED:
        return _return(order, payment, now)
    return _grow(order, payment, reading, now)


def _return(order: Order, payment: Counted, now: datetime) -> tuple[e.OrderEvent, ...]:
    if is_returned(payment):
        return ()
    return (
        e.PaymentReturned(at=now, attempt=payment.attempt),
        *finding(
            order,
            FindingReason.PAYMENT_RETURNED,
            name_of(payment),
            "A payment that had settled was sent back to the payer by the gateway.",
            at=now,
            blocking=True,
            amount=str(payment.receipt.received),
        ),
    )


def _grow(order: Order, payment: Counted, reading: PaymentReading, now: datetime) -> tuple[e.OrderEvent, ...]:
    """More on a payment than when it settled is shown; it changes nothing else."""
    had = payment.receipt.received
    if reading.coin != had.coin or reading.actually_paid <= had.amount:
        return ()
    more = CoinAmount(amount=reading.actually_paid - had.amount, coin=had.coin)
    return fresh_finding(
        order,
        FindingReason.PAYMENT_SURPLUS,
        name_of(payment),
        f"{more} arrived after the payment had settled with {had}.",
        at=now,
        blocking=False,
        amount=str(more),
    )
