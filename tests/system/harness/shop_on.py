"""A shop on fakes whose books are kept in a database: for what must hold on each kind of store alike."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import attrs

from bitloot_adapters.sql.opening import open_database
from bitloot_adapters.sql.storage import SqlStorage
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_core.testing.memory import MemoryStorage
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.shop import Shop
from harness.sql_world import sql_world


@attrs.frozen(kw_only=True)
class KeptShop:
    """
    A shop that sells `game`.

    Attributes:
        kept: the storage behind it.
    """

    fakes: FakeShop
    kept: SqlStorage


@asynccontextmanager
async def shop_on(url: str) -> AsyncIterator[KeptShop]:
    """Open a shop on a database that has our tables and nothing in them."""
    fakes = FakeShop()
    parsed = DatabaseUrl.parse(url)
    async with sql_world(lambda commits: open_database(parsed, commit=commits)) as world:
        fakes.storage = cast("MemoryStorage", world.storage)  # the same ports, elsewhere
        fakes.shop = world.storage.shop_with(
            **{
                field.name: getattr(fakes.shop, field.name)
                for field in attrs.fields(Shop)
                if not hasattr(world.storage, field.name) and field.name != "orders"
            }
        )
        await fakes.offer(a_product("game"))
        yield KeptShop(fakes=fakes, kept=world.storage)
