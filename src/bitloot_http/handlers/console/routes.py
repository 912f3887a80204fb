"""
The pages of the console, address by address.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aiohttp import web

from bitloot_http.handlers.console import entry, orders

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

CONSOLE: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/console/login", entry.ask),
    ("POST", "/console/login", entry.log_in),
    ("GET", "/console/login/code", entry.ask_code),
    ("POST", "/console/login/code", entry.finish),
    ("POST", "/console/logout", entry.log_out),
    ("POST", "/console/logout/everywhere", entry.log_out_everywhere),
    ("GET", "/console/account", entry.account),
    ("GET", "/console", orders.orders),
    ("GET", "/console/orders", orders.orders),
    ("GET", "/console/orders/{orderId}", orders.order),
    ("POST", "/console/orders/{orderId}/{action}", orders.act),
)
