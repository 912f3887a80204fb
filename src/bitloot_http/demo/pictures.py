"""
How it looks on a terminal: the board while orders move, and the reckoning at the end. Pure functions of the state.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.align import Align
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bitloot_http.demo.board import STEPS, Board, Event, Row, Voice
from bitloot_http.demo.reckoning import Tally

_ACCENT = "#7aa2f7"
_STATUS_STYLES = {
    "fulfilled": "green",
    "fulfilling": "cyan",
    "paid": "cyan",
    "confirming": "yellow",
    "waiting": "yellow",
    "expired": "red",
    "underpaid": "red",
    "failed": "red",
    "attention": "bold red",
}
_VOICES = {Voice.CHAOS: ("✗", "red"), Voice.SHOP: ("→", "green"), Voice.TROUBLE: ("!", "bold white on red")}
_FEWEST_ROWS, _MOST_ROWS = 4, 40
_LAST_FEED_LINES = 14
_FRAME_LINES = 6
_WIDE = 100


def stage_picture(board: Board, *, width: int, height: int) -> RenderableType:
    """
    The board as it stands.

    Args:
        width: columns that there are; a narrow terminal does without the last column.
        height: lines that there are to fill.
    """
    room = max(height - _FRAME_LINES, 2 * _FEWEST_ROWS)
    rows = _shown(list(board.rows.values()), max(_FEWEST_ROWS, room * 2 // 3))
    feed = list(board.feed)[-max(3, room - len(rows)) :]
    return Group(_orders(board, rows, has_twists=width >= _WIDE), _feed(feed))


def last_picture(board: Board, *, width: int) -> RenderableType:
    """The board at the end: taller than the terminal if need be, since it scrolls away with the rest."""
    rows = min(len(board.rows), _MOST_ROWS)
    return stage_picture(board, width=width, height=_FRAME_LINES + max(rows * 3 // 2 + 1, rows + _LAST_FEED_LINES))


def _shown(rows: list[Row], room: int) -> list[Row]:
    """Those rows that fit: what moves first, then what was over last."""
    if len(rows) <= room:
        return rows
    moving = [row for row in rows if row.order_id and not row.is_over]
    rest = [row for row in rows if row.is_over]
    chosen = moving[:room]
    chosen += rest[-(room - len(chosen)) :] if len(chosen) < room else []
    chosen += [row for row in rows if not row.order_id][: max(0, room - len(chosen))]
    return sorted(chosen, key=lambda row: row.scene.number)


def _orders(board: Board, rows: Sequence[Row], *, has_twists: bool) -> Panel:
    table = Table(box=None, expand=True, pad_edge=False, header_style="dim", padding=(0, 1, 0, 0))
    table.add_column("", justify="right", style="dim", no_wrap=True, width=4)
    table.add_column("bought", no_wrap=True, ratio=5, overflow="ellipsis")
    table.add_column("coin", style="dim", no_wrap=True, width=7)
    table.add_column(f"{STEPS[0]} → {STEPS[-1]}", no_wrap=True, width=17)
    table.add_column("status", no_wrap=True, width=10)
    table.add_column("keys", justify="right", no_wrap=True, width=5)
    table.add_column("took", justify="right", no_wrap=True, width=6)
    if has_twists:
        table.add_column("and what goes wrong", style="dim", no_wrap=True, ratio=6, overflow="ellipsis")
    for row in rows:
        scene = row.scene
        twist = Text(row.problem or scene.twist, style="red" if row.problem else "")
        table.add_row(
            str(scene.number),
            Text(scene.what, style="" if row.order_id else "dim"),
            scene.coin,
            _track(row),
            Text(row.status, style=_STATUS_STYLES.get(row.status, "dim")),
            f"{row.held}/{scene.keys}" if row.order_id else "",
            "" if row.seconds is None else f"{row.seconds:.1f} s",
            *((twist,) if has_twists else ()),
        )
    hidden = len(board.rows) - len(rows)
    title = f"[bold]{board.delivered}[/] of {len(board.rows)} delivered · {board.seconds():.0f} s"
    return Panel(
        table,
        title="[bold]BitLoot[/] · orders",
        title_align="left",
        subtitle=title + (f" · {hidden} more" if hidden else ""),
        subtitle_align="right",
        border_style=_ACCENT,
        box=box.ROUNDED,
        padding=(0, 1),
    )


def _track(row: Row) -> Text:
    """How far an order is, as a line that grows."""
    width = 2
    done, left = row.steps, len(STEPS) - row.steps
    colour = "red" if row.problem else "green" if not left else _ACCENT
    bar = Text("━" * width * done, style=colour)
    if left:
        bar.append("╸" if done else "", style=colour)
        bar.append("─" * (width * left - (1 if done else 0)), style="bright_black")
    return bar


def _feed(events: Sequence[Event]) -> Panel:
    table = Table.grid(padding=(0, 1, 0, 0), expand=True)
    table.add_column(justify="right", style="dim", width=6, no_wrap=True)
    table.add_column(width=1)
    table.add_column(width=9, style="dim", no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    for event in events:
        sign, style = _VOICES[event.voice]
        about = "" if event.number is None else f"order {event.number}"
        table.add_row(f"{event.at:.1f}", Text(sign, style=style), about, Text(event.text, style=style))
    return Panel(
        table,
        title="[red]✗ what goes wrong[/]  [green]→ what BitLoot makes of it[/]",
        title_align="left",
        border_style="bright_black",
        box=box.ROUNDED,
        padding=(0, 1),
    )


def reckoning_picture(tallies: Sequence[Tally]) -> RenderableType:
    """The reckoning, a line for each thing that was counted."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for tally in tallies:
        mark = {True: Text("✓", style="green"), False: Text("✗", style="bold red"), None: Text(" ")}[tally.holds]
        style = "bold red" if tally.holds is False else ""
        table.add_row(mark, Text(tally.subject, style="dim"), Text(tally.text, style=style))
    good = all(tally.holds is not False for tally in tallies)
    return Panel(
        table,
        title="[bold]the reckoning[/]",
        title_align="left",
        border_style="green" if good else "red",
        box=box.ROUNDED,
        padding=(0, 1),
    )


def key_picture(number: int, title: str, key: str) -> RenderableType:
    """One key that reached its buyer."""
    text = Text.assemble((f"{title}   ", "dim"), (key, "bold"))
    return Panel(
        Align.center(text),
        title=f"[bold]the key of order {number}[/]",
        title_align="left",
        border_style=_ACCENT,
        box=box.ROUNDED,
    )
