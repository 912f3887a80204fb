"""Alerts by signed webhook keep the promises of a channel, with a receiver that checks each by code of its own."""

import base64
import logging
import secrets
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import aiohttp
import attrs
import pytest

from bitloot_adapters._shared.http_caller import Deadlines
from bitloot_adapters.standard_webhooks import SigningSecret, WebhookAlerts
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.guide import GUIDE
from bitloot_core.ports.alerts import GONE
from bitloot_core.testing.clock import ManualClock
from bitloot_core.testing.contracts.alert_channel import ALERT, AlertChannelContract, ArrivedAlert
from bitloot_core.values.errors import InvalidInput, Rejected, Unavailable, Unknown
from bitloot_core.values.secret import Secret
from harness.alert_receiver import AlertReceiver

SHOP = "https://shop.example"
SHORT = Deadlines(total=timedelta(seconds=0.3))


def a_secret() -> str:
    """A fresh one."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


OURS = a_secret()


@attrs.define
class WebhookWorld:
    """A receiver, and alerts that are posted to it."""

    receiver: AlertReceiver
    session: aiohttp.ClientSession
    clock: ManualClock = attrs.field(factory=ManualClock)
    secrets: tuple[str, ...] = (OURS,)
    deadlines: Deadlines = attrs.field(factory=Deadlines)

    @property
    def channel(self) -> WebhookAlerts:
        """A channel that leads there."""
        return WebhookAlerts(
            session=self.session,
            url=Secret(self.receiver.url),
            secrets=list(map(Secret, self.secrets)),
            clock=self.clock,
            public_url=SHOP,
            deadlines=self.deadlines,
        )

    async def arrived(self) -> Sequence[ArrivedAlert]:
        """What was authentic."""
        found = (taken.body["data"] for taken in self.receiver.taken)
        return [
            ArrivedAlert(id=taken.id, text=f"{data['title']}\n{data['text']}")
            for taken, data in zip(self.receiver.taken, found, strict=True)
        ]

    async def refuse(self) -> None:
        """Given one that says that we may not."""
        self.receiver.answer = 403

    async def lose_next_answer(self) -> None:
        """Given that the connection is cut after the request."""
        self.receiver.drops_next_answer = True

    async def be_slow(self) -> None:
        """Given one that thinks for ever."""
        self.receiver.is_slow = True
        self.deadlines = SHORT

    async def go_down(self) -> None:
        """Given that nobody listens."""
        await self.receiver.go_down()

    async def come_back(self) -> None:
        """Given that it listens again."""
        await self.receiver.come_back()


@pytest.fixture
async def world() -> AsyncIterator[WebhookWorld]:
    """A receiver that took nothing yet."""
    connector = aiohttp.TCPConnector(force_close=True)
    async with AlertReceiver(OURS).serve() as receiver, aiohttp.ClientSession(connector=connector) as session:
        yield WebhookWorld(receiver, session)


class TestWebhookAlerts(AlertChannelContract):
    """The suite, over HTTP."""

    @pytest.fixture
    async def world(self, world: WebhookWorld) -> WebhookWorld:
        """The same world as for what only webhooks do."""
        return world


class TestWhatIsSent:
    """What stands on the wire."""

    async def test_the_body_says_what_a_program_needs(self, world: WebhookWorld) -> None:
        """In the shape that the specification recommends; money as decimal text."""
        await world.channel.send(ALERT)

        body: dict[str, Any] = world.receiver.taken[0].body
        assert (body["type"], body["timestamp"]) == ("alert.raised", "2026-01-05T12:00:00.000Z")
        data = body["data"]
        assert data["findings"] == [
            {
                "reason": "payment-short",
                "count": 3,
                "means": GUIDE[FindingReason.PAYMENT_SHORT].means,
                "canWait": GUIDE[FindingReason.PAYMENT_SHORT].can_wait,
                "oldestAt": "2026-01-05T12:00:00.000Z",
                "atStake": [{"amount": "12.99", "unit": "EUR"}],
                "url": f"{SHOP}/console/findings?reason=payment-short",
                "oldestUrl": f"{SHOP}/console/orders/order7f3k",
            }
        ]
        assert data["troubles"] == [{"name": "vault", "text": "no answer", "since": "2026-01-05T12:00:00.000Z"}]
        assert (data["id"], data["count"], data["stillOpen"]) == (ALERT.id, 3, 2)

    async def test_the_time_is_that_of_the_try(self, world: WebhookWorld) -> None:
        """A repeat is fresh to a receiver that refuses old ones, and says when the alert was made all the same."""
        await world.channel.send(ALERT)
        world.clock.advance(timedelta(hours=1))
        await world.channel.send(ALERT)

        first, second = world.receiver.taken
        assert (second.timestamp - first.timestamp, second.id, second.raw) == (3600, first.id, first.raw)

    @pytest.mark.parametrize("kept", [(OURS, a_secret()), (a_secret(), OURS)])
    async def test_while_a_secret_is_replaced_old_and_new_are_good(
        self, world: WebhookWorld, kept: tuple[str, ...]
    ) -> None:
        """Each signs; the receiver may know either."""
        world.secrets = kept

        await world.channel.send(ALERT)

        assert world.receiver.taken[0].headers["webhook-signature"].count("v1,") == 2

    async def test_a_wrong_secret_is_refused(self, world: WebhookWorld) -> None:
        """The receiver tells it by itself, and the operator is told what to look at."""
        world.secrets = (a_secret(),)

        with pytest.raises(Rejected, match=r"401.*secret on both sides"):
            await world.channel.send(ALERT)

        assert (world.receiver.forged, world.receiver.taken) == (1, [])

    async def test_neither_address_nor_secret_is_logged(
        self, world: WebhookWorld, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Nor what the other side says."""
        caplog.set_level(logging.DEBUG, logger="bitloot_adapters")
        world.receiver.answer = 500
        with pytest.raises(Unavailable):
            await world.channel.send(ALERT)

        assert "answered 500" in caplog.text
        for secret in ("CANARY", OURS, "/hooks/"):
            assert secret not in caplog.text


class TestAnswers:
    """What the receiver says, and what follows from it."""

    @pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
    async def test_a_2xx_is_arrived(self, world: WebhookWorld, status: int) -> None:
        """Whichever it is."""
        world.receiver.answer = status

        await world.channel.send(ALERT)

    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
    async def test_a_receiver_in_trouble_is_passing_and_may_ask_for_time(
        self, world: WebhookWorld, status: int
    ) -> None:
        """`Retry-After` is heard."""
        world.receiver.answer, world.receiver.headers = status, {"Retry-After": "120"}

        with pytest.raises(Unavailable, match=str(status)) as caught:
            await world.channel.send(ALERT)

        assert caught.value.retry_after == timedelta(minutes=2)

    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    async def test_a_redirect_is_not_followed(self, world: WebhookWorld, status: int) -> None:
        """What is signed goes where the operator said, and nowhere else."""
        world.receiver.answer, world.receiver.headers = status, {"Location": f"{world.receiver.url}/other"}

        with pytest.raises(Rejected, match="never followed"):
            await world.channel.send(ALERT)

        assert world.receiver.requests == 1

    async def test_gone_has_a_code(self, world: WebhookWorld) -> None:
        """The receiver wants no more."""
        world.receiver.answer = 410

        with pytest.raises(Rejected) as caught:
            await world.channel.send(ALERT)

        assert caught.value.code == GONE

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
    async def test_another_refusal_is_told_with_its_number(self, world: WebhookWorld, status: int) -> None:
        """It is the operator's to mend, and does not close the channel."""
        world.receiver.answer = status

        with pytest.raises(Rejected, match=str(status)) as caught:
            await world.channel.send(ALERT)

        assert caught.value.code != GONE

    async def test_an_answer_without_an_end_is_not_read(self, world: WebhookWorld) -> None:
        """The status is all that counts; a slow body holds nobody up."""
        world.receiver.headers = {"Content-Length": "1000000000"}
        world.deadlines = Deadlines(total=timedelta(seconds=30))

        await world.channel.send(ALERT)

        assert len(world.receiver.taken) == 1

    async def test_nobody_who_speaks_http_is_unknown(self, world: WebhookWorld) -> None:
        """Somebody took it, and nobody knows who."""
        world.receiver.headers = {"X-Big": "x" * 20_000}

        with pytest.raises(Unknown) as caught:
            await world.channel.send(ALERT)

        assert "v1," not in repr(caught.value.__cause__)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whsec_",
        "whsec_!!!!",
        base64.b64encode(bytes(32)).decode(),
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
    ],
)
def test_a_secret_that_is_none_is_not_repeated(text: str) -> None:
    """Too short, too long, without its beginning: it is said, and not shown."""
    with pytest.raises(InvalidInput) as caught:
        SigningSecret.parse(text)

    assert caught.value.field == "ALERT_WEBHOOK_SECRET"
    assert len(text) <= len("whsec_") or text.removeprefix("whsec_") not in str(caught.value)


def test_a_secret_shows_nothing() -> None:
    """Not even its length."""
    assert repr(SigningSecret.parse(OURS)) == "SigningSecret()"
