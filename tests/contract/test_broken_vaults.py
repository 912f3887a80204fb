"""The vault's suite fails vaults that break a promise: a suite that lets everything pass proves nothing."""

from collections.abc import Awaitable, Callable, Sequence

import attrs
import pytest

from bitloot_core.ports.vault import Rotation
from bitloot_core.testing.contracts.vault import VaultContract
from bitloot_core.testing.vault import FakeVault
from bitloot_core.values.ids import StorageRef
from bitloot_core.values.keys import KeyMaterial, KeyOwner

SUITE = VaultContract()


class OpensForAnybody(FakeVault):
    """Forgets whose a key is."""

    async def open_keys(self, keys: Sequence[tuple[StorageRef, KeyOwner]]) -> tuple[KeyMaterial, ...]:
        """Open as the owner, whoever asks."""
        owners = {ref: found.owner for ref, found in self._objects.items()}
        return await super().open_keys([(ref, owners.get(ref, owner)) for ref, owner in keys])


class DoesNotReadBack(FakeVault):
    """Believes what it wrote."""

    async def save_keys(self, keys: Sequence[tuple[KeyOwner, KeyMaterial]]) -> tuple[StorageRef, ...]:
        """Give names out without a look."""
        damaged, self._damage_next_save = self._damage_next_save, False
        return tuple(self._add(owner, material, damaged=damaged) for owner, material in keys)


class NamesAfterTheOrder(FakeVault):
    """Uses a name again, and one that tells whose key it is."""

    def _add(self, owner: KeyOwner, material: KeyMaterial, *, damaged: bool) -> StorageRef:
        """Name it after its owner."""
        made = super()._add(owner, material, damaged=damaged)
        ref = StorageRef(f"{owner.order_id}/{owner.unit_id}")
        self._objects[ref] = self._objects.pop(made)
        return ref


class RotatesOnlyInWords(FakeVault):
    """Says that it rotated."""

    async def rotate(self, ref: StorageRef) -> Rotation:
        """Touch nothing."""
        return Rotation(before=f"k{self._objects[ref].master_key}", after=f"k{self._master_key}")


class SaysWhatItWouldLike(FakeVault):
    """Believes that everything is under the newest master key."""

    async def master_key_of(self, ref: StorageRef) -> str:
        """Look at nothing."""
        return f"k{self._master_key}"


@attrs.define
class World:
    """The verbs that the chosen promises need."""

    vault: FakeVault

    async def damage_next_save(self) -> None:
        """Given a medium that fails once."""
        self.vault.damage_next_save()

    async def add_master_key(self) -> None:
        """Given a new master key."""
        self.vault.add_master_key()

    async def drop_old_master_keys(self) -> None:
        """Given that the others are gone."""
        self.vault.drop_old_master_keys()


async def only_the_owner(world: World) -> None:
    """The promise, for one part of the owner."""
    await SUITE.test_only_the_owner_gets_in(world, "order_id")


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (OpensForAnybody, only_the_owner),
        (DoesNotReadBack, SUITE.test_a_save_that_wrote_something_else_does_not_count),
        (NamesAfterTheOrder, SUITE.test_names_are_fresh_and_say_nothing),
        (NamesAfterTheOrder, SUITE.test_a_repeated_save_leaves_both_objects),
        (RotatesOnlyInWords, SUITE.test_rotation_moves_an_object_under_the_newest_master_key),
        (RotatesOnlyInWords, SUITE.test_an_object_says_which_master_key_it_is_under),
        (SaysWhatItWouldLike, SUITE.test_an_object_says_which_master_key_it_is_under),
    ],
)
async def test_the_suite_fails_it(broken: type[FakeVault], promise: Callable[[World], Awaitable[None]]) -> None:
    """Each broken vault fails the promise that it breaks, and an honest one keeps it."""
    await promise(World(FakeVault()))

    with pytest.raises((AssertionError, pytest.fail.Exception)):
        await promise(World(broken()))
