"""
Who asks: the buyer of an order, or somebody of the staff. The one place that reads bearer tokens.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import re
from datetime import datetime
from typing import Protocol, TypeVar

import attrs
from aiohttp import web

from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import NotFound
from bitloot_core.values.ids import OrderId
from bitloot_core.values.secret import Secret
from bitloot_http.problems import HttpRefusal

BOOTSTRAP = "bootstrap"
"""The name of whoever comes with `ADMIN_TOKEN`."""
_BEARER = re.compile(r"Bearer ([A-Za-z0-9._~+/=:,-]{1,512})", re.IGNORECASE)
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="bitloot"'}


class Scope(enum.StrEnum):
    """What an admin token may do."""

    READ = "read"
    OPERATE = "operate"
    KEYS = "keys"


class KnownToken(Protocol):
    """A token that was given out."""

    @property
    def name(self) -> str:
        """Who uses it."""
        ...

    @property
    def scopes(self) -> frozenset[str]:
        """What it may do."""
        ...

    def is_good(self, now: datetime) -> bool:
        """Whether it opens anything at this time."""
        ...


TokenT = TypeVar("TokenT", bound=KnownToken)


class AdminTokens(Protocol[TokenT]):
    """Finds admin tokens by their hash."""

    async def find(self, token_sha256: str) -> TokenT | None:
        """The token of this hash (hex), good or not."""
        ...

    async def note_use(self, token: TokenT, *, now: datetime) -> None:
        """Note that it was used."""
        ...


@attrs.frozen(kw_only=True)
class Staff:
    """Somebody of the staff, as the audit names them."""

    name: str
    scopes: frozenset[str]

    @property
    def actor(self) -> str:
        """The name in timelines and audits."""
        return f"admin:{self.name}"


def bearer_of(request: web.Request) -> str:
    """
    The bearer token of a request.

    Raises:
        HttpRefusal: there is none (`token-missing`), or it is no token (`token-invalid`).
    """
    header = request.headers.get("Authorization")
    if header is None:
        raise HttpRefusal("token-missing", "Send it as `Authorization: Bearer TOKEN`.", headers=_CHALLENGE)
    found = _BEARER.fullmatch(header.strip())
    if found is None:
        raise _invalid()
    return found[1]


async def staff_of(
    token: str, scope: Scope, *, tokens: AdminTokens[TokenT], bootstrap: Secret | None, now: datetime
) -> Staff:
    """
    Find out who of the staff asks, and whether they may.

    Raises:
        HttpRefusal: nobody (`token-invalid`), or they may not (`scope-missing`).
    """
    if bootstrap is not None and hmac.compare_digest(_digest(token), _digest(bootstrap.reveal())):
        return Staff(name=BOOTSTRAP, scopes=frozenset(Scope))
    known = await tokens.find(_digest(token).hex())
    if known is None or not known.is_good(now):
        raise _invalid()
    await tokens.note_use(known, now=now)
    if scope not in known.scopes:
        raise HttpRefusal("scope-missing", f"The token {known.name} has no scope `{scope}`.")
    return Staff(name=known.name, scopes=known.scopes)


def is_access_to(shop: Shop, token: str, order_id: OrderId) -> bool:
    """
    Whether an access token opens this order.

    Returns:
        False if it opens another one.

    Raises:
        NotFound: it is no access token of ours.
    """
    return shop.links.verify_access(token) == order_id


async def require_access(shop: Shop, token: str, order_id: OrderId) -> None:
    """
    Let the buyer of this order through, and nobody else.

    Raises:
        HttpRefusal: the token is none of ours (`token-invalid`), or that of another order.
        NotFound: it is that of another order, and this one does not exist.
    """
    try:
        if is_access_to(shop, token, order_id):
            return
    except NotFound:
        raise _invalid() from None
    await shop.orders.get(order_id)
    raise HttpRefusal("token-of-another-order", "This token was given out for another order.")


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _invalid() -> HttpRefusal:
    return HttpRefusal("token-invalid", "It was not made by us, or it is no longer good.", headers=_CHALLENGE)
