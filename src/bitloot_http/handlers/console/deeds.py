"""
What a person decides about an order: from the fields of a form to the use case.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from bitloot_core.order.actions import Action
from bitloot_core.order.order import Order
from bitloot_core.usecases.close_order import accept_payment, cancel_order, record_refund, retry_order
from bitloot_core.usecases.forget_buyer import forget_buyer
from bitloot_core.usecases.resend_link import resend_link
from bitloot_core.usecases.shop import Shop
from bitloot_core.usecases.staff_actions import park_order, rebuy, replace_key, return_keys, unpark_order
from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.ids import GatewayPaymentId, OrderId, SupplierOrderId, UnitId
from bitloot_http.handlers.console.gate import Form
from bitloot_http.pages.console.choices import SUBJECT
from bitloot_http.wire.bodies import LONGEST_NAME

FROM_SUPPLIER = "fromSupplier"
Deed: TypeAlias = Callable[[Shop, OrderId, Form, str, str], Awaitable[Order]]


async def _retry(shop: Shop, order_id: OrderId, _: Form, by: str, reason: str) -> Order:
    return await retry_order(shop, order_id, by=by, reason=reason)


async def _resend(shop: Shop, order_id: OrderId, _: Form, by: str, reason: str) -> Order:
    return await resend_link(shop, order_id, by=by, reason=reason)


async def _cancel(shop: Shop, order_id: OrderId, _: Form, by: str, reason: str) -> Order:
    return await cancel_order(shop, order_id, by=by, reason=reason)


async def _refund(shop: Shop, order_id: OrderId, _: Form, by: str, reason: str) -> Order:
    return await record_refund(shop, order_id, by=by, reason=reason)


async def _accept(shop: Shop, order_id: OrderId, form: Form, by: str, reason: str) -> Order:
    return await accept_payment(shop, order_id, GatewayPaymentId(_subject(form)), by=by, reason=reason)


async def _replace(shop: Shop, order_id: OrderId, form: Form, by: str, reason: str) -> Order:
    unit_id, from_supplier = UnitId(_subject(form)), FROM_SUPPLIER in form
    return await replace_key(shop, order_id, unit_id, from_supplier=from_supplier, by=by, reason=reason)


async def _return(shop: Shop, order_id: OrderId, form: Form, by: str, reason: str) -> Order:
    return await return_keys(shop, order_id, SupplierOrderId(_subject(form)), by=by, reason=reason)


async def _rebuy(shop: Shop, order_id: OrderId, _: Form, by: str, reason: str) -> Order:
    return await rebuy(shop, order_id, by=by, reason=reason)


async def _park(shop: Shop, order_id: OrderId, _: Form, by: str, reason: str) -> Order:
    return await park_order(shop, order_id, by=by, reason=reason)


async def _unpark(shop: Shop, order_id: OrderId, _: Form, by: str, reason: str) -> Order:
    return await unpark_order(shop, order_id, by=by, reason=reason)


async def _forget(shop: Shop, order_id: OrderId, _: Form, by: str, reason: str) -> Order:
    return await forget_buyer(shop, order_id, by=by, reason=reason)


DEEDS: Mapping[str, Deed] = {
    Action.RETRY: _retry,
    Action.RESEND: _resend,
    Action.CANCEL: _cancel,
    Action.REFUND: _refund,
    Action.ACCEPT_PAYMENT: _accept,
    Action.REPLACE_KEY: _replace,
    Action.RETURN_KEYS: _return,
    Action.REBUY: _rebuy,
    Action.PARK: _park,
    Action.UNPARK: _unpark,
    Action.FORGET: _forget,
}
"""By the word of the action."""


def _subject(form: Form) -> str:
    """
    What exactly it is done to.

    Raises:
        InvalidInput: nothing was chosen.
    """
    chosen = form.get(SUBJECT, "").strip()
    if not 1 <= len(chosen) <= LONGEST_NAME:
        raise InvalidInput(SUBJECT, "must be chosen", code="missing-field")
    return chosen
