"""
The style sheet, the script and the icon.
"""

from __future__ import annotations

from aiohttp import web

from bitloot_http.pages.assets import asset_named

_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


async def asset(request: web.Request) -> web.Response:
    """`GET /assets/{name}`: the name changes with the content, so it may be kept for ever."""
    found = asset_named(request.match_info["name"])
    if found is None:
        raise web.HTTPNotFound
    return web.Response(body=found.content, content_type=found.media_type, charset="utf-8", headers=_FOR_EVER)
