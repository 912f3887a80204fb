"""A shop on fakes with something to sell."""

import pytest

from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop


@pytest.fixture
async def shop() -> FakeShop:
    """It sells `game` and `other`, and the supplier has plenty of both."""
    shop = FakeShop()
    await shop.offer(a_product("game"), a_product("other"))
    return shop
