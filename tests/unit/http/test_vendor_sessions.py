"""Purchases go over connections of their own; everything else spares the handshake."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from http_world import ENOUGH

from bitloot_core.testing.orders import a_plan, placed
from bitloot_core.values.errors import Unavailable
from bitloot_http.container import open_shop
from bitloot_http.reading_settings import read_settings


class Vendor:
    """A supplier who notes over which connection each call came."""

    def __init__(self) -> None:
        """Nobody has called yet."""
        self.came_over: list[tuple[str, object]] = []

    async def answer(self, request: web.Request) -> web.Response:
        """Tell the balance, and turn purchases away."""
        self.came_over.append((request.method, request.transport))
        if request.method == "GET":
            return web.json_response({"balance": 12.5})
        return web.Response(status=429)

    def connections(self, method: str) -> int:
        """How many connections the calls of a method came over."""
        return len({id(transport) for how, transport in self.came_over if how == method})


@pytest.fixture
async def vendor() -> AsyncIterator[tuple[Vendor, str]]:
    """A supplier, and where it is."""
    vendor = Vendor()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", vendor.answer)
    async with TestServer(app) as server:
        yield vendor, str(server.make_url("/esa/api")).rstrip("/")


async def test_each_purchase_has_a_connection_of_its_own(vendor: tuple[Vendor, str], tmp_path: Path) -> None:
    """I1: the supplier may have closed a kept one; nobody would know whether the purchase had arrived."""
    seen, url = vendor
    order = placed()
    here = {"KINGUIN_BASE_URL": url, "DATABASE_URL": f"sqlite:///{tmp_path / 'shop.db'}", "VAULT_DIR": str(tmp_path)}

    async with open_shop(read_settings({**ENOUGH, **here})) as shop:
        for _ in range(3):
            await shop.supplier.balance()
            with pytest.raises(Unavailable):
                await shop.supplier.reserve(a_plan(order).items, ref=a_plan(order).ref)

    assert (seen.connections("GET"), seen.connections("POST")) == (1, 3)
