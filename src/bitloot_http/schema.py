"""
What is let in, and what `/openapi.json` says about it: both derived from the same fields, so that they cannot disagree.

What comes in is taken literally: no text for a number, no number for a flag, no unknown field.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import attrs
from cattrs import BaseValidationError, Converter
from cattrs.gen import make_dict_structure_fn, override

from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.money import Money
from bitloot_core.values.secret import Secret
from bitloot_http.invalid_body import InvalidBody, problems_in
from bitloot_http.shapes import Shape, fields_of, shape_of, wire_name

T = TypeVar("T")

_UNFIT = re.compile("[\x00\ud800-\udfff]")
"""What no database keeps as text: NUL, and halves of a surrogate pair."""


def structure(payload: object, cls: type[T]) -> T:
    """
    Read a JSON value that a client sent.

    Raises:
        InvalidBody: it does not have the shape of the class.
    """
    return _structured(_INBOUND, payload, cls)


def structure_query(query: Mapping[str, str], cls: type[T]) -> T:
    """
    Read a query string: as `structure`, but numbers and times are text, and a parameter without text is absent.

    Raises:
        InvalidBody: it does not have the shape of the class.
    """
    return _structured(_FROM_TEXT, {name: text for name, text in query.items() if text}, cls)


def _structured(converter: Converter, payload: object, cls: type[T]) -> T:
    try:
        return converter.structure(payload, cls)
    except InvalidInput as refusal:
        raise InvalidBody((InvalidInput(refusal.field or "body", refusal.reason, code=refusal.code),)) from None
    except BaseValidationError as found:
        # The group holds what was read, so it is not passed on.
        raise InvalidBody(tuple(problems_in(found))) from None


def _refusal(reason: str, code: str = "invalid-field") -> InvalidInput:
    return InvalidInput("", reason, code=code)


# What comes in


def _text(value: object, _: object) -> str:
    if not isinstance(value, str):
        raise _refusal("must be text")
    if _UNFIT.search(value):
        raise _refusal("holds characters that cannot be kept")
    return value


def _number(value: object, _: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _refusal("must be a whole number")
    return value


def _number_of_text(value: object, _: object) -> int:
    if not isinstance(value, str) or re.fullmatch(r"-?[0-9]{1,18}", value, re.ASCII) is None:
        raise _refusal("must be a whole number")
    return int(value)


def _flag(value: object, _: object) -> bool:
    if not isinstance(value, bool):
        raise _refusal("must be true or false")
    return value


def _moment(value: object, _: object) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(value, _))
        return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _refusal("must be a time like 2026-01-31T12:00:00Z") from None


def _is_tuple(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _flag_of_text(value: object, _: object) -> bool:
    if value not in {"true", "false"}:
        raise _refusal("must be true or false")
    return value == "true"


def _inbound(number: Callable[[object, object], int], flag: Callable[[object, object], bool]) -> Converter:
    converter = Converter(forbid_extra_keys=True, detailed_validation=True)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(int, number)
    converter.register_structure_hook(bool, flag)
    converter.register_structure_hook(datetime, _moment)

    @converter.register_structure_hook_factory(_is_tuple)
    def _(kind: Any) -> Callable[[object, object], tuple[object, ...]]:
        entry = get_args(kind)[0]

        def read(value: object, _: object) -> tuple[object, ...]:
            if not isinstance(value, list):
                raise _refusal("must be a list")
            return tuple(converter.structure(value, list[entry]))  # type: ignore[valid-type]  # known at run time

        return read

    @converter.register_structure_hook_factory(attrs.has)
    def _(kind: Any) -> Callable[[object, object], object]:
        overrides: dict[str, Any] = {
            field.name: override(rename=wire_name(field), struct_hook=_reader(converter, field, hint))
            for field, hint in fields_of(kind)
        }
        read = make_dict_structure_fn(kind, converter, **overrides)

        def read_object(value: object, as_kind: object) -> object:
            if not isinstance(value, dict):
                raise _refusal("must be an object")
            return read(value, as_kind)

        return read_object

    return converter


def _reader(converter: Converter, field: attrs.Attribute[Any], hint: Any) -> Callable[[object, object], object]:
    promised = shape_of(field)

    def read(value: object, _: object) -> object:
        try:
            found = converter.structure(value, hint)
        except InvalidInput as refusal:
            raise _refusal(refusal.reason, promised.code) from None
        if (broken := _broken(promised, found)) is not None:
            raise _refusal(broken, promised.code)
        return found

    return read


def _broken(promised: Shape, value: object) -> str | None:
    """What a value breaks, if anything: the same promises that `_constraints` prints."""
    if isinstance(value, int):
        if promised.least is not None and value < promised.least:
            return f"must be {promised.least} or more"
        if promised.most is not None and value > promised.most:
            return f"must be {promised.most} or less"
    if isinstance(value, str | tuple):
        things = "characters" if isinstance(value, str) else "entries"
        if promised.shortest is not None and len(value) < promised.shortest:
            return f"must have {promised.shortest} {things} or more"
        if promised.longest is not None and len(value) > promised.longest:
            return f"must have {promised.longest} {things} or fewer"
    if isinstance(value, str) and promised.pattern is not None and re.fullmatch(promised.pattern, value) is None:
        return "does not have the form that it must have"
    return None


# What is said about it


def schemas_of(*, taken: Sequence[type[Any]] = (), given: Sequence[type[Any]] = ()) -> dict[str, Any]:
    """
    The JSON Schemas of these classes and of all that they hold, by name: the components of `/openapi.json`.

    Args:
        taken: what is let in, without a field that is not described.
        given: what is sent out, to which fields may be added.
    """
    found: dict[str, Any] = {"Money": MONEY}
    for kind in taken:
        _collect(kind, found, {"additionalProperties": False})
    for kind in given:
        _collect(kind, found, {})
    return dict(sorted(found.items()))


def reference_to(kind: type[Any]) -> dict[str, Any]:
    """A reference to the schema of a class."""
    return {"$ref": f"#/components/schemas/{kind.__name__}"}


def parameters_of(kind: Any) -> list[dict[str, Any]]:
    """The query parameters that a class stands for; one without text is absent, for no text means null."""
    return [
        {
            "name": wire_name(field),
            "in": "query",
            "required": field.default is attrs.NOTHING,
            "allowEmptyValue": True,
            "description": shape_of(field).text,
            "schema": _of_type(_without_none(hint), _constraints(shape_of(field))),
        }
        for field, hint in fields_of(kind)
    ]


MONEY: Mapping[str, Any] = {
    "type": "object",
    "description": "An exact amount of a currency.",
    "properties": {
        "amount": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$", "description": "In major units."},
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217."},
    },
    "required": ["amount", "currency"],
}
_PLAIN: Mapping[Any, Mapping[str, Any]] = {
    str: {"type": "string"},
    Secret: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    float: {"type": "number"},
    datetime: {"type": "string", "format": "date-time"},
    object: {},
    Any: {},
}


def _collect(kind: Any, found: dict[str, Any], also: Mapping[str, Any]) -> None:
    for inner in get_args(kind):
        _collect(inner, found, also)
    if not (isinstance(kind, type) and attrs.has(kind)) or kind in {Money, Secret} or kind.__name__ in found:
        return
    found[kind.__name__] = {
        "type": "object",
        "description": (kind.__doc__ or "").strip().partition("\n\n")[0],
        "properties": {wire_name(field): _schema(field, hint) for field, hint in fields_of(kind)},
        "required": [wire_name(field) for field, _ in fields_of(kind) if field.default is attrs.NOTHING],
        **also,
    }
    for _, hint in fields_of(kind):
        _collect(hint, found, also)


def _without_none(hint: Any) -> Any:
    inner = [one for one in get_args(hint) if one is not NoneType]
    return inner[0] if NoneType in get_args(hint) and len(inner) == 1 else hint


def _schema(field: attrs.Attribute[Any], hint: Any) -> dict[str, Any]:
    promised = shape_of(field)
    described = {"description": promised.text} if promised.text else {}
    return {**_of_type(hint, _constraints(promised)), **described}


def _constraints(promised: Shape) -> dict[type, dict[str, Any]]:
    anchored = None if promised.pattern is None else f"^(?:{promised.pattern})$"
    by_type: dict[type, dict[str, Any]] = {
        int: {"minimum": promised.least, "maximum": promised.most},
        str: {
            "minLength": promised.shortest,
            "maxLength": promised.longest,
            "pattern": anchored,
            "format": promised.form,
        },
        tuple: {"minItems": promised.shortest, "maxItems": promised.longest},
    }
    return {
        kind: {word: value for word, value in words.items() if value is not None} for kind, words in by_type.items()
    }


def _of_type(hint: Any, constraints: Mapping[type, dict[str, Any]]) -> dict[str, Any]:
    if get_origin(hint) in {Union, UnionType}:
        several = [_of_type(inner, constraints) for inner in get_args(hint) if inner is not NoneType]
        return {"anyOf": [*several, {"type": "null"}]} if NoneType in get_args(hint) else {"anyOf": several}
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _of_type(get_args(hint)[0], {}), **constraints.get(tuple, {})}
    if get_origin(hint) is not None:
        return {"type": "object", "additionalProperties": _of_type(get_args(hint)[1], {})}
    if hint is Money or (attrs.has(hint) and hint is not Secret):
        return reference_to(hint)
    if isinstance(hint, type) and issubclass(hint, enum.StrEnum):
        return {"type": "string", "enum": [str(word) for word in hint]}
    return {**_PLAIN[hint], **constraints.get(hint, {})}


_INBOUND = _inbound(_number, _flag)
_FROM_TEXT = _inbound(_number_of_text, _flag_of_text)
