"""Broken on purpose: what people decide about keys and spending, and lost jobs (I2, I6, I9, I10, S1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
from mutants import Patch, exchange, mutant, replace

from bitloot_core.order.units import ReplacedUnit
from bitloot_core.ports.store import KeyAccess


@mutant("I8 I2", "gives the key in quarantine to the unit in its place")
def delivers_the_bad_key(patch: Patch) -> None:
    """What the supplier still lists is taken for what it promised to send; the state machine itself does not follow."""

    def forgets_quarantine(real: Any) -> Any:
        def look(order: Any, *rest: Any) -> Any:
            units = tuple(unit for unit in order.units if not isinstance(unit, ReplacedUnit))
            return real(attrs.evolve(order, units=units), *rest)

        return look

    exchange(patch, "usecases.finalize_delivery:match_keys", forgets_quarantine)
    exchange(patch, "order.decide_delivery:_new", forgets_quarantine)


@mutant("I2", "shows keys in quarantine through the link")
def shows_the_bad_key(patch: Patch) -> None:
    """The buyer sees the bad key beside the one that took its place."""

    def with_the_bad(real: Any) -> Any:
        def change(**parts: Any) -> Any:
            more = (_look_at(parts["before"], unit, parts["accesses"][0]) for unit in _bad(parts["before"]))
            return real(**{**parts, "accesses": (*parts["accesses"], *more)})

        return change

    def opens_the_bad(real: Any) -> Any:
        async def open_units(shop: Any, order: Any, units: Any) -> Any:
            """Open them all."""
            return await real(shop, order, (*units, *_bad(order)))

        return open_units

    exchange(patch, "usecases.reveal_keys:Change", with_the_bad)
    exchange(patch, "usecases.reveal_keys:open_units", opens_the_bad)


def _bad(order: Any) -> Iterator[ReplacedUnit]:
    return (unit for unit in order.units if isinstance(unit, ReplacedUnit))


def _look_at(order: Any, unit: ReplacedUnit, like: KeyAccess) -> KeyAccess:
    return attrs.evolve(like, order_id=order.id, unit_id=unit.id)


@mutant("I2", "holds keys that went back to the supplier")
def holds_what_went_back(patch: Patch) -> None:
    """The supplier took them, and may sell them again."""
    replace(patch, "order.staff_steps:_after_return", lambda unit, _: unit)


@mutant("I6", "books no credit for keys that went back")
def books_no_credit(patch: Patch) -> None:
    """What was spent looks like more than it was."""
    replace(patch, "order.effects:_credited", lambda *_: ())


@mutant("I9", "shows keys to the staff without an audit row")
def staff_unseen(patch: Patch) -> None:
    """What was done is written down, and not at which keys it was."""
    exchange(patch, "usecases.reveal_to_staff:Change", lambda real: lambda **parts: real(**{**parts, "accesses": ()}))


@mutant("I10", "brings no lost job back")
def never_sweeps(patch: Patch) -> None:
    """A job that somebody took out of the tables is gone."""
    replace(patch, "usecases.sweep:needs_of", lambda *_, **__: ())


@mutant("S1", "asks for no room in the write that claims a purchase")
def spends_without_asking(patch: Patch) -> None:
    """The cap is read where everybody reads it, and nobody writes under it."""
    replace(patch, "testing.memory.store:MemoryOrderStore._check_budget", lambda *_: None)
