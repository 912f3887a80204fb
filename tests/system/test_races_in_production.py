"""
Two services and four workers on one database: the same webhooks and the same jobs at once, and one effect each.

**Source:** issue 3, "The proof"; reliability.md, section 4.10.
"""

import asyncio
import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import attrs
import pytest
import pytest_asyncio

from harness.buyer import Buyer, Placed
from harness.databases import Stock
from harness.ports import HOST, kept_port
from harness.posting import Posted, intercept_notices, intercepted, signed_event
from harness.production import Production, open_production
from harness.service import ServiceProcess
from harness.vendors import CANARY
from harness.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
ORDERS = 16
COPIES = 4
"""Of each webhook, at each service."""
REVEALS = 10
UNHURRIED = {"JOB_LEASE_SECONDS": "20", "SUPPLIER_QUIET_SECONDS": "27", "DATABASE_POOL_SIZE": "6"}
"""A lease that ran out on a busy machine would be a second try, and no race."""


@attrs.frozen(kw_only=True)
class World:
    """A shop with two doors."""

    shop: Production
    doors: Sequence[str]

    def buyer(self, number: int) -> Buyer:
        """One who enters by that door."""
        system = self.shop.system
        return system.buyer.at(self.doors[number % len(self.doors)])

    async def post(self, posted: Posted, door: str) -> int:
        """Send a webhook to one of the doors; the status of the answer."""
        async with self.shop.system.session.post(
            door + posted.path, data=posted.body, headers=posted.headers
        ) as answer:
            await answer.read()
            return answer.status

    async def post_everywhere(self, webhooks: Sequence[Posted]) -> set[int]:
        """Send each several times to each door, all at once; the statuses of the answers."""
        sent = (self.post(one, door) for one in webhooks for door in self.doors for _ in range(COPIES))
        return set(await asyncio.gather(*sent))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory, postgres_stock: Stock, s3: str) -> AsyncIterator[World]:
    """Two services and four workers, which go through all of it."""
    folder = tmp_path_factory.mktemp("races")
    async with open_production(folder, postgres_stock, s3, workers=4, **UNHURRIED) as shop:
        place = shop.system.place
        with kept_port() as port:
            second = ServiceProcess(attrs.evolve(place, settings={**place.settings, "PORT": str(port)}))
            await second.start()
            yield World(shop=shop, doors=(place.url, f"http://{HOST}:{port}"))
            await second.kill()


async def test_everything_at_once_everywhere_has_one_effect(world: World) -> None:
    """Each webhook is one row, each purchase one call, each payment one entry, each buyer gets one mail."""
    system = world.shop.system
    intercept_notices(system)
    target, system.vendors.kinguin.webhooks.target = system.vendors.kinguin.webhooks.target, None
    system.vendors.kinguin.knobs.accept_repeats = True
    known = len(system.books.webhooks())
    orders = await asyncio.gather(*(world.buyer(number).place(quantity=2) for number in range(ORDERS)))
    for placed in orders:
        await system.vendors.gateway.pay(placed.payment_id)
    notices = [notice for placed in orders for notice in intercepted(system, placed.payment_id)]

    told = await world.post_everywhere(notices)
    await eventually(lambda: len(system.vendors.kinguin.purchases) >= ORDERS, "all are bought")
    events = [
        signed_event(system, json.dumps({"reservationId": order.order_id, "status": "ready"}).encode())
        for order in system.vendors.kinguin.orders()
    ]
    told |= await world.post_everywhere(events)
    await world.shop.come_through(*orders)

    assert told == {200}
    logged = system.books.webhooks()[known:]
    assert len(logged) == len(notices) + len(events)
    assert {row["deliveries"] for row in logged} == {COPIES * len(world.doors)}
    calls = Counter(call.call for call in system.vendors.kinguin.calls)
    assert calls["POST /v2/order"] == len(system.vendors.kinguin.purchases)
    kinds = [sorted(entry["kind"] for entry in system.books.ledger(placed.order_id)) for placed in orders]
    assert kinds == [["charged", "received"]] * ORDERS
    world.shop.check_mailed_once(orders)
    system.vendors.gateway.notice_faults.clear()
    system.vendors.kinguin.webhooks.target = target


async def test_the_same_request_at_both_doors_is_one_order(world: World) -> None:
    """Who sends the same `Idempotency-Key` twice at once gets the same order from both, or is told to ask again."""
    system = world.shop.system
    known = len(system.books.rows("SELECT id FROM orders"))
    key, address = secrets.token_hex(16), "twice@example.com"
    body = {"email": address, "items": [{"productId": "game", "quantity": 1}], "payCurrency": "btc"}

    async def place(number: int) -> str | None:
        """Ask for as long as the other request runs."""
        answer = await world.buyer(number).ask("POST", "/orders", body, headers={"Idempotency-Key": key})
        assert answer is not None
        assert answer[0] in {201, 409}
        return answer[1]["orderId"] if answer[0] == 201 else None

    at_once = await asyncio.gather(*(place(number) for number in range(8)))
    afterwards = [await eventually(lambda one=number: place(one), "it is placed", every=0.1) for number in (0, 1)]

    assert len({*at_once, *afterwards} - {None}) == 1
    assert len(system.books.rows("SELECT id FROM orders")) == known + 1


async def test_each_look_through_either_door_is_in_the_audit(world: World) -> None:
    """Many looks at once, one row for each key and each look, chained without a gap (I9)."""
    system = world.shop.system
    placed: Placed = await world.shop.paid(quantity=2)
    await world.shop.come_through(placed)
    before = len(system.books.accesses(placed.order_id))
    link = (await system.buyer.mail(placed)).link.removeprefix(system.place.url)

    looks = await asyncio.gather(*(world.buyer(number).ask("POST", f"{link}/reveal") for number in range(REVEALS)))

    seen = [answer for answer in looks if answer is not None and answer[0] == 200]
    assert seen != []
    assert {len(answer[1]["keys"]) for answer in seen} == {2}
    assert all(key["value"].startswith(CANARY) for answer in seen for key in answer[1]["keys"])
    assert len(system.books.accesses(placed.order_id)) >= before + 2 * len(seen)
