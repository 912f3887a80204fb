"""
The channels of alerts as people read them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import RenderableType
from rich.text import Text

from bitloot_core.ports.alerts import MOST_TOLD
from bitloot_http.ages import age
from bitloot_http.alert_channels import ChannelStanding
from bitloot_http.cli.tables import plain_table, quoted, word


def channels_table(found: Sequence[ChannelStanding], now: datetime) -> RenderableType:
    """Channels, one a line."""
    if not found:
        return Text("Neither ALERT_EMAIL nor ALERT_WEBHOOK_URL is set: nobody is told of anything.", style="dim")
    table = plain_table("channel", "status", ">not told", "on its way", ">tries", "next try", "arrived", "last error")
    for one in found:
        state = one.state
        table.add_row(
            one.name,
            word(one.status),
            f"{one.waiting}+" if one.waiting >= MOST_TOLD else str(one.waiting),
            _age(state.under_way_since, now),
            str(state.attempts or ""),
            "" if state.closed_at is not None else _age(state.due_at, now),
            _age(state.delivered_at, now) or "never",
            quoted(state.last_error or ""),
        )
    return table


def _age(at: datetime | None, now: datetime) -> str:
    return "" if at is None else age(at, now)
