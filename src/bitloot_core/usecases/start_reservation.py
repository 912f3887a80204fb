"""
Buying: looked up before it is bought, claimed in writing before it is sent, and never sent twice blindly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from bitloot_core.order.buying import Buying, BuyingPaused
from bitloot_core.order.commands import (
    ClaimPurchase,
    OpenFinding,
    RecordPurchase,
    RecordPurchaseDoubt,
    RecordPurchaseRefusal,
    ReleasePurchase,
)
from bitloot_core.order.decide import decide
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import number_of
from bitloot_core.order.order import Order, Refunded
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.reservations import (
    DEAD_WORDS,
    ClaimedReservation,
    DoubtfulReservation,
    Plan,
    PlannedReservation,
)
from bitloot_core.ports.jobs import Done, Snooze
from bitloot_core.ports.supplier import Purchase
from bitloot_core.usecases.buying import go_on_buying, is_restoring, may_buy, wait_for_buying
from bitloot_core.usecases.compare_purchases import other_contents, wanted_of
from bitloot_core.usecases.live_prices import AboveCap, WithinCap, look_at_prices
from bitloot_core.usecases.work import Work
from bitloot_core.values.errors import AlreadyTaken, Rejected, Unavailable, Unknown
from bitloot_core.values.ids import ExternalRef, order_of

_LEAST_LEASE = 1 / 3
"""The part of a lease that must be left before a purchase is sent: a worker that was stalled must not send it late."""


async def start_reservation(work: Work, ref: ExternalRef) -> None:
    """
    Bring one reservation forward: buy it, or find out whether it was bought.

    Idempotent under `ref`: whatever happened before, at most one purchase lives under it.
    """
    order = await work.shop.orders.get(order_of(ref))
    res = order.reservation(number_of(ref))
    if isinstance(res, ClaimedReservation):  # whoever claimed it is gone: the lease is ours
        order = await work.go_on(order, RecordPurchaseDoubt(number=res.plan.number))
        res = order.reservation(res.plan.number)
    match res:
        case PlannedReservation():
            if await is_restoring(work) and await _adopt(work, order, ref):
                return
            buying = await may_buy(work)
            if buying is not None and not await _adopt(work, order, ref):
                await _buy(work, order, res.plan, buying)
        case DoubtfulReservation():
            await _look_up(work, order, res)
        case _:
            await work.end(Done())


async def _adopt(work: Work, order: Order, ref: ExternalRef) -> bool:
    """Take over what the supplier has under our reference, if it has anything."""
    found = await work.shop.supplier.find(ref)
    if not found:
        return False
    number = number_of(ref)
    alive = [one for one in found if one.word not in DEAD_WORDS] or list(found)
    try:
        await work.finish(order, *(_record(number, one) for one in alive), *_contradictions(order, number, alive))
    except AlreadyTaken as taken:
        await _tell_taken(work, order, ref, taken)
    return True


def _contradictions(order: Order, number: int, found: Sequence[Purchase]) -> Iterator[OpenFinding]:
    """Put before a person what lives under our reference and is not what was asked for: it is paid for all the same."""
    res = order.reservation(number)
    for purchase in found:
        if res is None or dict(purchase.quantities) != wanted_of(res.plan):
            yield OpenFinding(
                reason=FindingReason.SUPPLIER_MISMATCH,
                subject=purchase.supplier_order_id,
                text=other_contents(purchase),
                blocking=True,
            )


def _record(number: int, purchase: Purchase) -> RecordPurchase:
    return RecordPurchase(
        number=number,
        supplier_order_id=purchase.supplier_order_id,
        charged=purchase.charged,
        word=purchase.word,
    )


async def _buy(work: Work, order: Order, plan: Plan, buying: Buying) -> None:
    """
    Look at the price, claim in writing, then send.

    The claim is where money that counts is demanded, and that nothing stops buying. What could not be claimed as it is
    now needs no look: that it would be too dear is nobody's business then.
    """
    claim = ClaimPurchase(number=plan.number)
    try:
        decide(order, claim, now=work.now, policy=work.shop.policy)
    except TransitionRefused as refusal:
        await _not_now(work, order, plan.ref, refusal)
        return
    look = await look_at_prices(work, order, plan)
    if isinstance(look, AboveCap):
        await _too_dear(work, order, plan, look)
        return
    if _is_too_late(work):
        await work.snooze(timedelta(0))
        return
    try:
        order = await work.go_on(order, claim)
    except TransitionRefused as refusal:
        await _not_now(work, order, plan.ref, refusal)
        return
    except BuyingPaused as paused:
        await wait_for_buying(work, paused)
        return
    await _send(work, order, plan, look)
    await go_on_buying(work, buying)


async def _too_dear(work: Work, order: Order, plan: Plan, look: AboveCap) -> None:
    """
    Put the price before a person, who buys anew or gives the money back.

    A purchase in doubt stays in doubt: that it would be too dear today says nothing of whether it was made.
    """
    if isinstance(order.reservation(plan.number), DoubtfulReservation):
        text = f"Not sent again: {look.text}. Retry looks for it, and at the price, once more."
        await work.finish(order, _finding(FindingReason.PRICE_ABOVE_CAP, plan.ref, text))
        return
    refused = RecordPurchaseRefusal(number=plan.number, code=FindingReason.PRICE_ABOVE_CAP, reason=look.text)
    await work.finish(order, refused)


async def _send(work: Work, order: Order, plan: Plan, look: WithinCap) -> None:
    """Send a purchase that is claimed, and write down what came of it."""
    if _is_too_late(work) or look.is_stale(work):  # the claim itself can have taken long
        await work.finish(order, ReleasePurchase(number=plan.number), end=Snooze(until=work.now))
        return
    try:
        purchase = await work.shop.supplier.reserve(plan.items, ref=plan.ref)
    except Rejected as refusal:
        refused = RecordPurchaseRefusal(number=plan.number, code=refusal.code, reason=refusal.reason)
        await work.finish(order, refused)
    except Unavailable as away:
        await work.go_on(order, ReleasePurchase(number=plan.number))
        # Somebody in front of the supplier may have answered for it: a purchase that went through all the same gets
        # the time to be found before the next one is sent.
        least = work.shop.policy.lookups()[0]
        raise Unavailable(away.port, away.reason, retry_after=max(away.retry_after or least, least)) from away
    except Unknown:
        first = Snooze(until=work.now + work.shop.policy.lookups()[0])
        await work.finish(order, RecordPurchaseDoubt(number=plan.number), end=first)
    else:
        try:
            await work.finish(order, _record(plan.number, purchase))
        except AlreadyTaken as taken:
            await _tell_taken(work, order, plan.ref, taken)


def _is_too_late(work: Work) -> bool:
    return work.left < work.shop.policy.lease * _LEAST_LEASE


async def _look_up(work: Work, order: Order, res: DoubtfulReservation) -> None:
    """Ask by our reference; send again only when the quiet window has passed without a find."""
    if await _adopt(work, order, res.plan.ref):
        return
    since = work.now - res.claimed_at
    later = next((pause for pause in work.shop.policy.lookups() if pause > since), None)
    if later is not None:
        await work.end(Snooze(until=res.claimed_at + later))
        return
    if isinstance(order.closing, Refunded):  # no pause in buying holds this up: it ends what a limit counts as doubt
        await _give_up(work, order, res.plan.number)
        return
    buying = await may_buy(work)
    if buying is not None:
        await _buy(work, order, res.plan, buying)


async def _not_now(work: Work, order: Order, ref: ExternalRef, refusal: TransitionRefused) -> None:
    """The claim was refused: somebody else is at it, a person decides, or there is nothing (more) to buy."""
    match refusal.code:
        case "closed" if isinstance(order.reservation(number_of(ref)), DoubtfulReservation):
            await _give_up(work, order, number_of(ref))
        case "closed":
            await work.end(Done())
        case "parked":
            await work.snooze(work.shop.policy.supplier_poll[-1])  # taking the order up again brings it forward
        case "operator-decides":
            text = "The supplier gave no answer to a purchase and shows none; retry sends it again."
            await work.finish(order, _finding(FindingReason.SUPPLIER_DOUBT, ref, text))
        case "not-paid" if any(one.blocking for one in order.findings):
            await work.end(Done())  # it is in front of a person already
        case "not-paid":
            text = "A purchase waits, and no payment of the order counts any more: let one count, or record the refund."
            await work.finish(order, _finding(FindingReason.PAYMENT_RETURNED, ref, text))
        case _:
            await work.snooze(work.shop.policy.lookups()[0])


async def _give_up(work: Work, order: Order, number: int) -> None:
    """The money went back: nothing is sent any more, and what may have been sent never showed itself."""
    text = "the order was closed, and the supplier shows no such purchase"
    await work.finish(order, RecordPurchaseRefusal(number=number, code="closed", reason=text))


async def _tell_taken(work: Work, order: Order, ref: ExternalRef, taken: AlreadyTaken) -> None:
    """The supplier named a purchase that another order holds: nothing is taken over, and a person looks."""
    text = f"The supplier answered with a purchase that is not ours to take: {taken}."
    told = _finding(FindingReason.SUPPLIER_MISMATCH, ref, text)
    await work.finish(order, RecordPurchaseDoubt(number=number_of(ref)), told)


def _finding(reason: FindingReason, ref: ExternalRef, text: str) -> OpenFinding:
    return OpenFinding(reason=reason, subject=ref, text=text, blocking=True)
