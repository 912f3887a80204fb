"""
A whole life, broken off at each point at which it touches the outside, then gone on with after a restart.

The boundaries are counted, not listed: one that is added to a use case is visited by itself.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

import attrs
import pytest

from bitloot_core.order.order import Fulfilled, Order
from bitloot_core.order.payments import OpenPayment, counts
from bitloot_core.order.policy import Policy
from bitloot_core.order.reservations import CompletedReservation
from bitloot_core.order.status import SETTLED, Status, status_of
from bitloot_core.order.transitions import TRANSITIONS, evolve, place
from bitloot_core.ports.inbox import WebhookStatus
from bitloot_core.ports.store import Change, Committed
from bitloot_core.ports.supplier import Purchase
from bitloot_core.testing.boundaries import Boundaries, Killed
from bitloot_core.testing.memory import MemoryDatabase, MemoryOrderStore
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import BUYER, FakeShop
from bitloot_core.testing.supplier import FakeSupplier
from bitloot_core.usecases.open_payment import open_payment
from bitloot_core.usecases.place_order import Item, PlaceOrder, place_order
from bitloot_core.usecases.receive_webhook import receive_webhook
from bitloot_core.usecases.resend_link import resend_link
from bitloot_core.usecases.reveal_keys import Visitor, reveal_keys
from bitloot_core.usecases.run_job import due_jobs, run_job
from bitloot_core.values.errors import PortError, Unavailable, Unknown
from bitloot_core.values.ids import ExternalRef, OrderId, ProductId

ORDER = OrderId("order0")
QUANTITY = 11
VISITOR = Visitor(address="192.0.2.7", agent="a browser")
POLICY = Policy(payment_poll=(timedelta(seconds=30), timedelta(hours=12)))


class Life:
    """
    One order of 11 keys (two purchases) from the order to the second reveal, with an impatient outside world.

    The outside does what it does in earnest: the buyer asks again, senders of webhooks send again, the operating
    system starts the process again.

    Args:
        breaks: where the first process breaks off, where the next one does, and so on; the last one lives.
        given: what else shall go wrong.
    """

    def __init__(self, *breaks: Boundaries, given: Callable[[FakeShop], None] = lambda _: None) -> None:
        self.world = FakeShop(policy=POLICY)
        given(self.world)
        self.processes = iter([*(one.around(self.world.shop) for one in breaks), self.world.shop])
        self.process = next(self.processes)
        self.keys_seen: list[set[bytes]] = []

    async def run(self) -> Order:
        """Live it, and let the days pass that heal what was left."""
        await self.world.offer(a_product("game"))
        await self.insists(self.buy)
        await self.insists(self.pay)
        await self.insists(self.work)
        for count in (2, 3, None):
            await self.world.deliver(ORDER, count)
            await self.insists(self.supplier_tells)
            await self.insists(self.work)
        await self.settle_down()
        await self.insists(self.reveal)
        await self.insists(self.resend)
        await self.settle_down()
        await self.insists(self.reveal)
        return await self.world.order(ORDER)

    async def insists(self, step: Callable[[], Awaitable[object]]) -> None:
        """Do a step; if the process dies under it, or gives no answer, start it again and ask again."""
        while True:
            try:
                await step()
            except (Killed, PortError):
                self.process = next(self.processes, self.world.shop)
            else:
                return

    async def buy(self) -> None:
        """Place the order under one idempotency key; a buyer who sees no address asks for a payment."""
        items = (Item(product_id=ProductId("game"), quantity=QUANTITY),)
        request = PlaceOrder(email=BUYER, items=items, pay_currency="btc")
        order = await place_order(self.process, request, order_id=ORDER)
        if not any(isinstance(payment, OpenPayment) for payment in order.payments):
            await open_payment(self.process, ORDER, "btc")

    async def pay(self) -> None:
        """Pay at the address that was shown, and let the gateway tell until it is heard."""
        order = await self.world.order(ORDER)
        shown = [payment for payment in order.payments if isinstance(payment, OpenPayment)]
        gateway_id = shown[-1].invoice.gateway_id
        self.world.gateway.pay(gateway_id)
        notice = self.world.gateway.notice_for(gateway_id)
        await receive_webhook(self.process, self.world.gateway.verify_notice(notice.headers, notice.body))

    async def supplier_tells(self) -> None:
        """Send an event about each purchase that exists."""
        for purchase in self.world.supplier.purchases:
            headers, body = self.world.supplier.event_of(purchase.supplier_order_id)
            await receive_webhook(self.process, self.world.supplier.verify_event(headers, body))

    async def work(self) -> None:
        """Do what is due now."""
        while ids := await due_jobs(self.process, 100):
            for job_id in ids:
                await run_job(self.process, job_id)

    async def settle_down(self) -> None:
        """Let ten days pass; the supplier delivers whatever was bought meanwhile, and does what was late."""
        await self.insists(self.work)
        for days in (1, 9):
            for minutes in (5, 60 * 24 * days - 5):
                self.world.supplier.late_effects_happen()
                for purchase in self.world.supplier.purchases:
                    self.world.supplier.deliver(purchase.supplier_order_id)
                await self.world.pass_time(timedelta(minutes=minutes))

    async def reveal(self) -> None:
        """Open the link in the newest mail."""
        revealed = await reveal_keys(self.process, self.world.token(), VISITOR)
        self.keys_seen.append({key.material.content for key in revealed.keys})

    async def resend(self) -> None:
        """Ask for a fresh link."""
        await resend_link(self.process, ORDER, by="buyer")


def check(life: Life, order: Order) -> None:
    """Everything that must hold of a life, wherever it was broken off."""
    world, database = life.world, life.world.storage.database
    refs = [purchase.ref for purchase in world.supplier.purchases]
    assert len(refs) == len(set(refs)), "I1: one purchase under each reference"
    assert sum(sum(one.quantities.values()) for one in world.supplier.purchases) == QUANTITY, "I1: no more than needed"
    assert isinstance(order.closing, Fulfilled)
    assert all(isinstance(res, CompletedReservation) for res in order.reservations)
    assert len({unit.supplier_key_id for unit in order.held}) == QUANTITY, "I2: each key once"
    assert [len(keys) for keys in life.keys_seen] == [QUANTITY, QUANTITY], "I2: each can be read"
    assert any(counts(payment) for payment in order.payments), "I3: paid"
    assert all(hook.status is WebhookStatus.PROCESSED for hook in database.webhooks.values()), "I5"
    received = [entry for entry in database.ledger.values() if entry.kind == "received"]
    charged = [entry for entry in database.ledger.values() if entry.kind == "charged"]
    assert len(received) == 1, "I6: the buyer's money, once"
    assert len(world.supplier.purchases) == len(charged), "I6: what the supplier took"
    assert sum(entry.amount for entry in charged) == sum(one.charged.amount for one in world.supplier.purchases)
    check_timeline(database, order)
    assert len(database.accesses) >= 2 * QUANTITY, "I9: audit rows for each reveal"
    assert not order.findings, "nothing needs a person"
    assert not world.living(), "I10: at rest, and nothing forgotten"
    mailed = {sent.key: sent.mail for sent in world.mailer.sent}
    assert all(mailed[sent.key] == sent.mail for sent in world.mailer.sent), "a repeated mail is the same mail"
    newest = f"{ORDER}/delivery/{database.newest_link[ORDER]}"
    assert newest == world.mailer.sent[-1].key, "the link that is good was mailed"


def check_timeline(database: MemoryDatabase, order: Order) -> None:
    """I8: the stored events lead to the stored order, along the table, and success never goes back."""
    first, *rest = database.orders[order.id].timeline
    seen = place(first)
    for event in rest:
        before = status_of(seen)
        seen = evolve(seen, event)
        assert status_of(seen) in TRANSITIONS[before][type(event)]
        if before in SETTLED:
            assert status_of(seen) in SETTLED
    assert Status.FULFILLED is status_of(seen)
    assert attrs.evolve(seen, version=order.version, buyer=order.buyer) == order  # who it was is nowhere kept twice


def live(*breaks: Boundaries, given: Callable[[FakeShop], None] = lambda _: None) -> None:
    """Live a life that breaks off there, and check it."""
    life = Life(*breaks, given=given)
    order = asyncio.run(life.run())
    try:
        check(life, order)
    except AssertionError as failure:
        failure.add_note(f"broken off at {[one.passed[-1] for one in breaks if one.struck]}")
        raise


def unavailable() -> Unavailable:
    """Somebody outside is away."""
    return Unavailable("the outside", "it is away")


def unknown() -> Unknown:
    """Somebody outside, or the database at its commit, gives no answer."""
    return Unknown("the outside", "it gave no answer")


def count(given: Callable[[FakeShop], None]) -> int:
    """How many boundaries an undisturbed life has."""
    counted = Boundaries()
    live(counted, given=given)
    return len(counted.passed)


WORLDS: dict[str, Callable[[FakeShop], None]] = {
    "all goes well": lambda _: None,
    "the purchase's answer is lost": lambda world: world.supplier.lose_next_answer(),
    "the purchase happens late": lambda world: world.supplier.comes_late_next(),
    "the payment's answer is lost": lambda world: world.gateway.loses_the_answer(),
}


@pytest.mark.parametrize("given", WORLDS.values(), ids=WORLDS)
def test_a_killed_process_loses_nothing_and_does_nothing_twice(given: Callable[[FakeShop], None]) -> None:
    """I1, I2, I3, I5, I6, I8, I9, I10: a kill before and after each outside call, and the life comes to its end."""
    kill_everywhere(count(given), given)


@pytest.mark.parametrize("error", [unknown, unavailable])
def test_no_answer_from_anybody_loses_anything(error: Callable[[], Exception]) -> None:
    """I1, I2, I10: the same where a call fails or its answer is lost; a commit that was durable all the same is one."""
    given = WORLDS["all goes well"]
    for number in range(count(given)):
        live(Boundaries(at=number, error=error), given=given)


@pytest.mark.parametrize("given", WORLDS.values(), ids=WORLDS)
def test_a_process_can_die_again_after_its_restart(given: Callable[[FakeShop], None]) -> None:
    """I1, I2, I10: two kills, at boundaries drawn by chance."""
    chance, most = random.Random(20260105), count(given)
    for _ in range(50):
        live(Boundaries(at=chance.randrange(most)), Boundaries(at=chance.randrange(most)), given=given)


class NeverFinds(FakeSupplier):
    """It forgets what was bought under a reference, and sells under it again."""

    async def find(self, ref: ExternalRef) -> tuple[Purchase, ...]:
        """Nothing, ever."""
        return ()


class KeepsNoAudit(MemoryOrderStore):
    """It drops the audit rows of a write."""

    async def commit(self, change: Change) -> Committed:
        """Write the rest."""
        return await super().commit(attrs.evolve(change, accesses=()))


def never_finds(world: FakeShop) -> None:
    """Given a supplier that cannot be asked by our reference."""
    world.supplier = NeverFinds(clock=world.clock)
    world.supplier.accepts_repeats = True
    world.shop = attrs.evolve(world.shop, supplier=world.supplier)


def keeps_no_audit(world: FakeShop) -> None:
    """Given a store without an audit trail."""
    world.shop = attrs.evolve(world.shop, orders=KeepsNoAudit(world.storage.database))


@pytest.mark.parametrize(("broken", "seen"), [(never_finds, "I1"), (keeps_no_audit, "I9")])
def test_these_lives_can_fail(broken: Callable[[FakeShop], None], seen: str) -> None:
    """A world that breaks its promise is seen: otherwise all of the above would prove nothing."""
    most = count(WORLDS["all goes well"])

    with pytest.raises(AssertionError, match=seen):
        kill_everywhere(most, broken)


def kill_everywhere(most: int, given: Callable[[FakeShop], None]) -> None:
    """Kill once at each boundary."""
    for number in range(most):
        live(Boundaries(at=number), given=given)
