"""A shop on fakes with something to sell; whatever is said to one of its ports must be of the type that it asks for."""

from collections.abc import Iterator

import attrs
import pytest
from conforming import Listener

from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.shop import Shop

PORTS = frozenset(type(getattr(FakeShop().shop, field.name)) for field in attrs.fields(Shop))
LISTENER = Listener(PORTS, deaf={"MemoryJobs.ask"})  # tests ask for jobs that only another version knows
LONG_LIVES = ("test_against_a_model", "test_crashes", "test_whole_life", "test_restored")
"""Where so much is said that to hear it all takes longer than to live it; nothing else is said there."""


@pytest.fixture(scope="module", autouse=True)
def listener(request: pytest.FixtureRequest) -> Iterator[Listener | None]:
    """Hears what is said in this module."""
    if request.module.__name__.endswith(LONG_LIVES):
        yield None
        return
    with pytest.MonkeyPatch.context() as patch:
        LISTENER.listen(patch)
        yield LISTENER


@pytest.fixture(autouse=True)
def what_is_said_to_ports_is_of_its_type(listener: Listener | None) -> Iterator[None]:
    """In each test of a use case: who, why, when and what, down to the last field of what is written."""
    LISTENER.forget()

    yield

    assert listener is None or listener.wrong == []


@pytest.fixture
async def shop() -> FakeShop:
    """It sells `game` and `other`, and the supplier has plenty of both."""
    shop = FakeShop()
    await shop.offer(a_product("game"), a_product("other"))
    return shop
