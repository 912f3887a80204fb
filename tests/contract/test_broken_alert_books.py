"""The suite of the book of alerts sees a book that tells twice, tells nobody, or loses what was told."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

import attrs
import pytest

from bitloot_core.order.alerts import Alert, News, Trouble
from bitloot_core.ports.alerts import ChannelId, ChannelState, ClaimedAlert, SendEnd
from bitloot_core.testing.contracts.alert_book import AlertBookContract
from bitloot_core.testing.contracts.memory_world import MemoryWorld
from bitloot_core.testing.contracts.storage import StorageWorld
from bitloot_core.testing.memory import MemoryAlertBook, MemoryStorage
from bitloot_core.values.ids import AlertId

SUITE = AlertBookContract()
Promise: TypeAlias = Callable[[StorageWorld], Awaitable[None]]


class IssuesWhateverComes(MemoryAlertBook):
    """Never looks whether another alert is under way, or another was quicker."""

    async def issue(
        self, channel: ChannelId, alert: Alert, news: News, *, after: AlertId | None, now: datetime
    ) -> bool:
        """Forget the last one first."""
        stored = self._stored(channel)
        self._keep(channel, attrs.evolve(stored, under_way=None, state=attrs.evolve(stored.state, last_id=after)))
        return await super().issue(channel, alert, news, after=after, now=now)


class TellsAllThatIsOpen(MemoryAlertBook):
    """Takes for told what it never read."""

    async def issue(
        self, channel: ChannelId, alert: Alert, news: News, *, after: AlertId | None, now: datetime
    ) -> bool:
        """Mark whatever is open by now."""
        return await super().issue(channel, alert, await self.news(channel, seen_since=now), after=after, now=now)


class SharesWhatWasTold(MemoryAlertBook):
    """What one channel told, all have."""

    async def news(self, channel: ChannelId, *, seen_since: datetime) -> News:
        """Look at one book for all."""
        return await super().news(ChannelId(name="mail", target=channel.target), seen_since=seen_since)


class ForgetsTheLease(MemoryAlertBook):
    """Hands the same alert to everybody."""

    async def claim(self, channel: ChannelId, *, now: datetime, lease: timedelta, token: str) -> ClaimedAlert | None:
        """Take it for no time at all."""
        return await super().claim(channel, now=now, lease=timedelta(0), token=token)


class LetsAnybodyEnd(MemoryAlertBook):
    """Believes whoever says that it arrived."""

    async def end(self, claimed: ClaimedAlert, end: SendEnd, *, now: datetime) -> None:
        """Look at no token."""
        token = self._stored(claimed.channel).token
        await super().end(attrs.evolve(claimed, token=token or claimed.token), end, now=now)


class KeepsTheDoorShut(MemoryAlertBook):
    """A channel that was closed stays so, wherever it leads."""

    async def state(self, channel: ChannelId) -> ChannelState:
        """Look at the name alone."""
        stored = self._database.alert_channels.get(channel.name)
        return ChannelState() if stored is None else stored.state


class BeginsTroublesAnew(MemoryAlertBook):
    """A trouble that lasts is a new one each time that it is seen."""

    async def note(self, troubles: Sequence[Trouble], *, now: datetime, lasting: timedelta) -> None:
        """Forget the first time."""
        await super().note(troubles, now=now, lasting=timedelta(0))


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (IssuesWhateverComes, SUITE.test_one_alert_is_under_way_at_a_time),
        (IssuesWhateverComes, SUITE.test_whoever_looked_before_another_told_is_refused),
        (IssuesWhateverComes, SUITE.test_of_many_at_once_one_issues_and_one_sends),
        (TellsAllThatIsOpen, SUITE.test_only_what_was_read_counts_as_told),
        (SharesWhatWasTold, SUITE.test_what_was_told_is_no_news_to_this_channel_alone),
        (ForgetsTheLease, SUITE.test_a_lease_keeps_others_off_until_it_runs_out),
        (ForgetsTheLease, SUITE.test_of_many_at_once_one_issues_and_one_sends),
        (LetsAnybodyEnd, SUITE.test_an_end_under_a_lost_lease_writes_nothing),
        (KeepsTheDoorShut, SUITE.test_a_channel_that_leads_elsewhere_begins_anew),
        (BeginsTroublesAnew, SUITE.test_a_trouble_is_news_while_it_lasts),
    ],
)
async def test_the_suite_sees_it(broken: type[MemoryAlertBook], promise: Promise) -> None:
    """The book breaks a promise, and the suite says so."""
    storage = MemoryStorage()
    storage.alerts = broken(storage.database)

    with pytest.raises((AssertionError, pytest.fail.Exception)):
        await promise(MemoryWorld.around(storage))
