"""The vault on disk keeps the promises of the port, and its files their place."""

import asyncio
import hashlib
import logging
import os
import stat
from collections.abc import Sequence
from pathlib import Path

import attrs
import pytest

from bitloot_adapters._shared.envelope import KeySealer, MasterKeys
from bitloot_adapters.disk_vault import DiskVault, SealedFolder
from bitloot_core.ports.vault import Rotation
from bitloot_core.testing.contracts.vault import OTHER, OWNER, SERIAL, VaultContract
from bitloot_core.values.errors import Corrupt, InvalidInput, NotFound, Unavailable
from bitloot_core.values.ids import StorageRef, UnitId
from bitloot_core.values.keys import KeyMaterial

OLD = hashlib.sha256(b"old master key").digest()
NEW = hashlib.sha256(b"new master key").digest()


class FaultyFolder(SealedFolder):
    """A folder on a disk that fails when it is told to."""

    damages_next = False
    refuses_next_answer = False

    def add(self, objects: Sequence[bytes]) -> tuple[StorageRef, ...]:
        """Write; once without an answer."""
        refs = super().add(objects)
        if self.refuses_next_answer:
            self.refuses_next_answer = False
            raise Unavailable("vault", "the answer was lost")
        return refs

    def _write_new(self, path: Path, content: bytes) -> None:
        """Write; once with a bit flipped."""
        if self.damages_next:
            self.damages_next = False
            content = content[:-1] + bytes([content[-1] ^ 1])
        super()._write_new(path, content)


class RewrapsForEver(KeySealer):
    """A sealer whose wraps do not end up under the newest master key."""

    def rewrap(self, sealed: bytes) -> bytes | None:
        """Always something new."""
        return sealed + b"?"


@attrs.define
class DiskVaultWorld:
    """A vault in a temporary folder, which is damaged through the file system."""

    root: Path
    keys: dict[str, bytes] = attrs.field(factory=lambda: {"k1": OLD})
    folder: FaultyFolder = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Make the folder."""
        self.folder = FaultyFolder(self.root)

    @property
    def vault(self) -> DiskVault:
        """A vault with the master keys of the moment."""
        return DiskVault(self.folder, KeySealer(MasterKeys(self.keys)))

    def path_of(self, ref: StorageRef) -> Path:
        """The file of an object."""
        (path,) = self.root.rglob(ref)
        return path

    async def damage(self, ref: StorageRef) -> None:
        """Given a bit that fell over in the middle of the file."""
        content = bytearray(self.path_of(ref).read_bytes())
        content[len(content) // 2] ^= 0x10
        self.path_of(ref).write_bytes(content)

    async def lose(self, ref: StorageRef) -> None:
        """Given a file that was deleted."""
        self.path_of(ref).unlink()

    async def damage_next_save(self) -> None:
        """Given a disk that writes something else, once."""
        self.folder.damages_next = True

    async def lose_next_answer(self) -> None:
        """Given that the thread is lost after the write."""
        self.folder.refuses_next_answer = True

    async def go_down(self) -> None:
        """Given a disk that is not mounted."""
        self.root.rename(self.root.with_suffix(".away"))

    async def come_back(self) -> None:
        """Given that it is mounted again."""
        self.root.with_suffix(".away").rename(self.root)

    async def add_master_key(self) -> None:
        """Given a new master key before the old one."""
        self.keys = {"k2": NEW, **self.keys}

    async def drop_old_master_keys(self) -> None:
        """Given the first one only."""
        newest = next(iter(self.keys))
        self.keys = {newest: self.keys[newest]}


class TestDiskVault(VaultContract):
    """The suite, on a folder."""

    @pytest.fixture
    async def world(self, tmp_path: Path) -> DiskVaultWorld:
        """A vault in a fresh folder."""
        return DiskVaultWorld(root=tmp_path / "vault")

    async def test_nobody_else_may_read(self, world: DiskVaultWorld) -> None:
        """Files are 0600 and folders 0700, whatever the umask."""
        before = os.umask(0)
        try:
            (ref,) = await world.vault.save_keys([(OWNER, SERIAL)])
        finally:
            os.umask(before)

        path = world.path_of(ref)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(world.root.stat().st_mode) == 0o700

    async def test_no_plaintext_touches_the_disk(self, world: DiskVaultWorld) -> None:
        """I7: neither the key nor the order stands in a file's content or name."""
        await world.vault.save_keys([(OWNER, SERIAL)])

        for path in world.root.rglob("*"):
            for secret in ("CANARY", OWNER.order_id, OWNER.supplier_key_id):
                assert secret not in path.name
                assert path.is_dir() or secret.encode() not in path.read_bytes()

    async def test_an_object_under_anothers_name_does_not_open(self, world: DiskVaultWorld) -> None:
        """I4: object A moved onto B's path does not open for B."""
        mine, other = await world.vault.save_keys([(OWNER, SERIAL), (OTHER, SERIAL)])
        world.path_of(mine).replace(world.path_of(other))

        with pytest.raises(Corrupt):
            await world.vault.open_keys([(other, OTHER)])

    async def test_a_name_cannot_lead_out_of_the_folder(self, world: DiskVaultWorld, tmp_path: Path) -> None:
        """Neither a path in a name nor a link in the folder is followed."""
        outside = tmp_path / "outside"
        outside.write_bytes(b"x" * 200)
        (ref,) = await world.vault.save_keys([(OWNER, SERIAL)])
        world.path_of(ref).unlink()
        (world.root / ref[:2] / ref).symlink_to(outside)

        with pytest.raises(Unavailable, match="ELOOP"):
            await world.vault.open_keys([(ref, OWNER)])
        await world.vault.discard([StorageRef("../../outside"), StorageRef("../outside"), ref])

        assert outside.exists()

    async def test_a_name_that_is_taken_is_never_written_over(self, world: DiskVaultWorld) -> None:
        """A file is only ever made new; chance cannot destroy a key."""
        (ref,) = await world.vault.save_keys([(OWNER, SERIAL)])
        world.folder._path = lambda _: world.path_of(ref)  # type: ignore[method-assign]  # noqa: SLF001 - every name is this one

        with pytest.raises(Unavailable, match="EEXIST"):
            await world.vault.save_keys([(OTHER, SERIAL)])

        assert await world.vault.open_keys([(ref, OWNER)]) == (SERIAL,)

    async def test_a_crash_in_the_middle_of_a_write_leaves_an_orphan(self, world: DiskVaultWorld) -> None:
        """Half a file has no reference; it is listed, and so `reconcile` removes it."""
        (ref,) = await world.vault.save_keys([(OWNER, SERIAL)])
        half = StorageRef(ref[:2] + "2" * 30)
        (world.root / ref[:2] / half).write_bytes(world.path_of(ref).read_bytes()[:50])

        listed = {stored.ref async for stored in world.vault.stored()}

        assert listed == {ref, half}

    async def test_foreign_files_are_left_alone(self, world: DiskVaultWorld) -> None:
        """What an operator puts into the folder is no object of ours."""
        (ref,) = await world.vault.save_keys([(OWNER, SERIAL)])
        (world.root / "lost+found").mkdir()
        (world.root / "README").write_text("back-ups: see the wiki")
        (world.root / ref[:2] / "notes.txt").write_text("x")

        assert [stored.ref async for stored in world.vault.stored()] == [ref]

    async def test_many_saves_at_once_do_not_disturb_each_other(self, world: DiskVaultWorld) -> None:
        """Workers share the folder: each order gets its own keys back."""
        owners = [attrs.evolve(OWNER, unit_id=UnitId(f"1.{number}")) for number in range(1, 41)]

        refs = await asyncio.gather(*(world.vault.save_keys([(owner, SERIAL)]) for owner in owners))

        opened = await asyncio.gather(
            *(world.vault.open_keys([(ref, owner)]) for (ref,), owner in zip(refs, owners, strict=True))
        )
        assert opened == [(SERIAL,)] * 40

    async def test_rotation_while_it_is_read_never_shows_a_gap(self, world: DiskVaultWorld) -> None:
        """A reader finds the old wrap or the new one, whole."""
        (ref,) = await world.vault.save_keys([(OWNER, SERIAL)])
        await world.add_master_key()

        *opened, rotated = await asyncio.gather(
            *(world.vault.open_keys([(ref, OWNER)]) for _ in range(20)), world.vault.rotate(ref)
        )

        assert opened == [(SERIAL,)] * 20
        assert rotated == Rotation(before="k1", after="k2")
        assert len([stored async for stored in world.vault.stored()]) == 1

    async def test_a_rotation_that_wrote_something_else_changes_nothing(self, world: DiskVaultWorld) -> None:
        """The new wrap is read back before the old one is given up."""
        (ref,) = await world.vault.save_keys([(OWNER, SERIAL)])
        await world.add_master_key()
        world.folder.damages_next = True

        with pytest.raises(Unavailable, match="EIO"):
            await world.vault.rotate(ref)

        assert await world.vault.open_keys([(ref, OWNER)]) == (SERIAL,)

    async def test_a_rotation_brings_nothing_back(self, world: DiskVaultWorld) -> None:
        """An object that is discarded while it is wrapped anew stays gone."""
        (ref,) = await world.vault.save_keys([(OWNER, SERIAL)])
        await world.vault.discard([ref])

        with pytest.raises(NotFound):
            world.folder.replace(ref, b"rewrapped")

        assert [stored async for stored in world.vault.stored()] == []

    async def test_a_wrap_that_does_not_unwrap_is_never_written(self, world: DiskVaultWorld) -> None:
        """Nor is one that was made wrong: the object stays as it was."""
        (ref,) = await world.vault.save_keys([(OWNER, SERIAL)])
        broken = DiskVault(world.folder, RewrapsForEver(MasterKeys(world.keys)))

        with pytest.raises(Corrupt):
            await broken.rotate(ref)

        assert await world.vault.open_keys([(ref, OWNER)]) == (SERIAL,)

    async def test_a_save_must_read_back_as_the_same_key(self, world: DiskVaultWorld) -> None:
        """An older object of the same owner in its place opens, and is still not what was saved."""
        (old,) = await world.vault.save_keys([(OWNER, KeyMaterial.of_text("AN-OLDER-KEY"))])
        older = world.folder.read(old)
        world.folder.read = lambda _: older  # type: ignore[method-assign]

        with pytest.raises(Corrupt):
            await world.vault.save_keys([(OWNER, SERIAL)])

    async def test_nothing_secret_is_said(self, world: DiskVaultWorld, caplog: pytest.LogCaptureFixture) -> None:
        """Neither errors nor logs nor a repr show a product key, a master key, or a name that was made up."""
        caplog.set_level(logging.DEBUG)
        (ref,) = await world.vault.save_keys([(OWNER, SERIAL)])
        with pytest.raises(Corrupt) as corrupt:
            await world.vault.open_keys([(ref, OTHER)])
        with pytest.raises(NotFound) as missing:
            await world.vault.open_keys([(StorageRef("CANARY/.."), OWNER)])

        said = caplog.text + repr(world.vault) + str(corrupt.value) + str(missing.value)

        for secret in ("CANARY", OLD.hex(), repr(OLD)):
            assert secret not in said


def test_a_folder_that_cannot_be_made_is_a_mistake_in_the_settings(tmp_path: Path) -> None:
    """It is named by its variable when the service starts, not by the first buyer."""
    (tmp_path / "file").write_text("x")

    with pytest.raises(InvalidInput, match="VAULT_DIR"):
        SealedFolder(tmp_path / "file")
