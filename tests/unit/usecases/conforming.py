"""
Whether values are of the types that their classes and signatures say, down to the last field.

The type checker proves it of code that it can follow. This looks at what really is said to a port, or written.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache, wraps
from types import UnionType
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

import attrs
import pytest

Seen = dict[int, object]
"""What was found to conform, kept alive so that no other value takes its place."""


def misfits(value: object, hint: Any, where: str = "", seen: Seen | None = None) -> Iterator[str]:
    """
    The parts of a value that are not of their types, each with the way to it; none if it conforms.

    What cannot be looked at from outside (callables, protocols, type variables) is taken as it is.
    """
    seen = {} if seen is None else seen
    origin = get_origin(hint)
    if isinstance(hint, NewType):
        yield from misfits(value, hint.__supertype__, where, seen)
    elif origin in (Union, UnionType):
        if all(any(misfits(value, one, where, {})) for one in get_args(hint)):
            yield f"{where}: {value!r} is none of {hint}"
    elif inspect.isclass(origin) and issubclass(origin, Collection):
        yield from _parts(value, origin, get_args(hint), where, seen)
    elif inspect.isclass(hint) and not getattr(hint, "_is_protocol", False):
        yield from _fields(value, (int, float) if hint is float else hint, where, seen)


def _parts(value: object, origin: type, inner: tuple[Any, ...], where: str, seen: Seen) -> Iterator[str]:
    if not isinstance(value, origin):
        yield f"{where}: {value!r} is no {origin.__name__}"
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from misfits(key, inner[0], f"{where}, a key", seen)
            yield from misfits(one, inner[1], f"{where}[{key!r}]", seen)
    elif origin is tuple and inner[-1] is not Ellipsis:
        for number, (one, hint) in enumerate(zip(value, inner, strict=True)):  # type: ignore[call-overload]
            yield from misfits(one, hint, f"{where}[{number}]", seen)
    elif isinstance(value, Collection):
        for number, one in enumerate(value):
            yield from misfits(one, inner[0], f"{where}[{number}]", seen)


def _fields(value: object, hint: Any, where: str, seen: Seen) -> Iterator[str]:
    if id(value) in seen:
        return
    if not isinstance(value, hint):
        yield f"{where}: {value!r} is no {hint}"
    elif attrs.has(type(value)):
        seen[id(value)] = value
        for name, of in _types_of(type(value)):
            yield from misfits(getattr(value, name), of, f"{where}.{name}", seen)


@cache
def _types_of(cls: type) -> tuple[tuple[str, Any], ...]:
    try:
        attrs.resolve_types(cls)
    except NameError:  # a type that only the checker knows
        return ()
    return tuple((field.name, field.type) for field in attrs.fields(cls))


@cache
def _signature(function: Callable[..., Any]) -> tuple[inspect.Signature, dict[str, Any]]:
    try:
        return inspect.signature(function), get_type_hints(function)
    except NameError:
        return inspect.signature(function), {}


@attrs.define
class Listener:
    """
    Hears all that is said to some ports, and notes in `wrong` what is not of the type that a method asks for.

    Args:
        deaf: the methods that are said strange things on purpose, `Class.method`.
    """

    ports: Collection[type]
    deaf: Collection[str] = ()
    wrong: list[str] = attrs.Factory(list)
    seen: Seen = attrs.Factory(dict)

    def listen(self, patch: pytest.MonkeyPatch) -> None:
        """Stand between callers and ports, until the patch is undone."""
        for port in self.ports:
            for name, plain in inspect.getmembers(port, inspect.iscoroutinefunction):
                where = f"{port.__name__}.{name}"
                if not name.startswith("_") and where not in self.deaf:
                    patch.setattr(port, name, self._heard(plain, where))

    def forget(self) -> None:
        """Begin anew."""
        self.wrong.clear()
        self.seen.clear()

    def _heard(self, plain: Callable[..., Any], where: str) -> Callable[..., Any]:
        signature, hints = _signature(plain)

        @wraps(plain)
        async def call(*args: Any, **kwargs: Any) -> Any:
            """Look at what is said, and say it."""
            said = signature.bind(*args, **kwargs).arguments
            for name in said.keys() & hints.keys():
                self.wrong.extend(misfits(said[name], hints[name], f"{where}({name})", self.seen))
            return await plain(*args, **kwargs)

        return call
