"""
The scene of one simulation: the world outside the shop, its clock and its luck, and what is known of it from above.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs

from bitloot_core.order.buying import Budget
from bitloot_core.order.policy import Policy
from bitloot_core.order.reservations import KeyType
from bitloot_core.ports.inbox import Source
from bitloot_core.ports.system import Clock, Ids
from bitloot_core.testing.links import FakeLinks
from bitloot_core.testing.mailer import FakeMailer
from bitloot_core.testing.memory import MemoryStorage
from bitloot_core.testing.payment_gateway import FakePaymentGateway
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.testing.simulation.chance import Chance
from bitloot_core.testing.simulation.fates import Fates
from bitloot_core.testing.simulation.history import History
from bitloot_core.testing.simulation.stores import MemoryStore, Store
from bitloot_core.testing.simulation.weather import Weather
from bitloot_core.testing.simulation.worker import moment
from bitloot_core.testing.supplier import FakeSupplier
from bitloot_core.testing.vault import FakeVault
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.ids import FindingId, GatewayPaymentId, LinkId, OrderId, SupplierOrderId
from bitloot_core.values.money import Money

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
VALIDITY = timedelta(hours=8)
"""How long the gateway waits for coins: days in life, hours here."""
PRODUCTS = (
    a_product("game", price="19.99"),
    a_product("other", price="12.49"),
    a_product("rare", price="24.00"),
    attrs.evolve(a_product("poster", price="14.99"), key_type=KeyType.ANY),
    attrs.evolve(a_product("soon", price="29.99"), release_date=(START + timedelta(days=1)).date()),
)
"""Text keys, one that is nearly sold out, keys that are pictures, and a preorder."""
POLICY = Policy(
    payment_lifetime=VALIDITY,
    payment_afterlife=timedelta(hours=1),
    supplier_alarm=timedelta(hours=6),
    webhook_patience=timedelta(hours=4),
)
"""The shop's rules: the usual ones, with the days shortened to hours, so that an order comes to rest within one."""


class VirtualClock:
    """
    The time of a loop, as a wall clock that goes wrong by a constant.

    Args:
        skew: how many seconds it is ahead.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, *, skew: float = 0.0) -> None:
        self._loop = loop
        self._skew = skew

    def now(self) -> datetime:
        """The time."""
        return moment(START, self._loop.time() + self._skew)

    def monotonic(self) -> float:
        """Seconds since the simulation began."""
        return self._loop.time()


class SeededIds:
    """Identifiers that are told apart easily and never come twice in a simulation."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._made = 0

    def order_id(self) -> OrderId:
        """A fresh order id."""
        return OrderId(f"x{self._next()}")

    def link_id(self) -> LinkId:
        """A fresh link id."""
        return LinkId(f"link{self._next()}")

    def finding_id(self) -> FindingId:
        """A fresh finding id."""
        return FindingId(f"finding{self._next()}")

    def token(self) -> str:
        """A fresh lease token."""
        return f"token{self._next()}"

    def fraction(self) -> float:
        """A number for jitter."""
        return self._chance.fraction("jitter", self._next())

    def _next(self) -> int:
        self._made += 1
        return self._made


@attrs.define(kw_only=True)
class Facts:
    """
    What is true, whatever the shop believes.

    Attributes:
        placed: the orders that buyers were told of.
        emails: where the keys of each order shall go.
        acknowledged: the webhooks that were answered with 200, by source and body.
        authentic: every body that the vendors signed.
        accepted: the payments that an operator let count.
        was_paid: the payments on which, at some moment, as much as was due had come.
        delivered: when the supplier last delivered a key for each order, in virtual seconds.
        recovered: how long after that each order was fulfilled.
        too_late: the purchases that went through later than the quiet window, which no client can close.
        poisoned: the mails that kill whoever sends them.
        robbed: the orders that lost a job, which nobody but a sweep brings back; None for a webhook of no order.
        lifted_at: when a person last let the shop go beyond a limit.
    """

    placed: list[OrderId] = attrs.Factory(list)
    emails: dict[OrderId, str] = attrs.Factory(dict)
    acknowledged: dict[tuple[Source, bytes], float] = attrs.Factory(dict)
    authentic: set[tuple[Source, bytes]] = attrs.Factory(set)
    accepted: set[GatewayPaymentId] = attrs.Factory(set)
    was_paid: dict[GatewayPaymentId, Decimal] = attrs.Factory(dict)
    delivered: dict[str, float] = attrs.Factory(dict)
    recovered: dict[str, float] = attrs.Factory(dict)
    too_late: set[SupplierOrderId] = attrs.Factory(set)
    poisoned: set[OrderId] = attrs.Factory(set)
    robbed: set[OrderId | None] = attrs.Factory(set)
    lifted_at: datetime = START


class Scene:
    """
    Everything outside the processes of the shop.

    Args:
        store: makes the store, given the storage in memory; without it, that storage is the store.

    Attributes:
        template: a shop on the bare fakes; each process sees it over the network.
        facts: what is true, for the checkers.
        on_failure: told what ended somebody's doings that should not have ended so.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        seed: int,
        weather: Weather,
        only: frozenset[str] | None,
        without: frozenset[int],
        store: Callable[[MemoryStorage], Store] = MemoryStore,
    ) -> None:
        self.loop = loop
        self.chance = Chance(seed)
        self.weather = weather
        self.without = without
        self.fates = Fates(self.chance, weather, only=only)
        self.history = History(loop.time)
        self.facts = Facts()
        self.clock = VirtualClock(loop)
        self.ids = SeededIds(self.chance)
        self.supplier = FakeSupplier(clock=self.clock, balance=Money.of("100000.00", "EUR"))
        self.supplier.accepts_repeats = weather.supplier_repeats
        self.gateway = FakePaymentGateway(clock=self.clock, validity=VALIDITY)
        self.vault = FakeVault(clock=self.clock)
        self.mailer = FakeMailer()
        storage = MemoryStorage()
        cap = None if weather.day_cap is None else Money.of(str(weather.day_cap), "EUR")
        fake = FakeShop(policy=attrs.evolve(POLICY, budget=Budget(day_cap=cap)), storage=storage)
        self.template: Shop = attrs.evolve(
            fake.shop,
            supplier=self.supplier,
            supplier_catalogue=self.supplier.catalogue,
            gateway=self.gateway,
            vault=self.vault,
            links=FakeLinks(),
            mailer=self.mailer,
            clock=self.clock,
            ids=self.ids,
        )
        self.store = store(storage)
        self.on_failure: Callable[[BaseException], None] = lambda _: None
        self._acts: dict[asyncio.Task[Any], None] = {}

    @property
    def is_storm(self) -> bool:
        """Whether things still go wrong."""
        return not self.fates.is_calm

    def act(self, work: Coroutine[Any, Any, None]) -> None:
        """Let somebody outside do something; no death of a process ends it."""
        task = self.loop.create_task(work)
        self._acts[task] = None
        task.add_done_callback(self._is_over)

    def _is_over(self, task: asyncio.Task[Any]) -> None:
        self._acts.pop(task, None)
        failure = None if task.cancelled() else task.exception()
        if failure is not None:
            self.on_failure(failure)

    @property
    def acts(self) -> tuple[asyncio.Task[Any], ...]:
        """What is still being done outside."""
        return tuple(self._acts)


if TYPE_CHECKING:
    _: type[Clock] = VirtualClock
    _ids: type[Ids] = SeededIds
