"""The operator hears once of everything that lasts, whatever dies or is away in between."""

import asyncio
from datetime import timedelta

import pytest

from bitloot_core.order.alerts import AlertKind
from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.ports.alerts import GONE, ChannelState, Closed, Delivered, Failed
from bitloot_core.ports.store import Change, SettledFinding
from bitloot_core.testing.alerts import FakeAlertChannel
from bitloot_core.testing.faults import Faults
from bitloot_core.testing.mailer import FakeMailer
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.alert_by_mail import MailAlerts
from bitloot_core.usecases.alerting import AlertDesk, AlertRules, note_troubles, send_test, tell
from bitloot_core.values.errors import Rejected, Unavailable, Unknown
from bitloot_core.values.ids import FindingId

WINDOW = AlertRules().window
LEASE = AlertRules().lease
MINUTE = timedelta(minutes=1)


class World:
    """A shop on fakes, its desk of alerts, and a channel."""

    def __init__(self) -> None:
        """With nothing to tell."""
        self.fakes = FakeShop()
        self.channel = FakeAlertChannel()
        self.desk = self.a_desk()
        self.opened = 0

    def a_desk(self) -> AlertDesk:
        """The desk of one process."""
        return AlertDesk(book=self.fakes.storage.alerts, clock=self.fakes.clock, ids=self.fakes.ids)

    async def open_finding(self, *, reason: FindingReason = FindingReason.DEAD_JOB) -> FindingId:
        """Given something that needs a person."""
        self.opened += 1
        finding = Finding(
            id=FindingId(f"f{self.opened}"),
            order_id=None,
            reason=reason,
            subject=f"s{self.opened}",
            text="Job x was given up.",
            amount=None,
            blocking=False,
            opened_at=self.fakes.clock.now(),
        )
        await self.fakes.storage.store.commit(Change(at=self.fakes.clock.now(), findings=(finding,)))
        return finding.id

    def pass_time(self, by: timedelta) -> None:
        """Turn the clock."""
        self.fakes.clock.advance(by)

    async def tell(self) -> object:
        """One look."""
        return await tell(self.desk, self.channel)

    async def tell_in_vain(self) -> None:
        """One look while the receiver is away."""
        self.channel.faults = Faults()
        self.channel.faults.before("send", Unavailable("alerts", "cannot be reached"))
        await self.tell()
        self.channel.faults = Faults()

    @property
    def counts(self) -> list[int]:
        """How many findings each alert tells of that arrived."""
        return [alert.count for alert in self.channel.sent]


@pytest.fixture
def world() -> World:
    """A quiet shop."""
    return World()


async def test_a_quiet_shop_sends_nothing(world: World) -> None:
    """Nor does it write anything."""
    world.fakes.storage.database.fail_next_commit(before=True)

    assert await world.tell() is None
    assert world.channel.sent == []


async def test_a_finding_is_told_when_its_window_closes(world: World) -> None:
    """Once."""
    await world.open_finding()
    early = await world.tell()
    world.pass_time(WINDOW)
    ends = [await world.tell(), await world.tell()]

    assert (early, ends) == (None, [Delivered(), None])
    assert [(alert.kind, alert.groups[0].reason) for alert in world.channel.sent] == [
        (AlertKind.RAISED, FindingReason.DEAD_JOB)
    ]


async def test_a_storm_is_one_message(world: World) -> None:
    """A hundred within the window."""
    for _ in range(100):
        await world.open_finding()
        world.pass_time(timedelta(seconds=3))
        await world.tell()
    await world.tell()

    assert world.counts == [100]


async def test_what_settles_itself_within_the_window_is_not_told(world: World) -> None:
    """Nobody is woken up for it."""
    finding = await world.open_finding()
    settled = SettledFinding(id=finding, by="system", reason="it came")
    await world.fakes.storage.store.commit(Change(at=world.fakes.clock.now(), settled=(settled,)))
    world.pass_time(WINDOW)

    assert await world.tell() is None


async def test_of_two_processes_one_tells(world: World) -> None:
    """Ten looks at once, one message."""
    await world.open_finding()
    world.pass_time(WINDOW)

    ends = await asyncio.gather(*(tell(world.a_desk(), world.channel) for _ in range(10)))

    assert (ends.count(Delivered()), world.counts) == (1, [1])


async def test_whoever_is_second_with_the_issue_sends_nothing(world: World) -> None:
    """Another process issued, sent and noted between its look and its write."""
    await world.open_finding()
    world.pass_time(WINDOW)
    book = world.fakes.storage.alerts
    known = await book.news(world.channel.id, seen_since=world.fakes.clock.now())
    await world.tell()
    (sent,) = world.channel.sent

    is_issued = await book.issue(world.channel.id, sent, known, after=None, now=world.fakes.clock.now())

    assert not is_issued


async def test_a_receiver_that_is_away_gets_it_later(world: World) -> None:
    """The same alert, and after it one with everything that came up meanwhile."""
    await world.open_finding()
    world.pass_time(WINDOW)
    await world.tell_in_vain()
    for _ in range(200):
        await world.open_finding()
        world.pass_time(timedelta(seconds=10))
        await world.tell_in_vain()
    world.pass_time(timedelta(hours=1))
    for _ in range(3):
        await world.tell()

    assert world.counts == [1, 200]


async def test_a_try_that_failed_is_written_down_until_it_arrives(world: World) -> None:
    """For `/metrics`, the doctor and the summary."""
    await world.open_finding()
    world.pass_time(WINDOW)
    world.channel.faults.before("send", Unavailable("alerts", "cannot be reached", retry_after=MINUTE))
    end, began = await world.tell(), world.fakes.clock.now()
    broken = await world.fakes.storage.alerts.state(world.channel.id)
    soon = await world.tell()
    world.pass_time(MINUTE)
    await world.tell()

    well = await world.fakes.storage.alerts.state(world.channel.id)
    assert end == Failed(again_at=began + MINUTE, error="alerts: cannot be reached")
    assert (broken.failing_since, broken.last_error) == (began, "alerts: cannot be reached")
    assert (soon, broken.is_broken, well.is_broken) == (None, True, False)


async def test_a_lost_answer_leads_to_the_same_alert_again(world: World) -> None:
    """By its id the receiver knows it."""
    await world.open_finding()
    world.pass_time(WINDOW)
    world.channel.faults.after("send", Unknown("alerts", "no answer"))
    await world.tell()
    world.pass_time(MINUTE)
    await world.tell()

    first, second = world.channel.sent
    assert first == second


async def test_a_crash_between_sending_and_noting_leads_to_the_same_alert_again(world: World) -> None:
    """At least once; nobody else sends it before the lease has run out."""
    await world.open_finding()
    world.pass_time(WINDOW)
    world.fakes.storage.database.fail_next_commit(before=True, of="alerts.end")
    with pytest.raises(Unknown):
        await world.tell()
    soon = await tell(world.a_desk(), world.channel)
    world.pass_time(LEASE)
    later = await tell(world.a_desk(), world.channel)

    assert (soon, later) == (None, Delivered())
    assert len({alert.id for alert in world.channel.sent}) == 1


async def test_an_issue_without_an_answer_is_sent_by_whoever_looks_next(world: World) -> None:
    """It was written, and nobody knew."""
    await world.open_finding()
    world.pass_time(WINDOW)
    world.fakes.storage.database.fail_next_commit(after=True, of="alerts.issue")
    with pytest.raises(Unknown):
        await world.tell()

    assert await world.tell() == Delivered()
    assert world.counts == [1]


async def test_a_receiver_that_wants_no_more_is_left_alone(world: World) -> None:
    """Until a test gets through; what it missed comes then."""
    await world.open_finding()
    world.pass_time(WINDOW)
    world.channel.faults.before("send", Rejected("alerts", "gone", code=GONE))
    closed = await world.tell()
    world.pass_time(timedelta(days=3))
    nothing = await world.tell()
    await send_test(world.desk, world.channel)
    last = await world.tell()

    assert (closed, nothing, last) == (Closed(error="alerts: gone"), None, Delivered())
    assert [alert.kind for alert in world.channel.sent] == [AlertKind.TEST, AlertKind.RAISED]


async def test_another_refusal_is_tried_again(world: World) -> None:
    """A wrong secret is mended, and nothing is lost."""
    await world.open_finding()
    world.pass_time(WINDOW)
    world.channel.faults.before("send", Rejected("alerts", "answered 401"))
    await world.tell()
    world.pass_time(MINUTE)

    assert await world.tell() == Delivered()


async def test_channels_do_not_hold_each_other_up(world: World) -> None:
    """One is broken, the other tells."""
    other = FakeAlertChannel("other")
    await world.open_finding()
    world.pass_time(WINDOW)
    world.channel.faults.before("send", Unavailable("alerts", "cannot be reached"))
    await world.tell()

    assert await tell(world.desk, other) == Delivered()


async def test_a_trouble_of_the_service_is_told_if_it_lasts(world: World) -> None:
    """Seen again and again by whichever process; one that passes is not told."""
    await note_troubles(world.desk, [("redis", "it does not answer")])
    for _ in range(5):
        await note_troubles(world.a_desk(), [("vault", "no answer")])
        world.pass_time(MINUTE)
    await world.tell()

    assert [[one.name for one in alert.troubles] for alert in world.channel.sent] == [["vault"]]


async def test_nothing_wrong_writes_nothing(world: World) -> None:
    """A look at a service that is well costs no write."""
    world.fakes.storage.database.fail_next_commit(before=True)

    await note_troubles(world.desk, [])


async def test_a_test_that_fails_says_why(world: World) -> None:
    """And opens nothing."""
    world.channel.faults.before("send", Rejected("alerts", "answered 401"))

    with pytest.raises(Rejected, match="401"):
        await send_test(world.desk, world.channel)


async def test_by_mail_it_goes_to_the_operator(world: World) -> None:
    """Under the alert's own name, in words."""
    mailer = FakeMailer()
    channel = MailAlerts(mailer, to="ops@example.com", public_url="https://shop.example")

    alert = await send_test(world.desk, channel)

    (sent,) = mailer.notices
    assert (sent.key, sent.notice.to) == (alert.id, "ops@example.com")
    assert sent.notice.subject == "[BitLoot] shop.example: a test"
    assert "ops@example.com" not in repr(channel)


async def test_a_channel_that_is_broken_is_told_of_by_another(world: World) -> None:
    """Once it has failed for a whole window; with what is wrong, and by its name. Not by itself, when it can again."""
    broken, began = world.channel.id, world.fakes.clock.now()
    await world.open_finding()
    world.pass_time(WINDOW)
    await world.tell_in_vain()
    other = FakeAlertChannel("other")

    async def told() -> list[tuple[str, str]]:
        """What the other channel tells of the service."""
        await note_troubles(world.desk, [], channels=[broken])
        world.pass_time(timedelta(seconds=1))
        return [(one.name, one.text) for one in (await world.desk.book.news(other.id, seen_since=began)).troubles]

    world.pass_time(WINDOW - timedelta(seconds=1))
    assert await told() == []
    assert await told() == [(f"alerts by {broken.name}", "alerts: cannot be reached")]


def test_a_channel_that_wants_no_more_is_broken() -> None:
    """As is one that fails; one that was never tried is not."""
    now = FakeShop().clock.now()

    assert ChannelState(closed_at=now).is_broken
    assert ChannelState(failing_since=now).is_broken
    assert not ChannelState().is_broken
