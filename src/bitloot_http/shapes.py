"""
How a field of a class of `wire` is described: once, beside the field, as its attrs metadata.

`schema` derives from it what is let in and what `/openapi.json` says.
"""

from __future__ import annotations

from functools import cache
from typing import Any, get_type_hints

import attrs

_SHAPE = "shape"


@attrs.frozen(kw_only=True)
class Shape:
    """
    What the wire promises of one field.

    Attributes:
        text: a sentence for the reader of `/docs`.
        least, most: bounds of a number, both included.
        shortest, longest: bounds of a text's characters or of a list's entries.
        pattern: what a whole text must match (a regular expression that Python and JavaScript read alike).
        form: JSON Schema's `format`, for the reader.
        name: its name on the wire, where that is not the camelCase of the field's.
        code: the code of the problem, where a value breaks one of these.
    """

    text: str
    least: int | None = None
    most: int | None = None
    shortest: int | None = None
    longest: int | None = None
    pattern: str | None = None
    form: str | None = None
    name: str | None = None
    code: str = "invalid-field"


def shape(text: str, **promises: Any) -> dict[str, Shape]:
    """Describe a field, as its attrs metadata; see `Shape` for the promises."""
    return {_SHAPE: Shape(text=text, **promises)}


def shape_of(field: attrs.Attribute[Any]) -> Shape:
    """The description of a field; an empty one if it has none."""
    described = field.metadata.get(_SHAPE, _UNDESCRIBED)
    assert isinstance(described, Shape)  # noqa: S101 - anything else is a mistake of ours, seen by every test
    return described


def wire_name(field: attrs.Attribute[Any]) -> str:
    """The name of a field on the wire."""
    first, *rest = field.name.split("_")
    return shape_of(field).name or first + "".join(word.capitalize() for word in rest)


@cache
def fields_of(kind: Any) -> tuple[tuple[attrs.Attribute[Any], Any], ...]:
    """The fields of an attrs class, each with its resolved type."""
    hints = get_type_hints(kind)
    return tuple((field, hints[field.name]) for field in attrs.fields(kind))


_UNDESCRIBED = Shape(text="")
