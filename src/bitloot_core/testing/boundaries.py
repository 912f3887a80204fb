"""
Killing a process at any point at which it touches the outside, found by counting.

A program that survives a kill before and after each of its outside calls survives every kill: in between it only
thinks. Run a life once with `Boundaries()` to count, and once more for each number.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any

import attrs

from bitloot_core.usecases.shop import Shop

PORTS = ("orders", "inbox", "jobs", "requests", "supplier", "gateway", "vault", "mailer", "notifier")


class Killed(BaseException):
    """The process is gone: nothing that it planned to do after this point happens."""


class Boundaries:
    """
    Watches the outside calls of a shop, and breaks off at one of them.

    Every call has two boundaries: before it (it had no effect) and after it (it had, and nobody learnt of it).

    Args:
        at: the number of the boundary, from 0; without it nothing breaks.
        error: what is raised there; `Killed` by default.

    Attributes:
        passed: the boundaries that were reached, by port, method and side.
    """

    def __init__(
        self, *, at: int | None = None, error: type[BaseException] | Callable[[], BaseException] = Killed
    ) -> None:
        self.passed: list[str] = []
        self._at = at
        self._error = error

    @property
    def struck(self) -> bool:
        """Whether the boundary was reached."""
        return self._at is not None and len(self.passed) > self._at

    def around(self, shop: Shop) -> Shop:
        """The same shop with its outside calls watched."""
        watched: dict[str, Any] = {name: _Watched(name, getattr(shop, name), self._pass) for name in PORTS}
        return attrs.evolve(shop, **watched)

    def _pass(self, boundary: str) -> None:
        self.passed.append(boundary)
        if len(self.passed) - 1 == self._at:
            raise self._error()


class _Watched:
    """A port whose waiting methods are watched; whatever does not wait is let through."""

    def __init__(self, name: str, port: object, pass_: Callable[[str], None]) -> None:
        self._name = name
        self._port = port
        self._pass = pass_

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        return self._watched(name, method) if iscoroutinefunction(method) else method

    def _watched(self, name: str, method: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
        async def call(*args: object, **kwargs: object) -> object:
            self._pass(f"before {self._name}.{name}")
            answer = await method(*args, **kwargs)
            self._pass(f"after {self._name}.{name}")
            return answer

        return call
