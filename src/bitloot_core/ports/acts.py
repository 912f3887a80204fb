"""What a person of the staff did: a line of the audit that a write adds to."""

from __future__ import annotations

from datetime import datetime

import attrs

from bitloot_core.values.ids import OrderId


@attrs.frozen(kw_only=True)
class StaffAct:
    """
    Something that a person of the staff did, kept for ever.

    Attributes:
        actor: `admin:NAME`, `shell:NAME`.
        action: what was done, in the word of the API (`refund`, `replay-webhook`).
        order_id: the order that it was done to, if there is one.
        subject: what exactly: a finding, a payment, a unit, a job, a webhook; empty where the order says it all.
        reason: why, in that person's words.
    """

    at: datetime
    actor: str
    action: str
    order_id: OrderId | None
    subject: str
    reason: str
