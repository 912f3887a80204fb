"""The operator's question about a purchase is answered truthfully, in each of its states."""

from datetime import UTC, datetime

import attrs
import pytest

from bitloot_core.order.buying import Pause, PauseHolder
from bitloot_core.ports.queries import ReservationRow
from bitloot_core.values.ids import OrderId
from bitloot_http.wire.next_step import next_step

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
PAUSE = Pause(holder=PauseHolder.OPERATOR, by="shell:ann", reason="prices look wrong", since=NOON)
ROW = ReservationRow(
    id="o1-1",
    order_id=OrderId("o1"),
    email="buyer@example.com",
    order_status="paid",
    status="planned",
    attempt=1,
    supplier_order_id=None,
    supplier_status=None,
    cost=None,
    created_at=NOON,
    updated_at=NOON,
    next_at=NOON,
)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("planned", "bought at 2026-01-05 12:00:00 UTC"),
        ("in-doubt", "looked up again under our reference at 2026-01-05 12:00:00 UTC"),
        ("completed", "nothing: all its keys are held"),
        ("a word of tomorrow", "looked at at 2026-01-05 12:00:00 UTC"),
    ],
)
def test_what_comes_next_is_told(status: str, told: str) -> None:
    """With its time, where something comes."""
    assert told == next_step(attrs.evolve(ROW, status=status))


def test_what_no_job_looks_at_waits_for_a_person() -> None:
    """A pause is not what it waits for."""
    assert next_step(attrs.evolve(ROW, next_at=None, pause=PAUSE)) == "waits for an operator"


def test_what_buying_waits_for_is_told() -> None:
    """By whom it is paused, and why: no time of a purchase that will not be."""
    expected = "waits: buying is paused by shell:ann because prices look wrong"

    assert expected == next_step(attrs.evolve(ROW, pause=PAUSE))
