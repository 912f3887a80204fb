"""What the operator sees of what waits, and of what the staff did."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import attrs

from bitloot_core.ports.audit import AccessFilter, ActFilter, ActRow
from bitloot_core.ports.backlog import FindingFilter, JobFilter
from bitloot_http.shapes import shape
from bitloot_http.wire.admin import FindingView, JobView
from bitloot_http.wire.bodies import LONGEST_NAME, ListQuery

_ORDER = shape("One order.", longest=LONGEST_NAME)


@attrs.frozen(kw_only=True)
class FindingsQuery(ListQuery):
    """Which findings."""

    status: str | None = attrs.field(default=None, metadata=shape("`open` or `resolved`.", pattern="open|resolved"))
    reason: str | None = attrs.field(default=None, metadata=shape("The reason's word.", longest=LONGEST_NAME))
    order_id: str | None = attrs.field(default=None, metadata=_ORDER)

    @property
    def which(self) -> FindingFilter:
        """The filter, for the core."""
        return FindingFilter(status=self.status, reason=self.reason, order_id=self.order_id)


@attrs.frozen(kw_only=True)
class JobsQuery(ListQuery):
    """Which jobs. The ready ones, if they are asked for, come by when they are due; all others newest first."""

    status: str | None = attrs.field(
        default=None,
        metadata=shape("`ready`, `running`, `done` or `dead`.", pattern="ready|running|done|dead"),
    )
    name: str | None = attrs.field(default=None, metadata=shape("What it does.", longest=LONGEST_NAME))
    order_id: str | None = attrs.field(default=None, metadata=_ORDER)

    @property
    def which(self) -> JobFilter:
        """The filter, for the core."""
        return JobFilter(status=self.status, name=self.name, order_id=self.order_id)


@attrs.frozen(kw_only=True)
class ActsQuery(ListQuery):
    """Which acts of the staff."""

    actor: str | None = attrs.field(default=None, metadata=shape("Who: `admin:NAME`.", longest=LONGEST_NAME))
    action: str | None = attrs.field(default=None, metadata=shape("What was done.", longest=LONGEST_NAME))
    order_id: str | None = attrs.field(default=None, metadata=_ORDER)

    @property
    def which(self) -> ActFilter:
        """The filter, for the core."""
        return ActFilter(actor=self.actor, action=self.action, order_id=self.order_id)


@attrs.frozen(kw_only=True)
class AccessesQuery(ListQuery):
    """Which looks at product keys."""

    actor: str | None = attrs.field(default=None, metadata=shape("Who: `link`, or `admin:NAME`.", longest=LONGEST_NAME))
    order_id: str | None = attrs.field(default=None, metadata=_ORDER)

    @property
    def which(self) -> AccessFilter:
        """The filter, for the core."""
        return AccessFilter(actor=self.actor, order_id=self.order_id)


@attrs.frozen(kw_only=True)
class ActView:
    """Something that somebody of the staff did."""

    id: int
    at: datetime
    actor: str = attrs.field(metadata=shape("`admin:NAME`, or `shell:NAME` at the command line."))
    action: str
    order_id: str | None
    subject: str = attrs.field(metadata=shape("What exactly it was done to, where the order does not say it all."))
    reason: str

    @classmethod
    def of(cls, row: ActRow) -> Self:
        """Show a row."""
        act = row.act
        return cls(
            id=row.id,
            at=act.at,
            actor=act.actor,
            action=act.action,
            order_id=act.order_id,
            subject=act.subject,
            reason=act.reason,
        )


@attrs.frozen(kw_only=True)
class FindingList:
    """What needs a person, newest first."""

    items: tuple[FindingView, ...]
    next_cursor: str | None


@attrs.frozen(kw_only=True)
class JobList:
    """What is to be done, or was."""

    items: tuple[JobView, ...]
    next_cursor: str | None


@attrs.frozen(kw_only=True)
class ActList:
    """What the staff did, newest first."""

    items: tuple[ActView, ...]
    next_cursor: str | None
