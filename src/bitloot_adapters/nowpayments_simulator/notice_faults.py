"""
What may go wrong with a notice (IPN) on its way, as data, and the plan that says when.

What lives here: the faults, the script for single notices, the seeded odds for the demo. What must not: the sending.
"""

from __future__ import annotations

import random
from collections import deque
from typing import TypeAlias

import attrs


@attrs.frozen(kw_only=True)
class Duplicate:
    """The notice goes out more than once."""

    times: int = 2


@attrs.frozen
class Drop:
    """The notice never goes out, not even by retry."""


@attrs.frozen
class Reorder:
    """The notice changes places with the next one of the same payment."""


@attrs.frozen(kw_only=True)
class Delay:
    """The notice leaves late; others overtake it."""

    seconds: float


@attrs.frozen
class Replay:
    """After the notice, the first one ever sent for the same payment goes out again, byte for byte."""


@attrs.frozen
class WrongSignature:
    """The signature has the right form but is made with another secret."""


@attrs.frozen
class ReplacerArraySignature:
    """The signature covers the text without the fields of `fee`, as the documentation's one-liner computes it."""


@attrs.frozen
class NoSignature:
    """The header is missing."""


@attrs.frozen(kw_only=True)
class SignedWith:
    """The notice is signed with an earlier or later secret: key rotation."""

    secret: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class StatusWord:
    """The notice names another status, known or not, and is signed correctly."""

    word: str


NoticeFault: TypeAlias = (
    Duplicate
    | Drop
    | Reorder
    | Delay
    | Replay
    | WrongSignature
    | ReplacerArraySignature
    | NoSignature
    | SignedWith
    | StatusWord
)


@attrs.frozen(kw_only=True)
class NoticeOdds:
    """
    The probability of each fault for each notice, 0 to 1.

    Attributes:
        longest_delay_seconds: delays are uniform from zero to this.
    """

    duplicate: float = 0
    drop: float = 0
    reorder: float = 0
    delay: float = 0
    replay: float = 0
    wrong_signature: float = 0
    longest_delay_seconds: float = 0.5

    def draw(self, rng: random.Random) -> tuple[NoticeFault, ...]:
        """The faults of one notice; each is drawn on its own, a dropped one has no others."""
        if rng.random() < self.drop:
            return (Drop(),)
        odds: tuple[tuple[float, NoticeFault], ...] = (
            (self.duplicate, Duplicate()),
            (self.reorder, Reorder()),
            (self.delay, Delay(seconds=rng.uniform(0, self.longest_delay_seconds))),
            (self.replay, Replay()),
            (self.wrong_signature, WrongSignature()),
        )
        return tuple(fault for probability, fault in odds if rng.random() < probability)


@attrs.frozen
class _Scripted:
    faults: tuple[NoticeFault, ...]
    status: str | None
    payment_id: int | None

    def is_for(self, payment_id: int, status: str) -> bool:
        return self.payment_id in {None, payment_id} and self.status in {None, status}


class NoticeFaults:
    """
    The plan: what was scripted for the next matching notices comes first, else the odds decide.

    Args:
        rng: source of the odds' decisions.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._script: deque[_Scripted] = deque()
        self.odds = NoticeOdds()

    def next(self, *faults: NoticeFault, status: str | None = None, payment_id: int | None = None) -> None:
        """
        Script the faults of one notice to come.

        Args:
            faults: all of them happen to that one notice; none at all means that the odds spare it.
            status: only a notice with this status word takes the entry.
            payment_id: only a notice of this payment takes it.
        """
        self._script.append(_Scripted(faults, status, payment_id))

    def clear(self) -> None:
        """Forget the script and the odds."""
        self._script.clear()
        self.odds = NoticeOdds()

    def faults_of(self, payment_id: int, status: str) -> tuple[NoticeFault, ...]:
        """The faults of a notice that is about to leave; takes the first scripted entry that matches."""
        for entry in self._script:
            if entry.is_for(payment_id, status):
                self._script.remove(entry)
                return entry.faults
        return self.odds.draw(self._rng)
