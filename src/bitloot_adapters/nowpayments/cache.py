"""Answers that are good for a while: asked for once, however many want them at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from datetime import timedelta
from typing import Generic, TypeVar

import attrs

Name = TypeVar("Name", bound=Hashable)
Value = TypeVar("Value")


@attrs.frozen
class _Kept(Generic[Value]):
    value: Value
    asked_at: float


class Cache(Generic[Name, Value]):
    """
    Values by name, none older than allowed.

    Args:
        good_for: counted from when a value was asked for.
        monotonic: seconds that never step back.
        most: so many are kept; the one that was loaded first goes first.
    """

    def __init__(self, *, good_for: timedelta, monotonic: Callable[[], float], most: int) -> None:
        self._good_for = good_for.total_seconds()
        self._monotonic = monotonic
        self._most = most
        self._kept: dict[Name, _Kept[Value]] = {}
        self._loading: dict[Name, asyncio.Future[Value]] = {}

    async def get(self, name: Name, load: Callable[[], Awaitable[Value]]) -> Value:
        """
        The value of a name; of several callers at once one loads it, and the others share what comes of it.

        An error is shared too, but not kept: the next caller loads again.
        """
        while (known := self._fresh(name)) is None:
            under_way = self._loading.get(name)
            if under_way is None:
                return await self._load(name, load)
            await asyncio.wait((under_way,))
            # Cancelled: whoever was loading went away, so one of those who wait takes its place.
            if not under_way.cancelled():
                return under_way.result()
        return known.value

    async def _load(self, name: Name, load: Callable[[], Awaitable[Value]]) -> Value:
        outcome = self._loading[name] = asyncio.get_running_loop().create_future()
        asked_at = self._monotonic()
        try:
            value = await load()
        except Exception as exc:
            outcome.set_exception(exc)
            outcome.exception()  # read here, as nobody else may be waiting
            raise
        else:
            outcome.set_result(value)
            self._keep(name, _Kept(value, asked_at))
            return value
        finally:
            del self._loading[name]
            outcome.cancel()

    def _keep(self, name: Name, kept: _Kept[Value]) -> None:
        self._kept.pop(name, None)
        self._kept[name] = kept
        if len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]

    def _fresh(self, name: Name) -> _Kept[Value] | None:
        kept = self._kept.get(name)
        return kept if kept is not None and self._monotonic() - kept.asked_at < self._good_for else None
