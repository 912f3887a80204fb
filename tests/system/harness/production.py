"""
A shop in the shape of production: a web process, workers over Redis, keys in a bucket, mail over SMTP.

Before each server that the shop rests on stands a proxy of ours; what a test does to the world it does there.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import attrs

from harness.books import holds
from harness.buyer import OFTEN_SECONDS, Placed
from harness.databases import Stock
from harness.fault_proxy import FaultProxy, open_fault_proxy
from harness.mail_server import MailServer
from harness.ports import HOST
from harness.r2_world import STAFF
from harness.redis_server import RedisServer, open_redis
from harness.s3_proxy import S3Proxy, open_s3_proxy
from harness.service import SERVE, WORK, ServiceProcess
from harness.system import System, open_system
from harness.vendors import CANARY

_SELDOMER_SECONDS = 0.005
"""For each who waits beside: a hundred that look often would keep the machine from doing what they wait for."""
MAIL_FROM = "BitLoot <shop@shop.test>"


@attrs.frozen(kw_only=True)
class Production:
    """
    What a test holds in its hands.

    Attributes:
        system: the web process, the vendors, a buyer, the books.
        workers: each a process of its own.
        redis: the doorbell's server; it writes down every command.
        bell: stands before it.
        mail: the mail server.
        post: stands before it.
        bucket: what becomes of requests to the bucket.
        store: stands before that, and knows no requests.
        objects: where the bucket is, past both.
    """

    system: System
    workers: Sequence[ServiceProcess]
    redis: RedisServer
    bell: FaultProxy
    mail: MailServer
    post: FaultProxy
    bucket: S3Proxy
    store: FaultProxy
    objects: str

    async def paid(self, *, quantity: int = 1) -> Placed:
        """An order that was just paid."""
        placed = await self.system.buyer.place(quantity=quantity)
        await self.system.vendors.gateway.pay(placed.payment_id)
        return placed

    async def come_through(self, *orders: Placed) -> None:
        """Wait until paid orders were mailed and their keys shown, and hold the books against each other."""
        every = OFTEN_SECONDS + _SELDOMER_SECONDS * len(orders)
        delivered = await asyncio.gather(*(self.system.deliver_paid(one, every=every) for one in orders))
        await self.system.at_rest()
        self.system.check(zip(orders, delivered, strict=True))
        assert await self.leaks(CANARY) == []

    async def stored(self) -> dict[str, bytes]:
        """The objects in the bucket, by name."""
        names: list[str] = []
        while True:
            listed = (await self._ask(f"?list-type=2&start-after={names[-1] if names else ''}")).decode()
            names += re.findall(r"<Key>([^<]+)</Key>", listed)
            if "<IsTruncated>true" not in listed:
                break
        return {name: await self._ask(f"/{name}") for name in names}

    async def leaks(self, *texts: str) -> list[str]:
        """Where one of these texts is found: files (logs, database, Redis), the database, objects, mails."""
        found = self.system.books.files_with(texts)
        found += [f"object {name}" for name, content in (await self.stored()).items() if holds([content], texts)]
        mails = ((str(number), taken) for number, taken in enumerate(self.mail.taken))
        return found + [f"mail {number}" for number, taken in mails if holds([taken.raw, taken.plain], texts)]

    def check_mailed_once(self, orders: Sequence[Placed]) -> None:
        """Each buyer got one mail; a second one only where the mail server's answer got lost, and then the same one."""
        for placed in orders:
            tries = self.system.books.rows(
                "SELECT attempts, last_error FROM jobs WHERE name = 'send-mail' AND order_id = ?", placed.order_id
            )
            unknown = sum("no answer to the message" in (row["last_error"] or "") for row in tries)
            messages = self.messages(placed)
            assert len(set(messages)) == 1
            assert len(messages) == 1 or unknown, tries

    def messages(self, placed: Placed) -> list[str]:
        """The Message-IDs of the mails to a buyer."""
        return [mail.message_id for mail in self.system.buyer.mails(placed)]

    async def _ask(self, path: str) -> bytes:
        async with self.system.session.get(self.objects + path, headers=STAFF, raise_for_status=True) as answer:
            return await answer.read()


@asynccontextmanager
async def open_production(
    folder: Path, stock: Path | Stock, s3: str, *, workers: int = 2, start: bool = True, **changes: str
) -> AsyncIterator[Production]:
    """
    Open a shop and all that it rests on, in a folder of its own.

    Args:
        stock: as for `open_system`.
        s3: a server of buckets; the shop gets a bucket of its own.
        workers: how many; with none, the web process does the jobs, too.
        start: start the web process and the workers now.
        changes: settings that differ.
    """
    name = f"shop-{secrets.token_hex(6)}"
    (folder / "redis").mkdir(parents=True)
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(open_redis(folder / "redis", keeps=True))
        bell = await stack.enter_async_context(open_fault_proxy(redis.port))
        mail = await stack.enter_async_context(MailServer().serve())
        post = await stack.enter_async_context(open_fault_proxy(mail.port))
        session = await stack.enter_async_context(aiohttp.ClientSession(auto_decompress=False))
        bucket = await stack.enter_async_context(open_s3_proxy(s3, session))
        store = await stack.enter_async_context(open_fault_proxy(bucket.port))
        settings = {
            "REDIS_URL": f"redis://{HOST}:{bell.port}/0",
            "SMTP_URL": f"smtp://{HOST}:{post.port}",
            "MAIL_FROM": MAIL_FROM,
            "R2_ACCESS_KEY_ID": "key-id",
            "R2_SECRET_ACCESS_KEY": secrets.token_hex(16),
            "R2_ENDPOINT": f"http://{HOST}:{store.port}",
            "R2_BUCKET": name,
            **changes,
        }
        system = await stack.enter_async_context(
            open_system(
                folder,
                stock,
                program=SERVE if workers else (*SERVE, "--with-worker"),
                arrivals=mail.arrivals,
                start=False,
                **settings,
            )
        )
        objects = f"{s3}/{name}"
        async with system.session.put(objects, headers=STAFF, raise_for_status=True):
            pass
        production = Production(
            system=system,
            workers=[ServiceProcess(system.place, WORK, ready=b"working") for _ in range(workers)],
            redis=redis,
            bell=bell,
            mail=mail,
            post=post,
            bucket=bucket,
            store=store,
            objects=objects,
        )
        if start:
            await asyncio.gather(*(process.start() for process in (system.service, *production.workers)))
        try:
            yield production
        finally:
            for process in production.workers:
                if process.is_alive:
                    await process.kill()
