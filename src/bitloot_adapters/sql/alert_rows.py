"""
The statements of the alerts. A channel is one row, so whoever changes it first holds the others up.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.engine import Connection

from bitloot_adapters.sql.columns import micros, moment, moment_or_none, storable
from bitloot_adapters.sql.mapping import dump_alert, load_alert, load_finding
from bitloot_adapters.sql.statements import Statement
from bitloot_core.order.alerts import Alert, News, Trouble, UntoldFinding
from bitloot_core.ports.alerts import (
    MOST_TOLD,
    ChannelId,
    ChannelState,
    ClaimedAlert,
    Closed,
    Delivered,
    Failed,
    SendEnd,
)
from bitloot_core.values.ids import AlertId

_STATE = Statement("SELECT * FROM alert_channels WHERE id = :id")
_UNTOLD = Statement(
    "SELECT f.state FROM findings f WHERE f.resolved_at IS NULL AND NOT EXISTS "
    "(SELECT 1 FROM alert_told t WHERE t.channel = :channel AND t.subject = f.id) "
    "ORDER BY f.opened_at, f.id LIMIT :most"
)
_STILL_OPEN = Statement(
    "SELECT COUNT(*) AS count FROM findings f WHERE f.resolved_at IS NULL AND EXISTS "
    "(SELECT 1 FROM alert_told t WHERE t.channel = :channel AND t.subject = f.id)"
)
_TROUBLES = Statement("SELECT * FROM alert_troubles WHERE seen_at >= :since ORDER BY since, name")
_IS_TOLD = Statement("SELECT 1 AS one FROM alert_told WHERE channel = :channel AND subject = :subject")
_NOTE = Statement(
    "INSERT INTO alert_troubles (name, told, since, seen_at) VALUES (:name, :told, :since, :now) "
    "ON CONFLICT (name) DO UPDATE SET told = excluded.told, seen_at = excluded.seen_at, "
    "since = CASE WHEN alert_troubles.seen_at <= :over THEN excluded.since ELSE alert_troubles.since END"
)
_ISSUE = Statement(
    "INSERT INTO alert_channels (id, target, last_id, under_way, made_at, attempts, due_at) "
    "VALUES (:id, :target, :alert_id, :alert, :made_at, 0, :now) "
    "ON CONFLICT (id) DO UPDATE SET target = excluded.target, last_id = excluded.last_id, "
    "under_way = excluded.under_way, made_at = excluded.made_at, attempts = 0, due_at = excluded.due_at, "
    "lease_token = NULL, lease_until = NULL "
    "WHERE alert_channels.under_way IS NULL AND COALESCE(alert_channels.last_id, '') = :after"
)
_TELL = Statement(
    "INSERT INTO alert_told (channel, subject, alert_id, at) VALUES (:channel, :subject, :alert_id, :at) "
    "ON CONFLICT DO NOTHING"
)
_CLAIM = Statement(
    "UPDATE alert_channels SET lease_token = :token, lease_until = :until, "
    "attempts = CASE WHEN target = :target THEN attempts + 1 ELSE 1 END, "
    "failing_since = CASE WHEN target = :target THEN failing_since END, "
    "last_error = CASE WHEN target = :target THEN last_error END, closed_at = NULL, target = :target "
    "WHERE id = :id AND under_way IS NOT NULL AND (lease_until IS NULL OR lease_until <= :now) "
    "AND (target <> :target OR (due_at <= :now AND closed_at IS NULL)) RETURNING under_way, attempts"
)
_DELIVERED = Statement(
    "UPDATE alert_channels SET under_way = NULL, made_at = NULL, attempts = 0, due_at = NULL, lease_token = NULL, "
    "lease_until = NULL, failing_since = NULL, last_error = NULL, closed_at = NULL, delivered_at = :now "
    "WHERE id = :id AND lease_token = :token"
)
_FAILED = Statement(
    "UPDATE alert_channels SET due_at = :again, lease_token = NULL, lease_until = NULL, last_error = :error, "
    "failing_since = COALESCE(failing_since, :now), closed_at = :closed WHERE id = :id AND lease_token = :token"
)
_OPEN = Statement(
    "INSERT INTO alert_channels (id, target, delivered_at) VALUES (:id, :target, :now) "
    "ON CONFLICT (id) DO UPDATE SET target = excluded.target, delivered_at = excluded.delivered_at, attempts = 0, "
    "failing_since = NULL, last_error = NULL, closed_at = NULL, "
    "due_at = CASE WHEN alert_channels.under_way IS NULL THEN NULL ELSE excluded.delivered_at END"
)
_PRUNE = Statement(
    "DELETE FROM alert_told WHERE at < :before AND NOT EXISTS "
    "(SELECT 1 FROM findings f WHERE f.id = alert_told.subject AND f.resolved_at IS NULL)"
)


def read_state(connection: Connection, channel: ChannelId) -> ChannelState:
    """How a channel stands."""
    row = _STATE.first(connection, {"id": channel.name})
    if row is None:
        return ChannelState()
    is_same = row.target == channel.target
    return ChannelState(
        last_id=None if row.last_id is None else AlertId(row.last_id),
        under_way_since=moment_or_none(row.made_at),
        attempts=row.attempts if is_same else 0,
        due_at=moment_or_none(row.due_at if is_same else row.made_at),
        failing_since=moment_or_none(row.failing_since) if is_same else None,
        last_error=row.last_error if is_same else None,
        delivered_at=moment_or_none(row.delivered_at),
        closed_at=moment_or_none(row.closed_at) if is_same else None,
    )


def read_news(connection: Connection, channel: ChannelId, seen_since: datetime) -> News:
    """What it has not told of."""
    rows = _UNTOLD.all(connection, {"channel": channel.name, "most": MOST_TOLD})
    lasting = map(_trouble, _TROUBLES.all(connection, {"since": micros(seen_since)}))
    return News(
        findings=tuple(_untold(row.state) for row in rows),
        troubles=tuple(one for one in lasting if not _is_told(connection, channel, one)),
        told=_STILL_OPEN.first(connection, {"channel": channel.name}).count,
    )


def note_troubles(connection: Connection, troubles: Iterable[Trouble], now: datetime, lasting: timedelta) -> None:
    """Note what is wrong."""
    times = {"now": micros(now), "over": micros(now - lasting)}
    # In one order, so that two who note the same do not wait for each other.
    rows = [
        {"name": one.name, "told": storable(one.text), "since": micros(one.since), **times}
        for one in sorted(troubles, key=lambda trouble: trouble.name)
    ]
    _NOTE.change_each(connection, rows)


def issue(
    connection: Connection, channel: ChannelId, alert: Alert, news: News, *, after: AlertId | None, now: datetime
) -> bool:
    """Put an alert on its way, unless another was quicker."""
    values = {
        "id": channel.name,
        "target": channel.target,
        "alert_id": alert.id,
        "alert": dump_alert(alert),
        "made_at": micros(alert.at),
        "now": micros(now),
        "after": after or "",
    }
    if not _ISSUE.change(connection, values):
        return False
    subjects = (*(one.id for one in news.findings), *map(_subject, news.troubles))
    told = {"channel": channel.name, "alert_id": alert.id, "at": micros(now)}
    _TELL.change_each(connection, [{**told, "subject": subject} for subject in subjects])
    return True


def claim(
    connection: Connection, channel: ChannelId, now: datetime, lease: timedelta, token: str
) -> ClaimedAlert | None:
    """Take the alert that is under way."""
    values = {
        "id": channel.name,
        "target": channel.target,
        "token": token,
        "now": micros(now),
        "until": micros(now + lease),
    }
    row = _CLAIM.first(connection, values)
    if row is None:
        return None
    return ClaimedAlert(channel=channel, alert=load_alert(row.under_way), token=token, attempts=row.attempts)


def write_end(connection: Connection, claimed: ClaimedAlert, end: SendEnd, now: datetime) -> None:
    """Write down how a try ended."""
    values = {"id": claimed.channel.name, "token": claimed.token, "now": micros(now)}
    match end:
        case Delivered():
            _DELIVERED.change(connection, values)
        case Failed(again_at=again_at, error=error):
            failed = {"again": micros(again_at), "error": storable(error), "closed": None}
            _FAILED.change(connection, values | failed)
        case Closed(error=error):
            closed = {"again": micros(now), "error": storable(error), "closed": micros(now)}
            _FAILED.change(connection, values | closed)


def open_again(connection: Connection, channel: ChannelId, now: datetime) -> None:
    """Forget that the receiver wanted no more."""
    _OPEN.change(connection, {"id": channel.name, "target": channel.target, "now": micros(now)})


def prune(connection: Connection, before: datetime) -> int:
    """Forget what was told before a time, and waits for nobody any more."""
    return _PRUNE.change(connection, {"before": micros(before)})


def _untold(state: str) -> UntoldFinding:
    finding = load_finding(state)
    return UntoldFinding(
        id=finding.id,
        order_id=finding.order_id,
        reason=finding.reason,
        opened_at=finding.opened_at,
        amount=finding.amount,
    )


def _trouble(row: Any) -> Trouble:
    return Trouble(name=row.name, text=row.told, since=moment(row.since))


def _is_told(connection: Connection, channel: ChannelId, trouble: Trouble) -> bool:
    return _IS_TOLD.first(connection, {"channel": channel.name, "subject": _subject(trouble)}) is not None


def _subject(trouble: Trouble) -> str:
    return f"{trouble.name}@{micros(trouble.since)}"
