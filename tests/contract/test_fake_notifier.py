"""The fake doorbell keeps the promises of the port."""

from collections.abc import Sequence

import attrs
import pytest

from bitloot_core.testing.contracts.notifier import JobNotifierContract
from bitloot_core.testing.notifier import FakeNotifier
from bitloot_core.values.ids import JobId


@attrs.define
class FakeNotifierWorld:
    """A fake doorbell whose list is the worker."""

    notifier: FakeNotifier = attrs.field(factory=FakeNotifier)

    async def heard(self, count: int) -> Sequence[JobId]:
        """What was rung."""
        assert len(self.notifier.rung) >= count
        return self.notifier.rung

    async def go_down(self) -> None:
        """Given that rings get lost."""
        self.notifier.broken = True

    async def be_slow(self) -> None:
        """Given that rings get lost: a slow queue is one that was given up."""
        self.notifier.broken = True

    async def come_back(self) -> None:
        """Given that they are heard again."""
        self.notifier.broken = False


class TestFakeNotifier(JobNotifierContract):
    """The suite, on the fake."""

    @pytest.fixture
    async def world(self) -> FakeNotifierWorld:
        """A fresh fake."""
        return FakeNotifierWorld()

    async def test_a_look_takes_the_rings(self, world: FakeNotifierWorld) -> None:
        """A test that plays the worker sees each ring once."""
        await world.notifier.ring([JobId(1), JobId(2)])

        assert world.notifier.take() == (1, 2)
        assert world.notifier.take() == ()
