"""
`decide`: may it be, and what happened? Three verdicts, never mixed.

* events: this happened;
* `()`: a duplicate, or late and harmless;
* `TransitionRefused`: the order's state forbids it. Never raised for what reports money.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from bitloot_core.order import commands as c
from bitloot_core.order import (
    decide_closing,
    decide_delivery,
    decide_keys,
    decide_payment,
    decide_purchase,
    decide_staff,
)
from bitloot_core.order import staff_commands as sc
from bitloot_core.order.events import OrderEvent
from bitloot_core.order.finding_steps import finding
from bitloot_core.order.forgetting import forget
from bitloot_core.order.order import Order
from bitloot_core.order.policy import Policy
from bitloot_core.order.refusals import TransitionRefused

__all__ = ["TransitionRefused", "decide"]


def decide(  # noqa: C901, PLR0912  # one case a command
    order: Order, command: c.OrderCommand, *, now: datetime, policy: Policy
) -> tuple[OrderEvent, ...]:
    """
    Decide what a command leads to. Pure: the same arguments give the same events.

    Args:
        now: the time at which it is decided, aware, in UTC.
        policy: the shop's own rules.

    Raises:
        TransitionRefused: the order's state forbids it.
    """
    match command:
        case c.IntendPayment():
            return decide_payment.intend(order, command, now)
        case c.RecordInvoice():
            return decide_payment.record_invoice(order, command, now)
        case c.RecordPaymentDoubt() | c.RecordPaymentRefusal():
            return decide_payment.record_no_invoice(order, command, now)
        case c.RecordReading():
            return decide_payment.record_reading(order, command, now, policy)
        case c.AcceptPayment():
            return decide_payment.accept(order, command, now)
        case c.ClaimPurchase():
            return decide_purchase.claim(order, command, now, policy)
        case c.RecordPurchaseDoubt() | c.ReleasePurchase():
            return decide_purchase.record_no_answer(order, command, now)
        case c.RecordPurchase():
            return decide_purchase.record_purchase(order, command, now)
        case c.RecordPurchaseRefusal():
            return decide_purchase.record_refusal(order, command, now)
        case c.RecordSupplierWord():
            return decide_purchase.record_word(order, command, now)
        case c.HoldKeys():
            return decide_delivery.hold_keys(order, command, now)
        case c.IssueLink():
            return decide_delivery.issue_link(order, command, now)
        case c.ExpireOrder():
            return decide_closing.expire(order, now)
        case c.CancelOrder():
            return decide_closing.cancel(order, command, now)
        case c.RecordRefund():
            return decide_closing.refund(order, command, now)
        case c.RetryOrder():
            return decide_closing.retry(order, command, now)
        case c.OpenFinding():
            return finding(
                order,
                command.reason,
                command.subject,
                command.text,
                at=now,
                blocking=command.blocking,
                amount=command.amount,
            )
        case c.ResolveFinding():
            return decide_closing.resolve_finding(order, command, now)
        case c.ForgetBuyer():
            return forget(order, command, now)
        case sc.ReplaceKey():
            return decide_keys.replace_key(order, command, now)
        case sc.ReturnKeys():
            return decide_keys.return_keys(order, command, now)
        case sc.RecordReturn():
            return decide_keys.record_return(order, command, now)
        case sc.RecordReturnRefusal():
            return decide_keys.record_return_refusal(order, command, now)
        case sc.Rebuy():
            return decide_staff.rebuy(order, command, now)
        case sc.ParkOrder():
            return decide_staff.park(order, command, now)
        case sc.UnparkOrder():
            return decide_staff.unpark(order, command, now)
        case sc.RetryJob():
            return decide_staff.retry_job(order, command, now)
        case never:
            assert_never(never)
