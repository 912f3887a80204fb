"""
A shop whose PostgreSQL is killed, restarted and cut off in the middle of its orders.

**Source:** reference/reliability.md, 3.6 and 4.6; issue 3, "The proof": PostgreSQL restarted and its connections cut
mid-transaction, every order still comes through, bought once.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from harness.buyer import Placed
from harness.postgres_server import PostgresServer, postgres_server
from harness.postgres_stock import PostgresStock, stocked_postgres
from harness.system import System, open_system
from harness.waiting import eventually, pause

BUYERS = 2
CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE application_name = 'bitloot' AND pid <> pg_backend_pid()"
)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server of this module's own, since it is ended and started again."""
    with postgres_server() as opened:
        yield opened


@pytest.fixture(scope="module")
def stock(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresStock]:
    """Databases with products on it."""
    with stocked_postgres(server, tmp_path_factory.mktemp("stock")) as made:
        yield made


@pytest.fixture
async def system(stock: PostgresStock, tmp_path: Path) -> AsyncIterator[System]:
    """A running service on it."""
    async with open_system(tmp_path, stock) as opened:
        yield opened


def restart_in_order(server: PostgresServer) -> None:
    """As for an update of the server."""
    server.stop()
    server.start()


def kill(server: PostgresServer) -> None:
    """As by a crash; it recovers when it is started."""
    server.kill()
    server.start()


def stop_for_a_while(server: PostgresServer) -> None:
    """Nobody listens for longer than anybody tries in silence."""
    server.stop()
    asyncio.run(pause(1.5))
    server.start()


def hold_still(server: PostgresServer) -> None:
    """Everything is open, and nothing answers."""
    server.pause()
    asyncio.run(pause(1.5))
    server.resume()


def cut_all(server: PostgresServer) -> None:
    """Every connection of the service ends, whatever it is at."""

    async def cut() -> None:
        """Several times in a row."""
        connection = await asyncpg.connect(server.url_of("postgres"))
        for _ in range(5):
            await connection.execute(CUT)
            await pause(0.05)
        await connection.close()

    asyncio.run(cut())


BLOWS: Sequence[Callable[[PostgresServer], None]] = (cut_all, restart_in_order, kill, hold_still, stop_for_a_while)


async def test_every_order_comes_through(system: System, server: PostgresServer) -> None:
    """While the database goes and comes, orders are placed, paid, bought once and delivered whole."""
    system.vendors.kinguin.knobs.delivery_delay = timedelta(seconds=0.3)
    service = system.service.pid

    async def shop() -> tuple[Placed, list[str]]:
        """Go from an empty basket to the keys."""
        placed = await system.buyer.place(quantity=2, payable=True)
        return placed, await system.deliver(placed)

    buyers: list[asyncio.Task[tuple[Placed, list[str]]]] = []
    for blow in BLOWS:
        for _ in range(2):  # once among new orders, and once among those
            buyers += [asyncio.create_task(shop()) for _ in range(BUYERS)]
            await pause(0.3)
            await asyncio.to_thread(blow, server)
    delivered = await asyncio.gather(*buyers)

    await eventually(lambda: not left_to_do(system), "nothing is left to do", every=0.1)
    system.check(delivered)
    assert system.service.pid == service
    assert await eventually(lambda: is_ready(system), "it is ready again")


def left_to_do(system: System) -> list[str]:
    """
    The jobs that are due.

    A look at a payment is none: a buyer whose order was written, and who was not told, has paid another one.
    """
    return [job["name"] for job in system.books.jobs_due() if job["name"] != "check-payment"]


async def is_ready(system: System) -> bool:
    """Whether the service says that it can work."""
    async with system.session.get(f"{system.place.url}/health/ready") as answer:
        return answer.status == 200
