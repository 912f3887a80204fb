"""
A whole shop on fakes: for the tests of whoever builds on the core, and for a first look at how it moves.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import attrs

from bitloot_core.order.order import Order
from bitloot_core.order.policy import Policy
from bitloot_core.order.reservations import supplier_order_of
from bitloot_core.ports.catalogue import Product
from bitloot_core.ports.inbox import Received
from bitloot_core.testing.clock import ManualClock
from bitloot_core.testing.ids import SequentialIds
from bitloot_core.testing.links import FakeLinks
from bitloot_core.testing.mailer import FakeMailer
from bitloot_core.testing.memory import MemoryStorage
from bitloot_core.testing.notifier import FakeNotifier
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.payment_gateway import FakePaymentGateway
from bitloot_core.testing.supplier import FakeSupplier
from bitloot_core.testing.vault import FakeVault
from bitloot_core.usecases.place_order import Item, PlaceOrder, place_order
from bitloot_core.usecases.receive_webhook import receive_webhook
from bitloot_core.usecases.reveal_keys import Revealed, Visitor, reveal_keys
from bitloot_core.usecases.run_job import due_jobs, run_job
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.ids import GatewayPaymentId, OrderId, ProductId, SupplierOrderId
from bitloot_core.values.keys import KeyMaterial

BUYER = "buyer@example.com"
MOST_JOBS = 10_000
"""A job that makes itself due for ever is a fault; this ends the loop that waits for quiet."""


class FakeShop:
    """
    A `Shop` on fakes, with the fakes at hand.

    Nothing happens by itself: jobs are done by `work` and `pass_time`, money moves at `gateway`, keys at `supplier`.

    Args:
        policy: the shop's rules.
        storage: one of your own, with another database, say.

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
            quotes=self.storage.quotes,
            queries=self.storage.queries,
            switches=self.storage.switches,
            loose_ends=self.storage.loose_ends,
            books=self.storage.books,
            backlog=self.storage.backlog,
            figures=self.storage.figures,
            audit=self.storage.audit,
            trends=self.storage.trends,
            alerts=self.storage.alerts,
            supplier=self.supplier,
            supplier_catalogue=self.supplier.catalogue,
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

    async def place(self, quantity: int = 1, *, product: str = "game", coin: str | None = "btc") -> Order:
        """Place an order for so many of one product."""
        items = (Item(product_id=ProductId(product), quantity=quantity),)
        return await place_order(self.shop, PlaceOrder(email=BUYER, items=items, pay_currency=coin))

    async def order(self, order_id: OrderId) -> Order:
        """Read an order."""
        return await self.storage.store.get(order_id)

    async def pay(self, order_id: OrderId) -> None:
        """Pay an order's newest payment in full, deliver the gateway's notice, and do what follows."""
        newest = self.gateway.payments_of(order_id)[-1]
        self.gateway.pay(newest)
        await self.tell(newest)
        await self.work()

    async def tell(self, gateway_id: GatewayPaymentId) -> Received:
        """Deliver the gateway's notice about a payment, as it is now."""
        notice = self.gateway.notice_for(gateway_id)
        return await receive_webhook(self.shop, self.gateway.verify_notice(notice.headers, notice.body))

    async def settle(self, order_id: OrderId) -> Order:
        """Pay an order's newest payment and take the notice in, without doing what follows: nothing is bought yet."""
        newest = self.gateway.payments_of(order_id)[-1]
        self.gateway.pay(newest)
        received = await self.tell(newest)
        if received.job_id is not None:
            await run_job(self.shop, received.job_id)
        return await self.order(order_id)

    async def buy(self, quantity: int = 1, *, product: str = "game") -> Order:
        """Place an order, pay it, and let the supplier take our purchase; no key is there yet."""
        order = await self.place(quantity, product=product)
        await self.pay(order.id)
        return await self.order(order.id)

    def supplier_says(self, **answers: object) -> None:
        """Let the supplier answer these questions so from now on, whatever the truth is; all others truly."""
        said = {name: _answering(answer) for name, answer in answers.items()}
        self.shop = attrs.evolve(self.shop, supplier=Overridden(self.supplier, **said))

    async def deliver(self, order_id: OrderId, count: int | None = None) -> None:
        """Let the supplier deliver the keys of an order's purchases (or so many of each); we are not told."""
        for supplier_order_id in await self.bought(order_id):
            self.supplier.deliver(supplier_order_id, count)

    async def hear(self, supplier_order_id: SupplierOrderId) -> Received:
        """Deliver the supplier's event about a purchase, as it is now."""
        headers, body = self.supplier.event_of(supplier_order_id)
        return await receive_webhook(self.shop, self.supplier.verify_event(headers, body))

    async def bought(self, order_id: OrderId) -> tuple[SupplierOrderId, ...]:
        """The purchases that an order knows of, as the supplier names them."""
        named = (supplier_order_of(res) for res in (await self.order(order_id)).reservations)
        return tuple(one for one in named if one is not None)

    async def fulfil(self, order_id: OrderId) -> None:
        """Take a placed order through payment and delivery, up to the mail."""
        await self.pay(order_id)
        await self.deliver(order_id)
        for supplier_order_id in await self.bought(order_id):
            await self.hear(supplier_order_id)
        await self.work()

    def token(self) -> str:
        """The token of the delivery link in the newest mail."""
        return self.mailer.sent[-1].mail.link.reveal().rpartition("/")[2]

    async def reveal(self) -> tuple[KeyMaterial, ...]:
        """Open the keys behind the newest mail's link."""
        revealed: Revealed = await reveal_keys(self.shop, self.token(), Visitor(address="192.0.2.7", agent="a browser"))
        return tuple(key.material for key in revealed.keys)

    async def work(self) -> int:
        """Do every job that is due, and those that become due by it, until all is quiet; returns how many."""
        done = 0
        while ids := await due_jobs(self.shop, 100):
            for job_id in ids:
                done += await run_job(self.shop, job_id)
            if done > MOST_JOBS:
                raise AssertionError(f"jobs keep coming back: {self.living()}")
        return done

    async def pass_time(self, by: timedelta, *, step: timedelta | None = None) -> None:
        """
        Let time pass, doing each job when it becomes due.

        Args:
            by: how much.
            step: look for due jobs only so often; without it the clock goes from one due time to the next.
        """
        await self.work()
        end = self.clock.now() + by
        while self.clock.now() < end:
            left = end - self.clock.now()
            self.clock.advance(min(left, step or self._until_next(end)))
            await self.work()

    def lose_jobs(self) -> None:
        """Let nothing be left of what was to be done, as after a bad restore; no number is given out again."""
        jobs, living = self.storage.database.jobs, self.storage.database.living
        for job_id in living.values():
            jobs[job_id] = attrs.evolve(jobs[job_id], name="lost", status="done", order_id=None)
        living.clear()

    def living(self) -> Sequence[str]:
        """The jobs that are not over, by name and subject."""
        return [f"{name}:{ref}" for name, ref in self.storage.database.living]

    def _until_next(self, end: datetime) -> timedelta:
        """How long until the next job is due or free again; at least a moment."""
        jobs = (self.storage.database.jobs[job_id] for job_id in self.storage.database.living.values())
        times = (job.due_at if job.until is None else job.until for job in jobs)
        return max(min(times, default=end) - self.clock.now(), timedelta(milliseconds=1))


def _answering(answer: object) -> Callable[..., Awaitable[object]]:
    async def say(*_: object, **__: object) -> object:
        return answer

    return say
