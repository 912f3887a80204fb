"""That alerts do not get through is seen wherever somebody looks: summary, console, metrics, doctor, table."""

import base64
from collections.abc import Mapping
from datetime import timedelta

import pytest
from console_world import logged_in
from http_world import ENOUGH, STAFF, running

from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.ports.alerts import GONE, ChannelId
from bitloot_core.ports.store import Change
from bitloot_core.testing.alerts import FakeAlertChannel
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.alerting import AlertDesk, AlertRules, send_test, tell
from bitloot_core.values.errors import PortError, Rejected, Unavailable
from bitloot_core.values.ids import FindingId
from bitloot_http.alert_channels import channel_ids
from bitloot_http.doctor.alerts import alerts
from bitloot_http.doctor.diagnosis import Diagnosis, Verdict
from bitloot_http.doctor.live import Patient
from bitloot_http.metrics.counts import Counts
from bitloot_http.metrics.exposition import as_prometheus
from bitloot_http.metrics.gauges import Gauges
from bitloot_http.reading_settings import read_settings

SET: Mapping[str, str] = {
    "ALERT_WEBHOOK_URL": "https://hooks.example/CANARY",
    "ALERT_WEBHOOK_SECRET": "whsec_" + base64.b64encode(bytes(range(32))).decode(),
}
AWAY = Unavailable("alert webhook", "cannot be reached")
NO_MORE = Rejected("alert webhook", "the receiver wants no more alerts (410)", code=GONE)


def the_channel() -> ChannelId:
    """The one that is set."""
    (channel,) = channel_ids(read_settings({**ENOUGH, **SET}))
    return channel


async def broken(fakes: FakeShop, error: PortError) -> None:
    """Given an alert that did not get through."""
    now, channel = fakes.clock.now(), the_channel()
    fake = FakeAlertChannel(channel.name, target=channel.target)
    fake.faults.before("send", error)
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
    await fakes.shop.orders.commit(Change(at=now, findings=(finding,)))
    rules = AlertRules(window=timedelta(0))
    assert await tell(AlertDesk(book=fakes.shop.alerts, clock=fakes.clock, ids=fakes.ids, rules=rules), fake)


async def works(fakes: FakeShop) -> None:
    """Given a test that got through."""
    channel = the_channel()
    desk = AlertDesk(book=fakes.shop.alerts, clock=fakes.clock, ids=fakes.ids)
    await send_test(desk, FakeAlertChannel(channel.name, target=channel.target))


class FolderlessMail:
    """Nobody asks it."""

    async def probe(self) -> None:
        """Say that all is well."""


async def diagnosis(fakes: FakeShop, *, has_tables: bool = True) -> Diagnosis:
    """What the doctor says."""
    return await alerts(
        Patient(
            settings=read_settings({**ENOUGH, **SET}),
            shop=fakes.shop,
            master_keys=("k1",),
            mail=FolderlessMail(),
            redis=None,
            has_tables=has_tables,
        )
    )


@pytest.mark.parametrize(("error", "status", "tries"), [(AWAY, "failing", ["nextTryAt"]), (NO_MORE, "closed", [])])
async def test_the_summary_says_so(error: PortError, status: str, tries: list[str]) -> None:
    """With what was wrong, and when it is tried again; where it leads is not shown."""
    async with running(**SET) as world:
        await broken(world.fakes, error)
        answer = await world.client.get("/admin/summary", headers=STAFF)
        (shown,) = (await answer.json())["alerts"]

    assert (shown["name"], shown["status"], shown["waiting"], shown["attempts"]) == ("webhook", status, 0, 1)
    assert (shown["lastError"], [name for name in ("nextTryAt",) if shown[name]]) == (str(error), tries)
    assert "CANARY" not in await answer.text()


async def test_without_a_channel_the_summary_has_none() -> None:
    """Nobody is told of anything."""
    async with running() as world:
        answer = await world.client.get("/admin/summary", headers=STAFF)

        assert (await answer.json())["alerts"] == []


async def test_the_console_says_so_on_its_first_page() -> None:
    """And is quiet about a channel that is well."""
    async with logged_in(**SET) as staff:
        before = await staff.get("/console")
        await broken(staff.world.fakes, NO_MORE)
        after = await staff.get("/console")

    assert "Alerts by webhook" not in before
    assert "Alerts by webhook do not get through" in after
    assert "The receiver wants no more" in after


async def test_the_metrics_say_since_when() -> None:
    """0 while all is well; nothing at all without a channel."""
    fakes = FakeShop()
    await works(fakes)
    well = as_prometheus(Counts(), await Gauges(fakes.shop, [the_channel()]).read())
    await broken(fakes, AWAY)
    fakes.clock.advance(timedelta(minutes=10))
    failing = as_prometheus(Counts(), await Gauges(fakes.shop, [the_channel()]).read())
    none = as_prometheus(Counts(), await Gauges(fakes.shop).read())

    name = b'bitloot_alert_channel_failing_seconds{channel="webhook"}'
    assert name + b" 0.0" in well
    assert name + b" 600.0" in failing
    assert b"channel=" not in none


@pytest.mark.parametrize("error", [AWAY, NO_MORE])
async def test_the_doctor_says_so(error: PortError) -> None:
    """With what to do."""
    fakes = FakeShop()
    await broken(fakes, error)

    told = await diagnosis(fakes)

    assert told.verdict is Verdict.FAILED
    assert error.reason in told.text
    assert "bitloot alerts test" in told.advice


async def test_the_doctor_asks_for_a_test_that_nobody_made() -> None:
    """What was never tried may be wrong; afterwards it is well, and without tables nothing is known."""
    fakes = FakeShop()
    untried = await diagnosis(fakes)
    await works(fakes)
    tried, unknown = await diagnosis(fakes), await diagnosis(fakes, has_tables=False)

    verdicts = (untried.verdict, tried.verdict, unknown.verdict)
    assert verdicts == (Verdict.WARNING, Verdict.OK, Verdict.SKIPPED)
