"""
Collecting: what a placed purchase has brought is sealed, read back, and held.

The write that holds the first key makes the link; the one that holds the last fulfils the order and asks for the mail.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import attrs

from bitloot_core.order.commands import HoldKeys, OpenFinding, OrderCommand, RecordSupplierWord
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Order
from bitloot_core.order.policy import rung
from bitloot_core.order.reservations import DEAD_WORDS, CompletedReservation, PlacedReservation, Plan, SupplierWord
from bitloot_core.order.units import OwedUnit
from bitloot_core.ports.inbox import ConsumedWebhook
from bitloot_core.ports.jobs import Done, JobEnd, Snooze
from bitloot_core.ports.supplier import Purchase, SupplierEvent, SupplierKey
from bitloot_core.usecases.sealing import discard, discard_unused, match_keys, seal
from bitloot_core.usecases.work import EndOf, Work
from bitloot_core.values.errors import AlreadyTaken
from bitloot_core.values.ids import SupplierKeyId

_LOOKS_BEFORE_MISSING = 2


@attrs.frozen(kw_only=True)
class _Look:
    """
    One look at a purchase.

    Attributes:
        keys: those that may be held; of a purchase that fell, those that came before.
        consumed: what becomes of the webhook that led to the look; None where our own poll did.
    """

    res: PlacedReservation
    purchase: Purchase
    keys: tuple[SupplierKey, ...]
    consumed: ConsumedWebhook | None


async def finalize_delivery(
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
        await work.finish(order, mismatch(res), end=_end_after(work, res, consumed), consumed=consumed)
        return
    keys = await _keys_of(work, order, purchase, res.plan, event)
    await _hold(work, order, _Look(res=res, purchase=purchase, keys=keys, consumed=consumed))


async def _keys_of(
    work: Work, order: Order, purchase: Purchase, plan: Plan, event: SupplierEvent | None
) -> tuple[SupplierKey, ...]:
    """The keys that are there; of a refunded purchase none: they went back, and nobody may have them any more."""
    if purchase.word is SupplierWord.REFUNDED:
        return ()
    keys = await work.shop.supplier.keys_of(purchase.supplier_order_id)
    if keys or event is None or purchase.word in DEAD_WORDS:
        return keys
    return _key_in(event, order, plan)


def _key_in(event: SupplierEvent, order: Order, plan: Plan) -> tuple[SupplierKey, ...]:
    """The key inside a signed event, which counts only while exactly one unit is owed."""
    owed = [unit for unit in order.owed if unit.id in plan.units]
    if event.material is None or event.material_id is None or len(owed) != 1:
        return ()
    product = next(item.supplier_product_id for item in plan.items if owed[0].id in item.units)
    return (SupplierKey(id=event.material_id, product_id=product, material=event.material),)


async def _hold(work: Work, order: Order, look: _Look) -> None:
    """Seal and write; a key that another order holds is left out and told, never fought over."""
    vault, plan, link_id = work.shop.vault, look.res.plan, work.shop.ids.link_id()
    taken: set[SupplierKeyId] = set()
    while True:
        found = match_keys(order, plan, [key for key in look.keys if key.id not in taken])
        seals = await seal(vault, order, found.fitting)
        hold = HoldKeys(
            number=plan.number,
            keys=seals,
            link_id=link_id,
            link_expires_at=work.now + work.shop.policy.link_expires,
        )
        # Keys first: those of a purchase that has just been cancelled were paid for, too.
        word = RecordSupplierWord(number=plan.number, word=look.purchase.word)
        brought = len(found.fitting) + len(taken) + _brought(order, plan)
        told = (*_tell(work, look, brought, found.surplus), *(_taken(plan, key_id) for key_id in sorted(taken)))
        end = _end_after(work, look.res, look.consumed)
        try:
            after = await work.finish(order, hold, word, *told, end=end, consumed=look.consumed)
        except AlreadyTaken as clash:
            await discard(vault, seals)  # nothing was written
            if clash.name not in {one.supplier_key_id for one in seals}:
                raise
            taken.add(SupplierKeyId(clash.name))
        else:
            await discard_unused(vault, after, seals)
            return


def _brought(order: Order, plan: Plan) -> int:
    """How many keys of a purchase we have had, those among them that turned out bad."""
    had = (unit for unit in order.units if not isinstance(unit, OwedUnit) and unit.id in plan.units)
    return sum(unit.reservation == plan.number for unit in had)


def _end_after(work: Work, res: PlacedReservation, consumed: ConsumedWebhook | None) -> EndOf:
    """A webhook is over once it was followed; what is still to come is the business of the purchase's own job."""

    def end(after: Order) -> JobEnd:
        number = res.plan.number
        waits = isinstance(after.reservation(number), PlacedReservation) or after.unconfirmed(number)
        return next_look(work, res.plan) if waits and consumed is None else Done()

    return end


def next_look(work: Work, plan: Plan) -> Snooze:
    """Put off the purchase's own job to the next rung of the ladder; a preorder, to its release at the earliest."""
    pause = rung(work.shop.policy.supplier_poll, work.job.snoozes + 1)
    return Snooze(until=max(work.now + pause, release_of(plan)))


def release_of(plan: Plan) -> datetime:
    """When the supplier may be expected to deliver: from the start, or, for a preorder, from its day on."""
    day = plan.release_date
    return datetime.min.replace(tzinfo=UTC) if day is None else datetime.combine(day, time.min, tzinfo=UTC)


def _tell(work: Work, look: _Look, shown: int, surplus: int) -> tuple[OrderCommand, ...]:
    """
    What a person should know of this look: too few keys, too many, or too slow.

    Args:
        shown: how many of the keys are such as were bought.
        surplus: how many are not.
    """
    told: list[OrderCommand] = []
    plan = look.res.plan
    wanted = len(plan.units)
    complete = look.purchase.word is SupplierWord.COMPLETED
    if complete and shown < wanted and work.job.snoozes >= _LOOKS_BEFORE_MISSING:
        text = f"The supplier calls the purchase complete, but shows {shown} of {wanted} keys."
        told.append(about_keys(FindingReason.KEYS_MISSING, plan, text))
    if surplus:
        told.append(too_many(plan, surplus))
    since = max(look.res.placed_at, release_of(plan))
    still_to_come = shown < wanted and look.purchase.word not in DEAD_WORDS
    if still_to_come and work.now - since > work.shop.policy.supplier_alarm:
        text = f"The supplier has not delivered for {_hours(work.now - since)} hours."
        told.append(about_keys(FindingReason.SUPPLIER_SLOW, plan, text))
    return tuple(told)


def _hours(duration: timedelta) -> int:
    return int(duration / timedelta(hours=1))


def too_many(plan: Plan, surplus: int) -> OpenFinding:
    """Tell of keys that fit no unit: they are not downloaded into anything."""
    text = f"The supplier shows {surplus} key(s) more than were bought; they are left alone."
    return about_keys(FindingReason.KEYS_SURPLUS, plan, text)


def about_keys(reason: FindingReason, plan: Plan, text: str) -> OpenFinding:
    """Tell something of a purchase that holds nobody up."""
    return OpenFinding(reason=reason, subject=plan.ref, text=text, blocking=False)


def _taken(plan: Plan, key_id: SupplierKeyId) -> OpenFinding:
    return OpenFinding(
        reason=FindingReason.KEY_TAKEN,
        subject=f"{plan.ref}:{key_id}",
        text=f"The supplier handed out key {key_id}, which another order holds.",
        blocking=True,
    )


def mismatch(res: PlacedReservation | CompletedReservation) -> OpenFinding:
    """Tell of a purchase that the supplier shows under a reference that is not ours."""
    return OpenFinding(
        reason=FindingReason.SUPPLIER_MISMATCH,
        subject=res.supplier_order_id,  # a finding about the reservation's cost may be open, too
        text=f"The supplier shows purchase {res.supplier_order_id} under another reference; no key of it is taken.",
        blocking=True,
    )
