"""The operator is told again and again, whatever is away, and nothing else waits for it."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

import attrs
import pytest
from http_world import ENOUGH
from structlog.testing import capture_logs

from bitloot_core.order.alerts import News
from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.ports.alerts import GONE, ChannelId, ChannelState
from bitloot_core.ports.store import Change
from bitloot_core.testing.alerts import FakeAlertChannel
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.alerting import AlertDesk
from bitloot_core.values.errors import Rejected, Unavailable
from bitloot_core.values.ids import FindingId
from bitloot_http.alerter import Alerter, desk_of
from bitloot_http.reading_settings import read_settings

WINDOW = timedelta(minutes=5)
SOON = timedelta(milliseconds=5)


class Checks:
    """What is wrong with the service."""

    def __init__(self) -> None:
        """Nothing."""
        self.wrong: dict[str, str | None] = {"database": None, "vault": None}
        self.error: Exception | None = None

    async def __call__(self) -> Mapping[str, str | None]:
        """Look."""
        if self.error is not None:
            raise self.error
        return self.wrong


class Heard(FakeAlertChannel):
    """A channel that can be waited for."""

    def __init__(self, name: str = "fake") -> None:
        """Quiet."""
        super().__init__(name)
        self.something = asyncio.Event()

    async def send(self, alert) -> None:  # noqa: ANN001 - as in the fake
        """Take it, and say so."""
        await super().send(alert)
        self.something.set()


class World:
    """A shop on fakes whose alerts are looked after."""

    def __init__(self, *names: str) -> None:
        """With these channels."""
        self.fakes, self.checks = FakeShop(), Checks()
        self.channels = [Heard(name) for name in names or ("fake",)]
        self.desk: AlertDesk = desk_of(read_settings({**ENOUGH, "ALERT_WINDOW_SECONDS": "300"}), self.fakes.shop)
        self.alerter = self.an_alerter()

    def an_alerter(self) -> Alerter:
        """One process."""
        return Alerter(self.desk, self.channels, checks=self.checks, every=SOON)

    async def open_finding(self) -> None:
        """Given something that needs a person, for as long as the window."""
        now = self.fakes.clock.now()
        finding = Finding(
            id=FindingId("f1"),
            order_id=None,
            reason=FindingReason.DEAD_JOB,
            subject="x",
            text="Job x was given up.",
            amount=None,
            blocking=False,
            opened_at=now,
        )
        await self.fakes.storage.store.commit(Change(at=now, findings=(finding,)))
        self.fakes.clock.advance(WINDOW)

    def lose_the_store(self) -> None:
        """Given that the book cannot be read."""

        async def state(_: ChannelId) -> ChannelState:
            """Fail."""
            raise Unavailable("database", "it is closed")

        broken = Overridden(self.desk.book, state=state)
        self.desk = attrs.evolve(self.desk, book=broken)
        self.alerter = self.an_alerter()

    async def look(self) -> None:
        """Each channel once."""
        for channel in self.channels:
            await self.alerter.look(channel)


async def test_it_tells_by_itself() -> None:
    """From its start on."""
    world = World()
    await world.open_finding()

    world.alerter.start()
    async with asyncio.timeout(10):
        await world.channels[0].something.wait()
    await world.alerter.stop()

    assert [alert.count for alert in world.channels[0].sent] == [1]


async def test_without_a_channel_it_does_nothing() -> None:
    """Not even look."""
    world = World()
    world.checks.error = AssertionError("nobody looks")
    quiet = Alerter(world.desk, [], checks=world.checks, every=SOON)

    before = asyncio.all_tasks()
    quiet.start()

    assert before == asyncio.all_tasks()
    await quiet.stop()


async def test_what_is_wrong_with_the_service_is_told_if_it_lasts() -> None:
    """Seen by `/health/ready`'s own probes."""
    world = World()
    world.checks.wrong["vault"] = "no answer"
    for _ in range(6):
        await world.alerter.check()
        world.fakes.clock.advance(timedelta(minutes=1))

    await world.look()

    (alert,) = world.channels[0].sent
    assert [(one.name, one.text) for one in alert.troubles] == [("vault", "no answer")]


async def test_a_channel_that_is_broken_is_told_by_the_others() -> None:
    """And not by itself, once it is back."""
    world = World("mail", "webhook")
    mail, webhook = world.channels
    await world.open_finding()
    webhook.faults.before("send", Rejected("alerts", "answered 401"), *[Unavailable("alerts", "away")] * 3)
    for _ in range(12):
        await world.look()
        await world.alerter.check()
        world.fakes.clock.advance(timedelta(minutes=1))
    world.fakes.clock.advance(timedelta(hours=1))
    await world.alerter.check()
    for _ in range(2):
        await world.look()

    told = [[one.name for one in alert.troubles] for alert in mail.sent]
    assert told == [[], ["alerts by webhook"]]
    assert [one.troubles for one in webhook.sent] == [()]


async def test_a_store_that_is_away_is_told_past_it() -> None:
    """Once by each process, under the same name, and only when it has been away for the whole window."""
    world = World()
    world.lose_the_store()
    others = [world.an_alerter() for _ in range(3)]
    for _ in range(8):
        await world.look()
        for other in others:
            await other.look(world.channels[0])
        world.fakes.clock.advance(timedelta(minutes=1))

    sent = world.channels[0].sent
    assert (len(sent), len({alert.id for alert in sent})) == (4, 1)
    assert sent[0].troubles[0].name == "database"


async def test_a_store_that_is_back_is_told_of_again_the_next_time() -> None:
    """Each outage for itself."""
    world = World()
    well = world.desk
    for _ in range(2):
        world.lose_the_store()
        broken, world.alerter = world.alerter, world.an_alerter()
        await broken.look(world.channels[0])
        world.fakes.clock.advance(WINDOW)
        await broken.look(world.channels[0])
        world.desk = well

    assert len({alert.id for alert in world.channels[0].sent}) == 2


async def test_a_receiver_that_is_away_with_the_store_is_tried_again() -> None:
    """Until it hears."""
    world = World()
    world.lose_the_store()
    world.channels[0].faults.before("send", Unavailable("alerts", "cannot be reached"))
    await world.look()
    world.fakes.clock.advance(WINDOW)
    for _ in range(3):
        await world.look()

    assert len(world.channels[0].sent) == 1


@pytest.mark.parametrize(
    ("fault", "event"),
    [
        (None, "alert delivered"),
        (Unavailable("alerts", "cannot be reached"), "alert not delivered"),
        (Rejected("alerts", "gone", code=GONE), "alert channel closed"),
    ],
)
async def test_what_became_of_an_alert_is_in_the_log(fault: Exception | None, event: str) -> None:
    """Which channel, and why; no address."""
    world = World()
    await world.open_finding()
    world.channels[0].faults.before("send", *([] if fault is None else [fault]))

    with capture_logs() as logs:
        await world.look()

    assert [(one["event"], one["channel"]) for one in logs] == [(event, "fake")]


async def test_a_check_that_fails_is_no_end() -> None:
    """There is another one."""
    world = World()
    world.checks.error = Unavailable("database", "it is closed")

    with capture_logs() as logs:
        await world.alerter.check()

    assert [one["event"] for one in logs] == ["cannot note what is wrong"]


async def test_what_cannot_be_read_is_no_outage() -> None:
    """A finding of a newer version, say: the database is there, and nobody is told that orders stand still."""
    world = World()

    async def news(_: ChannelId, *, seen_since: datetime) -> News:
        """Stumble over a row."""
        raise ValueError(f"a reason of tomorrow, {seen_since}")

    world.desk = attrs.evolve(world.desk, book=Overridden(world.desk.book, news=news))
    world.alerter = world.an_alerter()
    for _ in range(8):
        await world.look()
        world.fakes.clock.advance(timedelta(minutes=1))

    (alert,) = world.channels[0].sent
    assert [one.name for one in alert.troubles] == ["alerts"]


async def test_a_fault_in_a_channel_is_told_by_the_others() -> None:
    """Like a receiver that is away: by its kind, without its words, which can hold a secret."""
    world = World("mail", "webhook")
    mail, webhook = world.channels
    await world.open_finding()
    webhook.faults.before("send", *[RuntimeError("https://user:secret@example.com")] * 8)
    for _ in range(12):
        await world.look()
        await world.alerter.check()
        world.fakes.clock.advance(timedelta(minutes=1))

    told = [(one.name, one.text) for alert in mail.sent for one in alert.troubles]
    assert told == [("alerts by webhook", "RuntimeError")]


async def test_a_fault_in_a_channel_does_not_end_the_looking() -> None:
    """Not even where the store is away, so that nobody keeps what went wrong."""
    world = World()
    world.lose_the_store()
    world.channels[0].faults.before("send", RuntimeError("a fault of its own"))
    await world.look()
    world.fakes.clock.advance(WINDOW)

    for _ in range(2):
        await world.look()

    assert len(world.channels[0].sent) == 1
