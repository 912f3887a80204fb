"""
The names that every line of the log bears while something is worked on: the request, the order, the job.

They go with the task: whatever is awaited or started on the way to an answer has them, and nothing else has.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any

_NAMES: ContextVar[Mapping[str, object]] = ContextVar("names", default={})  # noqa: B039 - never changed in place


def begin(**names: object) -> None:
    """Forget the names of what was worked on before in this task, and bear these."""
    _NAMES.set(names)


def add(**names: object) -> None:
    """Bear these as well; one that is borne already is replaced."""
    _NAMES.set({**_NAMES.get(), **names})


def names() -> Mapping[str, object]:
    """The names that are borne now."""
    return _NAMES.get()


def merge_names(_: object, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Put the names into a line; what the line itself says goes before. A structlog processor."""
    return {**_NAMES.get(), **event}
