"""What shall go wrong with a fake: a script of errors, each of them raised once."""

from __future__ import annotations

from collections import deque


class Faults:
    """
    Errors that wait for the next calls, by the name of the operation.

    An error that comes *before* means that nothing was done; one that comes *after* means that it was done and the
    answer got lost.

    >>> faults = Faults()
    >>> faults.before("send", ValueError("no"))
    >>> faults.strike_before("send")
    Traceback (most recent call last):
    ...
    ValueError: no
    >>> faults.strike_before("send")
    """

    def __init__(self) -> None:
        self._before: dict[str, deque[Exception]] = {}
        self._after: dict[str, deque[Exception]] = {}

    def before(self, call: str, *errors: Exception) -> None:
        """Let the next calls of this name fail, one error each, without an effect."""
        self._before.setdefault(call, deque()).extend(errors)

    def after(self, call: str, *errors: Exception) -> None:
        """Let the next calls of this name do their work and then fail, one error each."""
        self._after.setdefault(call, deque()).extend(errors)

    def strike_before(self, call: str) -> None:
        """For the fake: raise what waits for this call, before its work."""
        _strike(self._before, call)

    def strike_after(self, call: str) -> None:
        """For the fake: raise what waits for this call, after its work."""
        _strike(self._after, call)


def _strike(script: dict[str, deque[Exception]], call: str) -> None:
    waiting = script.get(call)
    if waiting:
        raise waiting.popleft()
