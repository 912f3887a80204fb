"""Whatever a test of the order decides, or finds impossible, is whole: of its types, its time, and with its names."""

from collections.abc import Iterator
from datetime import datetime
from time import tzset
from typing import get_args

import attrs
import pytest
from conforming import misfits

from bitloot_core.order.commands import OrderCommand
from bitloot_core.order.decide import decide
from bitloot_core.order.decide_delivery import REPLACEMENT
from bitloot_core.order.events import OrderEvent
from bitloot_core.order.impossible import ImpossibleEvent
from bitloot_core.order.order import Order
from bitloot_core.order.payments import GATEWAY
from bitloot_core.order.policy import Policy
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.testing import story
from bitloot_core.values.errors import NotFound

SYSTEM = "system"
NAMED = frozenset({"finding", "purchase", "unit"})
"""The kinds of things of an order that a command can name."""
LONG_LIVES = ("test_walks", "test_against_a_model")
"""Where so much is decided that to look at it all takes longer than to decide it; nothing else is decided there."""


@pytest.fixture(autouse=True)
def what_is_decided_is_whole(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Events are of their time and, to the last field, of their types, and say who; refusals say what of whom."""
    wrong: list[str] = []

    def watched(order: Order, command: OrderCommand, *, now: datetime, policy: Policy) -> tuple[OrderEvent, ...]:
        """Decide, and look at what was decided."""
        try:
            events = decide(order, command, now=now, policy=policy)
        except TransitionRefused as refusal:
            if (refusal.order_id, refusal.command) != (order.id, type(command).__name__):
                wrong.append(f"{refusal} is not of {command} on {order.id}")
            raise
        except NotFound as missing:
            if missing.kind not in NAMED or missing.name not in attrs.astuple(command):
                wrong.append(f"{missing} was not asked for by {command}")
            raise
        for event in events:
            wrong.extend(misfits(event, type(event), type(event).__name__))
            if event.at != now:
                wrong.append(f"{event} is not of {now}")
            if getattr(event, "by", SYSTEM) not in {getattr(command, "by", GATEWAY), SYSTEM, REPLACEMENT}:
                wrong.append(f"{event} was done by nobody who is there")
        return events

    if not request.module.__name__.endswith(LONG_LIVES):
        monkeypatch.setattr(story, "decide", watched)

    yield

    assert wrong == []


@pytest.fixture(autouse=True)
def what_is_impossible_has_a_name(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A fault of the program says which event could not follow, on which order, and why."""
    wrong: list[tuple[object, ...]] = []
    plain = ImpossibleEvent.__init__

    def watched(self: ImpossibleEvent, order_id: str, event: object, reason: str) -> None:
        """Be made, and looked at."""
        plain(self, order_id, event, reason)
        is_whole = isinstance(order_id, str) and isinstance(event, get_args(OrderEvent)) and isinstance(reason, str)
        if not is_whole or self.event != type(event).__name__:
            wrong.append((order_id, event, reason))

    monkeypatch.setattr(ImpossibleEvent, "__init__", watched)

    yield

    assert wrong == []


@pytest.fixture
def far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine stands where it is tomorrow already."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Pacific/Kiritimati")
        tzset()
        yield
    tzset()
