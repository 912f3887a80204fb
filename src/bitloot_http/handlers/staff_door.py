"""
Who of the staff asks, and whether they may: the first thing that every handler of the admin API does.
"""

from __future__ import annotations

from aiohttp import web

from bitloot_http.access import Scope, Staff, bearer_of, staff_of
from bitloot_http.edge import edge_of
from bitloot_http.problems import HttpRefusal
from bitloot_http.rate import bucket_of
from bitloot_http.requests import client_address


async def require_staff(request: web.Request, scope: Scope) -> Staff:
    """
    Let somebody of the staff through who may do this, and does not ask too often.

    Raises:
        HttpRefusal: nobody (`token-missing`, `token-invalid`), they may not (`scope-missing`), or too often
            (`too-many-requests`): a token by its name, tokens that are none by the address that sends them.
    """
    edge = edge_of(request)
    try:
        staff = await staff_of(
            bearer_of(request),
            scope,
            tokens=edge.tokens,
            bootstrap=edge.settings.admin_token,
            now=edge.shop.clock.now(),
        )
    except HttpRefusal as refusal:
        if refusal.code == "token-invalid":
            edge.strangers_rate.take(bucket_of(client_address(request, edge.settings.trusted_proxies)))
        raise
    edge.staff_rate.take(staff.name)
    return staff
