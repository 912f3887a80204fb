"""
Opening a payment: our attempt is written first, then the gateway is asked, once.
"""

from __future__ import annotations

from bitloot_core.order.commands import (
    IntendPayment,
    OpenFinding,
    RecordInvoice,
    RecordPaymentDoubt,
    RecordPaymentRefusal,
)
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Order
from bitloot_core.usecases.change_order import change_order
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import AlreadyTaken, InvalidInput, Rejected, Unavailable, Unknown
from bitloot_core.values.ids import OrderId
from bitloot_core.values.money import Money, parse_coin

_OF_THE_COIN = frozenset({"below-minimum", "above-maximum", "unknown-coin"})


async def open_payment(shop: Shop, order_id: OrderId, pay_currency: str) -> Order:
    """
    Open another payment for an order: another coin, or another try.

    Not idempotent: each call is an attempt of its own, and the order's state says how many it admits.

    Raises:
        NotFound: there is no such order.
        TransitionRefused: it takes no new payment (`not-payable`).
        InvalidInput: the coin is unknown or the amount too small for it; the attempt is recorded as refused.
        Unavailable: the gateway cannot be asked now.
        Unknown: it gave no usable answer; the attempt is recorded as in doubt.
    """
    order = await shop.orders.get(order_id)
    coin = await check_coin(shop, pay_currency, order.total)
    order = await change_order(shop, order_id, IntendPayment(coin=coin))
    return await request_payment(shop, order, attempt=len(order.payments), coin=coin)


async def check_coin(shop: Shop, pay_currency: str, price: Money) -> str:
    """
    Check that a price can be paid in a coin, as far as the gateway tells beforehand; returns the coin's code.

    Raises:
        InvalidInput: it cannot (`unknown-coin`, `below-minimum`).
        Unavailable: the gateway cannot be asked.
    """
    coin = parse_coin(pay_currency)
    if coin not in {one.code for one in await shop.gateway.coins()}:
        raise InvalidInput("payCurrency", "is not a coin that can be paid with", code="unknown-coin")
    try:
        minimum = await shop.gateway.minimum(coin, price.currency)
    except Rejected as refusal:
        raise _told(refusal) from refusal
    if minimum is not None and price < minimum:
        raise InvalidInput("payCurrency", f"takes no less than {minimum}", code="below-minimum")
    return coin


async def request_payment(shop: Shop, order: Order, *, attempt: int, coin: str) -> Order:
    """
    Ask the gateway for the payment of an attempt that is written already, and write the answer.

    Raises:
        InvalidInput: the gateway refused for good.
        Unavailable: it cannot be asked now.
        Unknown: it gave no usable answer.
    """
    description = f"Order {order.id}"
    try:
        invoice = await shop.gateway.create_payment(
            order_id=order.id, price=order.total, coin=coin, description=description
        )
    except Rejected as refusal:
        refused = RecordPaymentRefusal(attempt=attempt, code=refusal.code, reason=refusal.reason)
        await change_order(shop, order.id, refused, *_for_a_person(refusal))
        raise _told(refusal) from refusal
    except Unavailable as away:
        await change_order(
            shop, order.id, RecordPaymentRefusal(attempt=attempt, code="unavailable", reason=away.reason)
        )
        raise
    except Unknown:
        await change_order(shop, order.id, RecordPaymentDoubt(attempt=attempt))
        raise
    try:
        return await change_order(shop, order.id, RecordInvoice(attempt=attempt, invoice=invoice))
    except AlreadyTaken as taken:
        await change_order(shop, order.id, RecordPaymentDoubt(attempt=attempt))
        raise Unknown("payment gateway", "it named a payment that belongs to another order") from taken


def _told(refusal: Rejected) -> InvalidInput | Unavailable:
    """What the buyer is told: another coin helps where the coin was at fault, and waiting where we were."""
    if refusal.code in _OF_THE_COIN:
        return InvalidInput("payCurrency", refusal.reason, code=refusal.code)
    return Unavailable(refusal.port, "it does not take our payments now")


def _for_a_person(refusal: Rejected) -> tuple[OpenFinding, ...]:
    """A gateway that refuses us, and not the coin, refuses every order: somebody has to know."""
    if refusal.code in _OF_THE_COIN:
        return ()
    text = f"The payment gateway refused to open a payment ({refusal.code}): {refusal.reason}."
    return (OpenFinding(reason=FindingReason.OUT_OF_REACH, subject=refusal.port, text=text, blocking=False),)
