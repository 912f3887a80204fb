"""
The two who talk to the service over HTTP: a buyer's browser, and the staff with a token.

They know the documented API and nothing else of the program.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import attrs
import msgspec


class UnexpectedAnswer(Exception):
    """
    The service did not answer as its documentation promises.

    Args:
        request: what was asked, without anything secret.
        status: the HTTP status of the answer.
        code: the problem's code, if it has one.
    """

    def __init__(self, request: str, status: int, code: str) -> None:
        super().__init__(f"{request} was answered {status} {code}".strip())
        self.request = request
        self.status = status
        self.code = code


@attrs.frozen(kw_only=True)
class Placed:
    """A placed order; `payment` is None if none could be opened."""

    order_id: str
    access_token: str = attrs.field(repr=False)
    payment: Mapping[str, Any] | None


@attrs.frozen(kw_only=True)
class RevealedKey:
    """A product key as the buyer sees it."""

    title: str
    type: str
    value: str = attrs.field(repr=False)


class Browser:
    """
    What a buyer does.

    Args:
        session: whoever opens it closes it.
        base: where the service is.
    """

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self._session = session
        self._base = base

    async def place(self, email: str, cart: Mapping[str, int], coin: str | None, *, key: str) -> Placed:
        """Place an order."""
        items = [{"productId": product, "quantity": quantity} for product, quantity in cart.items()]
        body: dict[str, Any] = {"email": email, "items": items}
        if coin is not None:
            body["payCurrency"] = coin
        answer = await self._json("POST", "/orders", 201, body=body, headers={"Idempotency-Key": key})
        return Placed(order_id=answer["orderId"], access_token=answer["accessToken"], payment=answer["payment"])

    async def ask_payment(self, placed: Placed, coin: str) -> Mapping[str, Any]:
        """Ask to pay in another coin."""
        path = f"/orders/{placed.order_id}/payments"
        payment: Mapping[str, Any] = await self._json(
            "POST", path, 201, body={"payCurrency": coin}, headers=_bearer(placed.access_token)
        )
        return payment

    async def look(self, placed: Placed) -> Mapping[str, Any]:
        """Look at the order."""
        path = f"/orders/{placed.order_id}"
        order: Mapping[str, Any] = await self._json("GET", path, 200, headers=_bearer(placed.access_token))
        return order

    async def open_link(self, url: str) -> None:
        """Open the delivery page, as a mail program's scanner does too: it consumes nothing."""
        async with self._session.get(url, headers={"Accept": "text/html"}) as answer:
            page = await answer.text()
            if answer.status != 200 or "<form" not in page:  # noqa: PLR2004 - HTTP's own number
                raise UnexpectedAnswer("GET /delivery/{token}", answer.status, "")

    async def reveal(self, url: str) -> tuple[RevealedKey, ...]:
        """Press the button on the delivery page."""
        headers = {"Accept": "application/json"}
        async with self._session.post(f"{url}/reveal", headers=headers) as answer:
            payload = await _payload(answer, "POST /delivery/{token}/reveal", 200)
        return tuple(RevealedKey(title=key["title"], type=key["type"], value=key["value"]) for key in payload["keys"])

    async def _json(
        self, method: str, path: str, expected: int, *, body: object = None, headers: Mapping[str, str]
    ) -> Any:
        data = None if body is None else msgspec.json.encode(body)
        sent = {"Accept": "application/json", "Content-Type": "application/json", **headers}
        async with self._session.request(method, self._base + path, data=data, headers=sent) as answer:
            return await _payload(answer, f"{method} {path}", expected)


class Staff:
    """
    What the operator sees.

    Args:
        session: whoever opens it closes it.
        base: where the service is.
        token: of the admin API.
    """

    def __init__(self, session: aiohttp.ClientSession, base: str, token: str) -> None:
        self._session = session
        self._base = base
        self._headers = _bearer(token) | {"Accept": "application/json"}

    async def order(self, order_id: str) -> Mapping[str, Any]:
        """Everything about one order."""
        answer: Mapping[str, Any] = await self._get(f"/admin/orders/{order_id}")
        return answer

    async def accesses(self, order_id: str) -> int:
        """How many accesses to the order's keys the audit knows."""
        return sum([1 async for _ in self._all(f"/admin/key-audit/{order_id}")])

    def webhooks(self) -> AsyncIterator[Mapping[str, Any]]:
        """Every webhook that was stored."""
        return self._all("/admin/webhook-logs")

    async def pending_webhooks(self) -> bool:
        """Whether a webhook is still to be worked off."""
        answer = await self._get("/admin/webhook-logs", {"status": "pending", "limit": "1"})
        return bool(answer["items"])

    async def _all(self, path: str) -> AsyncIterator[Mapping[str, Any]]:
        cursor: str | None = None
        while True:
            page = await self._get(path, {"limit": "100"} | ({} if cursor is None else {"cursor": cursor}))
            for row in page["items"]:
                yield row
            cursor = page["nextCursor"]
            if cursor is None:
                return

    async def _get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        async with self._session.get(self._base + path, params=query, headers=self._headers) as answer:
            return await _payload(answer, f"GET {path}", 200)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def _payload(answer: aiohttp.ClientResponse, request: str, expected: int) -> Any:
    content = await answer.read()
    if answer.status == expected:
        return msgspec.json.decode(content)
    code = ""
    if answer.content_type.endswith("json"):
        problem = msgspec.json.decode(content)
        code = str(problem.get("code", "")) if isinstance(problem, dict) else ""
    raise UnexpectedAnswer(request, answer.status, code)
