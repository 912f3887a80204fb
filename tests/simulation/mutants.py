"""
The program, broken on purpose: for each invariant, what it would be without one of its defences.

A simulation that finds nothing proves nothing, unless it finds these.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import attrs
import pytest

Patch = pytest.MonkeyPatch


@attrs.frozen
class Mutant:
    """
    One way to break the program.

    Attributes:
        invariants: those that it is a control for: it must break one of them.
        name: what is wrong, in a few words.
        apply: breaks it.
    """

    invariants: str
    name: str
    apply: Callable[[Patch], None] = attrs.field(repr=False)


MUTANTS: list[Mutant] = []


def mutant(invariants: str, name: str) -> Callable[[Callable[[Patch], None]], Callable[[Patch], None]]:
    """Add what breaks the program to the list of mutants."""

    def keep(apply: Callable[[Patch], None]) -> Callable[[Patch], None]:
        MUTANTS.append(Mutant(invariants, name, apply))
        return apply

    return keep


def exchange(patch: Patch, path: str, make: Callable[[Any], Any]) -> None:
    """
    Put something else in the place of a function.

    Args:
        path: the module and the name in it, `package.module:name` or `package.module:Class.name`.
        make: given what stands there, makes what shall stand there.
    """
    module, _, name = path.partition(":")
    owner: Any = importlib.import_module(f"bitloot_core.{module}")
    *classes, last = name.split(".")
    for one in classes:
        owner = getattr(owner, one)
    patch.setattr(owner, last, make(getattr(owner, last)))


def replace(patch: Patch, path: str, new: Any) -> None:
    """Put something else in the place of a function, whatever stood there."""
    exchange(patch, path, lambda _: new)
