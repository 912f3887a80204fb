"""The answer to the operator's question about a purchase: what happens next by itself, or who must act?"""

from __future__ import annotations

from datetime import UTC, datetime

from bitloot_core.ports.queries import ReservationRow

_BY_ITSELF = {
    "planned": "bought",
    "claimed": "its answer is looked up under our reference",
    "in-doubt": "looked up again under our reference",
    "placed": "asked for keys",
}
_AT_AN_END = {
    "completed": "nothing: all its keys are held",
    "refused": "nothing was bought: buy again or refund",
    "fallen": "the supplier took it back: buy again or refund",
}


def next_step(row: ReservationRow) -> str:
    """Say what comes next, and when, in one sentence."""
    what, at = what_next(row)
    return what if at is None else f"{what} at {at.astimezone(UTC).strftime('%Y-%m-%d %H:%M:%S UTC')}"


def what_next(row: ReservationRow) -> tuple[str, datetime | None]:
    """
    Say what comes next; and when, where a job will do it.

    A purchase that is not at its end and that no job will look at waits for a person: its finding says why.
    """
    if row.status in _AT_AN_END:
        return _AT_AN_END[row.status], None
    if row.next_at is None:
        return "waits for an operator", None
    if row.pause is not None:
        return f"waits: buying is paused by {row.pause.by} because {row.pause.reason}", None
    return _BY_ITSELF.get(row.status, "looked at"), row.next_at
