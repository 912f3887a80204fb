"""
The log: one line an event, JSON for machines and colours for people, with nothing in it that opens anything.

Redaction is by construction: a field is shown if it is text, a number or a flag under a harmless name. Bytes are shown
as their size and other objects as their class; the message of an exception only where its class is known to quote
nothing that was read. Nothing here is a list of secrets to look for.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TextIO

import msgspec
import structlog

from bitloot_core.values.errors import BitlootError
from bitloot_http.log_context import merge_names

STARS = "***"
_ADAPTERS = "bitloot_adapters"
_OF_EVERY_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_LONGEST = 500
_MOST_FRAMES = 30
_TELLING = (
    "authorization", "body", "content", "cookie", "credential", "email", "key", "link", "material", "passw", "payload",
    "secret", "serial", "_sig", "signature", "token",
)  # fmt: skip
"""Parts of names whose fields are never shown."""
_QUOTE_NOTHING = (
    BitlootError,
    OSError,
    AttributeError,
    TypeError,
    NameError,
    ImportError,
    RuntimeError,
    AssertionError,
)
"""Errors whose message names code, files or our own words. A ValueError may hold what could not be parsed: a key."""


def configure_logs(level: str, *, stream: TextIO | None = None, as_json: bool | None = None) -> None:
    """
    Set up the log of this process.

    Args:
        level: the least level that is shown, one of `variables.LEVELS`.
        stream: where lines go; standard error if not given.
        as_json: a JSON object a line; if not given, unless a person is watching (a terminal).
    """
    out = stream or sys.stderr
    machine = not out.isatty() if as_json is None else as_json
    least = logging.getLevelNamesMapping()[level.upper()]
    render: Any = _render_json if machine else structlog.dev.ConsoleRenderer(colors=True)
    structlog.configure(
        processors=[
            merge_names,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,  # a process may be told where its log goes more than once
    )
    logging.basicConfig(handlers=[_Forwarding()], level=max(least, logging.WARNING), force=True)
    logging.getLogger(_ADAPTERS).setLevel(least)


class _Forwarding(logging.Handler):
    """Hands what libraries log over to structlog, through the same redaction."""

    def emit(self, record: logging.LogRecord) -> None:
        logger = structlog.get_logger(library=record.name)
        error = record.exc_info[1] if record.exc_info else None
        # The arguments of a library's message may hold anything, so only the first line of its template is kept.
        logger.log(record.levelno, str(record.msg).partition("\n")[0][:_LONGEST], exc_info=error, **_fields_of(record))


def _fields_of(record: logging.LogRecord) -> dict[str, object]:
    """What our own adapters say beside their message; what another library puts there may hold anything."""
    if not record.name.startswith(_ADAPTERS):
        return {}
    return {name: value for name, value in vars(record).items() if name not in _OF_EVERY_RECORD}


def redact(_: object, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Show what is harmless, and say of the rest only that it was there. A structlog processor."""
    error = event.pop("exc_info", None)
    shown = {name: _shown(name, value) for name, value in event.items()}
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        shown["exception"] = _told(error)
    return shown


def _shown(name: str, value: object) -> object:
    if any(part in name.lower() for part in _TELLING):
        return STARS
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return value if len(value) <= _LONGEST else value[:_LONGEST] + "..."
        case Decimal() | date() | timedelta():
            return str(value)
        case bytes() | bytearray() | memoryview():
            return f"<{len(value)} bytes>"
        case BaseException():
            return _named(value)
        case tuple() | list():
            return [_shown(name, one) for one in value[:20]]
        case _:
            return f"<{type(value).__name__}>"


def _named(error: BaseException) -> str:
    kind = type(error).__qualname__
    return f"{kind}: {str(error)[:_LONGEST]}" if isinstance(error, _QUOTE_NOTHING) else kind


def _told(error: BaseException) -> list[str]:
    """The chain of an exception with the lines of code that it passed, and no value of any variable."""
    lines: list[str] = []
    current: BaseException | None = error
    while current is not None and len(lines) < _MOST_FRAMES:
        lines.append(_named(current))
        frames = traceback.extract_tb(current.__traceback__)
        lines += [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames[-_MOST_FRAMES:]]
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return lines


def _render_json(_: object, __: str, event: MutableMapping[str, Any]) -> str:
    return msgspec.json.encode(event).decode()
