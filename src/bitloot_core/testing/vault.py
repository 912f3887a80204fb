"""A vault in memory that keeps the port's promises, and can be damaged on purpose."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from bitloot_core.ports.system import Clock
from bitloot_core.ports.vault import Rotation, StoredObject, Vault
from bitloot_core.testing.clock import ManualClock
from bitloot_core.testing.faults import Faults
from bitloot_core.values.errors import Corrupt, NotFound
from bitloot_core.values.ids import StorageRef
from bitloot_core.values.keys import KeyMaterial, KeyOwner


@attrs.frozen(kw_only=True)
class _Object:
    owner: KeyOwner
    material: KeyMaterial
    saved_at: datetime
    master_key: int
    damaged: bool


class FakeVault:
    """
    Keeps product keys in memory; nothing is encrypted, but only the owner gets in.

    Args:
        clock: dates the objects.

    Attributes:
        faults: what shall go wrong, by the name of the method.
    """

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.faults = Faults()
        self._clock = clock or ManualClock()
        self._objects: dict[StorageRef, _Object] = {}
        self._names = 0
        self._master_key = 1
        self._oldest_master_key = 1
        self._damage_next_save = False

    async def save_keys(self, keys: Sequence[tuple[KeyOwner, KeyMaterial]]) -> tuple[StorageRef, ...]:
        """Keep each key under a fresh name."""
        self.faults.strike_before("save_keys")
        damaged, self._damage_next_save = self._damage_next_save, False
        refs = tuple(self._add(owner, material, damaged=damaged) for owner, material in keys)
        for ref, (owner, _) in zip(refs, keys, strict=True):
            self._open(ref, owner)
        self.faults.strike_after("save_keys")
        return refs

    async def open_keys(self, keys: Sequence[tuple[StorageRef, KeyOwner]]) -> tuple[KeyMaterial, ...]:
        """Give keys to their owners."""
        self.faults.strike_before("open_keys")
        return tuple(self._open(ref, owner) for ref, owner in keys)

    async def discard(self, refs: Sequence[StorageRef]) -> None:
        """Forget objects."""
        self.faults.strike_before("discard")
        for ref in refs:
            self._objects.pop(ref, None)
        self.faults.strike_after("discard")

    async def rotate(self, ref: StorageRef) -> Rotation:
        """Note that the object is under the newest master key."""
        self.faults.strike_before("rotate")
        found = self._readable(ref)
        self._objects[ref] = attrs.evolve(found, master_key=self._master_key)
        self.faults.strike_after("rotate")
        return Rotation(before=_id_of(found.master_key), after=_id_of(self._master_key))

    async def master_key_of(self, ref: StorageRef) -> str:
        """The id of the object's master key: `k1`, `k2`..."""
        self.faults.strike_before("master_key_of")
        found = self._objects.get(ref)
        if found is None:
            raise NotFound("sealed object", ref)
        return _id_of(found.master_key)

    async def stored(self) -> AsyncIterator[StoredObject]:
        """Every object."""
        self.faults.strike_before("stored")
        for ref, found in tuple(self._objects.items()):
            yield StoredObject(ref=ref, saved_at=found.saved_at)

    def damage(self, ref: StorageRef) -> None:
        """Given an object that is not what was written."""
        self._objects[ref] = attrs.evolve(self._objects[ref], damaged=True)

    def damage_next_save(self) -> None:
        """Given a medium that writes something else than it was given, once."""
        self._damage_next_save = True

    def swap(self, one: StorageRef, other: StorageRef) -> None:
        """Given two objects that changed places."""
        self._objects[one], self._objects[other] = self._objects[other], self._objects[one]

    def lose(self, ref: StorageRef) -> None:
        """Given an object that disappeared."""
        del self._objects[ref]

    def add_master_key(self) -> None:
        """Given a new master key that seals from now on; the earlier ones still open."""
        self._master_key += 1

    def drop_old_master_keys(self) -> None:
        """Given that only the newest master key is left."""
        self._oldest_master_key = self._master_key

    def _add(self, owner: KeyOwner, material: KeyMaterial, *, damaged: bool) -> StorageRef:
        self._names += 1
        ref = StorageRef(f"object-{self._names}")
        self._objects[ref] = _Object(
            owner=owner,
            material=material,
            saved_at=self._clock.now(),
            master_key=self._master_key,
            damaged=damaged,
        )
        return ref

    def _open(self, ref: StorageRef, owner: KeyOwner) -> KeyMaterial:
        found = self._readable(ref)
        if found.owner != owner:
            raise _corrupt()
        return found.material

    def _readable(self, ref: StorageRef) -> _Object:
        found = self._objects.get(ref)
        if found is None:
            raise NotFound("sealed object", ref)
        if found.damaged or found.master_key < self._oldest_master_key:
            raise _corrupt()
        return found

    def __repr__(self) -> str:
        return f"FakeVault({len(self._objects)} objects)"


def _id_of(master_key: int) -> str:
    return f"k{master_key}"


def _corrupt() -> Corrupt:
    return Corrupt("vault", "a sealed object does not open")


if TYPE_CHECKING:
    _: type[Vault] = FakeVault
