"""
What can be bought, and what it can be paid with.
"""

from __future__ import annotations

from aiohttp import web

from bitloot_core.usecases.refresh_quotes import products_on_offer
from bitloot_http.edge import edge_of
from bitloot_http.requests import read_query
from bitloot_http.responses import json_response
from bitloot_http.wire.catalogue import CoinList, CoinView, ProductList, ProductsQuery, ProductView


async def products(request: web.Request) -> web.Response:
    """`GET /products`, by id; a page goes on after the id that the cursor names."""
    query = read_query(request, ProductsQuery)
    found = await products_on_offer(edge_of(request).shop)
    rest = [product for product in found if query.cursor is None or product.id > query.cursor]
    shown = rest[: query.limit]
    more = len(rest) > len(shown)
    return json_response(
        ProductList(
            items=tuple(ProductView.of(product) for product in shown), next_cursor=shown[-1].id if more else None
        )
    )


async def coins(request: web.Request) -> web.Response:
    """`GET /coins`, all at once: a choice is no list to leaf through."""
    found = await edge_of(request).coins.with_minimums()
    return json_response(CoinList(items=tuple(CoinView.of(coin, minimum) for coin, minimum in found), next_cursor=None))
