"""
Pausing all buying and letting it go on, and the question before each purchase whether it may be sent.

A purchase that may not be sent waits: its job is put off, which costs no attempt, and is due again as soon as the pause
is lifted. A machine's pause needs nobody: the job that finds it over tries the limit again.
"""

from __future__ import annotations

from bitloot_core.order.actions import Action
from bitloot_core.order.buying import Balance, Buying, BuyingPaused, Pause, PauseHolder
from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.ports.jobs import Snooze
from bitloot_core.usecases.deeds import Deed
from bitloot_core.usecases.shop import Shop
from bitloot_core.usecases.work import Work


async def pause_buying(shop: Shop, *, by: str, reason: str) -> Pause:
    """
    Stop all buying until a person lets it go on. Idempotent: who paused first, and why, stays.

    Purchases that were sent are still looked up, and keys collected, sealed and delivered.
    """
    now = shop.clock.now()
    pause = Pause(holder=PauseHolder.OPERATOR, by=by, reason=reason, since=now)
    deed = Deed(action=Action.PAUSE, by=by, reason=reason)
    return await shop.switches.pause(pause, act=deed.done(at=now, order_id=None))


async def resume_buying(shop: Shop, *, by: str, reason: str) -> tuple[Pause, ...]:
    """
    Let buying go on, whoever had paused it. Idempotent.

    A limit that had paused it is lifted: the day's spending is counted anew from now on, the floor of the balance does
    not hold for the rest of the day (UTC).

    Returns:
        The pauses that are over with it.
    """
    now = shop.clock.now()
    deed = Deed(action=Action.RESUME, by=by, reason=reason)
    return await shop.switches.resume(by=by, reason=reason, at=now, act=deed.done(at=now, order_id=None))


async def is_restoring(work: Work) -> bool:
    """
    Whether buying waits for older books to be brought in line with the world.

    Such books may have forgotten a purchase. It is taken over before anything is bought again, so it is looked for
    while buying is paused, too.
    """
    return (await work.shop.switches.buying()).is_held_by(PauseHolder.RESTORE, work.now)


async def may_buy(work: Work) -> Buying | None:
    """
    Ask before a purchase is prepared, so that a pause costs no call to the supplier; the claim asks again.

    Returns:
        What is known of the shop's buying; None if it is paused, and the job was put off.

    Raises:
        Unavailable: there is a floor, and the balance cannot be read now.
    """
    shop, now = work.shop, work.now
    buying = await shop.switches.buying()
    pause = buying.pause_at(now)
    if pause is not None:
        await _wait(work, pause)
        return None
    if shop.policy.budget.needs_reading(buying, now):
        await shop.switches.note_balance(Balance(left=await shop.supplier.balance(), at=now))
    return buying


async def wait_for_buying(work: Work, paused: BuyingPaused) -> None:
    """Put a purchase off whose claim was refused; if it would have broken a limit, all buying waits with it."""
    if paused.is_new:
        await work.shop.switches.pause(paused.pause, finding=_finding(work.shop, paused.pause))
    await _wait(work, paused.pause)


async def go_on_buying(work: Work, buying: Buying) -> None:
    """After a purchase was claimed: take away the pauses that are over, and let the others who wait know."""
    over = buying.over_at(work.now)
    if over:
        await work.shop.switches.lift(over, by="system", at=work.now)


async def _wait(work: Work, pause: Pause) -> None:
    await work.end(Snooze(until=pause.until or work.now + work.shop.policy.budget.look_again))


def _finding(shop: Shop, pause: Pause) -> Finding:
    return Finding(
        id=shop.ids.finding_id(),
        order_id=None,
        reason=FindingReason.BUYING_PAUSED,
        subject=str(pause.holder),
        text=f"Buying is paused: {pause.reason}. It goes on by itself when there is room, or when a person resumes it.",
        amount=None,
        blocking=False,
        opened_at=pause.since,
    )
