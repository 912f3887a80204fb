"""
A rotation of master keys: everything that is sealed comes under the newest one, so that the old ones are not needed.

It may be ended at any moment and begun again. What is done is not written down anywhere: each sealed thing says which
master key it is under, so a second run finds by itself what is left.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import AsyncIterator, Mapping

import attrs

from bitloot_core.ports.sealed_rows import SealedRows
from bitloot_core.ports.vault import Rotation, Vault
from bitloot_core.values.errors import Corrupt, NotFound, Unavailable
from bitloot_core.values.ids import StorageRef
from bitloot_http.side_by_side import side_by_side

AT_ONCE = 16
ROWS_AT_ONCE = 500
MOST_AWAY = 16
"""So many objects in a row that cannot be reached mean that the vault is away, and not that they are."""
_DOES_NOT_UNWRAP = "does not unwrap: damaged, or under a master key that VAULT_KEYS does not have"


class Kind(enum.StrEnum):
    """What is sealed; the words are those that an operator reads."""

    PRODUCT_KEY = "product keys"
    WEBHOOK_BODY = "webhook bodies"
    SECOND_FACTOR = "second factors"


@attrs.frozen(kw_only=True)
class Sealed:
    """
    Everything that a shop has sealed.

    Attributes:
        master_keys: the ids of those that we have, the newest first.
    """

    vault: Vault
    rows: Mapping[Kind, SealedRows]
    master_keys: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Turned:
    """One sealed thing that is under the newest master key now."""

    kind: Kind
    rotation: Rotation


@attrs.frozen(kw_only=True)
class Stuck:
    """
    One sealed thing that could not be wrapped anew.

    Attributes:
        name: the object's name, or the row's number; it says nothing about whose it is.
        under: the id of the master key that it says it is under; None if it says none, or could not be asked.
        problem: what stands in the way.
    """

    kind: Kind
    name: str
    under: str | None
    problem: str


@attrs.frozen(kw_only=True)
class Gone:
    """One object that was discarded between the list and the look."""

    kind: Kind


async def count_sealed(sealed: Sealed) -> int:
    """
    How many things are sealed, to show how far a rotation is.

    Raises:
        Unavailable: the vault or the database is away.
    """
    objects = 0
    async for _ in sealed.vault.stored():
        objects += 1
    return objects + sum([await rows.count() for rows in sealed.rows.values()])


async def rotate(sealed: Sealed) -> AsyncIterator[Turned | Stuck | Gone]:
    """
    Bring everything that is sealed under the newest master key; idempotent, and yields each thing that was looked at.

    Raises:
        Unavailable: the vault or the database is away. What was done is done.
        Unknown: the database gave no answer; begin again.
    """
    async for one in _rotate_objects(sealed.vault):
        yield one
    for kind, rows in sealed.rows.items():
        async for one in _rotate_rows(kind, rows):
            yield one


async def _rotate_objects(vault: Vault) -> AsyncIterator[Turned | Stuck | Gone]:
    refs = (stored.ref async for stored in vault.stored())
    away = 0
    async for one in side_by_side(refs, lambda ref: _rotate_object(vault, ref), at_once=AT_ONCE):
        away = away + 1 if isinstance(one, _Away) else 0
        if isinstance(one, _Away):
            if away == MOST_AWAY:
                raise one.error
            yield one.stuck
        else:
            yield one


@attrs.frozen(kw_only=True)
class _Away:
    """An object that could not be reached, and why."""

    stuck: Stuck
    error: Unavailable


async def _rotate_object(vault: Vault, ref: StorageRef) -> Turned | Stuck | Gone | _Away:
    try:
        return await _try(vault, ref)
    except Unavailable:
        # Somebody else may have rotated it at the same moment: another look tells.
        pass
    try:
        return await _try(vault, ref)
    except Unavailable as error:
        return _Away(stuck=Stuck(kind=Kind.PRODUCT_KEY, name=ref, under=None, problem=error.reason), error=error)


async def _try(vault: Vault, ref: StorageRef) -> Turned | Stuck | Gone:
    kind = Kind.PRODUCT_KEY
    try:
        return Turned(kind=kind, rotation=await vault.rotate(ref))
    except NotFound:
        return Gone(kind=kind)
    except Corrupt:
        return await _stuck(vault, ref)


async def _stuck(vault: Vault, ref: StorageRef) -> Stuck | Gone:
    stuck = Stuck(kind=Kind.PRODUCT_KEY, name=ref, under=None, problem=_DOES_NOT_UNWRAP)
    try:
        return attrs.evolve(stuck, under=await vault.master_key_of(ref))
    except NotFound:
        return Gone(kind=Kind.PRODUCT_KEY)
    except Corrupt:
        return stuck


async def _rotate_rows(kind: Kind, rows: SealedRows) -> AsyncIterator[Turned | Stuck]:
    last: int | None = None
    while True:
        batch = await rows.rotate(after=last, limit=ROWS_AT_ONCE)
        for _, rotation in batch.rotated:
            yield Turned(kind=kind, rotation=rotation)
        for number, under in batch.stuck:
            yield Stuck(kind=kind, name=str(number), under=under, problem=_DOES_NOT_UNWRAP)
        if batch.last is None:
            return
        last = batch.last


@attrs.define
class Tally:
    """
    What a rotation came to.

    Attributes:
        looked_at: how many of each kind.
        rewrapped: how many of each kind were wrapped anew by this run.
        under: how many of each kind are under which master key now, as far as they say.
        stuck: those that could not be wrapped anew.
    """

    looked_at: Counter[Kind] = attrs.field(factory=Counter)
    rewrapped: Counter[Kind] = attrs.field(factory=Counter)
    under: Counter[tuple[Kind, str]] = attrs.field(factory=Counter)
    stuck: list[Stuck] = attrs.field(factory=list)

    def add(self, one: Turned | Stuck | Gone) -> None:
        """Count one thing."""
        match one:
            case Turned():
                self.looked_at[one.kind] += 1
                self.rewrapped[one.kind] += one.rotation.is_written
                self.under[one.kind, one.rotation.after] += 1
            case Stuck():
                self.looked_at[one.kind] += 1
                self.stuck.append(one)
                if one.under is not None:
                    self.under[one.kind, one.under] += 1
            case Gone():
                pass

    @property
    def untold(self) -> int:
        """How many things could not say which master key they are under: any of them could be needed."""
        return sum(one.under is None for one in self.stuck)

    def needed(self, key_id: str) -> Mapping[Kind, int]:
        """How many of each kind are under a master key; without the kinds of which none is."""
        return {kind: self.under[kind, key_id] for kind in Kind if self.under[kind, key_id]}
