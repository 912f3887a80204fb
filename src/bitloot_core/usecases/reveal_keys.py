"""
Showing keys to whoever holds the link: the audit row is written first, and looking at the page consumes nothing.
"""

from __future__ import annotations

from datetime import datetime

import attrs

from bitloot_core.order.order import LiveLink, Order
from bitloot_core.order.units import HeldUnit
from bitloot_core.ports.store import LINK, Change, KeyAccess, LinkUse
from bitloot_core.usecases.change_order import MOST_TRIES
from bitloot_core.usecases.opening import RevealedKey, open_units
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import NotFound, Refused, StaleOrder
from bitloot_core.values.ids import LinkId


@attrs.frozen(kw_only=True)
class Visitor:
    """
    Who asks, as far as we can tell.

    Attributes:
        address: the client's address, behind trusted proxies.
        agent: what the client calls itself.
    """

    address: str
    agent: str


@attrs.frozen(kw_only=True)
class LinkView:
    """
    What a delivery page can say without opening anything.

    Attributes:
        ready: how many keys can be revealed now.
        owed: how many are still to come.
        expires_at: until when the link is good.
    """

    order: Order
    ready: int
    owed: int
    expires_at: datetime


@attrs.frozen(kw_only=True)
class Revealed:
    """The keys of an order that are ready, in the order of its lines."""

    order: Order
    keys: tuple[RevealedKey, ...]


async def look_at_link(shop: Shop, token: str) -> LinkView:
    """
    Say what a link leads to. Consumes nothing: mail scanners open links.

    Raises:
        NotFound: the token is not one of ours.
        Refused: the link is no longer good (`link-revoked`, `link-expired`), or the order may not be delivered
            (`not-revealable`).
    """
    order, link = await _order_behind(shop, token)
    return LinkView(order=order, ready=len(order.held), owed=len(order.owed), expires_at=link.expires_at)


async def reveal_keys(shop: Shop, token: str, visitor: Visitor) -> Revealed:
    """
    Write who looks, then open the keys. Repeatable as often as the link admits.

    Raises:
        NotFound: the token is not one of ours.
        Refused: the link is no longer good (`link-revoked`, `link-expired`, `link-used-up`), the order may not be
            delivered (`not-revealable`), or nothing is ready yet (`nothing-ready`).
        Unavailable: the vault cannot be asked now; the audit row stands.
        Corrupt: a key is gone or does not open; a person is told which.
    """
    order = await _write_access(shop, token, visitor)
    return Revealed(order=order, keys=await open_units(shop, order, order.held))


async def _write_access(shop: Shop, token: str, visitor: Visitor) -> Order:
    """Audit first; the order must not have changed between the reading and the writing (a refund, say)."""
    for _ in range(MOST_TRIES):
        order, link = await _order_behind(shop, token)
        if not order.held:
            raise Refused("nothing-ready", "no key of this order is ready yet")
        now = shop.clock.now()
        accesses = tuple(_access(order, unit, visitor, now) for unit in order.held)
        use = LinkUse(link_id=link.id, max_views=shop.policy.link_max_views, at=now)
        try:
            await shop.orders.commit(Change(at=now, before=order, after=order, accesses=accesses, link_use=use))
        except StaleOrder:
            continue
        return order
    raise StaleOrder("of this link")


async def _order_behind(shop: Shop, token: str) -> tuple[Order, LiveLink]:
    link_id = shop.links.verify(token)
    order_id = await shop.orders.find_by_link(link_id)
    if order_id is None:
        raise NotFound("link", "that was given")
    order = await shop.orders.get(order_id)
    return order, _good_link(order, link_id, shop.clock.now())


def _good_link(order: Order, link_id: LinkId, now: datetime) -> LiveLink:
    if not isinstance(order.link, LiveLink) or order.link.id != link_id:
        raise Refused("link-revoked", "a newer link was made for this order")
    if not order.may_reveal:
        raise Refused("not-revealable", "the order is not paid, or was refunded")
    if now >= order.link.expires_at:
        raise Refused("link-expired", "this link has expired")
    return order.link


def _access(order: Order, unit: HeldUnit, visitor: Visitor, now: datetime) -> KeyAccess:
    # Of a buyer who asked to be forgotten nothing is kept any more: the look is, and where it came from is not.
    is_named = order.email is not None
    return KeyAccess(
        order_id=order.id,
        unit_id=unit.id,
        actor=LINK,
        address=visitor.address[:64] if is_named else "",
        agent=visitor.agent[:256] if is_named else "",
        reason="",
        at=now,
    )
