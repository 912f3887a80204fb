"""What the staff sends to act, and what it is answered."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import attrs

from bitloot_core.ports.queries import Slice, WebhookFilter
from bitloot_core.usecases.replay_webhooks import Replay, Replays
from bitloot_http.shapes import shape
from bitloot_http.wire.bodies import LONGEST_NAME, LONGEST_REASON, MOST_ROWS, ROWS, ReasonBody


@attrs.frozen(kw_only=True)
class ActionBody(ReasonBody):
    """Why it is done, and to what exactly."""

    payment_id: str | None = attrs.field(
        default=None,
        metadata=shape(
            "`accept-payment`: which payment; not needed where only one waits.", shortest=1, longest=LONGEST_NAME
        ),
    )
    unit_id: str | None = attrs.field(
        default=None, metadata=shape("`replace-key`: whose key is bad.", shortest=1, longest=LONGEST_NAME)
    )
    from_supplier: bool | None = attrs.field(
        default=None,
        metadata=shape(
            "`replace-key`: whether the supplier puts another key into the same purchase; else one is bought."
        ),
    )
    kinguin_reservation_id: str | None = attrs.field(
        default=None,
        metadata=shape(
            "`return-keys`: which purchase; not needed where there is only one.", shortest=1, longest=LONGEST_NAME
        ),
    )


@attrs.frozen(kw_only=True)
class RevealBody(ReasonBody):
    """Why somebody of the staff looks at keys, and at which."""

    unit_id: str | None = attrs.field(
        default=None,
        metadata=shape(
            "One unit's key, also one that was replaced; without it every key that is held.",
            shortest=1,
            longest=LONGEST_NAME,
        ),
    )


@attrs.frozen(kw_only=True)
class WebhookFilterBody:
    """Which webhooks; an absent field admits all."""

    source: str | None = attrs.field(default=None, metadata=shape("`nowpayments` or `kinguin`.", longest=LONGEST_NAME))
    type: str | None = attrs.field(default=None, metadata=shape("The sender's subject.", longest=LONGEST_NAME))
    status: str | None = attrs.field(default=None, metadata=shape("The status word.", longest=LONGEST_NAME))
    order_id: str | None = attrs.field(default=None, metadata=shape("One order.", longest=LONGEST_NAME))
    external_id: str | None = attrs.field(default=None, metadata=shape("The sender's id.", longest=LONGEST_NAME))
    since: datetime | None = attrs.field(default=None, metadata=shape("Not received before this time.", name="from"))
    until: datetime | None = attrs.field(default=None, metadata=shape("Received before this time.", name="to"))

    @property
    def which(self) -> WebhookFilter:
        """The filter, for the core."""
        return WebhookFilter(
            source=self.source,
            type=self.type,
            status=self.status,
            order_id=self.order_id,
            external_id=self.external_id,
        )


@attrs.frozen(kw_only=True)
class ReplaysBody:
    """Which webhooks are to run again, a page at a time."""

    filter: WebhookFilterBody
    dry_run: bool = attrs.field(default=True, metadata=shape("Only say what would happen, and change nothing."))
    reason: str | None = attrs.field(
        default=None,
        metadata=shape(
            "Why; needed where it is no dry run.", shortest=1, longest=LONGEST_REASON, code="invalid-reason"
        ),
    )
    limit: int = attrs.field(
        default=ROWS, metadata=shape("Webhooks at once.", least=1, most=MOST_ROWS, code="invalid-limit")
    )
    cursor: str | None = attrs.field(
        default=None, metadata=shape("`nextCursor` of the page before.", longest=200, code="invalid-cursor")
    )

    @property
    def part(self) -> Slice:
        """The part of the list, for the core."""
        return Slice(limit=self.limit, cursor=self.cursor, since=self.filter.since, until=self.filter.until)


@attrs.frozen(kw_only=True)
class ReplayView:
    """One webhook that runs again, or would."""

    id: int
    order_id: str | None
    outcome: str = attrs.field(metadata=shape("`runs`, `says-nothing`, `body-pruned` or `unreadable`."))
    about: str = attrs.field(metadata=shape("What is looked at."))

    @classmethod
    def of(cls, replay: Replay) -> Self:
        """Show one."""
        return cls(id=replay.id, order_id=replay.order_id, outcome=str(replay.outcome), about=replay.about)


@attrs.frozen(kw_only=True)
class ReplaysView:
    """One page of webhooks that run again, or would."""

    dry_run: bool
    items: tuple[ReplayView, ...]
    next_cursor: str | None

    @classmethod
    def of(cls, replays: Replays, *, dry_run: bool) -> Self:
        """Show a page."""
        return cls(dry_run=dry_run, items=tuple(map(ReplayView.of, replays.items)), next_cursor=replays.next_cursor)
