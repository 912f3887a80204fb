"""The fake alert channel keeps what every channel must promise, and a broken one is seen."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

import attrs
import pytest

from bitloot_core.order.alert_text import alert_text
from bitloot_core.order.alerts import Alert
from bitloot_core.testing.alerts import FakeAlertChannel
from bitloot_core.testing.contracts.alert_channel import AlertChannelContract, ArrivedAlert
from bitloot_core.values.errors import Rejected, Unavailable, Unknown

SHOP = "https://shop.example"
Promise: TypeAlias = Callable[[Any], Awaitable[None]]


@attrs.define
class FakeWorld:
    """The fake, and what can be done to it."""

    channel: FakeAlertChannel

    async def arrived(self) -> Sequence[ArrivedAlert]:
        """What it was given."""
        return [
            ArrivedAlert(id=alert.id, text=f"{words.subject}\n{words.body}")
            for alert in self.channel.sent
            for words in (alert_text(alert, public_url=SHOP),)
        ]

    async def refuse(self) -> None:
        """Given a refusal."""
        self.channel.faults.before("send", Rejected("alerts", "it refuses"))

    async def lose_next_answer(self) -> None:
        """Given a lost answer."""
        self.channel.faults.after("send", Unknown("alerts", "no answer"))

    async def be_slow(self) -> None:
        """Given one that is too slow."""
        self.channel.faults.before("send", Unknown("alerts", "no answer in time"))

    async def go_down(self) -> None:
        """Given one that is away."""
        self.channel.faults.before("send", Unavailable("alerts", "cannot be reached"))

    async def come_back(self) -> None:
        """Given that it is back: the fault strikes once."""


class TestFakeAlertChannel(AlertChannelContract):
    """The suite."""

    @pytest.fixture
    async def world(self) -> FakeWorld:
        """A fake that took nothing yet."""
        return FakeWorld(FakeAlertChannel())


class SwallowsErrors(FakeAlertChannel):
    """Says that all is well, whatever happens."""

    async def send(self, alert: Alert) -> None:
        """Hide every error."""
        try:
            await super().send(alert)
        except (Unavailable, Unknown, Rejected):
            return


class NamesEachTryAnew(FakeAlertChannel):
    """A repeat looks like a second alert."""

    async def send(self, alert: Alert) -> None:
        """Give it a name of its own."""
        await super().send(attrs.evolve(alert, id=f"{alert.id}{len(self.sent)}"))


class SaysNothing(FakeAlertChannel):
    """Leaves out what it is about."""

    async def send(self, alert: Alert) -> None:
        """Send an empty one."""
        await super().send(attrs.evolve(alert, groups=()))


SUITE = AlertChannelContract()


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (SwallowsErrors, SUITE.test_a_peer_that_is_down_is_a_passing_error),
        (SwallowsErrors, SUITE.test_a_refusal_is_told),
        (SwallowsErrors, SUITE.test_a_slow_peer_is_not_waited_for),
        (NamesEachTryAnew, SUITE.test_a_repeat_can_be_told_from_a_second_alert),
        (NamesEachTryAnew, SUITE.test_a_lost_answer_is_unknown_and_may_be_repeated),
        (SaysNothing, SUITE.test_an_alert_arrives_whole),
    ],
)
async def test_the_suite_sees_a_channel_that_is_broken(broken: type[FakeAlertChannel], promise: Promise) -> None:
    """It hides errors, doubles what it sends, or says nothing; and the suite says so."""
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        await promise(FakeWorld(broken()))
