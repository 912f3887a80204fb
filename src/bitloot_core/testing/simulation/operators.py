"""
The operator, who looks at what is stuck, does what helps, and now and then what does not: twice, ten times, too early.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from bitloot_core.order.findings import Finding
from bitloot_core.order.jobs import JobName, JobRequest
from bitloot_core.order.order import Cancelled, Refunded
from bitloot_core.order.reservations import supplier_order_of
from bitloot_core.testing.simulation.front_door import AGENT, FrontDoor
from bitloot_core.testing.simulation.process import NoAnswer
from bitloot_core.testing.simulation.scene import Scene
from bitloot_core.testing.simulation.stores import LIVING
from bitloot_core.usecases.buying import pause_buying, resume_buying
from bitloot_core.usecases.close_order import (
    accept_payment,
    cancel_order,
    record_refund,
    resolve_finding,
    retry_order,
)
from bitloot_core.usecases.forget_buyer import forget_buyer
from bitloot_core.usecases.replay_webhook import replay_webhook
from bitloot_core.usecases.resend_link import resend_link
from bitloot_core.usecases.reveal_keys import Visitor
from bitloot_core.usecases.reveal_to_staff import StaffReveal, reveal_to_staff
from bitloot_core.usecases.shop import Shop
from bitloot_core.usecases.staff_actions import park_order, rebuy, replace_key, return_keys, unpark_order
from bitloot_core.values.errors import BitlootError, NotFound, PortError
from bitloot_core.values.ids import GatewayPaymentId, OrderId, SupplierOrderId

_WHO = "admin:ann"
_WHY = "a simulation"
_ACTS = (
    *("retry", "retry", "retry ten times", "accept", "accept", "resolve", "refund", "cancel", "resend", "replay"),
    *("pause", "resume", "forget", "fulfil", "rotate", "replace", "replace", "return", "rebuy", "park", "look"),
    "take back",
)
_RESUMES_AFTER = 1_800.0


class Operator:
    """Somebody with access to the console."""

    def __init__(self, scene: Scene, door: FrontDoor) -> None:
        self._scene = scene
        self._door = door
        self._acts = 0
        self._will_resume = False

    async def live(self) -> None:
        """Come by every few minutes, as long as the storm lasts."""
        scene, every = self._scene, self._scene.weather.operator_every
        while every:
            await asyncio.sleep(every * (0.2 + 1.6 * scene.chance.fraction("operator", self._acts)))
            if not scene.is_storm:
                return
            self._acts += 1
            await self._act()

    async def _act(self) -> None:
        scene, number = self._scene, self._acts
        what = scene.chance.pick(_ACTS, "operator", number, "does")
        findings = [one for one in scene.store.open_findings() if one.order_id is not None]
        ids = scene.store.order_ids()
        if not ids:
            return
        if findings and scene.chance.happens(0.7, "operator", number, "looks at findings"):
            finding: Finding | None = scene.chance.pick(findings, "operator", number, "finding")
        else:
            finding = None
        order_id = scene.chance.pick(ids, "operator", number, "order")
        if finding is not None and finding.order_id is not None:
            order_id = finding.order_id
        work = self._work(what, order_id, finding)
        if work is None or not scene.fates.allows(f"operator#{number}"):
            return
        for _ in range(10 if what == "retry ten times" else 1):
            await self._do(what, order_id, work)

    async def _do(self, what: str, order_id: OrderId, work: Callable[[Shop], Coroutine[Any, Any, object]]) -> None:
        try:
            await self._door.ask(order_id, work)
        except NoAnswer:
            result = "no answer"
        except BitlootError as refusal:
            result = f"refused: {getattr(refusal, 'code', type(refusal).__name__)}"
        else:
            result = "done"
        self._scene.history.add("operator", f"{what}: {result}", order_id)

    def _work(
        self, what: str, order_id: OrderId, finding: Finding | None
    ) -> Callable[[Shop], Coroutine[Any, Any, object]] | None:
        match what:
            case "retry" | "retry ten times":
                return partial(retry_order, order_id=order_id, by=_WHO, reason=_WHY)
            case "cancel":
                return partial(cancel_order, order_id=order_id, by=_WHO, reason=_WHY)
            case "resend":
                return partial(resend_link, order_id=order_id, by=_WHO)
            case "refund":
                return partial(record_refund, order_id=order_id, by=_WHO, reason=_WHY)
            case "return":
                return self._about_keys(what, self._closed_order() or order_id)
            case "rebuy" | "park" | "replace" | "look" | "take back":
                return self._about_stuck(what, order_id)
            case "fulfil":
                return partial(_fulfil, order_id=order_id)
            case "rotate":
                self._scene.vault.add_master_key()
                return _rotate
            case "forget":
                return partial(forget_buyer, order_id=self._mailed_order() or order_id, by=_WHO, reason=_WHY)
            case "pause":
                self.resume_later()
                return partial(pause_buying, by=_WHO, reason=_WHY)
            case "resume":
                return partial(resume_buying, by=_WHO, reason=_WHY)
            case "replay":
                return self._replay()
            case _ if finding is not None:
                return self._settle(what, order_id, finding)
            case _:
                return None

    def _settle(
        self, what: str, order_id: OrderId, finding: Finding
    ) -> Callable[[Shop], Coroutine[Any, Any, object]] | None:
        match what:
            case "accept" if finding.reason.startswith("payment-"):
                gateway_id = GatewayPaymentId(finding.subject)
                self._scene.facts.accepted.add(gateway_id)
                return partial(accept_payment, order_id=order_id, gateway_id=gateway_id, by=_WHO, reason=_WHY)
            case "resolve":
                return partial(resolve_finding, order_id=order_id, finding_id=finding.id, by=_WHO, reason=_WHY)
            case _:
                return None

    def _about_stuck(self, what: str, order_id: OrderId) -> Callable[[Shop], Coroutine[Any, Any, object]] | None:
        match what:
            case "rebuy":
                return partial(rebuy, order_id=order_id, by=_WHO, reason=_WHY)
            case "park":
                self._scene.act(self._unpark_later(order_id))
                return partial(park_order, order_id=order_id, by=_WHO, reason=_WHY)
            case _:
                return self._about_keys(what, order_id)

    def _about_keys(self, what: str, order_id: OrderId) -> Callable[[Shop], Coroutine[Any, Any, object]] | None:
        order = self._scene.store.order(order_id)
        held = () if order is None else order.held
        bought = () if order is None else tuple(filter(None, map(supplier_order_of, order.reservations)))
        pick = self._scene.chance.pick
        match what:
            case "replace" if held:
                unit = pick(held, "operator", self._acts, "unit").id
                theirs = self._scene.chance.happens(0.5, "operator", self._acts, "from the supplier")
                return partial(replace_key, order_id=order_id, unit_id=unit, from_supplier=theirs, by=_WHO, reason=_WHY)
            case "take back" if bought:
                name = pick(bought, "operator", self._acts, "purchase")
                return partial(_take_back, order_id=order_id, supplier_order_id=name)
            case "return" if bought:
                name = pick(bought, "operator", self._acts, "purchase")
                return partial(return_keys, order_id=order_id, supplier_order_id=name, by=_WHO, reason=_WHY)
            case "look" if held:
                return partial(_look, order_id=order_id, agent=f"a look of the staff, {self._acts}")
            case _:
                return None

    def _closed_order(self) -> OrderId | None:
        """An order whose keys could go back, if there is one."""
        store = self._scene.store
        orders = (store.order(order_id) for order_id in store.order_ids())
        closed = [one.id for one in orders if one is not None and isinstance(one.closing, Refunded | Cancelled)]
        return self._scene.chance.pick(closed, "operator", self._acts, "closed") if closed else None

    def _mailed_order(self) -> OrderId | None:
        """An order with a mail on its way, if there is one: the worst moment to forget who bought."""
        jobs = (job for job in self._scene.store.jobs() if job.name == JobName.SEND_MAIL and job.status in LIVING)
        mailed = [job.order_id for job in jobs if job.order_id is not None]
        return self._scene.chance.pick(mailed, "operator", self._acts, "mailed") if mailed else None

    async def _unpark_later(self, order_id: OrderId) -> None:
        await self._until_done(order_id, partial(unpark_order, order_id=order_id, by=_WHO, reason=_WHY))

    def resume_later(self) -> None:
        """Nobody pauses the shop and forgets about it, nor lets a cap on spending hold up buyers for ever."""
        if not self._will_resume:
            self._will_resume = True
            self._scene.act(self._resume())

    async def _resume(self) -> None:
        try:
            await self._until_done("", partial(resume_buying, by=_WHO, reason=_WHY))
        finally:
            self._will_resume = False

    async def _until_done(self, order_id: str, work: Callable[[Shop], Coroutine[Any, Any, object]]) -> None:
        """Half an hour later, and as often as it takes."""
        await asyncio.sleep(_RESUMES_AFTER)
        for _ in range(30):
            try:
                await self._door.ask(order_id, work)
            except (NoAnswer, PortError, NotFound):
                await asyncio.sleep(60)
            except BitlootError:
                return
            else:
                return

    def _replay(self) -> Callable[[Shop], Coroutine[Any, Any, object]] | None:
        webhooks = self._scene.store.webhooks()
        if not webhooks:
            return None
        chosen = self._scene.chance.pick(webhooks, "operator", self._acts, "webhook")
        return partial(replay_webhook, webhook_id=chosen.id, by=_WHO, reason=_WHY)


async def _fulfil(shop: Shop, order_id: OrderId) -> None:
    """Ask for an order to be bought and collected in one go."""
    now = shop.clock.now()
    job = JobRequest(name=JobName.FULFILL_ORDER, ref=order_id, order_id=order_id, due_at=now)
    await shop.notifier.ring((await shop.jobs.ask(job, now=now),))


async def _take_back(shop: Shop, order_id: OrderId, supplier_order_id: SupplierOrderId) -> None:
    """Give the money back, and then the keys."""
    await record_refund(shop, order_id, by=_WHO, reason=_WHY)
    await return_keys(shop, order_id, supplier_order_id, by=_WHO, reason=_WHY)


async def _look(shop: Shop, order_id: OrderId, agent: str) -> None:
    """Look at an order's keys, to settle a dispute."""
    AGENT.set(agent)
    visitor = Visitor(address="192.0.2.8", agent=agent)
    await reveal_to_staff(shop, StaffReveal(order_id=order_id, unit_id=None, by=_WHO, reason=_WHY, visitor=visitor))


async def _rotate(shop: Shop) -> None:
    """Bring every sealed object under the newest master key."""
    async for one in shop.vault.stored():
        await shop.vault.rotate(one.ref)
