"""
What a person decides about an order: call it off, record a refund, try again, let a payment count, settle a finding.
"""

from __future__ import annotations

from bitloot_core.order.actions import Action
from bitloot_core.order.commands import (
    AcceptPayment,
    CancelOrder,
    RecordRefund,
    ResolveFinding,
    RetryOrder,
)
from bitloot_core.order.order import Order
from bitloot_core.usecases.change_order import change_order
from bitloot_core.usecases.deeds import Deed
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.ids import FindingId, GatewayPaymentId, OrderId


async def cancel_order(shop: Shop, order_id: OrderId, *, by: str, reason: str) -> Order:
    """
    Call an order off before it is paid. Idempotent.

    Raises:
        TransitionRefused: money is on it, or on its way (`not-cancellable`).
    """
    deed = Deed(action=Action.CANCEL, by=by, reason=reason)
    return await change_order(shop, order_id, CancelOrder(by=by, reason=reason), deed=deed)


async def record_refund(shop: Shop, order_id: OrderId, *, by: str, reason: str) -> Order:
    """
    Record that the buyer has the money back: final, no key goes out any more. Idempotent.

    Raises:
        TransitionRefused: no money was ever seen (`nothing-to-refund`).
    """
    deed = Deed(action=Action.REFUND, by=by, reason=reason)
    return await change_order(shop, order_id, RecordRefund(by=by, reason=reason), deed=deed)


async def retry_order(shop: Shop, order_id: OrderId, *, by: str, reason: str) -> Order:
    """
    Try whatever is stuck once more; what is known to be dead is bought under a new attempt. Safe to press ten times.

    Raises:
        TransitionRefused: the order has come to rest (`nothing-to-retry`).
    """
    deed = Deed(action=Action.RETRY, by=by, reason=reason)
    return await change_order(shop, order_id, RetryOrder(by=by, reason=reason), deed=deed)


async def accept_payment(shop: Shop, order_id: OrderId, gateway_id: GatewayPaymentId, *, by: str, reason: str) -> Order:
    """
    Let a short, strange or stray payment count. Idempotent.

    Raises:
        TransitionRefused: no such payment waits for a decision (`nothing-to-accept`).
    """
    deed = Deed(action=Action.ACCEPT_PAYMENT, by=by, reason=reason, subject=gateway_id)
    return await change_order(shop, order_id, AcceptPayment(gateway_id=gateway_id, by=by, reason=reason), deed=deed)


async def resolve_finding(shop: Shop, order_id: OrderId, finding_id: FindingId, *, by: str, reason: str) -> Order:
    """
    Say that a finding is settled. Idempotent.

    Raises:
        NotFound: the order never had such a finding.
    """
    deed = Deed(action=Action.RESOLVE, by=by, reason=reason, subject=finding_id)
    return await change_order(shop, order_id, ResolveFinding(finding_id=finding_id, by=by, reason=reason), deed=deed)
