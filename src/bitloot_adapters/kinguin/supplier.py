"""
The supplier Kinguin: calls its API and says what each outcome means for a purchase.

**Source:** Kinguin ESA documentation (state July 2025) and field reports on it. What the answers look like is in
`wire`, what the refusals mean in `refusals`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, urlsplit

import aiohttp
import attrs

from bitloot_adapters._shared.exact_json import NotJson
from bitloot_adapters._shared.http_caller import Answer, Deadlines, HttpCaller
from bitloot_adapters.kinguin.catalogue import KinguinCatalogue
from bitloot_adapters.kinguin.events import EventVerifier
from bitloot_adapters.kinguin.refusals import PORT, of_purchase, of_read, of_return, refusal_of
from bitloot_adapters.kinguin.unreadable import Unreadable
from bitloot_adapters.kinguin.wire import (
    order_request,
    read_balance,
    read_found,
    read_keys,
    read_listed,
    read_order,
    read_returned,
)
from bitloot_core.order.reservations import PurchaseItem
from bitloot_core.ports.inbox import VerifiedWebhook
from bitloot_core.ports.supplier import Purchase, ReturnedKey, Supplier, SupplierEvent, SupplierKey
from bitloot_core.values.errors import InvalidInput, Rejected, Unavailable, Unknown
from bitloot_core.values.ids import ExternalRef, SupplierKeyId, SupplierOrderId, SupplierProductId
from bitloot_core.values.money import Money
from bitloot_core.values.secret import Secret

PRODUCTION_URL = "https://gateway.kinguin.net/esa/api"
PAGE_SIZE = 100
"""The most that the API gives at once."""
SMALLEST_PAGE = 25
"""The API's own page size: a page with fewer entries is the last, also where our `limit` was not heeded."""
MOST_PAGES = 50
"""More pages than any purchase of ours can have: whoever gives more is not answering what we asked."""
MOST_LIST_PAGES = 1000
"""100,000 orders, which is more than a day's: whoever asks for more at once asks for too much."""
MOST_READINGS = 3
"""How often a list is read whose pages do not fit together."""

_SUCCESS = range(200, 300)
_ALMOST_A_SECOND = timedelta(seconds=1, microseconds=-1)
_VERSION = re.compile(r"/v[0-9]+$", re.IGNORECASE)
_Read = TypeVar("_Read")


class KinguinSupplier:
    """
    Buys product keys at Kinguin.

    Args:
        session: opened and closed by whoever composes the program.
        fresh_session: the same, for purchases: see `HttpCaller`. Without it a purchase can be left in doubt because its
            connection had been closed while it lay idle.
        api_key: sent as `X-Api-Key`.
        webhook_secret: signs webhooks; several separated by commas are all accepted.
        event_secret: the fixed text in `X-Event-Secret`, if it is another.
        base_url: without a version: each call names its own.
        deadlines: for each call.

    Attributes:
        catalogue: what Kinguin has on offer, read over the same connections.

    Raises:
        InvalidInput: the base URL cannot be right, or there is no API key.
    """

    def __init__(
        self,
        *,
        session: aiohttp.ClientSession,
        fresh_session: aiohttp.ClientSession | None = None,
        api_key: Secret,
        webhook_secret: Secret,
        event_secret: Secret | None = None,
        base_url: str = PRODUCTION_URL,
        deadlines: Deadlines | None = None,
    ) -> None:
        if not api_key.reveal().strip():
            raise InvalidInput("KINGUIN_API_KEY", "is empty")
        self._caller = HttpCaller(
            session=session,
            fresh_session=fresh_session,
            base_url=_checked(base_url),
            headers={"X-Api-Key": api_key.reveal().strip(), "Accept": "application/json"},
            port=PORT,
            deadlines=deadlines,
        )
        self.catalogue = KinguinCatalogue(self._caller)
        self._events = EventVerifier(webhook_secret=webhook_secret, event_secret=event_secret)

    async def reserve(self, items: tuple[PurchaseItem, ...], *, ref: ExternalRef) -> Purchase:
        """Buy with `POST /v2/order`; an answer that does not describe what was asked for is no answer."""
        try:
            request = order_request(items, ref=ref)
        except InvalidInput as exc:
            raise Rejected(PORT, str(exc), code="invalid-purchase") from exc
        answer = await self._caller.act("/v2/order", body=request)
        if answer.status not in _SUCCESS:
            raise of_purchase(refusal_of(answer), ref=ref)
        purchase = _acted(answer, read_order)
        if purchase.ref != ref or dict(purchase.quantities) != _wanted(items):
            raise Unknown(PORT, f"the answer contradicts the purchase {ref}")
        return purchase

    async def find(self, ref: ExternalRef) -> tuple[Purchase, ...]:
        """Search all pages of `GET /v1/order?orderExternalId=`, and take only what carries exactly our reference."""
        found: dict[SupplierOrderId, Purchase] = {}
        seen = 0
        for number in range(1, MOST_PAGES + 1):
            query = {"orderExternalId": ref, **_page(number)}
            page = _read(await self._get("/v1/order", query), lambda payload: read_found(payload, ref=ref))
            found |= {purchase.supplier_order_id: purchase for purchase in page.ours}
            seen += page.shown
            if seen >= page.total:
                return tuple(sorted(found.values(), key=lambda purchase: purchase.created_at))
            if not page.shown:
                raise Unavailable(PORT, "the search shows fewer orders than it counts")
        raise Unavailable(PORT, "the search does not end")

    async def purchases_between(self, since: datetime, until: datetime) -> tuple[Purchase, ...]:
        """Search all pages of `GET /v1/order?createdAtFrom=&createdAtTo=`, and again if orders moved between pages."""
        span = {"createdAtFrom": _second(since), "createdAtTo": _second(until + _ALMOST_A_SECOND)}
        for _ in range(MOST_READINGS):
            found = await self._list(span)
            if found is not None:
                return found
        raise Unavailable(PORT, "the list of orders changes while it is read")

    async def _list(self, span: Mapping[str, str]) -> tuple[Purchase, ...] | None:
        """Every order of a time; None if the pages did not show each of them."""
        found: dict[SupplierOrderId, Purchase] = {}
        names: set[str] = set()
        shown = 0
        for number in range(1, MOST_LIST_PAGES + 1):
            page = _read(await self._get("/v1/order", {**span, **_page(number)}), read_listed)
            found |= {purchase.supplier_order_id: purchase for purchase in page.purchases}
            names.update(page.names)
            shown += len(page.names)
            if shown >= page.total:
                return tuple(found.values()) if len(names) == page.total else None
            if not page.names:
                raise Unavailable(PORT, "the list shows fewer orders than it counts")
        raise Unavailable(PORT, "the list of orders does not end")

    async def status(self, supplier_order_id: SupplierOrderId) -> Purchase:
        """Read `GET /v1/order/{orderId}`."""
        answer = await self._of_order("/v1/order/{}", supplier_order_id)
        purchase = _read(answer, read_order)
        if purchase.supplier_order_id != supplier_order_id:
            raise Unavailable(PORT, f"the answer is not about the order {supplier_order_id}")
        return purchase

    async def keys_of(self, supplier_order_id: SupplierOrderId) -> tuple[SupplierKey, ...]:
        """Read all pages of `GET /v2/order/{orderId}/keys`; one key that cannot be read spoils the call."""
        keys: dict[SupplierKeyId, SupplierKey] = {}
        for number in range(1, MOST_PAGES + 1):
            answer = await self._of_order("/v2/order/{}/keys", supplier_order_id, _page(number))
            page = _read(answer, read_keys)
            keys |= {key.id: attrs.evolve(key, event_ids=self._events.names_of(key.material)) for key in page}
            if len(page) < SMALLEST_PAGE:
                return tuple(keys.values())
        raise Unavailable(PORT, "the list of keys does not end")

    async def return_keys(self, supplier_order_id: SupplierOrderId) -> tuple[ReturnedKey, ...]:
        """Ask for the one return that a purchase may have, with `POST /v2/order/{orderId}/keys/return`."""
        answer = await self._caller.act(f"/v2/order/{quote(supplier_order_id, safe='')}/keys/return")
        if answer.status not in _SUCCESS:
            raise of_return(refusal_of(answer))
        return _acted(answer, read_returned)

    async def balance(self) -> Money:
        """Read `GET /v1/balance`."""
        return _read(await self._get("/v1/balance"), read_balance)

    def verify_event(self, headers: Mapping[str, str], body: bytes) -> VerifiedWebhook:
        """Check a webhook of either form."""
        return self._events.verify(headers, body)

    def read_event(self, webhook: VerifiedWebhook) -> SupplierEvent | None:
        """Read the hint in an authentic webhook."""
        return self._events.read(webhook)

    async def _of_order(
        self, path: str, supplier_order_id: SupplierOrderId, query: Mapping[str, str] | None = None
    ) -> Answer:
        answer = await self._caller.read(path.format(quote(supplier_order_id, safe="")), query=query)
        if answer.status not in _SUCCESS:
            raise of_read(refusal_of(answer), supplier_order_id=supplier_order_id)
        return answer

    async def _get(self, path: str, query: Mapping[str, str] | None = None) -> Answer:
        answer = await self._caller.read(path, query=query)
        if answer.status not in _SUCCESS:
            raise Unavailable(PORT, str(refusal_of(answer)))
        return answer


def _checked(base_url: str) -> str:
    """
    Refuse an address that would lead every call astray.

    **Source:** `.../v2` as the base, with paths that name a version too, is a classic misconfiguration (field report).
    """
    field, trimmed = "KINGUIN_BASE_URL", base_url.strip().rstrip("/")
    try:
        parts = urlsplit(trimmed)
    except ValueError:
        raise InvalidInput(field, "is not a URL") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise InvalidInput(field, "is not a plain http or https URL")
    if _VERSION.search(trimmed):
        raise InvalidInput(field, "ends in a version; leave it out, each call names its own")
    return trimmed


def _page(number: int) -> dict[str, str]:
    return {"page": str(number), "limit": str(PAGE_SIZE)}


def _second(at: datetime) -> str:
    """
    The second that a time lies in, as the API writes times.

    **Source:** the field `createdAt` of its order object; which forms the filters take is not documented.
    """
    return at.astimezone(UTC).replace(microsecond=0).isoformat()


def _wanted(items: tuple[PurchaseItem, ...]) -> dict[SupplierProductId, int]:
    counted: Counter[SupplierProductId] = Counter()
    for item in items:
        counted[item.supplier_product_id] += item.quantity
    return dict(counted)


def _read(answer: Answer, reader: Callable[[object], _Read]) -> _Read:
    try:
        return reader(answer.json())
    except (NotJson, Unreadable) as exc:
        raise Unavailable(PORT, f"the answer cannot be understood: {exc}") from exc


def _acted(answer: Answer, reader: Callable[[object], _Read]) -> _Read:
    try:
        return reader(answer.json())
    except (NotJson, Unreadable) as exc:
        raise Unknown(PORT, f"the answer cannot be understood: {exc}") from exc


if TYPE_CHECKING:
    _: type[Supplier] = KinguinSupplier
