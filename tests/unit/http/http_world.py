"""The service as its clients see it: the real application over a real socket, on the fakes of the core."""

import base64
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import attrs
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from fake_staff import FakeStaff

from bitloot_core.order.order import LiveLink, Order
from bitloot_core.ports.catalogue import Product
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.values.ids import GatewayPaymentId, OrderId
from bitloot_http.app import build_app
from bitloot_http.edge import EDGE, Edge
from bitloot_http.readiness import Probe
from bitloot_http.reading_settings import read_settings
from bitloot_http.settings import Settings

BOOTSTRAP = "a-bootstrap-token-of-24-chars"
ENOUGH: Mapping[str, str] = {
    "KINGUIN_API_KEY": "kinguin-api-key",
    "KINGUIN_WEBHOOK_SECRET": "kinguin-webhook-secret",
    "NOWPAYMENTS_API_KEY": "nowpayments-api-key",
    "NOWPAYMENTS_IPN_SECRET": "nowpayments-ipn-secret",
    "PUBLIC_URL": "https://shop.example",
    "VAULT_KEYS": "k1:" + base64.b64encode(bytes(range(32))).decode(),
    "LINK_SECRET": "l" * 32,
}
"""What must be set, and nothing more."""
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
"""What a browser says of itself."""
ORDER: Mapping[str, Any] = {
    "email": "buyer@example.com",
    "items": [{"productId": "game", "quantity": 1}],
    "payCurrency": "btc",
}


@attrs.frozen(kw_only=True)
class FakeToken:
    """A token of the staff."""

    name: str
    scopes: frozenset[str]
    expires_at: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        """Whether it opens anything at this time."""
        return self.expires_at is None or now < self.expires_at


class FakeTokens:
    """Finds tokens by their hash, as the database does."""

    def __init__(self) -> None:
        """Without any."""
        self.known: dict[str, FakeToken] = {}
        self.used: list[str] = []

    def give(self, text: str, *scopes: str, expires_at: datetime | None = None) -> None:
        """Given a token."""
        digest = hashlib.sha256(text.encode()).hexdigest()
        self.known[digest] = FakeToken(name=text, scopes=frozenset(scopes), expires_at=expires_at)

    async def find(self, token_sha256: str) -> FakeToken | None:
        """The token of this hash."""
        return self.known.get(token_sha256)

    async def note_use(self, token: FakeToken, *, now: datetime) -> None:
        """Note that it was used."""
        self.used.append(token.name)


@attrs.frozen(kw_only=True)
class FakeService:
    """What the application is built around."""

    settings: Settings
    fakes: FakeShop
    tokens: FakeTokens
    staff: FakeStaff = attrs.field(factory=FakeStaff)

    @property
    def shop(self) -> Any:
        """The shop on fakes."""
        return self.fakes.shop


class World:
    """
    A running application, a client, and the fakes behind it.

    Attributes:
        fakes: the shop on fakes.
        client: asks the application; keeps cookies, as a browser does.
        tokens: the staff's tokens.
        staff: the staff's accounts.
    """

    def __init__(self, client: TestClient[Any, Any], service: FakeService, edge: Edge) -> None:
        """Around a client of the application."""
        self.client = client
        self.fakes = service.fakes
        self.tokens = service.tokens
        self.staff = service.staff
        self.edge = edge

    async def placed(self, **changes: Any) -> dict[str, Any]:
        """Place an order, and return what its buyer was answered."""
        answer = await self.client.post("/orders", json={**ORDER, **changes})
        assert answer.status == 201, await answer.text()
        found: dict[str, Any] = await answer.json()
        return found

    async def delivered(self, **changes: Any) -> dict[str, Any]:
        """Place an order, pay it, and let it be fetched and mailed."""
        order = await self.placed(**changes)
        self.fakes.gateway.pay(GatewayPaymentId(order["payment"]["paymentId"]))
        await self.fakes.tell(GatewayPaymentId(order["payment"]["paymentId"]))
        await self.fakes.work()
        for purchase in self.fakes.supplier.purchases:
            self.fakes.supplier.deliver(purchase.supplier_order_id)
        await self.fakes.pass_time(self.fakes.shop.policy.supplier_poll[-1])
        return order

    async def order(self, placed: Mapping[str, Any]) -> Order:
        """The order as the store has it."""
        return await self.fakes.order(OrderId(placed["orderId"]))

    async def link_of(self, placed: Mapping[str, Any]) -> str:
        """The token of the delivery link that is good."""
        link = (await self.order(placed)).link
        assert isinstance(link, LiveLink)
        return self.fakes.links.issue(link.id).reveal()


def bearer(token: str) -> dict[str, str]:
    """The header that a token goes in."""
    return {"Authorization": f"Bearer {token}"}


STAFF = bearer(BOOTSTRAP)
"""Somebody who may do everything."""


async def problem(answer: ClientResponse) -> tuple[int, str]:
    """The status and the code of a refusal, which must be a well-formed problem."""
    assert answer.content_type == "application/problem+json", await answer.text()
    told = await answer.json()
    assert set(told) == {"type", "title", "status", "code", "detail", "requestId", "errors"}
    assert told["status"] == answer.status
    assert told["requestId"] == answer.headers["X-Request-Id"]
    return answer.status, told["code"]


@asynccontextmanager
async def running(
    *products: Product, probes: Mapping[str, Probe] | None = None, **settings: str
) -> AsyncIterator[World]:
    """A running application that sells these products (or one), under these settings."""
    fakes = FakeShop()
    await fakes.offer(*(products or (a_product(),)))
    service = FakeService(
        settings=read_settings({**ENOUGH, "PUBLIC_URL": "http://127.0.0.1", "ADMIN_TOKEN": BOOTSTRAP, **settings}),
        fakes=fakes,
        tokens=FakeTokens(),
    )
    app = build_app(service, probes=probes)
    async with TestClient(TestServer(app)) as client:
        yield World(client, service, app[EDGE])
