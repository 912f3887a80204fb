"""The vault: product keys, sealed under master keys that can be replaced."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

import attrs

from bitloot_core.values.ids import StorageRef
from bitloot_core.values.keys import KeyMaterial, KeyOwner


@attrs.frozen(kw_only=True)
class StoredObject:
    """A sealed object that lies in the vault."""

    ref: StorageRef
    saved_at: datetime


@attrs.frozen(kw_only=True)
class Rotation:
    """
    What a rotation did to one sealed thing.

    Attributes:
        before: the id of the master key that it was under.
        after: the id of the one that it is under now, which is the newest.
    """

    before: str
    after: str

    @property
    def is_written(self) -> bool:
        """Whether anything was written; if not, it was under the newest master key already."""
        return self.before != self.after


class Vault(Protocol):
    """
    Seals product keys, one object for each, and opens them for their owner only.

    Every method may raise `Unavailable` (passing).
    """

    async def save_keys(self, keys: Sequence[tuple[KeyOwner, KeyMaterial]]) -> tuple[StorageRef, ...]:
        """
        Seal each key under a fresh random name and return the names in the same order.

        When this returns, each object is durable, was read back and was opened once. Not idempotent: a repeat leaves
        the earlier objects as orphans, which `reconcile` removes.

        Raises:
            Corrupt: what was read back does not open; nothing may be relied on.
        """
        ...

    async def open_keys(self, keys: Sequence[tuple[StorageRef, KeyOwner]]) -> tuple[KeyMaterial, ...]:
        """
        Open sealed keys for their owners, in the same order. Repeatable.

        Raises:
            NotFound: an object is not there.
            Corrupt: an object does not open: damaged, of another owner, or under a master key that we do not have.
        """
        ...

    async def discard(self, refs: Sequence[StorageRef]) -> None:
        """Remove objects for good; one that is not there is no error."""
        ...

    async def rotate(self, ref: StorageRef) -> Rotation:
        """
        Wrap an object's data key anew under the newest master key. Idempotent: a repeat writes nothing.

        Raises:
            NotFound: the object is not there.
            Corrupt: it cannot be unwrapped: damaged, or under a master key that we do not have.
        """
        ...

    async def master_key_of(self, ref: StorageRef) -> str:
        """
        The id of the master key that an object says it is under, whether or not we have that key. Not proved.

        Raises:
            NotFound: the object is not there.
            Corrupt: it is no sealed object.
        """
        ...

    def stored(self) -> AsyncIterator[StoredObject]:
        """Every object that lies in the vault, in no promised order."""
        ...
