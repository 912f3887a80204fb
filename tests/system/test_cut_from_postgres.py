"""
Web process and workers that are cut off from PostgreSQL in the middle of transactions: each order comes through once.

What the server itself does to a single process is in `test_postgres_outages`; here stands a proxy of ours on the way.

**Source:** issue 3, "The proof": PostgreSQL restarted and its connections cut mid-transaction; reliability.md, section
3.6: a commit that raised may have been applied.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

import attrs
import pytest
import pytest_asyncio

from harness.buyer import Placed
from harness.fault_proxy import FaultProxy, open_fault_proxy
from harness.postgres_server import PostgresServer, postgres_server
from harness.postgres_stock import stocked_postgres
from harness.production import Production, open_production
from harness.readdressed import Behind
from harness.waiting import eventually, pause

pytestmark = pytest.mark.asyncio(loop_scope="module")
ORDERS = 15
AT_A_TIME = 5
ROUNDS = 3
BETWEEN_SECONDS = 0.5
SHAPE = {"JOB_LEASE_SECONDS": "4", "SUPPLIER_QUIET_SECONDS": "6", "DATABASE_POOL_SIZE": "4"}
"""The lease: a restart of the server takes a while on a busy machine."""


@attrs.frozen(kw_only=True)
class World:
    """A shop, its server, and what stands between them."""

    shop: Production
    server: PostgresServer
    way: FaultProxy
    dice: random.Random = attrs.field(factory=lambda: random.Random(1))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory, s3: str) -> AsyncIterator[World]:
    """A web process and two workers that go through all of it, on a PostgreSQL of their own behind a proxy."""
    folder = tmp_path_factory.mktemp("cut-from-postgres")
    with postgres_server() as server, stocked_postgres(server, folder / "stock") as stock:
        async with (
            open_fault_proxy(urlsplit(server.url_of("any")).port or 0) as way,
            open_production(folder / "shop", Behind(stock, way), s3, workers=2, **SHAPE) as shop,
        ):
            yield World(shop=shop, server=server, way=way)


async def server_is_killed(world: World) -> None:
    """It ends at once, and is started again."""
    await asyncio.to_thread(world.server.kill)
    await asyncio.to_thread(world.server.start)


async def connections_are_cut(world: World) -> None:
    """Each one, several times in a row, wherever it is."""
    for _ in range(10):
        world.way.cut()
        await pause(0.02)


async def connections_are_cut_in_the_middle(world: World) -> None:
    """Each one ends after some bytes: in a statement, in its answer, in a commit."""
    for _ in range(10):
        world.way.cut_after = world.dice.randrange(500, 20_000)
        world.way.cut()
        await pause(0.1)
    await world.way.pass_on()


async def nothing_gets_through(world: World) -> None:
    """Connections stay open, and no answer comes."""
    world.way.hold_still()
    await pause(1.5)
    await world.way.pass_on()


async def connections_are_refused(world: World) -> None:
    """Nobody listens for a while."""
    await world.way.refuse()
    await pause(1)
    await world.way.pass_on()


@pytest.mark.parametrize(
    "trouble",
    [
        server_is_killed,
        connections_are_cut,
        connections_are_cut_in_the_middle,
        nothing_gets_through,
        connections_are_refused,
    ],
    ids=lambda trouble: trouble.__name__,
)
async def test_orders_in_flight_come_through_once(world: World, trouble: Callable[[World], Awaitable[None]]) -> None:
    """Over and over, while orders are placed, paid and bought: bought once, held once, nothing forgotten."""
    bought_before = len(world.shop.system.vendors.kinguin.purchases)
    free = asyncio.Semaphore(AT_A_TIME)

    async def order() -> Placed:
        """One of many, some at a time."""
        async with free:
            placed = await world.shop.paid()
            await world.shop.system.buyer.sees(placed, "fulfilled", within=60)
            return placed

    going = [asyncio.create_task(order()) for _ in range(ORDERS)]
    for _ in range(ROUNDS):
        await trouble(world)
        await pause(BETWEEN_SECONDS)
    orders = await asyncio.gather(*going)
    await world.shop.come_through(*orders)

    assert len(world.shop.system.vendors.kinguin.purchases) == bought_before + ORDERS
    assert [finding["reason"] for finding in world.shop.system.books.findings()] == []
    assert [len(set(world.shop.messages(one))) for one in orders] == [1] * ORDERS


async def test_a_service_without_its_database_says_so_and_goes_on_by_itself(world: World) -> None:
    """It is not ready and takes no order; when the database is back, both again, and the workers with it."""
    system = world.shop.system
    await world.way.refuse()

    async def readiness() -> int:
        """The status that a load balancer gets."""
        answer = await system.buyer.ask("GET", "/health/ready")
        return 0 if answer is None else answer[0]

    async def is_ready() -> bool:
        """As it sees it."""
        return await readiness() == 200

    body = {"email": "buyer@example.com", "items": [{"productId": "game", "quantity": 1}], "payCurrency": "btc"}
    seen = await readiness()
    answer = await system.buyer.ask("POST", "/orders", body)
    await world.way.pass_on()
    await eventually(is_ready, "it is ready again")
    await world.shop.come_through(await world.shop.paid())

    assert seen == 503
    assert answer is not None
    assert answer[0] == 503
