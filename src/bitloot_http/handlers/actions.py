"""
The API of the staff to act: on one order, on its keys, on webhooks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias, TypeVar

import attrs
import structlog
from aiohttp import web

from bitloot_core.order.actions import Action
from bitloot_core.order.order import Order
from bitloot_core.order.payments import (
    ReviewedPayment,
    ShortPayment,
    StrayPayment,
    VoidPayment,
    is_let_count,
    name_of,
    received_of,
)
from bitloot_core.order.reservations import supplier_order_of
from bitloot_core.ports.queries import ReservationFilter, Slice
from bitloot_core.usecases import staff_actions
from bitloot_core.usecases.close_order import accept_payment, cancel_order, record_refund, retry_order
from bitloot_core.usecases.forget_buyer import forget_buyer
from bitloot_core.usecases.replay_webhook import replay_webhook
from bitloot_core.usecases.replay_webhooks import plan_replays, replay_webhooks
from bitloot_core.usecases.resend_link import resend_link
from bitloot_core.usecases.reveal_keys import Visitor
from bitloot_core.usecases.reveal_to_staff import StaffReveal, reveal_to_staff
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import InvalidInput, Refused
from bitloot_core.values.ids import GatewayPaymentId, OrderId, SupplierOrderId, UnitId, WebhookId
from bitloot_http.access import Scope
from bitloot_http.edge import edge_of
from bitloot_http.handlers.orders import order_id_of
from bitloot_http.handlers.staff_door import require_staff
from bitloot_http.invalid_body import InvalidBody
from bitloot_http.requests import client_address, read_json, user_agent
from bitloot_http.responses import json_response
from bitloot_http.wire.actions import ActionBody, ReplaysBody, ReplaysView, RevealBody
from bitloot_http.wire.admin import AdminOrderView
from bitloot_http.wire.bodies import MOST_ROWS, ReasonBody
from bitloot_http.wire.orders import RevealedView

_LOG = structlog.get_logger("bitloot.admin")


@attrs.frozen(kw_only=True)
class Press:
    """An action on an order, as somebody asked for it."""

    shop: Shop
    order_id: OrderId
    by: str
    body: ActionBody


Name = TypeVar("Name", bound=str)
Doer: TypeAlias = Callable[[Press], Awaitable[Order]]
_PARTICULARS = {
    Action.ACCEPT_PAYMENT: {"payment_id"},
    Action.REPLACE_KEY: {"unit_id", "from_supplier"},
    Action.RETURN_KEYS: {"kinguin_reservation_id"},
}
_NAMES = {
    "payment_id": "paymentId",
    "unit_id": "unitId",
    "from_supplier": "fromSupplier",
    "kinguin_reservation_id": "kinguinReservationId",
}


async def act(request: web.Request) -> web.Response:
    """`POST /admin/orders/{orderId}/{action}`; answers the order as it is then."""
    staff = await require_staff(request, Scope.OPERATE)
    body = await read_json(request, ActionBody)
    action, order_id, shop = Action(request.match_info["action"]), order_id_of(request), edge_of(request).shop
    _refuse_strange(action, body)
    await ACTIONS[action](Press(shop=shop, order_id=order_id, by=staff.actor, body=body))
    _LOG.info("action", action=str(action), order_id=order_id, actor=staff.actor)
    return await whole_order(shop, order_id)


async def reveal(request: web.Request) -> web.Response:
    """`POST /admin/orders/{orderId}/reveal`."""
    staff = await require_staff(request, Scope.KEYS)
    body = await read_json(request, RevealBody)
    edge = edge_of(request)
    visitor = Visitor(address=client_address(request, edge.settings.trusted_proxies), agent=user_agent(request))
    asked = StaffReveal(
        order_id=order_id_of(request),
        unit_id=None if body.unit_id is None else UnitId(body.unit_id),
        by=staff.actor,
        reason=body.reason,
        visitor=visitor,
    )
    revealed = await reveal_to_staff(edge.shop, asked)
    _LOG.info("keys shown to staff", order_id=asked.order_id, actor=staff.actor, keys=len(revealed.keys))
    return json_response(RevealedView.of(revealed.keys))


async def replay(request: web.Request) -> web.Response:
    """`POST /admin/webhook-logs/{id}/replay`; a reason may be given."""
    staff = await require_staff(request, Scope.OPERATE)
    webhook_id = WebhookId(int(request.match_info["id"]))
    reason = (await read_json(request, ReasonBody)).reason if request.can_read_body else "asked for over the API"
    await replay_webhook(edge_of(request).shop, webhook_id, by=staff.actor, reason=reason)
    _LOG.info("replay", webhook_id=webhook_id, actor=staff.actor)
    return web.Response(status=202)


async def replay_many(request: web.Request) -> web.Response:
    """`POST /admin/webhook-logs/replay`."""
    staff = await require_staff(request, Scope.OPERATE)
    body = await read_json(request, ReplaysBody)
    shop = edge_of(request).shop
    if body.dry_run:
        planned = await plan_replays(shop, body.filter.which, body.part)
        return json_response(ReplaysView.of(planned, dry_run=True))
    if body.reason is None:
        raise InvalidBody((InvalidInput("reason", "is needed where it is no dry run", code="invalid-reason"),))
    done = await replay_webhooks(shop, body.filter.which, body.part, by=staff.actor, reason=body.reason)
    _LOG.info("replays", count=len(done.items), actor=staff.actor)
    return json_response(ReplaysView.of(done, dry_run=False))


async def whole_order(shop: Shop, order_id: OrderId) -> web.Response:
    """Answer an order with everything that is known of it."""
    dossier = await shop.queries.dossier(order_id)
    bought = await shop.queries.reservations(ReservationFilter(order_id=order_id), Slice(limit=MOST_ROWS))
    return json_response(AdminOrderView.of_dossier(dossier, bought.items))


def _refuse_strange(action: Action, body: ActionBody) -> None:
    """A particular that an action has no use for was meant for another."""
    wanted = _PARTICULARS.get(action, set())
    given = {name for name in _NAMES if getattr(body, name) is not None}
    if strange := sorted(given - wanted):
        raise InvalidBody(
            tuple(InvalidInput(_NAMES[name], f"is not for {action}", code="unknown-field") for name in strange)
        )


async def _retry(press: Press) -> Order:
    return await retry_order(press.shop, press.order_id, by=press.by, reason=press.body.reason)


async def _resend(press: Press) -> Order:
    return await resend_link(press.shop, press.order_id, by=press.by, reason=press.body.reason)


async def _cancel(press: Press) -> Order:
    return await cancel_order(press.shop, press.order_id, by=press.by, reason=press.body.reason)


async def _refund(press: Press) -> Order:
    return await record_refund(press.shop, press.order_id, by=press.by, reason=press.body.reason)


async def _accept_payment(press: Press) -> Order:
    named = press.body.payment_id
    payment = await _waiting_payment(press) if named is None else GatewayPaymentId(named)
    return await accept_payment(press.shop, press.order_id, payment, by=press.by, reason=press.body.reason)


async def _waiting_payment(press: Press) -> GatewayPaymentId:
    """The one payment with money on it that does not count; or the one that the press before this let count."""
    kinds = (ShortPayment, ReviewedPayment, StrayPayment, VoidPayment)
    payments = (await press.shop.orders.get(press.order_id)).payments
    waiting = [name_of(one) for one in payments if isinstance(one, kinds) and received_of(one) is not None]
    names = waiting or [name_of(one) for one in payments if is_let_count(one)]
    return _only(names, "paymentId", Refused("nothing-to-accept", "no payment waits for a decision"))


async def _replace_key(press: Press) -> Order:
    if press.body.unit_id is None:
        raise InvalidBody((InvalidInput("unitId", "is missing", code="missing-field"),))
    return await staff_actions.replace_key(
        press.shop,
        press.order_id,
        UnitId(press.body.unit_id),
        from_supplier=bool(press.body.from_supplier),
        by=press.by,
        reason=press.body.reason,
    )


async def _return_keys(press: Press) -> Order:
    named = press.body.kinguin_reservation_id
    purchase = await _only_purchase(press) if named is None else SupplierOrderId(named)
    return await staff_actions.return_keys(press.shop, press.order_id, purchase, by=press.by, reason=press.body.reason)


async def _only_purchase(press: Press) -> SupplierOrderId:
    reservations = (await press.shop.orders.get(press.order_id)).reservations
    names = [name for one in reservations if (name := supplier_order_of(one)) is not None]
    return _only(names, "kinguinReservationId", Refused("not-returnable", "nothing of the order was bought"))


def _only(names: list[Name], field: str, if_none: Refused) -> Name:
    if not names:
        raise if_none
    if len(names) > 1:
        raise InvalidBody((InvalidInput(field, "is missing: there are several", code="missing-field"),))
    return names[0]


async def _rebuy(press: Press) -> Order:
    return await staff_actions.rebuy(press.shop, press.order_id, by=press.by, reason=press.body.reason)


async def _park(press: Press) -> Order:
    return await staff_actions.park_order(press.shop, press.order_id, by=press.by, reason=press.body.reason)


async def _unpark(press: Press) -> Order:
    return await staff_actions.unpark_order(press.shop, press.order_id, by=press.by, reason=press.body.reason)


async def _forget(press: Press) -> Order:
    return await forget_buyer(press.shop, press.order_id, by=press.by, reason=press.body.reason)


ACTIONS: Mapping[Action, Doer] = {
    Action.RETRY: _retry,
    Action.RESEND: _resend,
    Action.CANCEL: _cancel,
    Action.REFUND: _refund,
    Action.ACCEPT_PAYMENT: _accept_payment,
    Action.REPLACE_KEY: _replace_key,
    Action.RETURN_KEYS: _return_keys,
    Action.REBUY: _rebuy,
    Action.PARK: _park,
    Action.UNPARK: _unpark,
    Action.FORGET: _forget,
}
"""What a person can do to an order."""
