"""
The exams after the rest: everything is replayed, sealed keys change places, and what nobody needs is cleared away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial

from bitloot_core.order.order import LiveLink, Order
from bitloot_core.ports.inbox import Source
from bitloot_core.testing.simulation.caretaker import reconcile_once
from bitloot_core.testing.simulation.front_door import AGENT, FrontDoor
from bitloot_core.testing.simulation.scene import Scene
from bitloot_core.testing.simulation.stores import LIVING
from bitloot_core.testing.simulation.violation import Violation, hold
from bitloot_core.testing.simulation.watch import Watch
from bitloot_core.usecases.replay_webhook import replay_webhook
from bitloot_core.usecases.reveal_keys import Revealed, Visitor, reveal_keys
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import BitlootError, Corrupt, Refused
from bitloot_core.values.ids import OrderId

_QUIET_SECONDS = 3 * 3_600.0
_A_DAY_AND_MORE = 25 * 3_600.0
"""A sealed object that nobody names is left alone for a day."""


class Exams:
    """
    Questions that are asked of a shop at rest.

    Args:
        watch: checks what is handed out.
    """

    def __init__(self, scene: Scene, door: FrontDoor, watch: Watch) -> None:
        self._scene = scene
        self._door = door
        self._watch = watch
        self._asked = 0

    async def sit(self) -> None:
        """
        Ask all of them.

        Raises:
            Violation: an answer is wrong.
        """
        await self._replay_everything()  # what a vendor knows and never managed to say comes in by this
        before = self._books()
        await self._replay_everything()
        self._is_the_same(before, self._books())
        await self._reconcile()
        await self._open_everything()
        await self._swap_and_open()

    async def _replay_everything(self) -> None:
        for stored in self._scene.store.webhooks():
            await self._door.ask("", partial(replay_webhook, webhook_id=stored.id, by="admin:sim", reason="an exam"))
        await asyncio.sleep(_QUIET_SECONDS)
        ours = {str(source.job) for source in Source}
        left = [one.ref for one in self._scene.store.jobs() if one.status in LIVING and one.name in ours]
        hold("I12", not left, f"the replay of webhooks {left} has no end")

    async def _reconcile(self) -> None:
        """Setting the books against the world a second time finds what the first found, and changes nothing."""
        await asyncio.sleep(_A_DAY_AND_MORE)
        first = await self._door.ask("", reconcile_once)
        await asyncio.sleep(_QUIET_SECONDS)
        before = self._books()
        second = await self._door.ask("", reconcile_once)
        await asyncio.sleep(_QUIET_SECONDS)
        self._is_the_same(before, self._books())
        new = len(second.found) - len(first.found)
        hold("I12", new <= 0, f"a reconciliation finds {new} more than the one before")
        hold("I2", not second.orphans, f"{len(second.orphans)} sealed objects lie in the vault for nobody")

    def _books(self) -> Mapping[str, object]:
        """All that a replay must leave alone."""
        scene = self._scene
        orders = {order_id: scene.store.order(order_id) for order_id in scene.store.order_ids()}
        return {
            "orders": {order_id: _what_counts(order) for order_id, order in orders.items() if order is not None},
            "ledger": [(entry.kind, entry.external_id, entry.amount) for entry in scene.store.ledger()],
            "purchases": [one.supplier_order_id for one in scene.supplier.purchases],
            "mails": len(scene.mailer.sent),
            "payments": {order_id: scene.gateway.payments_of(order_id) for order_id in orders},
        }

    def _is_the_same(self, before: Mapping[str, object], after: Mapping[str, object]) -> None:
        changed = [name for name in before if before[name] != after[name]]
        hold("I12", not changed, f"a replay of everything changed {', '.join(changed)}")

    # ----------------------------------------------------------------------------------------------------------- keys

    def _deliverable(self) -> list[Order]:
        orders = (self._scene.store.order(order_id) for order_id in self._scene.store.order_ids())
        return [
            order
            for order in orders
            if order is not None and order.may_reveal and order.held and isinstance(order.link, LiveLink)
        ]

    async def _open_everything(self) -> None:
        """Each link opens the keys of its own order, all of them."""
        for order in self._deliverable():
            revealed = await self._open(order)
            if revealed is not None:
                self._hand_out(order.id, revealed)
                whole = len(revealed.keys) == len(order.held)
                hold("I2", whole, f"{len(revealed.keys)} of {len(order.held)} keys come out", order.id)

    async def _swap_and_open(self) -> None:
        """Two sealed keys of different orders change places: neither link opens the other's."""
        orders = self._deliverable()
        for one, other in zip(orders[::2], orders[1::2], strict=False):
            here, there = one.held[0].storage_ref, other.held[0].storage_ref
            self._scene.vault.swap(here, there)
            for order in (one, other):
                revealed = await self._open(order, is_damaged=True)
                hold("I4", revealed is None, "a sealed key of another order was opened", order.id)
            self._scene.vault.swap(here, there)

    async def _open(self, order: Order, *, is_damaged: bool = False) -> Revealed | None:
        if not isinstance(order.link, LiveLink):
            return None
        token = self._scene.template.links.issue(order.link.id).reveal()
        try:
            return await self._door.ask(order.id, partial(self._reveal, token=token))
        except Refused:  # used up
            return None
        except Corrupt as error:
            if is_damaged:
                return None
            raise Violation("I2", f"its keys cannot be opened: {error}", order.id) from error
        except BitlootError as error:
            raise Violation("I2", f"its keys cannot be opened: {error}", order.id) from error

    async def _reveal(self, shop: Shop, token: str) -> Revealed:
        self._asked += 1
        agent = f"exam {self._asked}"
        AGENT.set(agent)
        return await reveal_keys(shop, token, Visitor(address="192.0.2.9", agent=agent))

    def _hand_out(self, order_id: OrderId, revealed: Revealed) -> None:
        serials = tuple(key.material.content for key in revealed.keys)
        self._watch.handed_out(order_id, f"exam {self._asked}", serials)


def _what_counts(order: Order) -> tuple[object, ...]:
    """An order without what a second look may well put down again."""
    return (order.closing, order.payments, order.reservations, order.units, order.link)
