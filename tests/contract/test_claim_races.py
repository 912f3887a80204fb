"""Workers of several processes claim purchases at the same time: nothing is spent twice, and a pause holds for all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import text

from bitloot_adapters.sql.database import Database
from bitloot_adapters.sql.migrate import upgrade
from bitloot_adapters.sql.opening import open_database
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_core.order.buying import Budget, BuyingPaused
from bitloot_core.testing.contracts.store_claims import ANN, NO_LIMITS, claiming, given_planned
from bitloot_core.values.money import Money
from harness.sql_world import Commits, SqlWorld, sql_world

ORDERS = 24
ROOM = 7
CAP = Budget(day_cap=Money.of("79.99", "EUR"))
_CLAIMED = text("SELECT COUNT(*) FROM reservations WHERE status = 'claimed'")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> DatabaseUrl:
    """An empty database of either kind."""
    if request.param == "postgresql":
        return DatabaseUrl.parse(request.getfixturevalue("postgres_url"))
    place = f"sqlite:///{tmp_path / 'shop.db'}"
    upgrade(place)
    return DatabaseUrl.parse(place)


@pytest.fixture
async def processes(url: DatabaseUrl) -> AsyncIterator[list[SqlWorld]]:
    """Three that share it, each with connections of its own."""

    def opened(commits: Commits) -> Database:
        """One more process at the same database."""
        return open_database(url, commit=commits)

    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(sql_world(opened)) for _ in range(3)]


async def claimed(world: SqlWorld) -> int:
    """How many purchases are claimed."""
    return await world.storage.database.read(lambda connection: connection.execute(_CLAIMED).scalar_one())


@pytest.mark.parametrize("again", range(3))
async def test_no_two_slip_past_the_cap_together(processes: list[SqlWorld], again: int) -> None:
    """Seven purchases of ten euros fit below eighty, whoever is quickest; all others are told."""
    orders = [await given_planned(processes[0], f"o{again}x{number}") for number in range(ORDERS)]

    worlds = (processes[number % len(processes)] for number in range(ORDERS))
    ends = await asyncio.gather(
        *(world.store.commit(claiming(world, order, CAP)) for world, order in zip(worlds, orders, strict=False)),
        return_exceptions=True,
    )

    assert [BuyingPaused] * (ORDERS - ROOM) == [type(end) for end in ends if isinstance(end, BaseException)]
    assert await claimed(processes[1]) == ROOM


async def test_once_a_pause_has_returned_nothing_is_claimed(processes: list[SqlWorld]) -> None:
    """What is claimed when it returns is all that will be, however many are at it."""
    first, second, third = processes
    orders = [await given_planned(first, f"o{number}") for number in range(ORDERS)]

    async def pause() -> int:
        """What is claimed at the moment at which the pause has returned."""
        await third.switches.pause(ANN)
        return await claimed(third)

    claims = [first.store.commit(claiming(first, order, NO_LIMITS)) for order in orders[::2]]
    more = [second.store.commit(claiming(second, order, NO_LIMITS)) for order in orders[1::2]]
    at_the_pause, *ends = await asyncio.gather(pause(), *claims, *more, return_exceptions=True)

    passed = [end for end in ends if not isinstance(end, BuyingPaused)]
    assert [at_the_pause] * 2 == [len(passed), await claimed(first)]
