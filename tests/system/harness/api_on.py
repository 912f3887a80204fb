"""The API over a real socket and a real database, on the fakes of the core for whatever is outside."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast

import attrs
from aiohttp.test_utils import TestClient, TestServer

from bitloot_core.ports.audit import ActFilter
from bitloot_core.ports.queries import Slice
from bitloot_core.testing.shop import FakeShop
from bitloot_http.app import build_app
from bitloot_http.new_token import give_out_token
from bitloot_http.reading_settings import read_settings
from bitloot_http.settings import Settings
from harness.shop_on import KeptShop, shop_on

SETTINGS = {
    "KINGUIN_API_KEY": "k",
    "KINGUIN_WEBHOOK_SECRET": "w",
    "NOWPAYMENTS_API_KEY": "n",
    "NOWPAYMENTS_IPN_SECRET": "i",
    "PUBLIC_URL": "http://127.0.0.1",
    "VAULT_KEYS": f"k1:{base64.b64encode(bytes(32)).decode()}",
    "LINK_SECRET": "l" * 32,
}


@attrs.frozen(kw_only=True)
class _Service:
    """What the application is built around: the fakes of the core over a real database."""

    opened: KeptShop
    settings: Settings

    @property
    def shop(self) -> Any:
        """The shop."""
        return self.opened.fakes.shop

    @property
    def tokens(self) -> Any:
        """The table of tokens."""
        return self.opened.kept.admin_tokens

    @property
    def staff(self) -> Any:
        """The tables of the accounts; nobody logs in here."""
        return self.opened.kept.staff


@attrs.frozen(kw_only=True)
class ApiWorld:
    """A running application, and what is behind it."""

    client: TestClient[Any, Any]
    opened: KeptShop

    @property
    def fakes(self) -> FakeShop:
        """The shop."""
        return self.opened.fakes

    async def token(self, *scopes: str, days: int | None = None) -> dict[str, str]:
        """The header of a token of ann's, made as the command makes it."""
        now = self.fakes.clock.now()
        until = None if days is None else now + timedelta(days=days)
        given = await give_out_token(
            self.opened.kept.admin_tokens, name="ann", scopes=scopes, expires_at=until, now=now
        )
        return {"Authorization": f"Bearer {given.reveal()}"}

    async def acts(self) -> list[str]:
        """What ann did, as the audit has it, oldest first."""
        rows = (await self.fakes.shop.audit.acts(ActFilter(actor="admin:ann"), Slice(limit=100))).items
        return [row.act.action for row in reversed(rows)]


@asynccontextmanager
async def api_on(url: str, **settings: str) -> AsyncIterator[ApiWorld]:
    """Serve the API on a database that has our tables and nothing in them."""
    async with shop_on(url) as opened:
        app = build_app(cast("Any", _Service(opened=opened, settings=read_settings({**SETTINGS, **settings}))))
        async with TestClient(TestServer(app)) as client:
            yield ApiWorld(client=client, opened=opened)
