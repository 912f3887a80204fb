"""
The order store in memory: a change is checked whole, and then written whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import attrs

from bitloot_core.order.buying import Budget
from bitloot_core.order.events import BuyerForgotten, FindingOpened, FindingResolved, LinkIssued, without_buyer
from bitloot_core.order.order import Order
from bitloot_core.order.payments import gateway_id_of
from bitloot_core.order.reservations import supplier_order_of
from bitloot_core.order.units import OwedUnit
from bitloot_core.ports.store import LINK, Change, Committed, KeyAccess, LinkUse, OrderStore
from bitloot_core.testing.memory.database import MemoryDatabase, StoredLink, StoredOrder
from bitloot_core.testing.memory.jobs import ask, check_lease, end, is_free
from bitloot_core.testing.memory.spending import spent
from bitloot_core.values.errors import AlreadyTaken, NotFound, Refused, StaleOrder
from bitloot_core.values.ids import GatewayPaymentId, JobId, LinkId, OrderId, StorageRef, SupplierOrderId

PAYMENT = "gateway payment id"
PURCHASE = "supplier order id"
KEY = "supplier key id"
REFERENCE = "external reference"


class MemoryOrderStore:
    """Keeps orders. See `OrderStore` for what is promised."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    def fail_next_commit(self, *, before: bool = False, after: bool = False) -> None:
        """Let the next commit raise before (nothing is written) or after (all is) its commit point."""
        self._database.fail_next_commit(before=before, after=after, of="store.commit")

    async def get(self, order_id: OrderId) -> Order:
        """Read an order with all its parts."""
        stored = self._database.orders.get(order_id)
        if stored is None:
            raise NotFound("order", order_id)
        return stored.order

    async def commit(self, change: Change) -> Committed:
        """Write a change: all of it, or nothing."""
        with self._database.commit("store.commit"):
            self._check(change)
            return self._write(change)

    async def find_by_reservation(self, supplier_order_id: SupplierOrderId) -> OrderId | None:
        """The order that made this purchase."""
        return self._database.names.get((PURCHASE, supplier_order_id))

    async def find_by_payment(self, gateway_id: GatewayPaymentId) -> OrderId | None:
        """The order that this payment belongs to."""
        return self._database.names.get((PAYMENT, gateway_id))

    async def find_by_link(self, link_id: LinkId) -> OrderId | None:
        """The order that a delivery link was made for."""
        link = self._database.links.get(link_id)
        return link.order_id if link else None

    async def orphans_among(self, refs: Sequence[StorageRef]) -> tuple[StorageRef, ...]:
        """Of these sealed objects, those that no unit names."""
        units = (unit for stored in self._database.orders.values() for unit in stored.order.units)
        named = {unit.storage_ref for unit in units if not isinstance(unit, OwedUnit)}
        return tuple(ref for ref in refs if ref not in named)

    def _check(self, change: Change) -> None:
        """Raise if any part of a change cannot be written; nothing has been written yet."""
        if change.fence is not None:
            check_lease(self._database, change.fence)
        if change.outcome is not None:
            check_lease(self._database, change.outcome.lease)
        self._check_version(change)
        if change.link_use is not None:
            self._check_link(change.link_use)
        if change.after is not None and change.events:
            self._check_names(change.after)
        if change.budget is not None:
            self._check_budget(change.budget, change)
        if change.consumed is not None and change.consumed.id not in self._database.webhooks:
            raise NotFound("webhook", str(change.consumed.id))

    def _check_version(self, change: Change) -> None:
        if change.before is not None:
            stored = self._database.orders.get(change.before.id)
            if stored is None or stored.order.version != change.before.version:
                raise StaleOrder(change.before.id)
        elif change.after is not None and change.after.id in self._database.orders:
            raise StaleOrder(change.after.id)

    def _check_link(self, use: LinkUse) -> None:
        link = self._database.links.get(use.link_id)
        if link is None:
            raise NotFound("link", use.link_id)
        if link.revoked:
            raise Refused("link-revoked", "a newer link has taken its place")
        if link.expires_at <= use.at:
            raise Refused("link-expired", "the link has expired")
        if link.views >= use.max_views:
            raise Refused("link-used-up", "the link was opened as often as it may be")

    def _check_budget(self, budget: Budget, change: Change) -> None:
        buying = self._database.buying
        buying.require_open(change.at)
        if budget.currency is not None:
            budget.require_room(buying, spent(self._database, budget, change), change.at)

    def _check_names(self, order: Order) -> None:
        seen: set[tuple[str, str]] = set()
        for name in unique_names(order):
            holder = self._database.names.get(name, order.id)
            if holder != order.id or name in seen:
                raise AlreadyTaken(*name, holder)
            seen.add(name)

    def _write(self, change: Change) -> Committed:
        """Write a change that was checked; nothing in here raises."""
        touched: list[JobId] = []
        # The job ends first: one that asks for its own name again is a new job, due when it says.
        if change.outcome is not None:
            touched.append(end(self._database, change.outcome, change.at))
        touched += [ask(self._database, request, change.at) for request in change.jobs]
        order = self._write_order(change, change.after) if change.after is not None and change.events else None
        for finding in change.findings:
            self._database.open_finding(finding)
        for one in change.settled:
            is_new = self._database.resolve_finding(one.id, at=change.at, by=one.by, how=one.reason)
            self._database.acts.extend((one.act,) if is_new and one.act is not None else ())
        self._database.acts.extend(change.acts)
        for entry in change.ledger:
            self._database.ledger.setdefault((entry.kind, entry.external_id), entry)
        self._consume(change)
        for access in change.accesses:
            self._database.add_access(access)
        if change.link_use is not None:
            link = self._database.links[change.link_use.link_id]
            self._database.links[change.link_use.link_id] = attrs.evolve(link, views=link.views + 1)
        due = (one for one in dict.fromkeys(touched) if is_free(self._database.jobs[one], change.at))
        return Committed(order=order, due=tuple(due))

    def _write_order(self, change: Change, after: Order) -> Order:
        order = attrs.evolve(after, version=change.before.version + 1 if change.before else 1)
        stored = self._database.orders.get(order.id)
        earlier = {res.plan.ref: res for res in stored.order.reservations} if stored else {}
        bought = dict(stored.bought) if stored else {}
        for res in order.reservations:
            ref = res.plan.ref
            if earlier.get(ref) != res:
                bought[ref] = (bought[ref][0] if ref in bought else change.at, change.at)
        self._database.orders[order.id] = StoredOrder(
            order=order,
            updated_at=change.at,
            timeline=(*(stored.timeline if stored else ()), *map(without_buyer, change.events)),
            bought=bought,
        )
        self._database.names.update(dict.fromkeys(unique_names(order), order.id))
        self._write_events(order.id, change)
        return order

    def _write_events(self, order_id: OrderId, change: Change) -> None:
        """Do what the events say besides: keep links and findings, erase where a buyer came from."""
        database = self._database
        for event in change.events:
            match event:
                case LinkIssued():
                    earlier = database.newest_link.get(order_id)
                    if earlier is not None:
                        database.links[earlier] = attrs.evolve(database.links[earlier], revoked=True)
                    database.newest_link[order_id] = event.link_id
                    database.links[event.link_id] = StoredLink(order_id=order_id, expires_at=event.expires_at)
                case FindingOpened():
                    database.open_finding(event.finding)
                case FindingResolved():
                    database.resolve_finding(event.finding_id, at=event.at, by=event.by, how=event.reason)
                case BuyerForgotten():
                    database.accesses = [_erased(one, order_id) for one in database.accesses]
                case _:
                    pass

    def _consume(self, change: Change) -> None:
        spent = change.consumed
        if spent is None:
            return
        stored = self._database.webhooks[spent.id]
        self._database.webhooks[spent.id] = attrs.evolve(
            stored,
            status=spent.status,
            result=spent.result,
            order_id=spent.order_id or stored.order_id,
            processed_at=change.at,
        )


def unique_names(order: Order) -> Iterator[tuple[str, str]]:
    """The names in an order that no other order may have: what kind of name, and the name."""
    for payment in order.payments:
        if (gateway_id := gateway_id_of(payment)) is not None:
            yield PAYMENT, gateway_id
    for reservation in order.reservations:
        yield REFERENCE, reservation.plan.ref
        if (supplier_order_id := supplier_order_of(reservation)) is not None:
            yield PURCHASE, supplier_order_id
    for unit in order.units:
        if not isinstance(unit, OwedUnit):
            yield KEY, unit.supplier_key_id


def _erased(access: KeyAccess, order_id: OrderId) -> KeyAccess:
    """An access without where it came from, if it was the buyer's of this order."""
    if access.order_id != order_id or access.actor != LINK:
        return access
    return attrs.evolve(access, address="", agent="")


if TYPE_CHECKING:
    _: type[OrderStore] = MemoryOrderStore
