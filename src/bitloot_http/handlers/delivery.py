"""
The delivery link: a page that consumes nothing, and the button that reveals.

Mail scanners open links, and some follow what they find; none of them presses a button that is a form of method POST.
"""

from __future__ import annotations

from aiohttp import web

from bitloot_core.usecases.reveal_keys import Visitor, look_at_link, reveal_keys
from bitloot_http.edge import edge_of
from bitloot_http.pages.rendering import page
from bitloot_http.requests import client_address, refuse_cross_site, user_agent, wants_json
from bitloot_http.responses import json_response
from bitloot_http.wire.orders import ItemView, KeyView, RevealedView


async def look(request: web.Request) -> web.Response:
    """`GET /delivery/{token}`."""
    token = request.match_info["token"]
    view = await look_at_link(edge_of(request).shop, token)
    return page(
        "delivery.html",
        order_id=view.order.id,
        token=token,
        ready=view.ready,
        owed=view.owed,
        whole=view.ready + view.owed,
        items=tuple(ItemView.of(view.order, line) for line in view.order.lines),
        expires_at=view.expires_at,
    )


async def reveal(request: web.Request) -> web.Response:
    """`POST /delivery/{token}/reveal`: the audit row is written before a key is opened."""
    edge = edge_of(request)
    refuse_cross_site(request, edge.settings.public_url)
    visitor = Visitor(
        address=client_address(request, edge.settings.trusted_proxies),
        agent=user_agent(request),
    )
    revealed = await reveal_keys(edge.shop, request.match_info["token"], visitor)
    keys = tuple(KeyView.of(key) for key in revealed.keys)
    if wants_json(request):
        return json_response(RevealedView(keys=keys))
    return page("keys.html", order_id=revealed.order.id, keys=keys, owed=len(revealed.order.owed))
