"""
One simulated world, from the first buyer to the last check.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import attrs

from bitloot_core.order.buying import PauseHolder
from bitloot_core.order.jobs import JobRequest
from bitloot_core.order.staff_events import UnitReplaced
from bitloot_core.ports.inbox import Source
from bitloot_core.testing.memory import MemoryStorage
from bitloot_core.testing.simulation.buyers import Buyer
from bitloot_core.testing.simulation.caretaker import Caretaker
from bitloot_core.testing.simulation.exams import Exams
from bitloot_core.testing.simulation.fates import REMOTE
from bitloot_core.testing.simulation.front_door import FrontDoor, Life
from bitloot_core.testing.simulation.gateway_side import GatewaySide
from bitloot_core.testing.simulation.network import Call, Carried, Network
from bitloot_core.testing.simulation.operators import Operator
from bitloot_core.testing.simulation.post import Post
from bitloot_core.testing.simulation.process import Process
from bitloot_core.testing.simulation.rest import Rest
from bitloot_core.testing.simulation.scene import PRODUCTS, START, Scene, VirtualClock
from bitloot_core.testing.simulation.stores import LIVING, MemoryStore, Store
from bitloot_core.testing.simulation.supplier_side import SupplierSide
from bitloot_core.testing.simulation.violation import Violation
from bitloot_core.testing.simulation.watch import STRANGE_JOBS, Watch
from bitloot_core.testing.simulation.weather import Weather
from bitloot_core.testing.simulation.worker import Alarm, Bell, Doorbell, Worker
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.ids import JobId, OrderId

CALM = 20 * 3_600.0
"""How long after the storm everything must have come to rest, in virtual seconds."""
_PATIENCE = 600
"""For how many seconds more a job may be in hand: longer than any lease."""
_OWN = frozenset({"links", "clock", "ids", "policy", "public_url", "notifier"})
"""What a process has of its own; all the rest of a `Shop` is a store, or somebody else's computer."""


class World:
    """
    A scene, the processes of the shop in it, and the checks.

    Args:
        seed: the luck of this world.
        weather: how bad it is; drawn from the seed, unless it is given.
        only: the names of the faults that may strike; all, if it is None.
        without: the numbers of the buyers who do not come.
        store: makes the store, given the storage in memory.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        seed: int,
        weather: Weather,
        only: frozenset[str] | None = None,
        without: frozenset[int] = frozenset(),
        store: Callable[[MemoryStorage], Store] = MemoryStore,
    ) -> None:
        self.scene = Scene(loop, seed=seed, weather=weather, only=only, without=without, store=store)
        self.scene.store.offer(PRODUCTS)
        self.kills = 0
        self.violation: Violation | None = None
        self._failure: BaseException | None = None
        self.scene.on_failure = self._fail
        self._loop = loop
        self._over: asyncio.Future[None] = loop.create_future()
        self._lives: dict[str, Life | None] = {f"p{number + 1}": None for number in range(weather.processes)}
        self._watch = Watch(self.scene)
        self._network = Network(
            self.scene.fates,
            self.scene.history,
            before=self._before,
            after=self._after,
            late=weather.latest_effect,
            on_death=self._die,
        )
        self._alarm = Alarm(loop, self.scene.store.next_due, START)
        self._doorbell = Doorbell(loop, self._answer_the_bell)
        self.door = FrontDoor(loop, self._living)
        self._operator = Operator(self.scene, self.door)
        post = Post(self.scene, self.door, turned_away=self._turned_away, answered=self._answered)
        self._suppliers = SupplierSide(self.scene, post)
        self._gateways = GatewaySide(self.scene, post)

    async def run(self) -> None:
        """
        Let everything happen, and check it.

        What is found is in `violation`; it ends the simulation at once.

        Raises:
            Exception: something in the world itself went wrong, or the program raised what nobody could expect.
        """
        self.scene.act(self._story())
        await self._over
        await self._end()
        if self._failure is not None:
            raise self._failure

    async def _story(self) -> None:
        scene = self.scene
        for name in self._lives:
            self._boot(name)
            scene.act(self._kills(name))
            scene.act(self._standstills(name))
        scene.act(self._flushes())
        scene.act(self._thefts())
        for number in range(1, scene.weather.orders + 1):
            if number not in scene.without:
                scene.act(Buyer(number, scene, self.door, self._gateways, self._watch.handed_out).live())
        scene.act(self._operator.live())
        scene.act(Caretaker(scene, self.door).live())
        scene.act(self._strange_jobs())
        await asyncio.sleep(scene.weather.storm)
        scene.history.add("world", "the storm is over")
        scene.fates.is_calm = True
        await asyncio.sleep(CALM)
        await self._hands_free()
        Rest(scene, self._watch).check()
        await Exams(scene, self.door, self._watch).sit()
        self._stop()

    async def _hands_free(self) -> None:
        """Let a look end that is just under way: where a person has to answer, there is one now and then."""
        for _ in range(_PATIENCE):
            if all(job.status != "running" for job in self.scene.store.jobs()):
                return
            await asyncio.sleep(1)

    async def _strange_jobs(self) -> None:
        """What another version of the program has left stands in the queue."""
        for name, ref in STRANGE_JOBS:
            await asyncio.sleep(300)
            now = self.scene.clock.now()
            request = JobRequest(name=name, ref=ref, order_id=None, due_at=now)  # type: ignore[arg-type]
            self.scene.store.ask(request, now=now)
            self._alarm.look_again()

    async def _end(self) -> None:
        """Leave nothing behind that waits."""
        for life in self._lives.values():
            if life is not None:
                life.process.kill()
        left = [task for task in (*self.scene.acts, *asyncio.all_tasks()) if task is not asyncio.current_task()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    # ------------------------------------------------------------------------------------------------------ processes

    def _living(self) -> list[Life]:
        return [life for life in self._lives.values() if life is not None]

    def _boot(self, name: str) -> None:
        scene = self.scene
        skew = scene.chance.between(-1.0, 1.0, "skew", name)
        process = Process(name, self._loop, skew=skew)
        shop = self._shop_of(process)
        life = Life(process=process, shop=shop, worker=Worker(shop, process, self._alarm))
        self._lives[name] = life
        process.leave(life.worker.look())

    def _shop_of(self, process: Process) -> Shop:
        template = self.scene.template
        ports = {field.name: getattr(template, field.name) for field in attrs.fields(Shop) if field.name not in _OWN}
        remote = {name: Carried(name, port, process, self._network) for name, port in ports.items() if name in REMOTE}
        kept = {name: port for name, port in ports.items() if name not in REMOTE}
        stored = self.scene.store.ports(kept, process, self._network)
        own: dict[str, Any] = {
            "clock": VirtualClock(self._loop, skew=process.skew),
            "notifier": Bell(self._doorbell, process, self._network),
        }
        return attrs.evolve(template, **{**remote, **stored, **own})

    def _die(self, process: Process, when: str) -> None:
        """A process dies, here and now, and is started again a little later."""
        if not process.is_alive:
            return
        process.kill()
        self.kills += 1
        self.scene.history.fault("process dies", process.name, f"dies {when}")
        self._lives[process.name] = None
        pause = self.scene.chance.between(1, 40, "restart", process.name, self.kills)
        self._loop.call_later(pause, self._boot, process.name)

    async def _kills(self, name: str) -> None:
        await self._now_and_then(f"kill {name}", self.scene.weather.kill_every, lambda _: self._kill(name))

    def _kill(self, name: str) -> None:
        life = self._lives[name]
        if life is not None:
            self._die(life.process, "in the middle of everything")

    async def _standstills(self, name: str) -> None:
        await self._now_and_then(f"stall {name}", self.scene.weather.stall_every, lambda size: self._stall(name, size))

    def _stall(self, name: str, size: float) -> None:
        life, seconds = self._lives[name], self.scene.weather.stall_most * size
        if life is not None:
            self.scene.history.fault("process stands still", name, f"stands still for {seconds:.0f} s")
            life.process.stand_still(seconds)

    async def _flushes(self) -> None:
        await self._now_and_then("flush", self.scene.weather.flush_every, lambda _: self._flush())

    def _flush(self) -> None:
        self.scene.history.fault("rings flushed", "doorbell", f"loses {self._doorbell.flush()} ring(s)")

    async def _thefts(self) -> None:
        await self._now_and_then("jobs lost", self.scene.weather.jobs_lost_every, self._rob)

    def _rob(self, share: float) -> None:
        """Take some of the living jobs out of the tables, whoever is doing them."""
        scene, round_ = self.scene, len(self.scene.history)
        living = [job for job in scene.store.jobs() if job.status in LIVING]
        jobs = [job for job in living if (job.name, job.ref) not in STRANGE_JOBS]
        lost = [job for job in jobs if scene.chance.happens(share, "job lost", round_, job.name, job.ref)]
        for job in lost:
            scene.store.lose_job(job.name, job.ref)
            scene.facts.robbed.add(job.order_id)
            scene.history.fault(
                "job lost", "somebody", f"takes {job.name} {job.ref} out of the table", job.order_id or ""
            )

    async def _now_and_then(self, what: str, every: float, strike: Callable[[float], None]) -> None:
        """Strike at times of its own, as long as the storm lasts; `strike` is given a number from 0 to 1."""
        count = 0
        while every and self.scene.is_storm:
            count += 1
            pause, size = self.scene.chance.pair(what, count)
            await asyncio.sleep(every * (0.2 + 1.6 * pause))
            if self.scene.is_storm and self.scene.fates.allows(f"{what}#{count}"):
                strike(size)

    def _answer_the_bell(self, job_id: JobId) -> None:
        living = self._living()
        if living:
            living[job_id % len(living)].worker.heard(job_id)

    # --------------------------------------------------------------------------------------------------------- checks

    def _before(self, call: Call) -> bool:
        scene = self.scene
        if call.name == "mailer.send" and self._is_poisoned(call.args[0].order_id):
            self._die(call.process, "of a poisoned mail")
            return False
        if call.name == "vault.save_keys" and scene.fates.strikes(scene.weather.spoil, "spoiled", len(scene.history)):
            scene.history.fault("object spoiled", "vault", "writes something else than it was given", call.subject)
            scene.vault.damage_next_save()
        self._checked(lambda: self._watch.before(call))
        return True

    def _is_poisoned(self, order_id: OrderId) -> bool:
        """Whether the mails of an order kill whoever sends them: every time, also after the storm."""
        poisoned = self.scene.facts.poisoned
        if order_id not in poisoned and self.scene.fates.strikes(self.scene.weather.poison, f"poison {order_id}"):
            poisoned.add(order_id)
        return order_id in poisoned

    def _after(self, call: Call, result: Any) -> None:
        match call.name:
            case "supplier.reserve":
                self._suppliers.sold(result)
            case "gateway.create_payment":
                self._gateways.opened(call.kwargs["order_id"])
            case "orders.commit" if result.order is not None:
                for event in call.args[0].events:
                    if isinstance(event, UnitReplaced):
                        self._suppliers.hears_of_bad_key(result.order, event)
            case "switches.pause" if call.args[0].holder is PauseHolder.SPEND_CAP:
                self._operator.resume_later()
            case "switches.resume":
                self.scene.facts.lifted_at = self.scene.clock.now()
            case _:
                pass
        self._checked(lambda: self._watch.after(call, result))
        self._alarm.look_again()

    def _answered(self, source: Source, body: bytes, status: int) -> None:
        self._checked(lambda: self._watch.answered(source, body, status))

    def _turned_away(self, source: Source, body: bytes, status: int) -> None:
        self._checked(lambda: self._watch.turned_away(source, body, status))

    def _checked(self, check: Callable[[], None]) -> None:
        try:
            check()
        except Violation as violation:
            self._break(violation)

    def _break(self, violation: Violation) -> None:
        """An invariant is broken: nothing after it counts."""
        if not self._over.done():
            self.violation = violation
            self.scene.history.add("CHECK", f"{violation}", violation.order_id or "")
            self._stop()

    def _fail(self, failure: BaseException) -> None:
        if isinstance(failure, Violation):
            self._break(failure)
        elif not self._over.done():
            self._failure = failure
            self._stop()

    def _stop(self) -> None:
        if not self._over.done():
            self._over.set_result(None)
