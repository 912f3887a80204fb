"""What alerts watch beside findings: a pause by a person keeps paid orders waiting, and may have been forgotten."""

from collections.abc import Mapping
from datetime import timedelta

import attrs
import pytest

from bitloot_core.order.buying import Pause, PauseHolder
from bitloot_core.testing.alerts import FakeAlertChannel
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.alerting import AlertDesk
from bitloot_core.usecases.buying import pause_buying, resume_buying
from bitloot_http.alert_checks import alert_checks
from bitloot_http.alerter import Alerter

MINUTE = timedelta(minutes=1)


async def in_order() -> Mapping[str, str | None]:
    """A service that has all it needs."""
    return {"vault": None}


@attrs.define
class Watched:
    """A shop whose one channel of alerts is looked after by hand, a minute at a time."""

    fakes: FakeShop = attrs.field(factory=FakeShop)
    channel: FakeAlertChannel = attrs.field(factory=FakeAlertChannel)

    async def minutes(self, count: int) -> None:
        """Let so many pass."""
        shop = self.fakes.shop
        desk = AlertDesk(book=shop.alerts, clock=shop.clock, ids=shop.ids)
        alerter = Alerter(desk, [self.channel], checks=alert_checks(shop, in_order), every=MINUTE)
        for _ in range(count):
            await alerter.check()
            await alerter.look(self.channel)
            self.fakes.clock.advance(MINUTE)

    def told(self) -> list[tuple[str, str]]:
        """What was told of the service, alert by alert."""
        return [(trouble.name, trouble.text) for alert in self.channel.sent for trouble in alert.troubles]


@pytest.fixture
def watched() -> Watched:
    """A shop that buys."""
    return Watched()


async def test_a_pause_by_a_person_is_told_once_when_it_lasts(watched: Watched) -> None:
    """By name, without the reason, which may hold anything; a day later nothing is repeated."""
    await pause_buying(watched.fakes.shop, by="admin:ann", reason="buyer a@example.com complains")
    await watched.minutes(4)
    early = list(watched.channel.sent)

    await watched.minutes(60)

    assert early == []
    ((name, text),) = watched.told()
    assert name == "buying"
    assert "admin:ann" in text
    assert "bitloot resume" in text
    assert "a@example.com" not in repr(watched.channel.sent)


async def test_a_short_pause_wakes_nobody(watched: Watched) -> None:
    """Whoever lets buying go on within the window has seen to it."""
    await pause_buying(watched.fakes.shop, by="admin:ann", reason="a look")
    await watched.minutes(2)
    await resume_buying(watched.fakes.shop, by="admin:ann", reason="seen")

    await watched.minutes(30)

    assert watched.told() == []


async def test_the_next_pause_is_told_anew(watched: Watched) -> None:
    """It is another one."""
    for _ in range(2):
        await pause_buying(watched.fakes.shop, by="shell:bob", reason="a look")
        await watched.minutes(10)
        await resume_buying(watched.fakes.shop, by="shell:bob", reason="seen")
        await watched.minutes(10)

    assert [name for name, _ in watched.told()] == ["buying", "buying"]


@pytest.mark.parametrize("holder", sorted(set(PauseHolder) - {PauseHolder.OPERATOR}))
async def test_a_pause_by_a_machine_is_told_as_its_finding_alone(watched: Watched, holder: PauseHolder) -> None:
    """Never twice."""
    now = watched.fakes.clock.now()
    await watched.fakes.shop.switches.pause(Pause(holder=holder, by="system", reason="x", since=now))

    await watched.minutes(10)

    assert watched.told() == []
