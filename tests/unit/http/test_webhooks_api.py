"""Webhooks at the edge: proved, stored, and only then answered."""

import asyncio
from collections.abc import Mapping

import pytest
from http_world import STAFF, World, problem

from bitloot_core.ports.inbox import Received, VerifiedWebhook
from bitloot_core.testing import supplier_events
from bitloot_core.values.errors import Unavailable
from bitloot_core.values.ids import GatewayPaymentId
from bitloot_http.handlers import webhooks

PATHS = {"nowpayments": "/payments/ipn", "kinguin": "/kinguin/webhooks"}


def signed(world: World, source: str, body: bytes) -> tuple[Mapping[str, str], bytes]:
    """Any body as the real sender would send it."""
    if source == "kinguin":
        return supplier_events.signed(body)
    notice = world.fakes.gateway.signed(body)
    return notice.headers, notice.body


async def test_a_notice_is_stored_before_it_is_answered(world: World) -> None:
    """200 with an empty body; the row is there, with its job."""
    placed = await world.placed()
    notice = world.fakes.gateway.notice_for(GatewayPaymentId(placed["payment"]["paymentId"]))

    answer = await world.client.post("/payments/ipn", data=notice.body, headers=notice.headers)

    assert (answer.status, await answer.read()) == (200, b"")
    rows = await (await world.client.get("/admin/webhook-logs", headers=STAFF)).json()
    assert [(row["source"], row["status"]) for row in rows["items"]] == [("nowpayments", "pending")]


@pytest.mark.parametrize("source", PATHS)
async def test_a_duplicate_is_answered_like_the_first(world: World, source: str) -> None:
    """It counts a delivery, and is no second row."""
    headers, body = signed(world, source, b'{"anything": 1}')

    answers = [await world.client.post(PATHS[source], data=body, headers=headers) for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 200]
    rows = await (await world.client.get("/admin/webhook-logs", headers=STAFF)).json()
    assert [row["deliveries"] for row in rows["items"]] == [3]


@pytest.mark.parametrize("source", PATHS)
@pytest.mark.parametrize("body", [b"", b"garbage", b"\xff\x00", b"[]"])
async def test_an_authentic_webhook_without_sense_is_stored_as_ignored(world: World, source: str, body: bytes) -> None:
    """A sender that is answered anything but 2xx disables the endpoint in the end."""
    headers, raw = signed(world, source, body)

    answer = await world.client.post(PATHS[source], data=raw, headers=headers)

    assert answer.status == 200
    rows = await (await world.client.get("/admin/webhook-logs", headers=STAFF)).json()
    assert [row["status"] for row in rows["items"]] == ["ignored"]


@pytest.mark.parametrize("source", PATHS)
@pytest.mark.parametrize("signature", [None, "", "forged", "ü", "0" * 128])
async def test_a_forged_webhook_is_counted_and_never_stored(world: World, source: str, signature: str | None) -> None:
    """There must be nothing forged to replay."""
    headers = {} if signature is None else {"x-fake-signature": signature}

    answer = await world.client.post(PATHS[source], data=b"{}", headers=headers)

    assert await problem(answer) == (401, "signature-invalid")
    assert world.fakes.storage.database.webhooks == {}
    minute = int(world.fakes.clock.now().timestamp() // 60)
    assert world.edge.counts.refused_in_minute(source, minute) == 1


@pytest.mark.parametrize("source", PATHS)
async def test_a_webhook_over_the_limit_is_refused(world: World, source: str) -> None:
    """64 KiB are a hundred times what any of them has."""
    headers, body = signed(world, source, b" " * (64 * 1024 + 1))

    answer = await world.client.post(PATHS[source], data=body, headers=headers)

    assert await problem(answer) == (413, "body-too-large")
    assert world.fakes.storage.database.webhooks == {}


@pytest.mark.parametrize("source", PATHS)
async def test_a_webhook_that_cannot_be_stored_is_sent_again(world: World, source: str) -> None:
    """503, not 200: what was acknowledged is never seen again."""
    headers, body = signed(world, source, b"{}")
    world.fakes.storage.database.fail_next_commit(before=True)

    answer = await world.client.post(PATHS[source], data=body, headers=headers)

    assert answer.status >= 500
    assert world.fakes.storage.database.webhooks == {}
    assert (await world.client.post(PATHS[source], data=body, headers=headers)).status == 200


async def test_a_body_that_does_not_come_is_not_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole handler has its deadline, reading included: the server itself would wait for ever."""
    monkeypatch.setattr(webhooks, "MOST_SECONDS", 0.05)
    never = asyncio.Event()

    async def slow() -> object:
        """Half a body, and then nothing."""
        yield b"{"
        await never.wait()

    answer = await asyncio.wait_for(world.client.post("/payments/ipn", data=slow()), timeout=5)

    assert answer.status == 503
    never.set()


async def test_a_store_that_does_not_answer_is_not_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """**Source:** NOWPayments' help centre: an answer that takes over 3000 ms counts as none."""

    class Stuck:
        """A store that has gone silent."""

        async def receive(self, webhook: VerifiedWebhook, *, now: object) -> Received:
            """Never answers."""
            await asyncio.Event().wait()
            raise Unavailable("inbox", "never reached")

    monkeypatch.setattr(webhooks, "MOST_SECONDS", 0.05)
    monkeypatch.setattr(world.fakes.storage.inbox, "receive", Stuck().receive)
    headers, body = signed(world, "kinguin", b"{}")

    answer = await asyncio.wait_for(world.client.post("/kinguin/webhooks", data=body, headers=headers), timeout=5)

    assert await problem(answer) == (503, "unavailable")


@pytest.mark.parametrize("content_type", ["aplication/json", "text/plain", None])
async def test_a_misspelt_content_type_is_no_reason_to_refuse(world: World, content_type: str | None) -> None:
    """**Source:** Kinguin's webhooks say `aplication/json` at times."""
    headers, body = signed(world, "kinguin", b"{}")
    named = {} if content_type is None else {"Content-Type": content_type}

    answer = await world.client.post("/kinguin/webhooks", data=body, headers={**headers, **named})

    assert answer.status == 200
