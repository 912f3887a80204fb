"""
What waits, and what the staff did, as people read it.
"""

from __future__ import annotations

from datetime import datetime

from rich.console import RenderableType

from bitloot_core.order.guide import GUIDE
from bitloot_core.ports.audit import ActRow
from bitloot_core.ports.queries import FindingRow, JobRow, Page
from bitloot_core.usecases.replay_webhooks import ReplayOutcome, Replays
from bitloot_http.ages import age
from bitloot_http.cli.tables import listed, plain_table, quoted, word


def findings_table(page: Page[FindingRow], now: datetime) -> RenderableType:
    """Findings, one a line, with the likeliest actions."""
    table = plain_table("finding", "reason", "what", "amount", "opened", "order", "you can")
    for row in page.items:
        finding = row.finding
        settled = row.resolution and f"settled by {row.resolved_by}: {row.resolution}"
        table.add_row(
            finding.id,
            str(finding.reason),
            quoted(finding.text),
            quoted(finding.amount or ""),
            age(finding.opened_at, now),
            finding.order_id or "",
            quoted(settled or ", ".join(GUIDE[finding.reason].actions)),
        )
    return listed(table, page, "There are no such findings.")


def jobs_table(page: Page[JobRow], now: datetime) -> RenderableType:
    """Jobs, one a line."""
    table = plain_table(">job", "name", "about", "status", ">tries", "due", "last error")
    for row in page.items:
        due = "" if row.status in {"done", "dead"} else age(row.due_at, now)
        table.add_row(
            str(row.id),
            row.name,
            quoted(row.ref),
            word(row.status),
            str(row.attempts),
            due,
            quoted(row.last_error or ""),
        )
    return listed(table, page, "There are no such jobs.")


def acts_table(page: Page[ActRow], now: datetime) -> RenderableType:
    """What the staff did, one act a line."""
    table = plain_table("when", "who", "what", "order", "to what", "why")
    for row in page.items:
        act = row.act
        table.add_row(
            age(act.at, now), quoted(act.actor), act.action, act.order_id or "", quoted(act.subject), quoted(act.reason)
        )
    return listed(table, page, "The staff has done nothing of that kind.")


_OUTCOMES = {
    ReplayOutcome.RUNS: ("would run", "runs again"),
    ReplayOutcome.SAYS_NOTHING: ("says nothing", "says nothing"),
    ReplayOutcome.BODY_PRUNED: ("too old", "too old"),
    ReplayOutcome.UNREADABLE: ("does not open", "does not open"),
}
"""What comes of a webhook in a dry run, and in a real one."""


def replays_table(replays: Replays, *, dry_run: bool) -> RenderableType:
    """Webhooks that run again or would, one a line."""
    table = plain_table(">webhook", "order", "comes to", "what is looked at")
    for one in replays.items:
        table.add_row(str(one.id), one.order_id or "", _OUTCOMES[one.outcome][0 if dry_run else 1], quoted(one.about))
    page = Page(items=replays.items, next_cursor=replays.next_cursor)
    return listed(table, page, "There are no such webhooks.")
