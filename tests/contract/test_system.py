"""Clocks and makers of identifiers, the real ones and those of tests, keep the promises of their ports."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from bitloot_adapters.system import SystemClock, SystemIds
from bitloot_core.testing.clock import ManualClock
from bitloot_core.testing.contracts.system import ClockContract, IdsContract
from bitloot_core.testing.ids import SequentialIds


@attrs.define
class ManualClockWorld:
    """A clock that is turned by hand."""

    clock: ManualClock = attrs.field(factory=ManualClock)

    def let_time_pass(self) -> None:
        """Turn it."""
        self.clock.advance(timedelta(seconds=1))


@attrs.define
class SystemClockWorld:
    """The machine's clock."""

    clock: SystemClock = attrs.field(factory=SystemClock)

    def let_time_pass(self) -> None:
        """Wait for the next tick of both scales."""
        before = self.clock.now(), self.clock.monotonic()
        while self.clock.now() <= before[0] or self.clock.monotonic() <= before[1]:
            pass


class TestManualClock(ClockContract):
    """The suite, on the clock of tests."""

    @pytest.fixture
    def world(self) -> ManualClockWorld:
        """A fresh clock."""
        return ManualClockWorld()


class TestSystemClock(ClockContract):
    """The suite, on the machine's clock."""

    @pytest.fixture
    def world(self) -> SystemClockWorld:
        """The clock."""
        return SystemClockWorld()


class TestSequentialIds(IdsContract):
    """The suite, on the identifiers of tests."""

    @pytest.fixture
    def ids(self) -> SequentialIds:
        """Fresh counters."""
        return SequentialIds()


class TestSystemIds(IdsContract):
    """The suite, on the real identifiers."""

    @pytest.fixture
    def ids(self) -> SystemIds:
        """Identifiers at a time that stands still: freshness may not lean on the clock."""
        return SystemIds(ManualClock())

    def test_later_identifiers_sort_after_earlier_ones(self) -> None:
        """Rows that are made together lie together in an index."""
        clock = ManualClock()
        ids = SystemIds(clock)
        made = []
        for _ in range(100):
            made.append(ids.order_id())
            clock.advance(timedelta(milliseconds=1))

        assert made == sorted(made)

    def test_sixteen_characters_are_left_to_chance(self) -> None:
        """At one moment two identifiers share nine characters; the others take every value (80 bits)."""
        ids = SystemIds(ManualClock())

        made = [ids.link_id() for _ in range(2_000)]

        assert len({one[:9] for one in made}) == 1
        assert {len(one) for one in made} == {25}
        for place in range(9, 25):
            assert {one[place] for one in made} == set("0123456789abcdefghjkmnpqrstvwxyz")

    def test_a_clock_before_1970_does_no_harm(self) -> None:
        """A machine whose clock is not set yet still makes identifiers."""
        assert SystemIds(ManualClock(datetime(1969, 1, 1, tzinfo=UTC))).order_id().startswith("0" * 9)

    def test_fractions_are_spread(self) -> None:
        """Jitter that is always the same would be none."""
        fractions = [SystemIds(SystemClock()).fraction() for _ in range(200)]

        assert min(fractions) < 0.25
        assert max(fractions) > 0.75
