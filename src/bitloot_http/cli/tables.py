"""
Rows as people read them: pure functions from the ports' rows to tables and lines.

Times are told as ages, since that is what an operator asks; programs get `--json` with the times themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rich import box
from rich.console import Group, JustifyMethod, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bitloot_core.order.status import shown_status
from bitloot_core.order.units import HeldUnit
from bitloot_core.ports.catalogue import Product
from bitloot_core.ports.inbox import StoredWebhook
from bitloot_core.ports.queries import (
    Dossier,
    FindingRow,
    JobRow,
    OrderRow,
    Page,
    ReservationRow,
    TimelineRow,
    WebhookRow,
)
from bitloot_http.ages import age
from bitloot_http.doctor.diagnosis import Diagnosis
from bitloot_http.wire.next_step import next_step

STYLES = {
    "created": "dim",
    "waiting": "yellow",
    "confirming": "yellow",
    "underpaid": "red",
    "expired": "dim",
    "failed": "red",
    "paid": "cyan",
    "fulfilling": "cyan",
    "fulfilled": "green",
    "attention": "bold red",
    "refunded": "magenta",
    "cancelled": "dim",
    "pending": "yellow",
    "processed": "green",
    "ignored": "dim",
    "ready": "yellow",
    "running": "cyan",
    "done": "green",
    "dead": "bold red",
    "ok": "green",
    "warning": "yellow",
    "skipped": "dim",
    "well": "green",
    "failing": "bold red",
    "closed": "bold red",
}
"""How a word of the orders, the webhooks and the jobs looks; any other word is plain."""


def word(text: str) -> Text:
    """A status word in its colour."""
    return Text(text, style=STYLES.get(text, ""))


FORGOTTEN = "forgotten"
"""What stands where the address of a buyer stood."""


def orders_table(page: Page[OrderRow], now: datetime) -> RenderableType:
    """Orders, one a line."""
    table = plain_table("order", "status", "e-mail", ">total", ">keys", "placed", "changed")
    for row in page.items:
        keys = f"{row.units - row.owed}/{row.units}"
        placed, changed = age(row.created_at, now), age(row.updated_at, now)
        table.add_row(row.id, word(row.status), quoted(row.email or FORGOTTEN), str(row.total), keys, placed, changed)
    return listed(table, page, "There are no such orders.")


def products_table(products: Sequence[Product]) -> RenderableType:
    """The catalogue, one product a line."""
    table = plain_table("product", "title", ">price", ">most that it may cost", "keys", "released", "supplier's id")
    for product in products:
        table.add_row(
            product.id,
            quoted(product.title, style="" if product.available else "dim"),
            str(product.price),
            str(product.max_cost),
            str(product.key_type),
            "" if product.release_date is None else product.release_date.isoformat(),
            quoted(product.supplier_product_id),
        )
    return listed(table, Page(items=tuple(products), next_cursor=None), "There are no products yet.")


def webhooks_table(page: Page[WebhookRow], now: datetime) -> RenderableType:
    """Webhooks, one a line."""
    table = plain_table(">id", "source", "type", "about", "status", ">times", "order", "result", "received")
    for row in page.items:
        table.add_row(
            str(row.id),
            row.source,
            quoted(row.type),
            quoted(row.external_id or ""),
            word(row.status),
            str(row.deliveries),
            row.order_id or "",
            quoted(row.result or ""),
            age(row.received_at, now),
        )
    return listed(table, page, "There are no such webhooks.")


def webhook_lines(stored: StoredWebhook, payload: str, now: datetime) -> RenderableType:
    """One webhook with what may be shown of its body."""
    webhook = stored.webhook
    facts = _facts(
        ("source", str(webhook.source)),
        ("type", webhook.type),
        ("about", webhook.external_id or ""),
        ("proved by", webhook.scheme),
        ("status", word(str(stored.status))),
        ("deliveries", str(stored.deliveries)),
        ("order", stored.order_id or ""),
        ("received", age(stored.received_at, now)),
        ("result", stored.result or ""),
    )
    return Group(_heading(f"Webhook {stored.id}"), facts, _heading("Body"), Text(payload))


def order_lines(dossier: Dossier, reservations: Sequence[ReservationRow], now: datetime) -> RenderableType:
    """Everything about one order."""
    order = dossier.order
    held = sum(isinstance(unit, HeldUnit) for unit in order.units)
    facts = _facts(
        ("status", word(shown_status(order))),
        ("e-mail", order.email or FORGOTTEN),
        ("total", str(order.total)),
        ("keys", f"{held} of {len(order.units)} held"),
        ("placed", age(order.created_at, now)),
    )
    parts: list[RenderableType] = [_heading(f"Order {order.id}"), facts]
    lines = plain_table(">quantity", "product", ">price")
    for line in order.lines:
        lines.add_row(str(line.quantity), quoted(line.title), str(line.unit_price))
    parts += [_heading("Bought"), lines]
    for title, table in (
        ("Needs a person", _findings_table(dossier.findings, now)),
        ("Purchases", _reservations_table(reservations, now)),
        ("Timeline", _timeline_table(dossier.timeline)),
        ("Jobs", _jobs_table(dossier.jobs, now)),
        ("Webhooks", webhooks_table(Page(items=dossier.webhooks, next_cursor=None), now)),
    ):
        if not (isinstance(table, Table) and not table.row_count):
            parts += [_heading(title), table]
    return Group(*parts)


def _findings_table(findings: Iterable[FindingRow], now: datetime) -> Table:
    table = plain_table("reason", "what", "amount", "opened", "")
    for row in findings:
        state = Text("open", style="bold red") if row.resolved_at is None else Text("resolved", style="dim")
        finding = row.finding
        opened = age(finding.opened_at, now)
        table.add_row(str(finding.reason), quoted(finding.text), quoted(finding.amount or ""), opened, state)
    return table


def _reservations_table(rows: Iterable[ReservationRow], now: datetime) -> Table:
    table = plain_table(
        "our reference", "status", "what comes next", "the supplier's id", "the supplier says", ">cost", "placed"
    )
    for row in rows:
        table.add_row(
            row.id,
            Text(row.status),
            quoted(next_step(row)),
            quoted(row.supplier_order_id or ""),
            quoted(row.supplier_status or ""),
            "" if row.cost is None else str(row.cost),
            age(row.created_at, now),
        )
    return table


def _timeline_table(rows: Iterable[TimelineRow]) -> Table:
    table = plain_table("at (UTC)", "event", "what happened")
    for row in rows:
        table.add_row(f"{row.at:%Y-%m-%d %H:%M:%S}", Text(row.event, style="dim"), quoted(row.text))
    return table


def _jobs_table(rows: Iterable[JobRow], now: datetime) -> Table:
    table = plain_table("job", "status", ">tries", "due", "last error")
    for row in rows:
        due = "" if row.status in {"done", "dead"} else age(row.due_at, now)
        table.add_row(row.name, word(row.status), str(row.attempts), due, quoted(row.last_error or ""))
    return table


def diagnoses_table(found: Iterable[Diagnosis]) -> RenderableType:
    """What the doctor found, one thing a line, with what to do below it."""
    table = plain_table("", "what", "found")
    for one in found:
        told = quoted(one.text)
        if one.advice:
            told.append(f"\n{one.advice}", style="italic")
        table.add_row(word(str(one.verdict)), quoted(one.what), told)
    return table


def listed(table: Table, page: Page[Any], nothing: str) -> RenderableType:
    """A page of a list: a sentence where there is nothing, and where the next page starts."""
    if not page.items:
        return Text(nothing, style="dim")
    if page.next_cursor is None:
        return table
    return Group(table, Text(f"There are more: --cursor {page.next_cursor}", style="dim"))


_WHOLE = frozenset(
    {"order", "our reference", "placed", "changed", "received", "at (UTC)", ">total", ">price", "status"}
)
"""Columns that are kept in one piece while there is any room, since people copy or compare what stands in them."""


def plain_table(*columns: str) -> Table:
    """A table without a frame; a column whose name begins with `>` is aligned to the right."""
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    for name in columns:
        justify: JustifyMethod = "right" if name.startswith(">") else "left"
        table.add_column(name.lstrip(">"), justify=justify, overflow="fold", no_wrap=name in _WHOLE)
    return table


def _facts(*pairs: tuple[str, str | Text]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, value in pairs:
        table.add_row(Text(name, style="dim"), value if isinstance(value, Text) else quoted(value))
    return table


def quoted(text: str, style: str = "") -> Text:
    """Text from outside: a character that could steer the terminal is shown as a box."""
    return Text("".join(letter if letter.isprintable() else "\ufffd" for letter in text), style=style)


def _heading(text: str) -> Padding:
    return Padding(Text(text, style="bold"), (1, 0, 0, 0), expand=False)
