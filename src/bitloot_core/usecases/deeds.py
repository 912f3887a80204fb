"""
What a person of the staff does, as it is written down: in the same write as what comes of it.
"""

from __future__ import annotations

from datetime import datetime

import attrs

from bitloot_core.order.actions import Action
from bitloot_core.ports.acts import StaffAct
from bitloot_core.values.ids import OrderId


@attrs.frozen(kw_only=True)
class Deed:
    """
    Something that a person is about to do.

    Attributes:
        by: who: `admin:NAME`, `shell:NAME`.
        subject: what exactly it is done to, where the order does not say it all.
    """

    action: Action
    by: str
    reason: str
    subject: str = ""

    def done(self, *, at: datetime, order_id: OrderId | None) -> StaffAct:
        """The deed as a line of the audit."""
        return StaffAct(
            at=at, actor=self.by, action=str(self.action), order_id=order_id, subject=self.subject, reason=self.reason
        )
