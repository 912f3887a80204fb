"""
What has happened so far, for whoever shows it: a row for each order, a feed of events, a few counts.

State only: no colours, no clock of its own, no waiting.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable

import attrs

from bitloot_http.demo.screenplay import Scene

FEED_LENGTH = 200
STEPS = ("placed", "paid", "bought", "sealed", "mailed", "revealed")
"""What an order goes through in front of the audience."""


class Voice(enum.Enum):
    """Who an event in the feed is about."""

    CHAOS = "chaos"
    """Something went wrong outside."""
    SHOP = "shop"
    """What BitLoot made of it."""
    TROUBLE = "trouble"
    """Something is wrong with BitLoot, or with the demo."""


@attrs.frozen(kw_only=True)
class Event:
    """
    A line of the feed.

    Attributes:
        at: seconds since the curtain rose.
        number: the order's number on the board, if it is about one.
    """

    at: float
    voice: Voice
    number: int | None
    text: str


@attrs.define(kw_only=True)
class Row:
    """
    One order as the audience sees it.

    Attributes:
        status: the service's own word; empty before the order is placed.
        held: keys that are sealed in the vault.
        paid_at: the gateway's final word on the payment that decides, as a POSIX time.
        mailed_at: when the mail was there, as a POSIX time.
        is_over: whether nothing more will happen; with `problem` empty it came through.
    """

    scene: Scene
    order_id: str = ""
    status: str = ""
    is_paid: bool = False
    is_bought: bool = False
    held: int = 0
    paid_at: float | None = None
    mailed_at: float | None = None
    revealed: int = 0
    problem: str = ""
    is_over: bool = False

    @property
    def seconds(self) -> float | None:
        """From the gateway's final word to the mail, once both are there."""
        if self.paid_at is None or self.mailed_at is None:
            return None
        return max(0.0, self.mailed_at - self.paid_at)

    @property
    def steps(self) -> int:
        """How many of `STEPS` are behind it."""
        done = (
            bool(self.order_id),
            self.is_paid,
            self.is_bought,
            self.held == self.scene.keys,
            self.mailed_at is not None,
            self.revealed == self.scene.keys,
        )
        return next((number for number, step in enumerate(done) if not step), len(done))


@attrs.define
class Board:
    """
    Everything that is shown.

    Args:
        scenes: the orders to come.
        seconds: the time since the curtain rose.
    """

    rows: dict[int, Row]
    seconds: Callable[[], float]
    feed: deque[Event] = attrs.field(factory=lambda: deque(maxlen=FEED_LENGTH))
    listeners: list[Callable[[Event], None]] = attrs.field(factory=list)

    @classmethod
    def of(cls, scenes: tuple[Scene, ...], seconds: Callable[[], float]) -> Board:
        """An empty board."""
        return cls(rows={scene.number: Row(scene=scene) for scene in scenes}, seconds=seconds)

    def tell(self, voice: Voice, text: str, number: int | None = None) -> None:
        """Add a line to the feed."""
        event = Event(at=self.seconds(), voice=voice, number=number, text=text)
        self.feed.append(event)
        for listener in self.listeners:
            listener(event)

    def number_of(self, order_id: str) -> int | None:
        """The number of an order on the board."""
        return next((row.scene.number for row in self.rows.values() if row.order_id == order_id), None)

    @property
    def over(self) -> int:
        """How many orders are over."""
        return sum(row.is_over for row in self.rows.values())

    @property
    def delivered(self) -> int:
        """How many orders came through."""
        return sum(row.is_over and not row.problem for row in self.rows.values())
