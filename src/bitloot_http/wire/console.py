"""What the pages of the console are asked for, beside what the admin API is."""

from __future__ import annotations

import attrs

from bitloot_core.ports.audit import ActFilter
from bitloot_core.ports.backlog import FindingFilter, JobFilter
from bitloot_http.shapes import shape
from bitloot_http.wire.bodies import LONGEST_NAME, ListQuery

ANY = "any"


@attrs.frozen(kw_only=True)
class FindingsQuery(ListQuery):
    """Which findings; the open ones if nothing is said."""

    status: str = attrs.field(
        default="open", metadata=shape("`open`, `resolved`, or `any`.", pattern="open|resolved|any")
    )
    reason: str | None = attrs.field(default=None, metadata=shape("The reason's word.", longest=LONGEST_NAME))
    order_id: str | None = attrs.field(default=None, metadata=shape("One order.", longest=LONGEST_NAME))
    done: str | None = attrs.field(default=None, metadata=shape("Whether one was just settled.", longest=1))

    @property
    def which(self) -> FindingFilter:
        """The filter, for the core."""
        return FindingFilter(
            status=None if self.status == ANY else self.status, reason=self.reason, order_id=self.order_id
        )


@attrs.frozen(kw_only=True)
class JobsQuery(ListQuery):
    """Which jobs; those that are due, or will be, if nothing is said."""

    status: str = attrs.field(
        default="ready",
        metadata=shape("`ready`, `running`, `done`, `dead`, or `any`.", pattern="ready|running|done|dead|any"),
    )
    name: str | None = attrs.field(default=None, metadata=shape("What it does.", longest=LONGEST_NAME))
    order_id: str | None = attrs.field(default=None, metadata=shape("One order.", longest=LONGEST_NAME))
    done: str | None = attrs.field(default=None, metadata=shape("Whether one was just asked for.", longest=1))

    @property
    def which(self) -> JobFilter:
        """The filter, for the core."""
        return JobFilter(status=None if self.status == ANY else self.status, name=self.name, order_id=self.order_id)


@attrs.frozen(kw_only=True)
class ActsQuery(ListQuery):
    """Which acts of the staff."""

    actor: str | None = attrs.field(default=None, metadata=shape("Who: `admin:NAME`.", longest=LONGEST_NAME))
    action: str | None = attrs.field(default=None, metadata=shape("What was done.", longest=LONGEST_NAME))
    order_id: str | None = attrs.field(default=None, metadata=shape("One order.", longest=LONGEST_NAME))

    @property
    def which(self) -> ActFilter:
        """The filter, for the core."""
        return ActFilter(actor=self.actor, action=self.action, order_id=self.order_id)
