"""
Showing product keys to a person of the staff: with the scope for it, a reason, and a secret once more.
"""

from __future__ import annotations

import structlog
from aiohttp import web

from bitloot_core.usecases.reveal_keys import Visitor
from bitloot_core.usecases.reveal_to_staff import StaffReveal, reveal_to_staff
from bitloot_core.values.errors import BitlootError
from bitloot_core.values.ids import UnitId
from bitloot_http.access import Scope
from bitloot_http.accounts.visits import Visit
from bitloot_http.edge import edge_of
from bitloot_http.handlers.console.gate import Form, acting, client_of, require_proof
from bitloot_http.handlers.console.orders import refused_deed
from bitloot_http.handlers.console.screen import screen
from bitloot_http.handlers.orders import order_id_of
from bitloot_http.pages.console.choices import SUBJECT
from bitloot_http.schema import structure
from bitloot_http.wire.bodies import ReasonBody
from bitloot_http.wire.orders import KeyView

_LOG = structlog.get_logger("bitloot.console")
REVEAL = "reveal"


@acting(Scope.KEYS)
async def reveal(request: web.Request, visit: Visit, form: Form) -> web.Response:
    """`POST /console/orders/{orderId}/reveal`: the audit rows are written before a key is opened."""
    order_id, client = order_id_of(request), client_of(request)
    try:
        body = structure({"reason": form.get("reason", "").strip()}, ReasonBody)
        await require_proof(request, visit, form)
        asked = StaffReveal(
            order_id=order_id,
            unit_id=UnitId(form[SUBJECT]) if form.get(SUBJECT) else None,
            by=visit.staff.actor,
            reason=body.reason,
            visitor=Visitor(address=client.address, agent=client.agent),
        )
        revealed = await reveal_to_staff(edge_of(request).shop, asked)
    except BitlootError as refusal:
        return await refused_deed(request, visit, form, refusal, deed=REVEAL)
    _LOG.info("keys shown to staff", order_id=order_id, actor=visit.staff.actor, keys=len(revealed.keys))
    keys = tuple(map(KeyView.of, revealed.keys))
    return await screen(request, visit, "keys.html", order_id=order_id, keys=keys, why=body.reason)
