"""
The suite of the port `AlertBook`: each channel tells everything once, whoever looks, and nothing that was told is lost.

Of the unhappy five, a slow peer and a malformed body do not apply: the port takes values and calls nobody.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal

import attrs

from bitloot_core.order.alerts import Alert, AlertGroup, AlertKind, AmountAtStake, News, Trouble, UntoldFinding
from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.ports.alerts import ChannelId, ChannelState, ClaimedAlert, Closed, Delivered, Failed
from bitloot_core.ports.store import Change, SettledFinding
from bitloot_core.testing.contracts.storage import FIRST, StorageWorld, failure_of, place
from bitloot_core.testing.orders import PLACED_AT, placed
from bitloot_core.values.ids import AlertId, FindingId, OrderId

MAIL = ChannelId(name="mail", target="a")
HOOK = ChannelId(name="webhook", target="b")
LEASE = timedelta(minutes=2)
LASTING = timedelta(minutes=3)
MINUTE = timedelta(minutes=1)
VAULT = Trouble(name="vault", text="no answer", since=PLACED_AT)


def a_finding(number: int = 1, *, order_id: OrderId | None = None, amount: str | None = "1.50 EUR") -> Finding:
    """Something that needs a person, opened a second after the one before."""
    return Finding(
        id=FindingId(f"f{number}"),
        order_id=order_id,
        reason=FindingReason.RECONCILIATION,
        subject=f"s{number}",
        text="It differs.",
        amount=amount,
        blocking=False,
        opened_at=PLACED_AT + timedelta(seconds=number),
    )


def an_alert(number: int = 1, *, at: datetime = PLACED_AT) -> Alert:
    """A message with everything in it."""
    stake = AmountAtStake(digits=Decimal("0.00000150"), unit="btc")
    group = AlertGroup(
        reason=FindingReason.DEAD_JOB, count=2, oldest_at=at, oldest_order=OrderId("o1"), amounts=(stake,)
    )
    return Alert(
        id=AlertId(f"alert_{number}"),
        kind=AlertKind.RAISED,
        at=at,
        groups=(group,),
        troubles=(VAULT,),
        still_open=7,
    )


async def open_findings(world: StorageWorld, *findings: Finding) -> None:
    """Open them, about no order."""
    await world.store.commit(Change(at=world.clock.now(), findings=findings))


async def news(world: StorageWorld, channel: ChannelId = MAIL) -> News:
    """What a channel has not told of now."""
    return await world.alerts.news(channel, seen_since=world.clock.now() - LASTING)


async def ids(world: StorageWorld, channel: ChannelId = MAIL) -> list[str]:
    """The findings among it."""
    return [one.id for one in (await news(world, channel)).findings]


async def issue(world: StorageWorld, alert: Alert, channel: ChannelId = MAIL) -> bool:
    """Put an alert on its way that tells all that is known."""
    state = await world.alerts.state(channel)
    known = await news(world, channel)
    return await world.alerts.issue(channel, alert, known, after=state.last_id, now=world.clock.now())


async def claim(world: StorageWorld, channel: ChannelId = MAIL, *, token: str = FIRST) -> ClaimedAlert | None:
    """Claim for two minutes, if it can be had."""
    return await world.alerts.claim(channel, now=world.clock.now(), lease=LEASE, token=token)


async def claimed(world: StorageWorld, channel: ChannelId = MAIL, *, token: str = FIRST) -> ClaimedAlert:
    """Claim what must be there to claim."""
    found = await claim(world, channel, token=token)
    assert found is not None, "an alert is under way, due and free"
    return found


class AlertBookContract:
    """What every book of alerts must do. The fixture `world` gives an empty shop."""

    async def test_a_new_shop_has_nothing_to_tell(self, world: StorageWorld) -> None:
        """And no channel has ever told anything."""
        assert News() == await news(world)
        assert ChannelState() == await world.alerts.state(MAIL)
        assert await claim(world) is None

    async def test_open_findings_are_news_oldest_first(self, world: StorageWorld) -> None:
        """With what an alert says of them."""
        await open_findings(world, a_finding(2, amount=None), a_finding(1))

        oldest = UntoldFinding(
            id=FindingId("f1"),
            order_id=None,
            reason=FindingReason.RECONCILIATION,
            opened_at=PLACED_AT + timedelta(seconds=1),
            amount="1.50 EUR",
        )
        found = (await news(world)).findings
        assert (oldest, ["f1", "f2"]) == (found[0], [one.id for one in found])

    async def test_a_finding_of_an_order_is_news_with_its_order(self, world: StorageWorld) -> None:
        """The alert links to it."""
        order = await place(world, placed())
        await open_findings(world, a_finding(2, order_id=order.id))

        assert [order.id] == [one.order_id for one in (await news(world)).findings]

    async def test_what_is_settled_is_no_news(self, world: StorageWorld) -> None:
        """Whether a person did it or the machine."""
        await open_findings(world, a_finding(1), a_finding(2))
        settled = SettledFinding(id=FindingId("f1"), by="admin:ann", reason="seen")
        await world.store.commit(Change(at=world.clock.now(), settled=(settled,)))

        assert await ids(world) == ["f2"]

    async def test_what_was_told_is_no_news_to_this_channel_alone(self, world: StorageWorld) -> None:
        """It counts as still open; every channel tells for itself."""
        await open_findings(world, a_finding(1))
        await issue(world, an_alert())
        await open_findings(world, a_finding(2))

        assert (await ids(world), (await news(world)).told) == (["f2"], 1)
        assert (await ids(world, HOOK), (await news(world, HOOK)).told) == (["f1", "f2"], 0)

    async def test_only_what_was_read_counts_as_told(self, world: StorageWorld) -> None:
        """What came up between the look and the write waits for the next alert."""
        await open_findings(world, a_finding(1))
        known = await news(world)
        await open_findings(world, a_finding(2))
        await world.alerts.issue(MAIL, an_alert(), known, after=None, now=world.clock.now())

        assert await ids(world) == ["f2"]

    async def test_one_alert_is_under_way_at_a_time(self, world: StorageWorld) -> None:
        """The second is refused, and tells nothing; another channel is not held up."""
        await open_findings(world, a_finding(1))
        assert await issue(world, an_alert(1))
        await open_findings(world, a_finding(2))

        assert not await issue(world, an_alert(2))
        assert (["f2"], AlertId("alert_1")) == (await ids(world), (await world.alerts.state(MAIL)).last_id)
        assert await issue(world, an_alert(3), HOOK)

    async def test_whoever_looked_before_another_told_is_refused(self, world: StorageWorld) -> None:
        """Though that other one has arrived already."""
        await open_findings(world, a_finding(1))
        known, before = await news(world), (await world.alerts.state(MAIL)).last_id
        await issue(world, an_alert(1))
        await world.alerts.end(await claimed(world), Delivered(), now=world.clock.now())

        assert not await world.alerts.issue(MAIL, an_alert(2), known, after=before, now=world.clock.now())

    async def test_of_many_at_once_one_issues_and_one_sends(self, world: StorageWorld) -> None:
        """Ten processes, one message."""
        await open_findings(world, a_finding(1))
        known, now = await news(world), world.clock.now()

        issued = await asyncio.gather(
            *(world.alerts.issue(MAIL, an_alert(number), known, after=None, now=now) for number in range(10))
        )
        taken = await asyncio.gather(*(claim(world, token=f"t{number}") for number in range(10)))

        assert (sum(issued), sum(one is not None for one in taken)) == (1, 1)

    async def test_an_alert_comes_back_as_it_was_issued(self, world: StorageWorld) -> None:
        """Word for word, however often it is taken."""
        alert = an_alert(at=world.clock.now())
        await issue(world, alert)

        first = await claimed(world)
        world.clock.advance(LEASE)
        second = await claimed(world, token="t2")

        assert (alert, alert) == (first.alert, second.alert)
        assert (first.attempts, second.attempts) == (1, 2)

    async def test_a_lease_keeps_others_off_until_it_runs_out(self, world: StorageWorld) -> None:
        """A crash between sending and noting leads to the same alert again."""
        await issue(world, an_alert())
        await claimed(world)
        world.clock.advance(LEASE - MINUTE)
        early = await claim(world, token="t2")
        world.clock.advance(MINUTE)

        assert (early, (await claimed(world, token="t2")).token) == (None, "t2")

    async def test_what_arrived_is_not_sent_again(self, world: StorageWorld) -> None:
        """And the channel is well."""
        await issue(world, an_alert())
        now = world.clock.now()
        await world.alerts.end(await claimed(world), Delivered(), now=now)

        assert ChannelState(last_id=AlertId("alert_1"), delivered_at=now) == await world.alerts.state(MAIL)
        assert await claim(world, token="t2") is None

    async def test_what_failed_is_tried_again_at_its_time(self, world: StorageWorld) -> None:
        """Since when it fails, and why, is kept until it arrives."""
        await issue(world, an_alert(at=world.clock.now()))
        began = world.clock.now()
        again = Failed(again_at=began + MINUTE, error="webhook: no answer in time")
        await world.alerts.end(await claimed(world), again, now=began)
        early = await claim(world, token="t2")
        state = await world.alerts.state(MAIL)
        world.clock.advance(MINUTE)
        last = await claimed(world, token="t2")
        await world.alerts.end(last, attrs.evolve(again, again_at=began + 3 * MINUTE), now=world.clock.now())

        expected = ChannelState(
            last_id=AlertId("alert_1"),
            under_way_since=began,
            attempts=1,
            due_at=began + MINUTE,
            failing_since=began,
            last_error="webhook: no answer in time",
        )
        assert (None, expected, 2) == (early, state, last.attempts)
        assert (await world.alerts.state(MAIL)).failing_since == began

    async def test_an_end_under_a_lost_lease_writes_nothing(self, world: StorageWorld) -> None:
        """Whoever has it now says how it ended."""
        await issue(world, an_alert())
        slow = await claimed(world)
        world.clock.advance(LEASE)
        await claimed(world, token="t2")

        await world.alerts.end(slow, Delivered(), now=world.clock.now())

        assert (await world.alerts.state(MAIL)).delivered_at is None

    async def test_a_closed_channel_is_left_alone(self, world: StorageWorld) -> None:
        """Until it is opened again; the alert that it refused comes then."""
        await issue(world, an_alert())
        await world.alerts.end(await claimed(world), Closed(error="webhook: gone"), now=world.clock.now())
        world.clock.advance(timedelta(days=1))
        refused, closed = await claim(world, token="t2"), await world.alerts.state(MAIL)
        await world.alerts.open_again(MAIL, now=world.clock.now())

        state = await world.alerts.state(MAIL)
        assert (refused, closed.is_broken, state.is_broken) == (None, True, False)
        assert (await claimed(world, token="t3")).alert.id == "alert_1"

    async def test_a_channel_that_leads_elsewhere_begins_anew(self, world: StorageWorld) -> None:
        """Neither failing nor closed; what is under way goes there at once, and what was told stays told."""
        await open_findings(world, a_finding(1))
        await issue(world, an_alert())
        await world.alerts.end(await claimed(world), Closed(error="webhook: gone"), now=world.clock.now())
        elsewhere = attrs.evolve(MAIL, target="c")

        assert not (await world.alerts.state(elsewhere)).is_broken
        taken = await claimed(world, elsewhere, token="t2")
        assert (AlertId("alert_1"), 1) == (taken.alert.id, taken.attempts)
        assert await ids(world, elsewhere) == []

    async def test_opening_a_channel_that_told_nothing_is_harmless(self, world: StorageWorld) -> None:
        """A test is often the first thing that is sent; alerts follow as usual."""
        await world.alerts.open_again(MAIL, now=world.clock.now())

        assert ChannelState(delivered_at=world.clock.now()) == await world.alerts.state(MAIL)
        assert await claim(world) is None
        assert await issue(world, an_alert())

    async def test_a_trouble_is_news_while_it_lasts(self, world: StorageWorld) -> None:
        """With its first time, whoever sees it again; and no longer once nobody does."""
        await world.alerts.note([VAULT], now=world.clock.now(), lasting=LASTING)
        world.clock.advance(2 * MINUTE)
        later = attrs.evolve(VAULT, text="it refuses", since=world.clock.now())
        await world.alerts.note([later], now=world.clock.now(), lasting=LASTING)

        assert (attrs.evolve(VAULT, text="it refuses"),) == (await news(world)).troubles
        world.clock.advance(LASTING + MINUTE)
        assert (await news(world)).troubles == ()

    async def test_a_trouble_that_comes_back_is_told_again(self, world: StorageWorld) -> None:
        """Once for each time that it comes; while it lasts it is told once."""
        await world.alerts.note([VAULT], now=world.clock.now(), lasting=LASTING)
        await issue(world, an_alert())
        await world.alerts.note([VAULT], now=world.clock.now(), lasting=LASTING)
        while_it_lasts = (await news(world)).troubles
        world.clock.advance(LASTING)
        anew = attrs.evolve(VAULT, since=world.clock.now())
        await world.alerts.note([anew], now=world.clock.now(), lasting=LASTING)

        assert ((), (anew,)) == (while_it_lasts, (await news(world)).troubles)

    async def test_an_alert_that_could_not_be_written_tells_nothing(self, world: StorageWorld) -> None:
        """A failure before the commit point: everything is still news."""
        await open_findings(world, a_finding(1))
        await world.given_commit_fails_before()
        await failure_of(issue(world, an_alert()))

        assert (await ids(world), (await world.alerts.state(MAIL)).last_id) == (["f1"], None)

    async def test_an_alert_that_was_written_without_an_answer_is_sent(self, world: StorageWorld) -> None:
        """A failure after the commit point: whoever looks next finds it under way."""
        await open_findings(world, a_finding(1))
        await world.given_commit_fails_after()
        await failure_of(issue(world, an_alert()))

        assert ([], AlertId("alert_1")) == (await ids(world), (await claimed(world)).alert.id)

    async def test_an_end_that_could_not_be_written_leads_to_a_repeat(self, world: StorageWorld) -> None:
        """At least once: it was sent, and is sent again."""
        await issue(world, an_alert())
        taken = await claimed(world)
        await world.given_commit_fails_before()
        await failure_of(world.alerts.end(taken, Delivered(), now=world.clock.now()))
        world.clock.advance(LEASE)

        assert (await claimed(world, token="t2")).alert == taken.alert
