"""
Collecting: what a placed purchase has brought is sealed, read back, and held.

The write that holds the first key makes the link; the one that holds the last fulfils the order and asks for the mail.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

import attrs

from bitloot_core.order.commands import HoldKeys, OpenFinding, OrderCommand, RecordSupplierWord, SealedKey
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import number_of
from bitloot_core.order.order import Order
from bitloot_core.order.policy import rung
from bitloot_core.order.reservations import PlacedReservation, Plan, SupplierWord
from bitloot_core.ports.inbox import ConsumedWebhook
from bitloot_core.ports.jobs import Done, JobEnd, Snooze
from bitloot_core.ports.supplier import Purchase, SupplierEvent, SupplierKey
from bitloot_core.usecases.sealing import discard_unused, match_keys, seal
from bitloot_core.usecases.work import EndOf, Work
from bitloot_core.values.errors import AlreadyTaken
from bitloot_core.values.ids import ExternalRef, SupplierKeyId, order_of

_DEAD = frozenset({SupplierWord.CANCELLED, SupplierWord.REFUNDED})
_LOOKS_BEFORE_MISSING = 2


@attrs.frozen(kw_only=True)
class _Look:
    """What one look at a purchase showed, apart from its keys."""

    word: SupplierWord
    told: tuple[OrderCommand, ...]
    consumed: ConsumedWebhook | None


async def check_reservation(work: Work, ref: ExternalRef) -> None:
    """Look at one purchase, whatever webhooks say: polling alone must be enough."""
    order = await work.shop.orders.get(order_of(ref))
    res = order.reservation(number_of(ref))
    if isinstance(res, PlacedReservation):
        await collect(work, order, res)
    else:
        await work.end(Done())


async def collect(
    work: Work,
    order: Order,
    res: PlacedReservation,
    *,
    event: SupplierEvent | None = None,
    consumed: ConsumedWebhook | None = None,
) -> None:
    """
    Read a placed purchase at the supplier and hold the keys that are new.

    Idempotent: a key that is held already is neither sealed nor held again.

    Args:
        event: the webhook that hinted at it: its own key counts only where the supplier shows none and one is owed.
        consumed: what becomes of that webhook; written with the outcome.
    """
    purchase = await work.shop.supplier.status(res.supplier_order_id)
    if purchase.ref != res.plan.ref:
        await work.finish(order, _mismatch(res.plan), end=_next_look(work, res), consumed=consumed)
        return
    if purchase.word in _DEAD:
        word = RecordSupplierWord(number=res.plan.number, word=purchase.word)
        await work.finish(order, word, consumed=consumed)
        return
    keys = await work.shop.supplier.keys_of(res.supplier_order_id)
    if not keys and event is not None:
        keys = _key_of(event, order, res.plan)
    found = match_keys(order, res.plan, keys)
    seals = await seal(work.shop.vault, order, found.fitting)
    told = _tell(work, res, purchase, keys, found.surplus)
    await _hold(work, order, res, seals, _Look(word=purchase.word, told=told, consumed=consumed))


def _key_of(event: SupplierEvent, order: Order, plan: Plan) -> tuple[SupplierKey, ...]:
    """The key inside a signed event, which counts only while exactly one unit is owed."""
    owed = [unit for unit in order.owed if unit.id in plan.units]
    if event.material is None or event.material_id is None or len(owed) != 1:
        return ()
    product = next(item.supplier_product_id for item in plan.items if owed[0].id in item.units)
    return (SupplierKey(id=event.material_id, product_id=product, material=event.material),)


async def _hold(work: Work, order: Order, res: PlacedReservation, seals: Sequence[SealedKey], look: _Look) -> None:
    """Write what was sealed; a key that another order holds is left out and told, never fought over."""
    left, told, link_id = list(seals), look.told, work.shop.ids.link_id()
    word = RecordSupplierWord(number=res.plan.number, word=look.word)
    while True:
        hold = HoldKeys(
            number=res.plan.number,
            keys=tuple(left),
            link_id=link_id,
            link_expires_at=work.now + work.shop.policy.link_expires,
        )
        try:
            end = _end_after(work, res)
            after = await work.finish(order, word, hold, *told, end=end, consumed=look.consumed)
        except AlreadyTaken as taken:
            free = [one for one in left if one.supplier_key_id != taken.name]
            if len(free) == len(left):
                raise
            left, told = free, (*told, _taken(res.plan, SupplierKeyId(taken.name)))
        else:
            await discard_unused(work.shop.vault, after, seals)
            return


def _end_after(work: Work, res: PlacedReservation) -> EndOf:
    def end(after: Order) -> JobEnd:
        still = isinstance(after.reservation(res.plan.number), PlacedReservation)
        return _next_look(work, res) if still else Done()

    return end


def _next_look(work: Work, res: PlacedReservation) -> Snooze:
    pause = rung(work.shop.policy.supplier_poll, work.job.snoozes + 1)
    return Snooze(until=max(work.now + pause, _release(res.plan)))


def _release(plan: Plan) -> datetime:
    day = plan.release_date
    return datetime.min.replace(tzinfo=UTC) if day is None else datetime.combine(day, time.min, tzinfo=UTC)


def _tell(
    work: Work, res: PlacedReservation, purchase: Purchase, keys: Sequence[SupplierKey], surplus: int
) -> tuple[OrderCommand, ...]:
    """What a person should know of this look: too few keys, too many, or too slow."""
    told: list[OrderCommand] = []
    wanted = len(res.plan.units)
    complete = purchase.word is SupplierWord.COMPLETED
    if complete and len(keys) < wanted and work.job.snoozes >= _LOOKS_BEFORE_MISSING:
        text = f"The supplier calls the purchase complete, but shows {len(keys)} of {wanted} keys."
        told.append(_finding(FindingReason.KEYS_MISSING, res.plan, text))
    if surplus:
        text = f"The supplier shows {surplus} key(s) more than were bought; they are left alone."
        told.append(_finding(FindingReason.KEYS_SURPLUS, res.plan, text))
    since = max(res.placed_at, _release(res.plan))
    if work.now - since > work.shop.policy.supplier_alarm and len(keys) < wanted:
        text = f"The supplier has not delivered for {_hours(work.now - since)} hours."
        told.append(_finding(FindingReason.SUPPLIER_SLOW, res.plan, text))
    return tuple(told)


def _hours(duration: timedelta) -> int:
    return int(duration / timedelta(hours=1))


def _finding(reason: FindingReason, plan: Plan, text: str) -> OpenFinding:
    return OpenFinding(reason=reason, subject=plan.ref, text=text, blocking=False)


def _taken(plan: Plan, key_id: SupplierKeyId) -> OpenFinding:
    return OpenFinding(
        reason=FindingReason.KEY_TAKEN,
        subject=f"{plan.ref}:{key_id}",
        text=f"The supplier handed out key {key_id}, which another order holds.",
        blocking=True,
    )


def _mismatch(plan: Plan) -> OpenFinding:
    return OpenFinding(
        reason=FindingReason.SUPPLIER_MISMATCH,
        subject=plan.ref,
        text="The supplier shows this purchase under another reference; no key of it is taken.",
        blocking=True,
    )
