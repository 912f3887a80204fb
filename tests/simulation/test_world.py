"""What is around the shop keeps its own rules: whatever fell over in it would look like a fault of the shop."""

from bitloot_core.order.reservations import KeyType, PurchaseItem
from bitloot_core.testing.simulation import simulate
from bitloot_core.testing.simulation.front_door import FrontDoor
from bitloot_core.testing.simulation.network import run_through
from bitloot_core.testing.simulation.post import Post
from bitloot_core.testing.simulation.scene import PRODUCTS, Scene
from bitloot_core.testing.simulation.supplier_side import SupplierSide
from bitloot_core.testing.simulation.virtual_loop import VirtualLoop
from bitloot_core.testing.simulation.weather import Weather
from bitloot_core.values.ids import ExternalRef, UnitId

CALM = Weather(orders=1, processes=1, storm=3_600)


def a_game() -> PurchaseItem:
    """One of the text keys that are always in stock."""
    game = PRODUCTS[0]
    return PurchaseItem(
        line=1,
        units=(UnitId("1.1"),),
        supplier_product_id=game.supplier_product_id,
        max_cost=game.max_cost,
        key_type=KeyType.TEXT,
    )


def test_a_key_that_goes_straight_back_is_in_no_event() -> None:
    """What comes after a return was asked for is listed no more when the supplier tells of it."""
    loop = VirtualLoop()
    scene = Scene(loop, seed=1, weather=CALM, only=None, without=frozenset())
    failures: list[BaseException] = []
    scene.on_failure = failures.append
    post = Post(scene, FrontDoor(loop, list), turned_away=lambda *_: None, answered=lambda *_: None)
    side = SupplierSide(scene, post)

    for number in range(20):
        purchase = run_through(scene.supplier.reserve((a_game(),), ref=ExternalRef(f"o{number}-1")))
        run_through(scene.supplier.return_keys(purchase.supplier_order_id))
        side.sold(purchase)
    while scene.acts:
        loop.run_until_complete(scene.acts[0])
    loop.close()

    assert failures == []
    assert scene.history.text().count("delivers the rest") == 20


def test_a_look_that_is_under_way_at_the_end_is_let_end() -> None:
    """A purchase before a person is looked at again and again; once, in that very second everything was compared."""
    assert simulate(400317).violation is None
