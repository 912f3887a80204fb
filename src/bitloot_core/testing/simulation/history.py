"""
What happened in a simulation, in the order in which it happened, as people read it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import attrs


@attrs.frozen
class Entry:
    """
    One line.

    Attributes:
        at: virtual seconds since the beginning.
        who: a process, a buyer, the supplier...
        what: a short sentence.
        order: the order that it is about, as far as that is known.
    """

    at: float
    who: str
    what: str
    order: str = ""


class History:
    """
    The timeline of one simulation.

    Args:
        time: tells the virtual time.

    Attributes:
        faults: how often each kind of fault struck, by its name.
    """

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time
        self._entries: list[Entry] = []
        self.faults: Counter[str] = Counter()

    def add(self, who: str, what: str, order: str = "") -> None:
        """Write down what has just happened."""
        self._entries.append(Entry(self._time(), who, what, order))

    def fault(self, kind: str, who: str, what: str, order: str = "") -> None:
        """Write down something that went wrong on purpose."""
        self.faults[kind] += 1
        self.add(who, f"! {what}", order)

    def lines(self, *, about: str | None = None) -> Iterator[str]:
        """
        The timeline, a line each.

        Args:
            about: only what is about this order, or about none.
        """
        for entry in self._entries:
            if about is None or entry.order in ("", about):
                yield f"{clock(entry.at)}  {entry.who:<9} {entry.what}"

    def text(self, *, about: str | None = None) -> str:
        """The whole timeline."""
        return "\n".join(self.lines(about=about))

    def __len__(self) -> int:
        return len(self._entries)


def clock(seconds: float) -> str:
    """
    A virtual time as people read it.

    >>> clock(3725.5)
    '01:02:05.500'
    """
    millis = round(seconds * 1000)
    return f"{millis // 3_600_000:02}:{millis // 60_000 % 60:02}:{millis // 1000 % 60:02}.{millis % 1000:03}"
