"""What every clock and every maker of identifiers must do."""

from __future__ import annotations

import re
from datetime import UTC
from typing import Protocol

import pytest

from bitloot_core.ports.system import Clock, Ids

_FEW = 200


class ClockWorld(Protocol):
    """A clock, and a way to let time pass."""

    @property
    def clock(self) -> Clock:
        """The port."""
        ...

    def let_time_pass(self) -> None:
        """Given that it is later than before, be it by a moment."""
        ...


class ClockContract:
    """The promises of `Clock`. A clock takes no request, so none of the unhappy five applies."""

    @pytest.fixture
    def world(self) -> ClockWorld:
        """The clock under test."""
        raise NotImplementedError

    def test_the_time_is_aware_and_in_utc(self, world: ClockWorld) -> None:
        """A naive time would be read in the zone of whoever reads it."""
        assert world.clock.now().tzinfo is UTC

    def test_time_passes(self, world: ClockWorld) -> None:
        """Later is later, on both scales."""
        before = world.clock.now(), world.clock.monotonic()

        world.let_time_pass()

        assert world.clock.now() > before[0]
        assert world.clock.monotonic() > before[1]

    def test_seconds_never_step_back(self, world: ClockWorld) -> None:
        """Deadlines are counted on this scale."""
        readings = [world.clock.monotonic() for _ in range(_FEW)]

        assert readings == sorted(readings)


class IdsContract:
    """
    The promises of `Ids`, except that nobody can guess them: a fake that a test can foretell keeps the others.

    A maker of identifiers asks nobody, so none of the unhappy five applies.
    """

    @pytest.fixture
    def ids(self) -> Ids:
        """The maker of identifiers under test."""
        raise NotImplementedError

    def test_an_order_id_goes_into_paths_and_references(self, ids: Ids) -> None:
        """Gateways take ASCII only, and a supplier's reference has a number behind the id: 32 of `a-z0-9` at most."""
        for _ in range(_FEW):
            assert re.fullmatch("[a-z0-9]{1,32}", ids.order_id())

    def test_a_link_id_goes_into_a_link(self, ids: Ids) -> None:
        """At most 32 characters of `a-z0-9`, so that a token stays under its limit."""
        for _ in range(_FEW):
            assert re.fullmatch("[a-z0-9]{1,32}", ids.link_id())

    def test_each_identifier_is_fresh(self, ids: Ids) -> None:
        """No kind repeats itself."""
        for make in (ids.order_id, ids.link_id, ids.finding_id, ids.token):
            assert len({make() for _ in range(_FEW)}) == _FEW

    def test_a_fraction_is_below_one(self, ids: Ids) -> None:
        """Jitter multiplies with it."""
        for _ in range(_FEW):
            assert 0 <= ids.fraction() < 1
