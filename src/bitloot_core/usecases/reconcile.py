"""
Setting our own books against the world: the supplier's list, the gateway's payments, the objects in the vault.

Nothing is bought, paid, refunded or delivered here. Where our books are merely behind, the jobs that look for
themselves are asked for; where nobody can tell who is right, a person is told, once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import attrs

from bitloot_core.order.buying import Pause, PauseHolder
from bitloot_core.order.discrepancies import Discrepancy
from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.ports.vault import StoredObject
from bitloot_core.usecases.reconcile_desk import IN_FLIGHT, Desk, Progress, Rest, Terms
from bitloot_core.usecases.reconcile_keys import reconcile_keys
from bitloot_core.usecases.reconcile_orders import reconcile_orders
from bitloot_core.usecases.reconcile_purchases import reconcile_purchases
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.money import Money


@attrs.frozen(kw_only=True)
class Report:
    """
    What a reconciliation saw.

    Attributes:
        since, until: the time that was compared.
        orders: how many orders of ours were gone through.
        payments: how many of their payments were read back.
        purchases: how many purchases the supplier listed under references of ours.
        others: how many it listed under other references.
        charged: what it charged for those of ours, by currency.
        booked: what our ledger has for the same.
        objects: how many sealed objects lie in the vault.
        held: how many keys our units hold.
        opened: how many of them were opened.
        orphans: the sealed objects, older than a day, that no unit names.
        discarded: whether they are gone now.
        found: what stands, whether somebody was told before or not.
        answered: how many differences there are besides that a person has settled.
        paused: whether buying is paused until a reconciliation finds nothing.
    """

    since: datetime
    until: datetime
    orders: int
    payments: int
    purchases: int
    others: int
    charged: Mapping[str, Money]
    booked: Mapping[str, Money]
    objects: int
    held: int
    opened: int
    orphans: tuple[StoredObject, ...]
    discarded: bool
    found: tuple[Discrepancy, ...]
    answered: int
    paused: bool

    @property
    def is_clean(self) -> bool:
        """Whether nothing stands that a person has not settled."""
        return not self.found


async def reconcile(
    shop: Shop, terms: Terms, *, rest: Rest, watch: Callable[[Progress], None] = lambda _: None
) -> Report:
    """
    Compare everything, and put what is amiss before a person. Idempotent: what is told already is not told again.

    After a restore, buying is paused first, and stays so until nothing is found.

    Args:
        rest: waits where the other side wants us to.
        watch: is told of the progress.

    Raises:
        Unavailable: somebody cannot be asked now; what was found before is told, and a pause stays.
    """
    if terms.after_restore and not terms.dry_run:
        await _pause(shop, terms)
    now = shop.clock.now()
    until = now if terms.after_restore else now - IN_FLIGHT
    desk = Desk(shop=shop, terms=terms, until=until, watch=watch, rest=rest)
    extent = await shop.books.extent(terms.since, until)
    purchases = await reconcile_purchases(desk)
    orders = await reconcile_orders(desk, purchases, expected=extent.orders)
    keys = await reconcile_keys(desk, expected=extent.keys)
    if terms.after_restore and not terms.dry_run and not desk.found:
        await _go_on(shop, terms)
    return Report(
        since=terms.since,
        until=until,
        orders=orders.orders,
        payments=orders.payments,
        purchases=len(purchases.names),
        others=purchases.others,
        charged=purchases.charged,
        booked=purchases.booked,
        objects=keys.objects,
        held=keys.held,
        opened=keys.opened,
        orphans=tuple(keys.orphans),
        discarded=terms.discards,
        found=tuple(desk.found),
        answered=desk.answered,
        paused=(await shop.switches.buying()).is_held_by(PauseHolder.RESTORE, shop.clock.now()),
    )


async def _pause(shop: Shop, terms: Terms) -> None:
    """Let nobody buy while our books may have forgotten what was bought."""
    now = shop.clock.now()
    reason = "older books were put back, and are not yet in line with the supplier and the gateway"
    pause = Pause(holder=PauseHolder.RESTORE, by=terms.by, reason=reason, since=now)
    text = f"Buying is paused: {reason}. It goes on when `bitloot reconcile --after-restore` finds nothing more."
    finding = Finding(
        id=shop.ids.finding_id(),
        order_id=None,
        reason=FindingReason.BUYING_PAUSED,
        subject=str(pause.holder),
        text=text,
        amount=None,
        blocking=False,
        opened_at=now,
    )
    await shop.switches.pause(pause, finding=finding)


async def _go_on(shop: Shop, terms: Terms) -> None:
    """Let buying go on, as far as it was ours to pause."""
    pauses = (await shop.switches.buying()).pauses
    ours = [pause for pause in pauses if pause.holder is PauseHolder.RESTORE]
    await shop.switches.lift(ours, by=terms.by, at=shop.clock.now())


def usual_since(now: datetime, *, after_restore: bool) -> datetime:
    """From when on books are compared if nobody says otherwise: a week; after a restore, a month."""
    return now - (timedelta(days=30) if after_restore else timedelta(days=7))
