"""
A whole shop on fakes: for the tests of whoever builds on the core, and for a first look at how it moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bitloot_core.order.order import Order
from bitloot_core.order.policy import Policy
from bitloot_core.ports.catalogue import Product
from bitloot_core.ports.inbox import Received
from bitloot_core.testing.clock import ManualClock
from bitloot_core.testing.ids import SequentialIds
from bitloot_core.testing.links import FakeLinks
from bitloot_core.testing.mailer import FakeMailer
from bitloot_core.testing.memory import MemoryStorage
from bitloot_core.testing.notifier import FakeNotifier
from bitloot_core.testing.payment_gateway import FakePaymentGateway
from bitloot_core.testing.supplier import FakeSupplier
from bitloot_core.testing.vault import FakeVault
from bitloot_core.usecases.receive_webhook import receive_webhook
from bitloot_core.usecases.run_job import due_jobs, run_job
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.ids import GatewayPaymentId, OrderId

MOST_JOBS = 10_000
"""A job that makes itself due for ever is a fault; this ends the loop that waits for quiet."""


class FakeShop:
    """
    A `Shop` on fakes, with the fakes at hand.

    Args:
        policy: the shop's rules.
        storage: an earlier shop's, to go on where a process died.

    Attributes:
        shop: what the use cases take.
        clock, ids, storage, supplier, gateway, vault, links, mailer, notifier: the fakes behind it.
    """

    def __init__(self, *, policy: Policy | None = None, storage: MemoryStorage | None = None) -> None:
        self.clock = ManualClock()
        self.ids = SequentialIds()
        self.storage = storage or MemoryStorage()
        self.supplier = FakeSupplier(clock=self.clock)
        self.gateway = FakePaymentGateway(clock=self.clock)
        self.vault = FakeVault(clock=self.clock)
        self.links = FakeLinks()
        self.mailer = FakeMailer()
        self.notifier = FakeNotifier()
        self.shop = Shop(
            orders=self.storage.store,
            inbox=self.storage.inbox,
            jobs=self.storage.jobs,
            requests=self.storage.requests,
            catalogue=self.storage.catalogue,
            queries=self.storage.queries,
            supplier=self.supplier,
            gateway=self.gateway,
            vault=self.vault,
            links=self.links,
            mailer=self.mailer,
            notifier=self.notifier,
            clock=self.clock,
            ids=self.ids,
            policy=policy or Policy(),
            public_url="http://shop.test",
        )

    async def offer(self, *products: Product, stock: int = 100) -> None:
        """Put products on sale, here and at the supplier."""
        await self.storage.catalogue.put(products)
        for product in products:
            self.supplier.in_stock(product.supplier_product_id, stock)

    async def order(self, order_id: OrderId) -> Order:
        """Read an order."""
        return await self.storage.store.get(order_id)

    async def tell(self, gateway_id: GatewayPaymentId) -> Received:
        """Deliver the gateway's notice about a payment, as it is now."""
        notice = self.gateway.notice_for(gateway_id)
        return await receive_webhook(self.shop, self.gateway.verify_notice(notice.headers, notice.body))

    async def work(self) -> int:
        """Do every job that is due, and those that become due by it, until all is quiet; returns how many."""
        done = 0
        while ids := await due_jobs(self.shop, 100):
            for job_id in ids:
                done += await run_job(self.shop, job_id)
            if done > MOST_JOBS:
                raise AssertionError(f"jobs keep coming back: {await self._living()}")
        return done

    async def pass_time(self, by: timedelta, *, step: timedelta = timedelta(seconds=5)) -> None:
        """Let time pass in steps, doing what becomes due in each."""
        end = self.clock.now() + by
        while self.clock.now() < end:
            self.clock.advance(min(step, end - self.clock.now()))
            await self.work()

    async def _living(self) -> Sequence[str]:
        return [f"{job.name}:{job.ref}" for job in self.storage.database.jobs.values() if job.status == "ready"]
