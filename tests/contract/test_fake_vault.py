"""The fake vault keeps the promises of the port."""

import attrs
import pytest

from bitloot_core.testing.contracts.vault import OWNER, SERIAL, VaultContract
from bitloot_core.testing.vault import FakeVault
from bitloot_core.values.errors import Unavailable
from bitloot_core.values.ids import StorageRef

CALLS = ("save_keys", "open_keys", "discard", "rotate", "master_key_of", "stored")


@attrs.define
class FakeVaultWorld:
    """A fake vault with its own verbs."""

    vault: FakeVault = attrs.field(factory=FakeVault)

    async def damage(self, ref: StorageRef) -> None:
        """Given a damaged object."""
        self.vault.damage(ref)

    async def lose(self, ref: StorageRef) -> None:
        """Given a lost object."""
        self.vault.lose(ref)

    async def damage_next_save(self) -> None:
        """Given a medium that fails once."""
        self.vault.damage_next_save()

    async def lose_next_answer(self) -> None:
        """Given a save without an answer."""
        self.vault.faults.after("save_keys", Unavailable("vault", "the answer was lost"))

    async def go_down(self) -> None:
        """Given that each operation fails once."""
        for call in CALLS:
            self.vault.faults.before(call, Unavailable("vault", "it is down"))

    async def come_back(self) -> None:
        """Nothing is left to undo: each operation has failed once."""

    async def add_master_key(self) -> None:
        """Given a new master key."""
        self.vault.add_master_key()

    async def drop_old_master_keys(self) -> None:
        """Given that the others are gone."""
        self.vault.drop_old_master_keys()


class TestFakeVault(VaultContract):
    """The suite, on the fake."""

    @pytest.fixture
    async def world(self) -> FakeVaultWorld:
        """A fresh fake."""
        return FakeVaultWorld()

    async def test_it_does_not_print_what_it_keeps(self, world: FakeVaultWorld) -> None:
        """A failing test shows the fake; it must not show a key."""
        await world.vault.save_keys([(OWNER, SERIAL)])

        assert repr(world.vault) == "FakeVault(1 objects)"
