"""The real service tells a real receiver, once, whichever of its processes sees it first."""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.ports.store import Change
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.ids import FindingId
from bitloot_http.alert_channels import channel_ids
from bitloot_http.container import open_service, open_shop, upgrade_database
from bitloot_http.reading_settings import read_settings
from bitloot_http.service import Part
from bitloot_http.settings import Settings
from harness.alert_receiver import AlertReceiver
from harness.mail_server import MailServer
from harness.service import ServiceProcess
from harness.surroundings import surroundings
from harness.waiting import eventually

SECRET = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
ENOUGH: Mapping[str, str] = {
    "KINGUIN_API_KEY": "kinguin-api-key",
    "KINGUIN_WEBHOOK_SECRET": "kinguin-webhook-secret",
    "NOWPAYMENTS_API_KEY": "nowpayments-api-key",
    "NOWPAYMENTS_IPN_SECRET": "nowpayments-ipn-secret",
    "PUBLIC_URL": "https://shop.example",
    "VAULT_KEYS": "k1:" + base64.b64encode(bytes(range(32))).decode(),
    "LINK_SECRET": "l" * 32,
    "RELAY_SECONDS": "0.05",
    "ALERT_WINDOW_SECONDS": "1",
}


@pytest.fixture
async def receiver() -> AsyncIterator[AlertReceiver]:
    """A receiver of signed alerts."""
    async with AlertReceiver(SECRET).serve() as running:
        yield running


@pytest.fixture
async def post() -> AsyncIterator[MailServer]:
    """A mail server."""
    async with MailServer().serve() as running:
        yield running


@pytest.fixture
async def settings(tmp_path: Path, receiver: AlertReceiver, post: MailServer) -> Settings:
    """A shop with both channels, and a database of its own."""
    found = read_settings(
        {
            **ENOUGH,
            "DATABASE_URL": f"sqlite:///{tmp_path / 'shop.db'}",
            "VAULT_DIR": str(tmp_path / "vault"),
            "SMTP_URL": f"smtp://127.0.0.1:{post.port}",
            "MAIL_FROM": "shop@example.com",
            "ALERT_EMAIL": "ops@example.com",
            "ALERT_WEBHOOK_URL": receiver.url,
            "ALERT_WEBHOOK_SECRET": SECRET,
        }
    )
    await upgrade_database(found)
    return found


async def open_finding(shop: Shop, number: int) -> None:
    """Given something that needs a person."""
    now = shop.clock.now()
    finding = Finding(
        id=FindingId(f"f{number}"),
        order_id=None,
        reason=FindingReason.DEAD_JOB,
        subject=f"s{number}",
        text="CANARY: Job x was given up.",
        amount="1.50 EUR",
        blocking=False,
        opened_at=now,
    )
    await shop.orders.commit(Change(at=now, findings=(finding,)))


async def test_a_storm_in_three_processes_is_one_message_on_each_channel(
    settings: Settings, receiver: AlertReceiver, post: MailServer
) -> None:
    """Counted and summed; what was told is told once, and no text of a finding leaves the house."""
    parts = (Part.ALL, Part.ALL, Part.WEB)
    async with AsyncExitStack() as stack, asyncio.timeout(60):
        processes = [await stack.enter_async_context(open_service(settings, part=part)) for part in parts]
        await asyncio.gather(*(open_finding(processes[number % 3].shop, number) for number in range(20)))
        await receiver.told(1)
        await open_finding(processes[0].shop, 99)
        await receiver.told(2)

    first, second = (one.body["data"] for one in receiver.taken)
    assert (first["count"], first["atStake"]) == (20, [{"amount": "30.00", "unit": "EUR"}])
    assert (second["count"], second["stillOpen"]) == (1, 20)
    assert post.taken[0].message["Subject"] == "[BitLoot] shop.example: 20 findings wait for you (30.00 EUR)"
    assert len({mail.message["Message-ID"] for mail in post.taken}) == len(post.taken) <= 2
    assert b"CANARY" not in b"".join([*(one.raw for one in receiver.taken), *(mail.raw for mail in post.taken)])


async def test_a_receiver_that_hangs_holds_nobody_up(settings: Settings, receiver: AlertReceiver) -> None:
    """The mail goes, the service works and stops; what hung stays under way for whoever comes next."""
    receiver.is_slow = True
    mail, webhook = channel_ids(settings)
    async with asyncio.timeout(60), open_shop(settings) as shop:

        async def is_mailed() -> bool:
            """Whether the other channel has done its part."""
            return (await shop.alerts.state(mail)).delivered_at is not None

        async with open_service(settings):
            await open_finding(shop, 1)
            await receiver.told(1)
            await eventually(is_mailed, "the mail went")
        hung = await shop.alerts.state(webhook)

    assert (hung.last_id, hung.under_way_since is None) == (receiver.taken[0].id, False)


async def test_a_process_that_dies_while_it_sends_leads_to_the_same_alert_again(
    tmp_path: Path, receiver: AlertReceiver
) -> None:
    """Killed before it could note that it was taken: the next life sends it under its old name, word for word."""
    receiver.is_slow = True
    hook = {"ALERT_WEBHOOK_URL": receiver.url, "ALERT_WEBHOOK_SECRET": SECRET, "ALERT_WINDOW_SECONDS": "0.3"}
    with surroundings(tmp_path, JOB_LEASE_SECONDS="3", SUPPLIER_QUIET_SECONDS="6", **hook) as place:
        service = ServiceProcess(place)
        async with asyncio.timeout(120):
            await service.start()
            async with open_shop(read_settings(place.settings)) as shop:
                await open_finding(shop, 1)
                await receiver.told(1)
                await service.kill()
                receiver.is_slow = False
                await service.start()
                first, second = (await receiver.told(2))[:2]
            await service.stop()

    assert (second.id, second.raw, second.timestamp > first.timestamp) == (first.id, first.raw, True)
