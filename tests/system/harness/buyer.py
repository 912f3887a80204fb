"""A buyer over HTTP: places an order, looks at it, finds the mail, opens the link, reveals the keys."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import aiohttp
import attrs

from harness.mailbox import Mail, Mailbox
from harness.waiting import PATIENCE_SECONDS, eventually

OFTEN_SECONDS = 0.05
_BUSY = frozenset({409, 429, 502, 503})
_AWAY = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError)


@attrs.frozen(kw_only=True)
class Placed:
    """
    An order as its buyer knows it.

    Attributes:
        email: an address that no other order has.
        payment: what to send where; None if there is none yet.
    """

    order_id: str
    access_token: str = attrs.field(repr=False)
    email: str
    payment: Mapping[str, Any] | None

    @property
    def payment_id(self) -> str:
        """The gateway's name of the payment."""
        if self.payment is None:
            raise AssertionError(f"{self.order_id} has no payment")
        return str(self.payment["paymentId"])


class Buyer:
    """
    Buys with patience: a service that is away or busy is asked again.

    Args:
        session: closed by whoever opened it.
        url: where the service is.
        mailbox: where the mails to everybody arrive.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, mailbox: Mailbox) -> None:
        self._session = session
        self._url = url
        self._mailbox = mailbox

    def at(self, url: str) -> Buyer:
        """The same buyer at another door of the shop; the links in mails stay as they are."""
        return Buyer(self._session, url, self._mailbox)

    async def place(
        self,
        *,
        product: str = "game",
        quantity: int = 1,
        coin: str = "btc",
        payable: bool = True,
        within: float = PATIENCE_SECONDS,
    ) -> Placed:
        """
        Place an order and get a payment for it.

        Args:
            payable: go on asking until there is a payment.
            within: seconds for either.
        """
        address = f"buyer-{secrets.token_hex(6)}@example.com"
        body = {"email": address, "items": [{"productId": product, "quantity": quantity}], "payCurrency": coin}

        async def place_once() -> Mapping[str, Any] | None:
            """The answer to one try, if it was a good one."""
            # A fresh key each time: a request that died with the service keeps its key for a minute.
            found = await self.ask("POST", "/orders", body, headers={"Idempotency-Key": secrets.token_hex(16)})
            return found[1] if found is not None and found[0] == 201 else None

        answer = await eventually(place_once, "the order is placed", every=0.1, within=within)
        placed = Placed(
            order_id=answer["orderId"], access_token=answer["accessToken"], email=address, payment=answer["payment"]
        )
        return await self.with_payment(placed, coin, within=within) if payable and placed.payment is None else placed

    async def with_payment(self, placed: Placed, coin: str, *, within: float = PATIENCE_SECONDS) -> Placed:
        """Ask for another payment until there is one."""

        async def open_once() -> Mapping[str, Any] | None:
            """The answer to one try, if it was a good one."""
            path = f"/orders/{placed.order_id}/payments"
            found = await self.ask("POST", path, {"payCurrency": coin}, token=placed.access_token)
            return found[1] if found is not None and found[0] == 201 else None

        payment = await eventually(open_once, f"{placed.order_id} has a payment", every=0.1, within=within)
        return attrs.evolve(placed, payment=payment)

    async def look(self, placed: Placed) -> Mapping[str, Any] | None:
        """The order as it stands; None while the service is away."""
        found = await self.ask("GET", f"/orders/{placed.order_id}", token=placed.access_token)
        return None if found is None else found[1]

    async def sees(
        self, placed: Placed, status: str, *, within: float = PATIENCE_SECONDS, every: float = OFTEN_SECONDS
    ) -> Mapping[str, Any]:
        """Wait until the order has a status; of many who wait at once, each looks less often."""

        async def look() -> Mapping[str, Any] | None:
            """The order, once it is so."""
            order = await self.look(placed)
            seen.append("away" if order is None else order.get("status"))
            return order if seen[-1] == status else None

        seen: list[Any] = []
        try:
            return await eventually(look, f"{placed.order_id} is {status}", every=every, within=within)
        except AssertionError as late:
            raise AssertionError(f"{late}; it was {' > '.join(map(str, dict.fromkeys(seen)))}") from None

    async def mail(self, placed: Placed, *, within: float = PATIENCE_SECONDS, every: float = OFTEN_SECONDS) -> Mail:
        """Wait for the mail with the delivery link."""
        found = await eventually(
            lambda: self.mails(placed), f"a mail for {placed.order_id}", every=every, within=within
        )
        return found[-1]

    def mails(self, placed: Placed) -> list[Mail]:
        """All mails to the address of an order."""
        return self._mailbox.mails(placed.email)

    async def reveal(self, mail: Mail, *, within: float = PATIENCE_SECONDS, every: float = 0.1) -> list[str]:
        """
        Open the link and press the button; the keys, sorted.

        Args:
            within: seconds, while the service is away or busy.
            every: seconds between two tries; each that the service hears counts as a look.
        """

        async def reveal_once() -> list[str] | None:
            """The keys, unless the service is away or busy."""
            found = await self.ask("POST", mail.link.removeprefix(self._url) + "/reveal")
            if found is None or found[0] in _BUSY:
                return None
            if found[0] != 200:
                raise AssertionError(f"the link answers {found}")
            return sorted(key["value"] for key in found[1]["keys"])

        return await eventually(reveal_once, "the keys are shown", every=every, within=within)

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any] | None:
        """One request; the status and the JSON of the answer, or None when the service is away."""
        sent = {"Accept": "application/json", **(headers or {})}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        try:
            async with self._session.request(method, self._url + path, json=body, headers=sent) as answer:
                is_json = answer.content_type.endswith("json")
                return answer.status, await (answer.json(content_type=None) if is_json else answer.text())
        except _AWAY:
            return None
