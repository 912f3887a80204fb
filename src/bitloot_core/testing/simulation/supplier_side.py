"""
What the supplier does with each purchase: delivers, at once or in parts or hours later; cancels; refunds; and says so.
"""

from __future__ import annotations

import asyncio

from bitloot_core.order.order import Order
from bitloot_core.order.reservations import KeyType, supplier_order_of
from bitloot_core.order.staff_events import UnitReplaced
from bitloot_core.ports.inbox import Source
from bitloot_core.ports.supplier import Purchase
from bitloot_core.testing.simulation.network import run_through
from bitloot_core.testing.simulation.post import Post
from bitloot_core.testing.simulation.scene import PRODUCTS, Scene
from bitloot_core.values.ids import SupplierOrderId, SupplierProductId, order_of

_SHELF = {
    "game": ("5.00", 10_000),
    "other": ("7.25", 10_000),
    "rare": ("9.99", 6),
    "poster": ("4.10", 10_000),
    "soon": ("8.80", 10_000),
}
"""What one costs, and how many there are."""
_UNWILLING = 0.2


class SupplierSide:
    """The supplier's own business."""

    def __init__(self, scene: Scene, post: Post) -> None:
        self._scene = scene
        self._post = post
        self._supplier = scene.supplier
        for product in PRODUCTS:
            name, (cost, left) = product.supplier_product_id, _SHELF[product.id]
            if product.release_date is not None:
                self._supplier.preorder_open(name, left, cost=cost)
            elif product.key_type is KeyType.ANY:
                self._supplier.pictures_in_stock(name, left, cost=cost)
            else:
                self._supplier.in_stock(name, left, cost=cost)

    def sold(self, purchase: Purchase) -> None:
        """A purchase has just been made: begin to work on it."""
        scene, ref = self._scene, purchase.ref
        order_id = order_of(ref)
        count = len(self._supplier.purchases_of(ref))
        scene.history.add("supplier", f"sells {purchase.supplier_order_id} for {ref}, {purchase.charged}", order_id)
        name = f"{ref}#{count}"
        if scene.fates.strikes(scene.weather.sold_before, "key sold before", name) and self._supplier.sell_used_key(
            purchase.supplier_order_id
        ):
            scene.history.fault("key sold before", "supplier", "puts a key in it that was sold before", order_id)
        scene.act(self._work_on(purchase, name, order_id))

    async def _work_on(self, purchase: Purchase, name: str, order_id: str) -> None:
        scene, supplier_order_id = self._scene, purchase.supplier_order_id
        fails = scene.fates.strikes(scene.weather.supplier_fails, "purchase fails", name)
        way, size = scene.chance.pair("supplier", name)
        await asyncio.sleep(_delay(size))
        if fails and way < 0.5:
            self._fail(supplier_order_id, order_id, refunds=way < 0.2)
            return
        total = sum(purchase.quantities.values())
        if way > 0.7 and total > 1:
            self._deliver(supplier_order_id, order_id, scene.chance.count(1, total - 1, "first part", name))
            await asyncio.sleep(_delay(scene.chance.fraction("second part", name)))
        if fails and way < 0.75:
            self._fail(supplier_order_id, order_id, refunds=way < 0.6)
            return
        self._deliver(supplier_order_id, order_id, None)
        if fails:
            await asyncio.sleep(600 * (0.1 + way))
            self._fail(supplier_order_id, order_id, refunds=True)

    def hears_of_bad_key(self, order: Order, bad: UnitReplaced) -> None:
        """Somebody writes that a key was bad, and wants another in the same purchase: most get one."""
        res = None if bad.in_purchase is None else order.reservation(bad.in_purchase)
        name = None if res is None else supplier_order_of(res)
        if res is None or name is None:
            return
        item = next(one for one in res.plan.items if bad.replaced_by in one.units)
        self._scene.act(self._replace(name, item.supplier_product_id, order.id, f"{name}, unit {bad.unit_id}"))

    async def _replace(
        self, supplier_order_id: SupplierOrderId, product_id: SupplierProductId, order_id: str, name: str
    ) -> None:
        willing, size = self._scene.chance.pair("bad key", name)
        await asyncio.sleep(_delay(size))
        if willing > _UNWILLING and not self._supplier.is_returning(supplier_order_id):
            self._supplier.put_another(supplier_order_id, product_id)
            self._scene.history.add("supplier", f"puts another key into {supplier_order_id}", order_id)
            self._tell(supplier_order_id, order_id, with_key=False)

    def _deliver(self, supplier_order_id: SupplierOrderId, order_id: str, count: int | None) -> None:
        self._supplier.deliver(supplier_order_id, count)
        self._scene.facts.delivered[order_id] = self._scene.loop.time()
        what = "the rest" if count is None else f"{count} key(s)"
        self._scene.history.add("supplier", f"delivers {what} of {supplier_order_id}", order_id)
        listed = run_through(self._supplier.keys_of(supplier_order_id))  # none, if what comes goes straight back
        is_text = bool(listed) and all(key.material.is_text for key in listed)
        with_key = is_text and self._scene.chance.happens(0.3, "key in the event", supplier_order_id)
        self._tell(supplier_order_id, order_id, with_key=with_key)

    def _fail(self, supplier_order_id: SupplierOrderId, order_id: str, *, refunds: bool) -> None:
        (self._supplier.refund if refunds else self._supplier.cancel)(supplier_order_id)
        done = "refunds" if refunds else "cancels"
        self._scene.history.fault(f"supplier {done}", "supplier", f"{done} {supplier_order_id}", order_id)
        self._tell(supplier_order_id, order_id, with_key=False)

    def _tell(self, supplier_order_id: SupplierOrderId, order_id: str, *, with_key: bool) -> None:
        event = self._supplier.event_with_key if with_key else self._supplier.event_of
        headers, body = event(supplier_order_id)
        self._post.send(Source.KINGUIN, headers, body, order_id=order_id, about=f"event about {supplier_order_id}")


def _delay(size: float) -> float:
    """Seconds for most, minutes for some, up to an hour and a half for a few."""
    return 2 + 60 * size if size < 0.7 else 60 + 5_400 * (size - 0.7) / 0.3 * size
