"""The checkers themselves: what they find is broken, and what they let pass is not."""

from collections.abc import Sequence

import attrs
import pytest

from bitloot_core.order.order import Order, UnnamedBuyer
from bitloot_core.testing.memory import MemoryStorage
from bitloot_core.testing.orders import placed
from bitloot_core.testing.simulation.front_door import AGENT
from bitloot_core.testing.simulation.network import Call
from bitloot_core.testing.simulation.process import Process
from bitloot_core.testing.simulation.scene import Scene
from bitloot_core.testing.simulation.stores import MemoryStore
from bitloot_core.testing.simulation.violation import Violation
from bitloot_core.testing.simulation.virtual_loop import VirtualLoop
from bitloot_core.testing.simulation.watch import Watch
from bitloot_core.testing.simulation.weather import Weather
from bitloot_core.values.ids import OrderId, SupplierKeyId, UnitId
from bitloot_core.values.keys import KeyOwner

OWNER = KeyOwner(order_id=OrderId("o1"), unit_id=UnitId("1.1"), supplier_key_id=SupplierKeyId("k1"))


class Forgotten(MemoryStore):
    """A store with one order, whose buyer was forgotten, and with audit rows of these clients."""

    def __init__(self, *agents: str) -> None:
        """Know who looked."""
        super().__init__(MemoryStorage())
        self._agents = agents

    def order(self, order_id: OrderId) -> Order:
        """Its one order."""
        return attrs.evolve(placed(), buyer=UnnamedBuyer())

    def looked_at(self, order_id: OrderId, agent: str) -> Sequence[str]:
        """The one unit, if that client looked."""
        return [OWNER.unit_id for one in self._agents if one == agent]


def keys_are_opened(store: MemoryStore, agent: str) -> None:
    """Let the watch see that sealed keys are opened for somebody."""
    loop = VirtualLoop()
    scene = Scene(
        loop,
        seed=1,
        weather=Weather(orders=1, processes=1, storm=1),
        only=None,
        without=frozenset(),
        store=lambda _: store,
    )
    token = AGENT.set(agent)
    call = Call(process=Process("p1", loop), name="vault.open_keys", args=([("ref", OWNER)],), kwargs={}, subject="")
    try:
        Watch(scene).before(call)
    finally:
        AGENT.reset(token)
        loop.close()


@pytest.mark.parametrize("rows", [("ann",), ("", "ann")])
def test_a_look_of_the_staff_keeps_its_name_when_the_buyer_is_forgotten(rows: tuple[str, ...]) -> None:
    """Only rows of buyers lose their names; a person of the staff is found under theirs."""
    keys_are_opened(Forgotten(*rows), "ann")


def test_a_forgotten_buyer_is_found_under_no_name() -> None:
    """The row of their own look says nothing of who they are."""
    keys_are_opened(Forgotten(""), "a browser")


def test_a_look_without_any_row_is_found() -> None:
    """I9: nobody opens a key unseen."""
    with pytest.raises(Violation, match=r"I9: unit 1\.1 is opened for 'ann' without an audit row"):
        keys_are_opened(Forgotten(), "ann")
