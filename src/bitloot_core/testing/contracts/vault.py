"""What every vault must do."""

from __future__ import annotations

from typing import Protocol

import attrs
import pytest

from bitloot_core.ports.vault import Vault
from bitloot_core.values.errors import Corrupt, NotFound, Unavailable
from bitloot_core.values.ids import OrderId, StorageRef, SupplierKeyId, UnitId
from bitloot_core.values.keys import KeyMaterial, KeyOwner

OWNER = KeyOwner(order_id=OrderId("order7f3k"), unit_id=UnitId("1.1"), supplier_key_id=SupplierKeyId("supplier-key-1"))
OTHER = KeyOwner(order_id=OrderId("order9x2m"), unit_id=UnitId("2.3"), supplier_key_id=SupplierKeyId("supplier-key-2"))
SERIAL = KeyMaterial.of_text("CANARY-AAAAA-BBBBB")
PICTURE = KeyMaterial(content=b"\x89PNG\r\n\x1a\n\x00\xff CANARY", media_type="image/png")
STRANGE_REFS = (
    "",
    ".",
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "a\0b",
    "A" * 5_000,
    "naïve",
    "never-was",
)


class VaultWorld(Protocol):
    """A vault, and what can happen to it behind its back. A verb that a real server cannot do skips, and says so."""

    @property
    def vault(self) -> Vault:
        """The vault itself, under the master keys of the moment."""
        ...

    async def damage(self, ref: StorageRef) -> None:
        """Given an object with a bit that is not as it was written."""
        ...

    async def lose(self, ref: StorageRef) -> None:
        """Given an object that disappeared."""
        ...

    async def damage_next_save(self) -> None:
        """Given a medium that will write something else than it is given, once."""
        ...

    async def lose_next_answer(self) -> None:
        """Given that the next save is carried out, but its answer never comes."""
        ...

    async def go_down(self) -> None:
        """Given a store that cannot be reached."""
        ...

    async def come_back(self) -> None:
        """Given that it can be reached again."""
        ...

    async def add_master_key(self) -> None:
        """Given a new master key that seals from now on; the earlier ones still open."""
        ...

    async def drop_old_master_keys(self) -> None:
        """Given that only the newest master key is left."""
        ...


class VaultContract:
    """
    The promises of `Vault`.

    Of the unhappy five there are: the retried key (`save_keys` twice), the answer lost after acceptance, the malformed
    body (a damaged object) and the failure at the commit point (damaged while writing, store down). The slow peer is
    left out: a vault has no deadline of its own to keep; an adapter for a remote store shows it in its own tests.
    """

    @pytest.fixture
    async def world(self) -> VaultWorld:
        """The vault under test."""
        raise NotImplementedError

    async def test_keys_open_for_their_owners_in_the_same_order(self, world: VaultWorld) -> None:
        """Text and picture come back as they were, media type included."""
        refs = await world.vault.save_keys([(OWNER, SERIAL), (OTHER, PICTURE)])

        opened = await world.vault.open_keys([(refs[1], OTHER), (refs[0], OWNER)])

        assert opened == (PICTURE, SERIAL)

    async def test_a_whole_order_is_saved_at_once(self, world: VaultWorld) -> None:
        """Ninety units, the most that an order can have, keep their order."""
        keys = [
            (attrs.evolve(OWNER, unit_id=UnitId(f"1.{number}")), KeyMaterial.of_text(f"SERIAL-{number}"))
            for number in range(1, 91)
        ]

        refs = await world.vault.save_keys(keys)

        opened = await world.vault.open_keys([(ref, owner) for ref, (owner, _) in zip(refs, keys, strict=True)])
        assert opened == tuple(material for _, material in keys)

    async def test_nothing_to_do_is_no_error(self, world: VaultWorld) -> None:
        """An empty batch gives an empty answer."""
        assert await world.vault.save_keys([]) == ()
        assert await world.vault.open_keys([]) == ()
        await world.vault.discard([])

    async def test_names_are_fresh_and_say_nothing(self, world: VaultWorld) -> None:
        """A storage ref is used once, and neither the order nor the key can be read from it."""
        refs = await world.vault.save_keys([(OWNER, SERIAL)] * 20)

        assert len(set(refs)) == 20
        for secret in (OWNER.order_id, OWNER.supplier_key_id, "CANARY"):
            assert not any(secret in ref for ref in refs)

    async def test_a_repeated_save_leaves_both_objects(self, world: VaultWorld) -> None:
        """Saving is not idempotent: the first object stays as good as it was."""
        (first,) = await world.vault.save_keys([(OWNER, SERIAL)])

        (second,) = await world.vault.save_keys([(OWNER, SERIAL)])

        assert first != second
        assert await world.vault.open_keys([(first, OWNER), (second, OWNER)]) == (SERIAL, SERIAL)

    async def test_opening_can_be_repeated(self, world: VaultWorld) -> None:
        """A reveal consumes nothing."""
        (ref,) = await world.vault.save_keys([(OWNER, SERIAL)])

        opened = [await world.vault.open_keys([(ref, OWNER)]) for _ in range(3)]

        assert opened == [(SERIAL,)] * 3

    @pytest.mark.parametrize("part", ["order_id", "unit_id", "supplier_key_id"])
    async def test_only_the_owner_gets_in(self, world: VaultWorld, part: str) -> None:
        """Order, unit and supplier key id all count (I4)."""
        (ref,) = await world.vault.save_keys([(OWNER, SERIAL)])
        stranger = attrs.evolve(OWNER, **{part: getattr(OTHER, part)})

        with pytest.raises(Corrupt) as caught:
            await world.vault.open_keys([(ref, stranger)])

        assert "CANARY" not in str(caught.value)

    async def test_one_bad_object_spoils_the_batch(self, world: VaultWorld) -> None:
        """A batch opens as a whole or not at all, so nobody takes half of it for all."""
        refs = await world.vault.save_keys([(OWNER, SERIAL), (OTHER, PICTURE)])
        await world.damage(refs[1])

        with pytest.raises(Corrupt):
            await world.vault.open_keys([(refs[0], OWNER), (refs[1], OTHER)])

    async def test_a_damaged_object_does_not_open(self, world: VaultWorld) -> None:
        """Damage is said, never answered with something else."""
        (ref,) = await world.vault.save_keys([(OWNER, SERIAL)])
        await world.damage(ref)

        with pytest.raises(Corrupt):
            await world.vault.open_keys([(ref, OWNER)])

    async def test_a_lost_object_is_not_found(self, world: VaultWorld) -> None:
        """What is gone is told from what is damaged."""
        (ref,) = await world.vault.save_keys([(OWNER, SERIAL)])
        await world.lose(ref)

        with pytest.raises(NotFound):
            await world.vault.open_keys([(ref, OWNER)])

    @pytest.mark.parametrize("ref", STRANGE_REFS)
    async def test_a_strange_name_leads_nowhere(self, world: VaultWorld, ref: str) -> None:
        """A name that no vault of this kind makes is not found, wherever it points to; discarding it is no error."""
        with pytest.raises(NotFound):
            await world.vault.open_keys([(StorageRef(ref), OWNER)])

        with pytest.raises(NotFound):
            await world.vault.rotate(StorageRef(ref))

        await world.vault.discard([StorageRef(ref)])

    async def test_a_save_that_wrote_something_else_does_not_count(self, world: VaultWorld) -> None:
        """Each object is read back and opened before its name is given out."""
        await world.damage_next_save()

        with pytest.raises(Corrupt):
            await world.vault.save_keys([(OWNER, SERIAL)])

        (ref,) = await world.vault.save_keys([(OWNER, SERIAL)])
        assert await world.vault.open_keys([(ref, OWNER)]) == (SERIAL,)

    async def test_a_save_whose_answer_was_lost_leaves_an_orphan_that_can_be_found(self, world: VaultWorld) -> None:
        """The keys are bought by then: a repeat saves them again, and `stored` finds what was left behind."""
        await world.lose_next_answer()

        with pytest.raises(Unavailable):
            await world.vault.save_keys([(OWNER, SERIAL)])

        (ref,) = await world.vault.save_keys([(OWNER, SERIAL)])
        orphans = {stored.ref async for stored in world.vault.stored()} - {ref}
        assert len(orphans) == 1
        await world.vault.discard(tuple(orphans))
        assert {stored.ref async for stored in world.vault.stored()} == {ref}

    async def test_a_store_that_is_down_is_a_passing_error(self, world: VaultWorld) -> None:
        """Every operation says so, and what was saved before is there afterwards."""
        (ref,) = await world.vault.save_keys([(OWNER, SERIAL)])
        await world.go_down()

        with pytest.raises(Unavailable):
            await world.vault.save_keys([(OWNER, SERIAL)])
        with pytest.raises(Unavailable):
            await world.vault.open_keys([(ref, OWNER)])
        with pytest.raises(Unavailable):
            await world.vault.discard([ref])
        with pytest.raises(Unavailable):
            await world.vault.rotate(ref)
        with pytest.raises(Unavailable):
            await world.vault.master_key_of(ref)
        with pytest.raises(Unavailable):
            [stored async for stored in world.vault.stored()]

        await world.come_back()
        assert await world.vault.open_keys([(ref, OWNER)]) == (SERIAL,)

    async def test_a_discarded_object_is_gone(self, world: VaultWorld) -> None:
        """It cannot be opened and is not listed; discarding it again is no error; its neighbour stays."""
        gone, kept = await world.vault.save_keys([(OWNER, SERIAL), (OTHER, PICTURE)])

        await world.vault.discard([gone])
        await world.vault.discard([gone])

        with pytest.raises(NotFound):
            await world.vault.open_keys([(gone, OWNER)])
        assert [stored.ref async for stored in world.vault.stored()] == [kept]

    async def test_every_object_is_listed_with_its_age(self, world: VaultWorld) -> None:
        """`reconcile` compares the list with the units and spares what is young, so times are aware and do not fall."""
        (first,) = await world.vault.save_keys([(OWNER, SERIAL)])
        (second,) = await world.vault.save_keys([(OTHER, PICTURE)])

        saved_at = {stored.ref: stored.saved_at async for stored in world.vault.stored()}

        assert set(saved_at) == {first, second}
        assert saved_at[first].utcoffset() is not None
        assert saved_at[first] <= saved_at[second]

    async def test_an_empty_vault_lists_nothing(self, world: VaultWorld) -> None:
        """No objects is an answer."""
        assert [stored async for stored in world.vault.stored()] == []

    async def test_rotation_moves_an_object_under_the_newest_master_key(self, world: VaultWorld) -> None:
        """After it the old master key may go; the name, the age, the owner and the content stay."""
        (ref,) = await world.vault.save_keys([(OWNER, SERIAL)])
        before = [stored async for stored in world.vault.stored()]
        await world.add_master_key()

        first, again = await world.vault.rotate(ref), await world.vault.rotate(ref)

        await world.drop_old_master_keys()
        assert (first.is_written, again.is_written) == (True, False)
        assert (again.before, again.after) == (first.after, first.after)
        assert await world.vault.open_keys([(ref, OWNER)]) == (SERIAL,)
        assert [stored async for stored in world.vault.stored()] == before
        with pytest.raises(Corrupt):
            await world.vault.open_keys([(ref, OTHER)])

    async def test_an_object_says_which_master_key_it_is_under(self, world: VaultWorld) -> None:
        """So that somebody can tell whether an old one is still needed; also when that one is not there any more."""
        old, rotated = await world.vault.save_keys([(OWNER, SERIAL), (OTHER, PICTURE)])
        await world.add_master_key()
        (new,) = await world.vault.save_keys([(OWNER, SERIAL)])
        rotation = await world.vault.rotate(rotated)
        await world.drop_old_master_keys()

        said = [await world.vault.master_key_of(ref) for ref in (old, rotated, new)]

        assert said == [rotation.before, rotation.after, rotation.after]

    async def test_nothing_says_what_a_lost_object_was_under(self, world: VaultWorld) -> None:
        """What is not there is told from what is not sealed."""
        (ref,) = await world.vault.save_keys([(OWNER, SERIAL)])
        await world.lose(ref)

        with pytest.raises(NotFound):
            await world.vault.master_key_of(ref)

    async def test_an_object_under_a_dropped_master_key_does_not_open(self, world: VaultWorld) -> None:
        """A master key that is gone makes the object unreadable, for rotation too."""
        (ref,) = await world.vault.save_keys([(OWNER, SERIAL)])
        await world.add_master_key()
        await world.drop_old_master_keys()

        with pytest.raises(Corrupt):
            await world.vault.open_keys([(ref, OWNER)])
        with pytest.raises(Corrupt):
            await world.vault.rotate(ref)

    async def test_rotation_says_what_is_lost(self, world: VaultWorld) -> None:
        """An object that is not there cannot be wrapped anew."""
        (ref,) = await world.vault.save_keys([(OWNER, SERIAL)])
        await world.lose(ref)

        with pytest.raises(NotFound):
            await world.vault.rotate(ref)
