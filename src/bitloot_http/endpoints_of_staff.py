"""
The endpoints of the staff: to look, to act, and to see keys.
"""

from __future__ import annotations

from typing import Any

from bitloot_http.endpoint import Access, Endpoint, Handler
from bitloot_http.handlers import actions, admin, backlog
from bitloot_http.wire.actions import ActionBody, ReplaysBody, ReplaysView, RevealBody
from bitloot_http.wire.admin import (
    AdminOrderView,
    FindingView,
    KeyAccessList,
    OrderList,
    ReservationList,
    SupplierStatusView,
)
from bitloot_http.wire.backlog import AccessesQuery, ActList, ActsQuery, FindingList, FindingsQuery, JobList, JobsQuery
from bitloot_http.wire.bodies import ListQuery, OrdersQuery, ReasonBody, ReservationsQuery, WebhooksQuery
from bitloot_http.wire.orders import RevealedView
from bitloot_http.wire.summary import SummaryView
from bitloot_http.wire.webhooks import WebhookDetailView, WebhookList

_STAFF = "Staff"
_LOOKS = (401, 403, 429, 503)
_ACTS = (400, 401, 403, 404, 409, 413, 415, 422, 429, 503)


def _list(path: str, handler: Handler, summary: str, query: type[Any], answer: type[Any], *problems: int) -> Endpoint:
    return Endpoint(
        method="get",
        path=path,
        handler=handler,
        group=_STAFF,
        summary=summary,
        access=Access.READ,
        query=query,
        answer=answer,
        media=("text/csv",),
        problems=(400, *problems, 422, *_LOOKS),
    )


def _look(path: str, handler: Handler, summary: str, answer: type[Any], *problems: int) -> Endpoint:
    return Endpoint(
        method="get",
        path=path,
        handler=handler,
        group=_STAFF,
        summary=summary,
        access=Access.READ,
        answer=answer,
        problems=(*problems, *_LOOKS),
    )


def _act(
    path: str,
    handler: Handler,
    summary: str,
    body: type[Any],
    answer: type[Any] | None,
    *,
    access: Access = Access.OPERATE,
) -> Endpoint:
    return Endpoint(
        method="post",
        path=path,
        handler=handler,
        group=_STAFF,
        summary=summary,
        access=access,
        status=202 if answer is None else 200,
        body=body,
        answer=answer,
        problems=_ACTS,
    )


OF_STAFF: tuple[Endpoint, ...] = (
    _look("/admin/summary", backlog.summary, "How the shop stands, at one glance.", SummaryView),
    _list("/admin/orders", admin.orders, "Orders, newest first.", OrdersQuery, OrderList),
    _look(
        "/admin/orders/{orderId}",
        admin.order,
        "One order with everything that is known of it.",
        AdminOrderView,
        404,
    ),
    _act(
        "/admin/orders/{orderId}/reveal",
        actions.reveal,
        "Show keys to the staff; who, when and why is written down before the first is opened.",
        RevealBody,
        RevealedView,
        access=Access.KEYS,
    ),
    _act(
        "/admin/orders/{orderId}/{action}",
        actions.act,
        "Decide what a machine must not; answers the order as it is then.",
        ActionBody,
        AdminOrderView,
    ),
    _list(
        "/admin/reservations",
        admin.reservations,
        "Purchases at the supplier, newest first.",
        ReservationsQuery,
        ReservationList,
    ),
    _look(
        "/kinguin/status/{reservationId}",
        admin.kinguin_status,
        "What the supplier says of a purchase now; never a key.",
        SupplierStatusView,
        404,
    ),
    _list("/admin/findings", backlog.findings, "What needs a person, newest first.", FindingsQuery, FindingList),
    _act(
        "/admin/findings/{findingId}/resolve",
        backlog.resolve,
        "Say that a finding is settled; answers it as it is then.",
        ReasonBody,
        FindingView,
    ),
    _list("/admin/jobs", backlog.jobs, "What is to be done, or was; dead letters, too.", JobsQuery, JobList),
    _act("/admin/jobs/{id}/retry", backlog.retry, "Do a job now, also one that was given up.", ReasonBody, None),
    _list("/admin/webhook-logs", admin.webhooks, "Authentic webhooks, newest first.", WebhooksQuery, WebhookList),
    _look(
        "/admin/webhook-logs/{id}",
        admin.webhook,
        "One webhook with its body; what may be a key is starred.",
        WebhookDetailView,
        404,
    ),
    _act(
        "/admin/webhook-logs/replay",
        actions.replay_many,
        "Run webhooks again by a filter, a page at a time; or only say what that would do.",
        ReplaysBody,
        ReplaysView,
    ),
    Endpoint(
        method="post",
        path="/admin/webhook-logs/{id}/replay",
        handler=actions.replay,
        group=_STAFF,
        summary="Run a stored webhook again, through the same idempotent path.",
        access=Access.OPERATE,
        status=202,
        body=ReasonBody,
        body_optional=True,
        problems=_ACTS,
    ),
    _list(
        "/admin/key-audit",
        backlog.accesses,
        "Every access to every key, newest first.",
        AccessesQuery,
        KeyAccessList,
    ),
    _list(
        "/admin/key-audit/{orderId}",
        admin.accesses,
        "Every access to every key of an order, oldest first.",
        ListQuery,
        KeyAccessList,
        404,
    ),
    _list("/admin/audit", backlog.acts, "What the staff did, newest first.", ActsQuery, ActList),
)
