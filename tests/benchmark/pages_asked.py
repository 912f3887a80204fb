"""The pages of the console and the lists of the admin API, asked for over HTTP as a browser and a program do."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from urllib.parse import quote

import attrs
from aiohttp.test_utils import TestClient, TestServer

from bitloot_adapters.sql.admin_tokens import SqlAdminTokens
from bitloot_adapters.sql.staff import SqlStaff
from bitloot_adapters.sql.storage import SqlStorage
from bitloot_adapters.system import SystemClock
from bitloot_core.ports.queries import OrderFilter, OrderRow, Slice
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.secret import Secret
from bitloot_http.accounts.hiring import hire
from bitloot_http.accounts.second_factor import step_at, totp_code
from bitloot_http.app import build_app
from bitloot_http.reading_settings import read_settings
from bitloot_http.settings import Settings

Ask = Callable[[], Awaitable[object]]
_TOKEN = "a-bootstrap-token-of-24-chars"
_PASSWORD = Secret("a password for benches")
_FORM = re.compile(r'name="formToken" value="([^"]*)"')
_PAGES = (
    "",
    "?reach=fortnight",
    "/orders",
    "/orders?limit=100",
    "/orders?status=attention",
    "/orders?undelivered=true",
    "/orders?to={half}",
    "/orders?email={email}",
    "/orders/{order}",
    "/findings",
    "/findings?status=any",
    "/reservations",
    "/reservations?status=refused",
    "/reservations?to={half}",
    "/webhooks",
    "/webhooks?source=kinguin",
    "/webhooks?status=failed",
    "/webhooks?source=kinguin&status=failed",
    "/webhooks?source=nowpayments&type=order.status",
    "/webhooks?type=payment.finished&status=ignored",
    "/webhooks?to={half}",
    "/jobs",
    "/jobs?status=any&name=send-mail",
    "/jobs?status=dead",
    "/acts",
    "/key-audit",
    "/key-audit?actor=link",
    "/key-audit?orderId={order}",
    "/products",
    "/search?q={email}",
    "/search?q=nobody",
    "/account",
)
_LISTS = (
    "/summary",
    "/orders",
    "/orders?undelivered=true",
    "/orders/{order}",
    "/findings",
    "/reservations",
    "/webhook-logs",
    "/webhook-logs?source=kinguin",
    "/jobs",
    "/key-audit",
    "/key-audit/{order}",
)


@attrs.frozen(kw_only=True)
class _Served:
    """What the application is built around: the database is real, the vendors are away."""

    settings: Settings
    shop: Shop
    tokens: SqlAdminTokens
    staff: SqlStaff


@asynccontextmanager
async def pages_asked(storage: SqlStorage, half: datetime) -> AsyncIterator[Mapping[str, Ask]]:
    """
    Serve a shop for as long as the block runs; what is asked of it, by name.

    Args:
        half: when half of its orders were placed.
    """
    clock, staff = SystemClock(), storage.staff
    away = attrs.evolve(FakeShop().shop, clock=clock)
    kept = {"orders", *attrs.fields_dict(SqlStorage)}
    shop = storage.shop_with(**{one: getattr(away, one) for one in attrs.fields_dict(Shop) if one not in kept})
    served = _Served(settings=_settings(), shop=shop, tokens=storage.admin_tokens, staff=staff)
    name = f"bench-{clock.now():%H%M%S}"
    papers = await hire(staff.users, name=name, password=_PASSWORD, scopes=("read", "operate", "keys"), now=clock.now())
    newest = (await storage.queries.orders(OrderFilter(), Slice(limit=1))).items[0]
    async with TestClient(TestServer(build_app(served))) as client:
        await _log_in(client, name, totp_code(papers.totp_secret, step_at(clock.now())))
        yield _questions(client, newest, half)


def _questions(client: TestClient[Any, Any], newest: OrderRow, half: datetime) -> Mapping[str, Ask]:
    known = {"order": newest.id, "email": quote(newest.email or ""), "half": f"{half:%Y-%m-%d}"}
    bearer = {"Authorization": f"Bearer {_TOKEN}"}

    def asked(path: str, headers: Mapping[str, str]) -> Ask:
        async def ask() -> None:
            answer = await client.get(path.format(**known), headers=headers, allow_redirects=False)
            assert answer.status in {200, 303}, (path, answer.status)
            await answer.read()

        return ask

    return {
        **{f"GET /console{path}": asked(f"/console{path}", {}) for path in _PAGES},
        **{f"GET /admin{path}": asked(f"/admin{path}", bearer) for path in _LISTS},
    }


async def _log_in(client: TestClient[Any, Any], name: str, code: str) -> None:
    same = {"Sec-Fetch-Site": "same-origin"}
    first = {"name": name, "password": _PASSWORD.reveal()}
    page = await (await client.get("/console/login")).text()
    page = await (await client.post("/console/login", data=first | _form(page), headers=same)).text()
    answer = await client.post("/console/login/code", data={"code": code} | _form(page), headers=same)
    assert str(answer.url.path) == "/console", await answer.text()


def _form(page: str) -> dict[str, str]:
    found = _FORM.search(page)
    assert found is not None, page
    return {"formToken": found[1]}


def _settings() -> Settings:
    return read_settings(
        {
            "KINGUIN_API_KEY": "k",
            "KINGUIN_WEBHOOK_SECRET": "w",
            "NOWPAYMENTS_API_KEY": "n",
            "NOWPAYMENTS_IPN_SECRET": "i",
            "PUBLIC_URL": "http://127.0.0.1",
            "VAULT_KEYS": f"k1:{base64.b64encode(bytes(32)).decode()}",
            "LINK_SECRET": "l" * 32,
            "ADMIN_TOKEN": _TOKEN,
            "ADMIN_REQUESTS_PER_MINUTE": "0",
        }
    )
