"""
An alert in words, for whoever reads it on a phone at night: what waits, how much is at stake, where to look.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import attrs

from bitloot_core.order.alerts import Alert, AlertGroup, AlertKind
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.guide import GUIDE

_SCHEMES = ("https://", "http://")


@attrs.frozen(kw_only=True)
class AlertText:
    """
    What a person reads.

    Attributes:
        subject: one line.
        body: lines of text; every link on a line of its own.
    """

    subject: str
    body: str


def alert_text(alert: Alert, *, public_url: str) -> AlertText:
    """
    Put an alert into words. The same alert has the same words, however often it is sent.

    Args:
        public_url: where the shop is, without a slash at the end; its name and its links begin with it.
    """
    shop = public_url.removeprefix(_SCHEMES[0]).removeprefix(_SCHEMES[1])
    if alert.kind is AlertKind.TEST:
        return AlertText(
            subject=f"[BitLoot] {shop}: a test",
            body=f"This is a test: alerts of {shop} arrive here. Nothing waits for you because of it.\n\n{_end(alert)}",
        )
    headline = _headline(alert)
    at_stake = ", ".join(map(str, alert.amounts))
    blocks = [
        f"At {shop}: {headline}.",
        *([f"At stake: {at_stake}."] if at_stake else []),
        *("\n".join(_told(group, public_url)) for group in alert.groups),
        *([_troubles(alert)] if alert.troubles else []),
        *([f"Still open besides, and told before: {alert.still_open}."] if alert.still_open else []),
        f"All that waits:\n{findings_url(public_url)}",
        _end(alert),
    ]
    in_brackets = f" ({at_stake})" if at_stake else ""
    return AlertText(subject=f"[BitLoot] {shop}: {headline}{in_brackets}", body="\n\n".join(blocks))


def findings_url(public_url: str, reason: FindingReason | None = None) -> str:
    """Where the console lists what waits: all of it, or what has one reason."""
    return f"{public_url}/console/findings" + ("" if reason is None else f"?reason={reason}")


def oldest_url(public_url: str, group: AlertGroup) -> str | None:
    """Where the console shows the order that the oldest finding of a group is about; None if it is about none."""
    return None if group.oldest_order is None else f"{public_url}/console/orders/{group.oldest_order}"


def _headline(alert: Alert) -> str:
    names = ", ".join(trouble.name for trouble in alert.troubles)
    wrong = f"not in order: {names}" if names else ""
    if not alert.groups:
        return wrong
    waits = "1 finding waits for you" if alert.count == 1 else f"{alert.count} findings wait for you"
    return f"{waits}; {wrong}" if wrong else waits


def _told(group: AlertGroup, public_url: str) -> Iterator[str]:
    stake = f", at stake {', '.join(map(str, group.amounts))}" if group.amounts else ""
    yield f"{group.count} x {group.reason}, the oldest since {_when(group.oldest_at)}{stake}"
    yield GUIDE[group.reason].means
    yield f"Can it wait? {GUIDE[group.reason].can_wait}"
    yield findings_url(public_url, group.reason)
    oldest = oldest_url(public_url, group)
    if oldest is not None:
        yield f"The oldest:\n{oldest}"


def _troubles(alert: Alert) -> str:
    lines = (f"  {one.name}: {one.text} (since {_when(one.since)})" for one in alert.troubles)
    return "\n".join(("Not in order, as the service itself sees it:", *lines))


def _end(alert: Alert) -> str:
    return f"Written at {_when(alert.at)}. The handbook has a section for each word: docs/handbook/findings.md."


def _when(at: datetime) -> str:
    """
    A time as people read it, without the part that nobody needs.

    >>> _when(datetime(2026, 1, 5, 12, 0, 30, tzinfo=UTC))
    '2026-01-05 12:00 UTC'
    """
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
