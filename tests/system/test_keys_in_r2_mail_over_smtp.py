"""The real service with its keys in a bucket (moto) and its mails over SMTP (aiosmtpd), both on loopback."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.mail_server import MailServer
from harness.r2_world import STAFF
from harness.s3_server import s3_server
from harness.system import System, open_system
from harness.vendors import CANARY
from harness.waiting import eventually

BUCKET = "sealed"


@pytest.fixture
def endpoint() -> Iterator[str]:
    """An S3 server without a bucket."""
    pytest.importorskip("moto", reason="moto[s3,server] is not installed")
    with s3_server() as url:
        yield url


def r2(endpoint: str) -> dict[str, str]:
    """The settings of the bucket."""
    return {
        "R2_ACCESS_KEY_ID": "key-id",
        "R2_SECRET_ACCESS_KEY": "key-secret",
        "R2_ENDPOINT": endpoint,
        "R2_BUCKET": BUCKET,
    }


async def ask(system: System, method: str, url: str) -> bytes:
    """Ask the S3 server, past the service."""
    async with system.session.request(method, url, headers=STAFF, raise_for_status=True) as answer:
        return await answer.read()


async def test_an_order_goes_through_a_bucket_and_a_mail_server(tmp_path: Path, stocked: Path, endpoint: str) -> None:
    """Sealed into the bucket, mailed over SMTP, revealed; no key in the clear in either (I7)."""
    async with (
        MailServer().serve() as server,
        open_system(
            tmp_path,
            stocked,
            **r2(endpoint),
            SMTP_URL=f"smtp://127.0.0.1:{server.port}",
            MAIL_FROM="BitLoot <shop@shop.test>",
            arrivals=server.arrivals,
        ) as system,
    ):
        await ask(system, "PUT", f"{endpoint}/{BUCKET}")
        placed = await system.buyer.place(quantity=2)
        await system.vendors.gateway.pay(placed.payment_id)
        await system.buyer.sees(placed, "fulfilled")
        mail = await system.buyer.mail(placed)
        keys = await system.buyer.reveal(mail)
        await system.at_rest()

        system.check([(placed, keys)])
        listed = await ask(system, "GET", f"{endpoint}/{BUCKET}?list-type=2")
        names = re.findall(r"<Key>([^<]+)</Key>", listed.decode())
        objects = [await ask(system, "GET", f"{endpoint}/{BUCKET}/{name}") for name in names]
        assert len(objects) == 2
        assert all(CANARY.encode() not in content for content in objects)
        assert CANARY not in mail.text
        assert not system.place.vault.exists()


async def test_a_mail_server_that_comes_back_gets_the_mail(tmp_path: Path, stocked: Path) -> None:
    """A passing refusal is tried again; the buyer gets the mail once."""
    async with (
        MailServer().serve() as server,
        open_system(
            tmp_path,
            stocked,
            arrivals=server.arrivals,
            SMTP_URL=f"smtp://127.0.0.1:{server.port}",
            MAIL_FROM="shop@shop.test",
        ) as system,
    ):
        server.answers["MAIL"] = "451 later"
        placed = await system.buyer.place()
        await system.vendors.gateway.pay(placed.payment_id)
        await system.buyer.sees(placed, "fulfilled")
        await eventually(lambda: server.connections >= 2, "it was tried more than once")
        server.answers.clear()
        mail = await system.buyer.mail(placed)
        keys = await system.buyer.reveal(mail)
        await system.at_rest()

        system.check([(placed, keys)])
        assert len(server.taken) == 1
