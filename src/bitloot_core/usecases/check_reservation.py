"""
Looking at a purchase by its own job: for keys that are still to come, and for one that so far came in an event only.

A key that came in a supplier's event fulfils the order at once, and is all that the buyer has until the supplier's own
list shows the same key. If it shows another one, or none for too long, a person is told: nothing is replaced or bought
by itself, and nothing that is held is renamed (its id is bound into the sealed object).
"""

from __future__ import annotations

from collections.abc import Sequence

from bitloot_core.order.commands import OpenFinding, OrderCommand, RecordSupplierWord
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import number_of
from bitloot_core.order.order import Order
from bitloot_core.order.reservations import CompletedReservation, PlacedReservation, SupplierWord
from bitloot_core.order.units import HeldUnit
from bitloot_core.ports.jobs import Done
from bitloot_core.usecases.finalize_delivery import (
    about_keys,
    finalize_delivery,
    mismatch,
    next_look,
    release_of,
    too_many,
)
from bitloot_core.usecases.sealing import Matched, match_keys
from bitloot_core.usecases.work import Work
from bitloot_core.values.ids import ExternalRef, order_of


async def check_reservation(work: Work, ref: ExternalRef) -> None:
    """Look at one purchase, whatever webhooks say: polling alone must be enough."""
    order = await work.shop.orders.get(order_of(ref))
    match order.reservation(number_of(ref)):
        case PlacedReservation() as res:
            await finalize_delivery(work, order, res)
        case CompletedReservation() as res if order.unconfirmed(res.plan.number):
            await _confirm(work, order, res)
        case _:
            await work.end(Done())


async def _confirm(work: Work, order: Order, res: CompletedReservation) -> None:
    """Hold what came in an event against the supplier's list; the job ends with its word, or with a finding."""
    purchase = await work.shop.supplier.status(res.supplier_order_id)
    if purchase.ref != res.plan.ref:
        await work.finish(order, mismatch(res), end=Done() if _is_late(work, res) else next_look(work, res.plan))
        return
    word = RecordSupplierWord(number=res.plan.number, word=purchase.word)
    if purchase.word is SupplierWord.REFUNDED:  # its keys went back, and are listed no more: that is told
        await work.finish(order, word)
        return
    found = match_keys(order, res.plan, await work.shop.supplier.keys_of(res.supplier_order_id))
    missing = [unit for unit in order.unconfirmed(res.plan.number) if unit.supplier_key_id not in found.confirmed]
    still_to_come = purchase.word is not SupplierWord.CANCELLED and not _is_late(work, res)
    if missing and not found.surplus and still_to_come:
        await work.finish(order, word, end=next_look(work, res.plan))
    else:
        await work.finish(order, word, *_verdict(res, found, missing))


def _is_late(work: Work, res: CompletedReservation) -> bool:
    return work.now - max(res.completed_at, release_of(res.plan)) > work.shop.policy.supplier_alarm


def _verdict(res: CompletedReservation, found: Matched, missing: Sequence[HeldUnit]) -> tuple[OrderCommand, ...]:
    if missing:
        return (_unconfirmed(res, missing, others=found.surplus),)
    return (too_many(res.plan, found.surplus),) if found.surplus else ()


def _unconfirmed(res: CompletedReservation, missing: Sequence[HeldUnit], *, others: int) -> OpenFinding:
    units = ", ".join(unit.id for unit in missing)
    shows = f"shows {others} other key(s) in its place: compare them" if others else "does not show it: ask there"
    text = f"The key of unit {units} came in an event; the supplier's own list {shows}."
    return about_keys(FindingReason.KEY_UNCONFIRMED, res.plan, text)
