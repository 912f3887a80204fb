"""The vault on disk: seals, writes, reads back, opens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from bitloot_adapters._shared.envelope import KeySealer
from bitloot_adapters.disk_vault.folder import SealedFolder
from bitloot_core.ports.vault import Rotation, StoredObject, Vault
from bitloot_core.values.errors import Corrupt
from bitloot_core.values.ids import StorageRef
from bitloot_core.values.keys import KeyMaterial, KeyOwner


class DiskVault:
    """
    Keeps sealed product keys in a folder; see `Vault` for what it promises.

    Each call is one trip to a thread, however many keys it is about. Several processes may share the folder.

    Args:
        folder: where the objects lie.
        sealer: seals and opens them.
    """

    def __init__(self, folder: SealedFolder, sealer: KeySealer) -> None:
        self._folder = folder
        self._sealer = sealer

    async def save_keys(self, keys: Sequence[tuple[KeyOwner, KeyMaterial]]) -> tuple[StorageRef, ...]:
        """Seal each key into a file of its own, flush it, read it back and open it."""
        return await asyncio.to_thread(self._save, tuple(keys))

    async def open_keys(self, keys: Sequence[tuple[StorageRef, KeyOwner]]) -> tuple[KeyMaterial, ...]:
        """Read and open each key."""
        return await asyncio.to_thread(self._open, tuple(keys))

    async def discard(self, refs: Sequence[StorageRef]) -> None:
        """Remove the files."""
        await asyncio.to_thread(self._folder.remove, tuple(refs))

    async def rotate(self, ref: StorageRef) -> Rotation:
        """Write the object anew with another wrap, if it is not under the newest master key."""
        return await asyncio.to_thread(self._rotate, ref)

    async def master_key_of(self, ref: StorageRef) -> str:
        """Read it off the object's header."""
        return self._sealer.key_id_of(await asyncio.to_thread(self._folder.read, ref))

    async def stored(self) -> AsyncIterator[StoredObject]:
        """Every file; one sub-folder at a time, so that memory does not grow with the vault."""
        for shard in await asyncio.to_thread(self._folder.shards):
            for found in await asyncio.to_thread(self._folder.objects, shard):
                yield found

    def _save(self, keys: tuple[tuple[KeyOwner, KeyMaterial], ...]) -> tuple[StorageRef, ...]:
        refs = self._folder.add([self._sealer.seal(owner, material) for owner, material in keys])
        for ref, (owner, material) in zip(refs, keys, strict=True):
            if self._sealer.open(owner, self._folder.read(ref)) != material:
                raise Corrupt("vault", "an object that was just saved holds something else")
        return refs

    def _open(self, keys: tuple[tuple[StorageRef, KeyOwner], ...]) -> tuple[KeyMaterial, ...]:
        return tuple(self._sealer.open(owner, self._folder.read(ref)) for ref, owner in keys)

    def _rotate(self, ref: StorageRef) -> Rotation:
        old = self._folder.read(ref)
        before, rewrapped = self._sealer.key_id_of(old), self._sealer.rewrap(old)
        if rewrapped is None:
            return Rotation(before=before, after=before)
        # `rewrap` of the new object proves that its wrap opens, before the old wrap is given up.
        if self._sealer.rewrap(rewrapped) is not None:
            raise Corrupt("vault", "a data key that was just wrapped does not unwrap")
        self._folder.replace(ref, rewrapped)
        return Rotation(before=before, after=self._sealer.key_id_of(rewrapped))

    def __repr__(self) -> str:
        return f"DiskVault({self._folder!r}, {self._sealer!r})"


if TYPE_CHECKING:
    _: type[Vault] = DiskVault
