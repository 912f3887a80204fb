"""
From views to JSON: names in camelCase, money and times in their wire forms, secrets in the clear.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import attrs
import msgspec
from cattrs import Converter
from cattrs.gen import make_dict_unstructure_fn, override

from bitloot_core.values.money import Money
from bitloot_core.values.secret import Secret
from bitloot_http.shapes import fields_of, wire_name


def unstructure(view: object) -> Any:
    """Turn a view into what JSON can hold. Secrets come out in the clear: for the wire, never for a log."""
    return _OUTBOUND.unstructure(view)


def to_json(view: object) -> bytes:
    """Write a view as JSON."""
    return msgspec.json.encode(unstructure(view))


def iso(moment: datetime) -> str:
    """
    A time as the wire shows it.

    >>> iso(datetime(2026, 1, 31, 12, tzinfo=UTC))
    '2026-01-31T12:00:00.000Z'
    """
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _outbound() -> Converter:
    converter = Converter()
    converter.register_unstructure_hook(Money, lambda money: {"amount": money.text, "currency": money.currency})
    converter.register_unstructure_hook(datetime, iso)
    converter.register_unstructure_hook(Secret, Secret.reveal)

    @converter.register_unstructure_hook_factory(lambda kind: attrs.has(kind) and kind not in {Money, Secret})
    def _(kind: Any) -> Callable[[Any], dict[str, Any]]:
        names: dict[str, Any] = {field.name: override(rename=wire_name(field)) for field, _ in fields_of(kind)}
        return make_dict_unstructure_fn(kind, converter, **names)

    return converter


_OUTBOUND = _outbound()
