"""The log of a whole order's life: every line says what it is about, and none holds anything that opens anything."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from bitloot_adapters.kinguin_simulator import WebhookForm
from harness.commands import command
from harness.mail_server import MailServer
from harness.surroundings import Surroundings
from harness.system import System, open_system
from harness.vendors import CANARY
from harness.waiting import eventually

SECRETS = (
    "KINGUIN_API_KEY",
    "KINGUIN_WEBHOOK_SECRET",
    "NOWPAYMENTS_API_KEY",
    "NOWPAYMENTS_IPN_SECRET",
    "LINK_SECRET",
    "ADMIN_TOKEN",
)
NOTICE = ("nowpayments.ipn", "reserve")
"""The jobs that a payment's notice leads to."""
EVENT = ("kinguin.webhook", "send-mail")
"""The jobs that the supplier's event leads to."""


def lines(place: Surroundings) -> list[dict[str, Any]]:
    """What the service has said, line by line."""
    said = place.logs.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in said if line.startswith("{")]


def guises(secret: str) -> Iterator[str]:
    """What a secret may look like: as it is, for an address, and in base64, wherever in it that began."""
    yield secret
    yield quote(secret, safe="")
    raw = secret.encode()
    for skipped in range(3):
        if len(encoded := base64.b64encode(raw[skipped:]).decode().rstrip("=")[:-1]) > 8:
            yield encoded


def leaked(secrets: set[str], text: str) -> list[str]:
    """Which of them are in a text, in any guise."""
    return [secret for secret in sorted(secrets) if any(guise in text for guise in guises(secret))]


def signatures_of(system: System) -> set[str]:
    """The signatures that came with webhooks."""
    secret = system.place.settings["KINGUIN_WEBHOOK_SECRET"].encode()
    events = {hmac.new(secret, sent.body, hashlib.sha512).hexdigest() for sent in system.vendors.kinguin.webhooks.sent}
    return events | {sent.notice.signature for sent in system.vendors.gateway.sent_notices if sent.notice.signature}


@pytest.mark.parametrize("form", WebhookForm)
async def test_the_log_of_an_order_holds_nothing_that_opens_anything(
    tmp_path: Path, stocked: Path, form: WebhookForm
) -> None:
    """No address of a buyer, key, token, link, password, signature or secret, on the most talkative level."""
    async with (
        MailServer().serve() as server,
        open_system(
            tmp_path,
            stocked,
            arrivals=server.arrivals,
            SMTP_URL=f"smtp://127.0.0.1:{server.port}",
            MAIL_FROM="BitLoot <shop@shop.test>",
            LOG_LEVEL="debug",
        ) as system,
    ):
        system.vendors.kinguin.webhooks.form = form
        system.vendors.kinguin.webhooks.with_key = True
        system.vendors.kinguin.knobs.delivery_delay = timedelta(seconds=0.2)
        server.answers["RCPT"] = "451 not now, buyer@example.com"
        staff, buyer = system.admin_token, system.buyer
        placed = await buyer.place(quantity=2)
        forged = "f" * 128
        await buyer.ask("POST", "/payments/ipn", {"id": placed.email}, headers={"x-nowpayments-sig": forged})
        await system.vendors.gateway.pay(placed.payment_id)
        await eventually(lambda: server.connections >= 2, "the first mail was put off")
        server.answers.clear()
        first = await buyer.mail(placed)
        keys = await buyer.reveal(first)
        await buyer.ask("POST", f"/orders/{placed.order_id}/link", token=placed.access_token)
        await buyer.ask("GET", f"/admin/orders?email={quote(placed.email)}", token=staff)
        await buyer.ask("GET", f"/admin/key-audit/{placed.order_id}", token=staff)
        for action in ("resend-mail", "retry"):
            await buyer.ask("POST", f"/admin/orders/{placed.order_id}/{action}", {"note": "x"}, token=staff)
        second = await eventually(lambda: len(found := buyer.mails(placed)) > 1 and found[-1], "a fresh link came")
        await buyer.ask("POST", f"/delivery/{second.link.rpartition('/')[2][:-1]}x/reveal")
        await buyer.ask("GET", f"/orders/{placed.order_id}", token=placed.access_token[:-1] + "x")
        await system.at_rest()
        forgotten = await command(system.place, "orders", "forget", "--email", placed.email)
        await system.service.stop()

        assert forgotten.code == 0, forgotten.err
        logs = system.place.logs.read_text(encoding="utf-8") + forgotten.err
        links = {mail.link.rpartition("/")[2] for mail in (first, second)}
        assert len(links) == 2
        opening = {system.place.settings[name] for name in SECRETS}
        opening |= {system.place.settings["VAULT_KEYS"].partition(":")[2]}
        opening |= {*keys, *links, *signatures_of(system), forged, placed.email, placed.access_token, CANARY}
        assert leaked(opening, logs) == []
        assert {"request", "job ended"} <= {line["event"] for line in lines(system.place)}
        assert placed.order_id in logs


async def test_a_line_bears_the_names_of_what_it_is_about(tmp_path: Path, stocked: Path) -> None:
    """From the request over the webhook to the jobs: one id leads through them, and one order's id through all."""
    clocks = {"RELAY_SECONDS": "60", "SUPPLIER_POLL_SECONDS": "60", "PAYMENT_POLL_SECONDS": "60"}
    async with open_system(tmp_path, stocked, LOG_LEVEL="debug", **clocks) as system:
        system.vendors.kinguin.knobs.delivery_delay = timedelta(seconds=0.2)
        placed = await system.buyer.place()
        await system.buyer.ask(
            "GET", f"/orders/{placed.order_id}", token=placed.access_token, headers={"X-Request-Id": "asked-once"}
        )
        await system.deliver(placed)
        await system.service.stop()

        said = lines(system.place)

    requests = {line["request_id"]: line for line in said if line["event"] == "request"}
    jobs = {line["job"]: line for line in said if line["event"] == "job ended"}
    assert requests["asked-once"]["order_id"] == placed.order_id
    assert {*NOTICE, *EVENT} <= set(jobs)
    assert {placed.order_id} == {line["order_id"] for line in jobs.values()}
    assert all(isinstance(line["job_id"], int) for line in jobs.values())
    # The gateway's notice led to the purchase, the supplier's event to the mail; each under the id of its own request.
    of_notice, of_event = ({jobs[name]["request_id"] for name in names} for names in (NOTICE, EVENT))
    assert (len(of_notice), len(of_event)) == (1, 1)
    assert of_notice.isdisjoint(of_event)
    # A line about a job says nothing of the request that was answered in between.
    assert not [line for line in said if line["event"] == "request" and "job_id" in line]


def test_a_guise_is_seen_through() -> None:
    """The test of this module would see a key that was written in base64."""
    key = "CANARYBIRD-IN-A-MINE-77"
    hidden = base64.b64encode(f'{{"k":"{key}"}}'.encode()).decode()

    assert [key] == leaked({key}, f"serial={hidden}")
    assert not re.search(key, hidden)
