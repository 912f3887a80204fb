"""
Looking at payments by ourselves: notices get lost, and the last word on a payment may never be sent.
"""

from __future__ import annotations

from bitloot_core.order.commands import ExpireOrder, OpenFinding, RecordReading
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import split_ref
from bitloot_core.order.order import Order
from bitloot_core.order.payments import OpenPayment
from bitloot_core.order.policy import rung
from bitloot_core.order.upkeep import WATCHED, Watched, is_given_up, is_left_hanging, is_over
from bitloot_core.ports.jobs import Done, JobEnd, Snooze
from bitloot_core.usecases.compare_payments import unknown_to_gateway
from bitloot_core.usecases.work import EndOf, Work
from bitloot_core.values.errors import NotFound
from bitloot_core.values.ids import OrderId

_SELDOM = 6
"""By how much longer the pauses are for an order that was probably given up: an hour instead of ten minutes."""


async def check_payment(work: Work, ref: str) -> None:
    """
    Read one payment back and apply it; look again until a day after the gateway has stopped waiting for coins.

    **Source:** NOWPayments help centre: a late deposit is still received after expiry, without a notice.
    """
    order_id, attempt = split_ref(ref, 2)
    order = await work.shop.orders.get(OrderId(order_id))
    payment = order.payment(int(attempt))
    if not isinstance(payment, WATCHED):
        await work.end(Done())
        return
    if is_over(payment, now=work.now, policy=work.shop.policy):
        await _stop_looking(work, order, payment)
        return
    gateway_id = payment.invoice.gateway_id
    try:
        reading = await work.shop.gateway.payment(gateway_id)
    except NotFound:
        text = unknown_to_gateway(gateway_id)
        lost = OpenFinding(reason=FindingReason.PAYMENT_UNKNOWN, subject=gateway_id, text=text, blocking=False)
        await work.finish(order, lost, end=_next_look(work, payment.attempt))
        return
    await work.finish(order, RecordReading(reading=reading, read_back=True), end=_next_look(work, payment.attempt))


async def _stop_looking(work: Work, order: Order, payment: Watched) -> None:
    """Nobody asks the gateway any more: an order that still hopes for its money goes to a person."""
    if not is_left_hanging(order, now=work.now, policy=work.shop.policy):
        await work.end(Done())
        return
    gateway_id = payment.invoice.gateway_id
    text = "The gateway never said what became of the payment, and is not asked any more: look there, then accept the "
    text += "payment, or record a refund."
    told = OpenFinding(reason=FindingReason.PAYMENT_STATUS, subject=gateway_id, text=text, blocking=True)
    await work.finish(order, told)


def _next_look(work: Work, attempt: int) -> EndOf:
    def end(after: Order) -> JobEnd:
        if not isinstance(after.payment(attempt), WATCHED):
            return Done()
        pause = rung(work.shop.policy.payment_poll, work.job.snoozes + 1)
        return Snooze(until=work.now + pause * (_SELDOM if is_given_up(after) else 1))

    return end


async def expire_order(work: Work, order_id: OrderId) -> None:
    """
    Expire an order whose time has run out, after asking the gateway once more about each open payment.
    """
    order = await work.shop.orders.get(order_id)
    if work.now < order.expires_at:
        await work.end(Snooze(until=order.expires_at))
        return
    readings: list[RecordReading] = []
    for payment in order.payments:
        if isinstance(payment, OpenPayment):
            try:
                reading = await work.shop.gateway.payment(payment.invoice.gateway_id)
            except NotFound:  # `check_payment` tells the operator
                continue
            readings.append(RecordReading(reading=reading, read_back=True))
    await work.finish(order, *readings, ExpireOrder())
