"""`bitloot doctor` against real servers: the simulated vendors, Redis, S3 (moto) and SMTP (aiosmtpd) on loopback."""

import asyncio
import json
import secrets
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import attrs
import pytest

from harness.mail_server import MailServer
from harness.r2_world import STAFF
from harness.redis_server import open_redis
from harness.s3_server import s3_server
from harness.service import BITLOOT
from harness.surroundings import Surroundings
from harness.system import System, open_system

WITHIN_SECONDS = 60
CLOSED = "127.0.0.1:9"
"""Nobody listens there."""
AS_IN_A_SHOP = {"JOB_LEASE_SECONDS": "120", "SUPPLIER_QUIET_SECONDS": "900"}
"""The short clocks of the other tests leave a busy machine no time to answer."""


@attrs.frozen(kw_only=True)
class Examination:
    """What the doctor said."""

    code: int
    verdicts: dict[str, str]
    texts: dict[str, str]
    output: str


async def doctor(place: Surroundings, *arguments: str, **changes: str) -> Examination:
    """Ask the doctor, as an operator does; nothing that is secret may be in what is said."""
    process = await asyncio.create_subprocess_exec(
        *BITLOOT, "doctor", "--json", *arguments,
        env={**place.environ, **AS_IN_A_SHOP, **changes}, cwd=place.folder,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(WITHIN_SECONDS):
        output, errors = await process.communicate()
    said = output.decode() + errors.decode()
    telling = ("SECRET", "TOKEN", "KEYS", "API_KEY", "SMTP_URL", "REDIS_URL", "SECRET_ACCESS_KEY")
    for name, value in {**place.settings, **changes}.items():
        assert not (name.endswith(telling) and value and value in said), f"{name} is shown"
    found: dict[str, Any] = json.loads(output)
    return Examination(
        code=process.returncode or 0,
        verdicts={one["what"]: one["verdict"] for one in found["items"]},
        texts={one["what"]: f"{one['text']} {one['advice']}" for one in found["items"]},
        output=said,
    )


@pytest.fixture
def endpoint() -> Iterator[str]:
    """An S3 server without a bucket."""
    pytest.importorskip("moto", reason="moto[s3,server] is not installed")
    with s3_server() as url:
        yield url


def r2(endpoint: str) -> dict[str, str]:
    """The settings of a bucket."""
    return {
        "R2_ACCESS_KEY_ID": "key-id",
        "R2_SECRET_ACCESS_KEY": secrets.token_hex(16),
        "R2_ENDPOINT": endpoint,
        "R2_BUCKET": "sealed",
    }


async def test_a_shop_with_everything_is_well(tmp_path: Path, stocked: Path, endpoint: str) -> None:
    """Vendors, Redis, bucket and mail server are each used once; nothing is left in the bucket or in a mailbox."""
    async with AsyncExitStack() as stack:
        system = await stack.enter_async_context(open_system(tmp_path, stocked, start=False))
        server = await stack.enter_async_context(MailServer().serve())
        redis = await stack.enter_async_context(open_redis(tmp_path))
        await put_bucket(system, endpoint)

        seen = await doctor(
            system.place,
            **r2(endpoint),
            REDIS_URL=redis.url,
            SMTP_URL=f"smtp://127.0.0.1:{server.port}",
            MAIL_FROM="shop@shop.test",
        )

        bad = {what: text for what, text in seen.texts.items() if seen.verdicts[what] in {"failed", "skipped"}}
        assert (seen.code, bad) == (0, {})
        used = ("database", "database, written and read", "redis", "vault", "mail", "Kinguin", "NOWPayments", "clock")
        assert {what: seen.verdicts[what] for what in used} == dict.fromkeys(used, "ok")
        assert "agrees with 127.0.0.1" in seen.texts["clock"]
        assert server.connections == 1
        assert server.taken == []
        async with system.session.get(f"{endpoint}/sealed?list-type=2", headers=STAFF) as listed:
            assert "<Key>" not in await listed.text()


async def put_bucket(system: System, endpoint: str) -> None:
    """Make the bucket."""
    async with system.session.put(f"{endpoint}/sealed", headers=STAFF, raise_for_status=True):
        pass


async def test_each_thing_that_is_broken_is_named(tmp_path: Path, stocked: Path, endpoint: str) -> None:
    """All at once: none hides another, and the exit code says that something failed."""
    async with open_system(tmp_path, stocked, start=False) as system:
        seen = await doctor(
            system.place,
            **r2(endpoint),
            KINGUIN_API_KEY="another-key-of-somebody",
            NOWPAYMENTS_API_KEY="another-key-of-somebody-else",
            REDIS_URL=f"redis://{CLOSED}/0",
            SMTP_URL=f"smtp://{CLOSED}",
            MAIL_FROM="shop@shop.test",
        )

    failed = {what for what, verdict in seen.verdicts.items() if verdict == "failed"}
    assert seen.code == 1
    assert failed == {"Kinguin", "NOWPayments", "redis", "vault", "master keys", "mail"}
    assert "KINGUIN_API_KEY" in seen.texts["Kinguin"]
    assert "INVALID_API_KEY" in seen.texts["NOWPayments"]
    assert "R2_BUCKET" in seen.texts["vault"]
    assert "REDIS_URL" in seen.texts["redis"]
    assert "SMTP_URL" in seen.texts["mail"]


async def test_a_mail_server_that_refuses_the_login_is_named(tmp_path: Path, stocked: Path) -> None:
    """Connection and greeting went well: it is the account."""
    async with (
        open_system(tmp_path, stocked, start=False) as system,
        MailServer(password="right-password").serve() as server,
    ):
        seen = await doctor(
            system.place,
            "--offline",
            SMTP_URL=f"smtp://shop:wrong-password@127.0.0.1:{server.port}",
            MAIL_FROM="shop@shop.test",
        )

    assert (seen.code, seen.verdicts["mail"]) == (1, "failed")
    assert "login" in seen.texts["mail"]
    assert "wrong-password" not in seen.output


async def test_vendors_that_are_not_there_are_named(tmp_path: Path, stocked: Path) -> None:
    """And --offline does not ask for them."""
    nowhere = {"KINGUIN_BASE_URL": f"http://{CLOSED}", "NOWPAYMENTS_BASE": f"http://{CLOSED}/v1"}
    async with open_system(tmp_path, stocked, start=False) as system:
        asked = await doctor(system.place, **nowhere)
        left = await doctor(system.place, "--offline", **nowhere)

    assert {asked.verdicts[what] for what in ("Kinguin", "NOWPayments")} == {"failed"}
    assert asked.verdicts["clock"] == "skipped"
    assert (asked.code, left.code) == (1, 0)
    assert {left.verdicts[what] for what in ("Kinguin", "NOWPayments", "clock")} == {"skipped"}


async def test_a_clock_that_is_off_is_a_warning(tmp_path: Path, stocked: Path) -> None:
    """By the date that a vendor writes on its answer."""

    async def balance(_: aiohttp.web.Request) -> aiohttp.web.Response:
        """Of yesterday."""
        return aiohttp.web.json_response({"balance": 5.0}, headers={"Date": "Sun, 01 Jan 2023 00:00:00 GMT"})

    app = aiohttp.web.Application()
    app.router.add_get("/v1/balance", balance)
    runner = aiohttp.web.AppRunner(app)
    await runner.setup()
    site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with open_system(tmp_path, stocked, start=False) as system:
            seen = await doctor(
                system.place,
                KINGUIN_BASE_URL=f"http://127.0.0.1:{port}",
                NOWPAYMENTS_BASE=f"http://{CLOSED}/v1",
            )
    finally:
        await runner.cleanup()

    assert seen.verdicts["Kinguin"] == "ok"
    assert seen.verdicts["clock"] == "warning"
    assert "ahead of 127.0.0.1" in seen.texts["clock"]


async def test_a_database_without_tables_is_named(tmp_path: Path, stocked: Path) -> None:
    """With the command that makes them; nothing is made by looking."""
    async with open_system(tmp_path, stocked, start=False) as system:
        fresh = tmp_path / "fresh.db"
        seen = await doctor(system.place, "--offline", DATABASE_URL=f"sqlite:///{fresh}")

    assert (seen.code, seen.verdicts["database"]) == (1, "failed")
    assert "bitloot db upgrade" in seen.texts["database"]
    assert seen.verdicts["database, written and read"] == "skipped"
    assert not fresh.exists()


async def test_a_folder_that_is_none_is_named(tmp_path: Path, stocked: Path) -> None:
    """By its variable; what does not need it is told all the same."""
    async with open_system(tmp_path, stocked, start=False) as system:
        wrong = tmp_path / "a-file"
        wrong.write_text("")
        seen = await doctor(system.place, "--offline", VAULT_DIR=str(wrong))

    assert (seen.code, seen.verdicts["VAULT_DIR"]) == (1, "failed")
    assert seen.verdicts["database"] == "ok"


async def test_keys_under_a_lost_master_key_are_named(tmp_path: Path, stocked: Path) -> None:
    """Somebody dropped it too early."""
    async with open_system(tmp_path, stocked) as system:
        placed = await system.buyer.place()
        await system.deliver(placed)
        await system.service.stop()
        seen = await doctor(system.place, "--offline", VAULT_KEYS="other:" + "QUJD" * 10 + "QUI=")

    assert (seen.code, seen.verdicts["master keys"]) == (1, "failed")
    assert "sealed under test" in seen.texts["master keys"]


async def test_every_setting_that_cannot_be_used_is_named(tmp_path: Path, stocked: Path) -> None:
    """All of them, before anything is opened."""
    async with open_system(tmp_path, stocked, start=False) as system:
        seen = await doctor(system.place, KINGUIN_API_KEY="", LINK_SECRET="too-short", PORT="high")

    assert seen.code == 1
    assert seen.verdicts == dict.fromkeys(("KINGUIN_API_KEY", "LINK_SECRET", "PORT"), "failed")
