"""
Telling the operator: an alert is issued when there is something to tell, and sent until it arrives.

Nothing here is part of an order's life. Findings are read as they stand, so no write of an order knows of alerts, and
none waits for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import attrs

from bitloot_core.order.alerts import Alert, AlertKind, Trouble, decide_alert, decide_pause
from bitloot_core.ports.alerts import (
    GONE,
    AlertBook,
    AlertChannel,
    ChannelId,
    ClaimedAlert,
    Closed,
    Delivered,
    Failed,
    SendEnd,
)
from bitloot_core.ports.system import Clock, Ids
from bitloot_core.values.errors import PortError, Rejected, Unavailable
from bitloot_core.values.ids import AlertId

_LONGEST_ERROR = 300


@attrs.frozen(kw_only=True)
class AlertRules:
    """
    How patient alerts are.

    Attributes:
        window: how long an alert gathers, from the first thing that it tells of.
        lasting: a trouble of the service that nobody has seen for so long is over.
        lease: how long a claimed alert is ours; longer than any channel may take.
    """

    window: timedelta = timedelta(minutes=5)
    lasting: timedelta = timedelta(minutes=3)
    lease: timedelta = timedelta(minutes=2)


@attrs.frozen(kw_only=True)
class AlertDesk:
    """What alerting works with."""

    book: AlertBook
    clock: Clock
    ids: Ids
    rules: AlertRules = attrs.field(factory=AlertRules)


async def note_troubles(
    desk: AlertDesk, wrong: Sequence[tuple[str, str]], *, channels: Sequence[ChannelId] = ()
) -> None:
    """
    Note what is wrong with the service itself, by name and in a few words. It is told if it lasts.

    Args:
        channels: one of these that has been broken for a whole window is noted, too: the others tell of it.

    Raises:
        Unavailable: the book cannot be read or written.
    """
    now = desk.clock.now()
    troubles = [Trouble(name=name, text=text, since=now) for name, text in wrong]
    for channel in channels:
        state = await desk.book.state(channel)
        if state.failing_since is not None and now - state.failing_since >= desk.rules.window:
            text = state.last_error or "it fails"
            troubles.append(Trouble(name=_name_of(channel), text=text, since=now))
    if troubles:
        await desk.book.note(troubles, now=now, lasting=desk.rules.lasting)


async def tell(desk: AlertDesk, channel: AlertChannel) -> SendEnd | None:
    """
    Bring a channel up to date: issue an alert if there is something to tell, and send what is under way.

    To be called again and again, by any number of processes: of several at once, one sends. While nothing is under way
    it only reads.

    Returns:
        How a try ended; None if nothing was tried.

    Raises:
        Unavailable: the book cannot be read or written; what was sent is sent again, under the same id.
        Unknown: a write gave no answer; the same holds.
    """
    state, now = await desk.book.state(channel.id), desk.clock.now()
    if state.under_way_since is None and not await _issue(desk, channel.id, after=state.last_id):
        return None
    if state.closed_at is not None or (state.due_at is not None and state.due_at > now):
        return None
    claimed = await desk.book.claim(channel.id, now=now, lease=desk.rules.lease, token=desk.ids.token())
    if claimed is None:
        return None
    end = await _try(desk, channel, claimed)
    await desk.book.end(claimed, end, now=desk.clock.now())
    return end


async def send_test(desk: AlertDesk, channel: AlertChannel) -> Alert:
    """
    Send a test at once, past the book. A channel that takes it is open again.

    Raises:
        PortError: it did not get through; of the kinds that `AlertChannel.send` names.
    """
    alert = Alert(id=fresh_id(desk.ids), kind=AlertKind.TEST, at=desk.clock.now())
    await channel.send(alert)
    await desk.book.open_again(channel.id, now=desk.clock.now())
    return alert


def fresh_id(ids: Ids) -> AlertId:
    """Name an alert as nobody has named one before."""
    return AlertId(f"alert_{ids.token()}")


async def _issue(desk: AlertDesk, channel: ChannelId, *, after: AlertId | None) -> bool:
    """Put an alert on its way if there is something to tell; whether it is ours."""
    now = desk.clock.now()
    known = await desk.book.news(channel, seen_since=now - desk.rules.lasting)
    # That it was broken itself is no news by the time that it can tell.
    others = tuple(trouble for trouble in known.troubles if trouble.name != _name_of(channel))
    news = attrs.evolve(known, troubles=others)
    alert = decide_alert(news, alert_id=fresh_id(desk.ids), now=now, window=desk.rules.window)
    return alert is not None and await desk.book.issue(channel, alert, news, after=after, now=now)


def _name_of(channel: ChannelId) -> str:
    return f"alerts by {channel.name}"


async def _try(desk: AlertDesk, channel: AlertChannel, claimed: ClaimedAlert) -> SendEnd:
    try:
        await channel.send(claimed.alert)
    except Exception as error:  # noqa: BLE001  # a fault of its own breaks a channel, too: the others tell of it
        return _failure(desk, claimed, error)
    return Delivered()


def _failure(desk: AlertDesk, claimed: ClaimedAlert, error: Exception) -> SendEnd:
    told = str(error)[:_LONGEST_ERROR] if isinstance(error, PortError) else type(error).__name__
    if isinstance(error, Rejected) and error.code == GONE:
        return Closed(error=told)
    asked = error.retry_after if isinstance(error, Unavailable) else None
    pause = decide_pause(claimed.attempts, desk.ids.fraction(), asked=asked)
    return Failed(again_at=desk.clock.now() + pause, error=told)
