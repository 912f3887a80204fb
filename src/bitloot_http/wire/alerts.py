"""How alerts reach the operator, as the API and the command line show it."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import attrs

from bitloot_core.ports.alerts import MOST_TOLD
from bitloot_http.alert_channels import ChannelStanding
from bitloot_http.shapes import shape


@attrs.frozen(kw_only=True)
class AlertChannelView:
    """How a channel of alerts stands; where it leads is not shown."""

    name: str = attrs.field(metadata=shape("`mail` or `webhook`."))
    status: str = attrs.field(
        metadata=shape("`well`; `failing`, and tried again; or `closed`, because the receiver wants no more.")
    )
    waiting: int = attrs.field(
        metadata=shape(f"Open findings that it has not told of; {MOST_TOLD} are that many or more.")
    )
    under_way_since: datetime | None = attrs.field(metadata=shape("When the alert was made that is on its way."))
    attempts: int = attrs.field(metadata=shape("How often it was tried to send that one."))
    next_try_at: datetime | None
    failing_since: datetime | None
    last_error: str | None
    delivered_at: datetime | None = attrs.field(metadata=shape("When something last got through."))

    @classmethod
    def of(cls, standing: ChannelStanding) -> Self:
        """Show it."""
        state = standing.state
        return cls(
            name=standing.name,
            status=standing.status,
            waiting=standing.waiting,
            under_way_since=state.under_way_since,
            attempts=state.attempts,
            next_try_at=None if state.closed_at is not None else state.due_at,
            failing_since=state.failing_since,
            last_error=state.last_error,
            delivered_at=state.delivered_at,
        )


@attrs.frozen(kw_only=True)
class AlertChannelList:
    """Every channel that is set; it has no further pages."""

    items: tuple[AlertChannelView, ...]
    next_cursor: None = None
