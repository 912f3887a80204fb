"""The suites of links, clocks and identifiers fail those that break a promise."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from bitloot_core.testing.clock import ManualClock
from bitloot_core.testing.contracts.links import LinksContract
from bitloot_core.testing.contracts.system import ClockContract, IdsContract
from bitloot_core.testing.ids import SequentialIds
from bitloot_core.testing.links import FakeLinks
from bitloot_core.values.ids import LinkId, OrderId
from bitloot_core.values.secret import Secret

LINKS, CLOCKS, IDS = LinksContract(), ClockContract(), IdsContract()


class TrustsTheIdentifier(FakeLinks):
    """Reads the front of a token and looks no further."""

    def verify(self, token: str) -> LinkId:
        """Believe it."""
        return LinkId(token.rpartition("-")[0])


class OneKindOfToken(FakeLinks):
    """Signs access like delivery."""

    def issue_access(self, order_id: OrderId) -> Secret:
        """Sign the same thing for both."""
        return self.issue(LinkId(order_id))


class NaiveClock(ManualClock):
    """Forgets its zone."""

    def now(self) -> datetime:
        """The time of no place."""
        return super().now().replace(tzinfo=None)


class StandingClock(ManualClock):
    """Cannot be turned."""

    def now(self) -> datetime:
        """Always the same."""
        return datetime(2026, 1, 5, tzinfo=UTC)


class Repeats(SequentialIds):
    """Makes one order id."""

    def order_id(self) -> OrderId:
        """The same again."""
        return OrderId("order1")


class Shouts(SequentialIds):
    """Makes ids in capitals."""

    def order_id(self) -> OrderId:
        """Loud."""
        return OrderId(super().order_id().upper())


@attrs.define
class LinksWorld:
    """Links alone."""

    links: FakeLinks


@attrs.define
class ClockWorld:
    """A clock that is turned."""

    clock: ManualClock

    def let_time_pass(self) -> None:
        """Try to turn it."""
        self.clock.advance(datetime(2026, 1, 2, tzinfo=UTC) - datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("honest", "broken", "promise"),
    [
        (LinksWorld(FakeLinks()), LinksWorld(TrustsTheIdentifier()), LINKS.test_each_character_of_a_token_counts),
        (LinksWorld(FakeLinks()), LinksWorld(OneKindOfToken()), LINKS.test_a_token_of_one_kind_is_none_of_the_other),
        (ClockWorld(ManualClock()), ClockWorld(NaiveClock()), CLOCKS.test_the_time_is_aware_and_in_utc),
        (ClockWorld(ManualClock()), ClockWorld(StandingClock()), CLOCKS.test_time_passes),
        (SequentialIds(), Repeats(), IDS.test_each_identifier_is_fresh),
        (SequentialIds(), Shouts(), IDS.test_an_order_id_goes_into_paths_and_references),
    ],
)
def test_the_suite_fails_it(honest: Any, broken: Any, promise: Callable[[Any], None]) -> None:
    """Each broken one fails the promise that it breaks, and an honest one keeps it."""
    promise(honest)

    with pytest.raises((AssertionError, pytest.fail.Exception)):
        promise(broken)
