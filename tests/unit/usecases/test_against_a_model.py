"""The whole shop beside a model of thirty lines, through whatever buyers, vendors, operators and crashes do to both."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import attrs
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bitloot_core.order.ledger import LedgerKind
from bitloot_core.order.order import LiveLink
from bitloot_core.order.reservations import DEAD_WORDS
from bitloot_core.order.status import shown_status
from bitloot_core.testing.boundaries import Boundaries, Killed
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.close_order import cancel_order, record_refund, retry_order
from bitloot_core.usecases.replay_webhook import replay_webhook
from bitloot_core.usecases.reveal_keys import Visitor, reveal_keys
from bitloot_core.values.errors import Refused
from bitloot_core.values.ids import OrderId

ANN = {"by": "admin:ann", "reason": "a model"}
UNPAID = ("waiting", "expired")
A_WHILE = timedelta(minutes=20)
"""Longer than a lease and a quiet window: whatever was broken off has been taken up again."""


@attrs.define(kw_only=True)
class Model:
    """
    What is to become of one order of `quantity` keys with one payment.

    Attributes:
        word: its status, without `attention`.
        money: whether any was seen.
        paid: whether enough was.
        held: how many keys are held.
        coming: whether a purchase lives that is to bring the rest.
        purchases: how often the supplier was bought from.
    """

    quantity: int
    word: str = "waiting"
    money: bool = False
    paid: bool = False
    held: int = 0
    coming: bool = False
    purchases: int = 0

    @property
    def shown(self) -> str:
        """What people see: an order whose keys nobody brings waits for a person."""
        stuck = self.word == "fulfilling" and not self.coming
        return "attention" if stuck else self.word

    def pay(self) -> None:
        """The whole price comes."""
        if not self.paid:
            self.money = self.paid = True
            if self.word not in ("cancelled", "refunded"):
                self.buy()

    def pay_short(self) -> None:
        """Half of it comes."""
        self.money = True
        if self.word in (*UNPAID, "confirming"):
            self.word = "underpaid"

    def run_out(self) -> None:
        """Who has not paid by then has not."""
        self.word = "expired" if self.word == "waiting" else self.word

    def buy(self) -> None:
        """The supplier takes our purchase."""
        self.word, self.coming, self.purchases = "fulfilling", True, self.purchases + 1

    def hold(self, count: int) -> None:
        """Keys come."""
        self.held += count
        if self.held == self.quantity:
            self.coming = False
            self.word = "fulfilled" if self.word == "fulfilling" else self.word


class ShopBesideModel(RuleBasedStateMachine):
    """Does the same to both, and compares."""

    def __init__(self) -> None:
        super().__init__()
        self.here = FakeShop()
        self.order_id = OrderId("")
        self.until = self.here.clock.now()
        self.model = Model(quantity=1)
        self.dies_at: int | None = None
        self.loop = asyncio.new_event_loop()

    def teardown(self) -> None:
        """Nothing runs on."""
        self.loop.close()

    def run(self, work: Awaitable[Any]) -> Any:
        """Do something of the shop's."""
        return self.loop.run_until_complete(work)  # type: ignore[arg-type]

    def do(self, act: Callable[[], Awaitable[Any]]) -> None:
        """
        Do something, and all that follows. A process that dies of it is started again, and whoever asked asks again.
        """
        whole, watched = self.here.shop, Boundaries(at=self.dies_at)
        self.dies_at = None
        self.here.shop = watched.around(whole)
        try:
            self.run(act())
            self.run(self.here.work())
        except Killed:
            self.here.shop = whole
            self.run(act())
        finally:
            self.here.shop = whole
        self.run(self.here.pass_time(A_WHILE))
        if self.here.clock.now() >= self.until:
            self.model.run_out()

    @initialize(quantity=st.integers(1, 3))
    def place(self, quantity: int) -> None:
        """A buyer orders, and a payment is opened."""
        self.run(self.here.offer(a_product()))
        order = self.run(self.here.place(quantity))
        self.order_id, self.until, self.model = order.id, order.expires_at, Model(quantity=quantity)

    @property
    def payment(self) -> Any:
        """The gateway's name of the payment."""
        return self.here.gateway.payments_of(self.order_id)[0]

    @property
    def purchase(self) -> Any:
        """The newest purchase."""
        return self.here.supplier.purchases[-1].supplier_order_id

    @rule(boundary=st.integers(0, 25))
    def will_die(self, boundary: int) -> None:
        """At the next thing that is done, the process dies at one of its calls to the outside."""
        self.dies_at = boundary

    @precondition(lambda self: self.model.word in UNPAID)
    @rule()
    def coins_are_seen(self) -> None:
        """They are not there yet."""
        self.here.gateway.set_status(self.payment, "confirming")
        self.model.word = "confirming"
        self.do(lambda: self.here.tell(self.payment))

    @rule()
    def pays(self) -> None:
        """All of it, however late."""
        self.here.gateway.pay(self.payment)
        self.model.pay()
        self.do(lambda: self.here.tell(self.payment))

    @precondition(lambda self: not self.model.paid and self.model.word != "refunded")
    @rule()
    def pays_short(self) -> None:
        """Half of it."""
        self.here.gateway.pay_short(self.payment)
        self.model.pay_short()
        self.do(lambda: self.here.tell(self.payment))

    @precondition(lambda self: self.model.coming)
    @rule(count=st.integers(1, 3))
    def supplier_delivers(self, count: int) -> None:
        """So many keys, or what is left."""
        count = min(count, self.model.quantity - self.model.held)
        self.here.supplier.deliver(self.purchase, count)
        self.model.hold(count)
        self.do(lambda: self.here.hear(self.purchase))

    @precondition(lambda self: self.model.coming)
    @rule()
    def supplier_cancels(self) -> None:
        """What was delivered stays."""
        self.here.supplier.cancel(self.purchase)
        self.model.coming = False
        self.do(lambda: self.here.hear(self.purchase))

    @rule()
    def is_called_off(self) -> None:
        """Only before any money."""
        allowed = self.model.word == "cancelled" or (self.model.word in UNPAID and not self.model.money)
        if allowed:
            self.model.word = "cancelled"
        self.do(lambda: self.asked(cancel_order(self.here.shop, self.order_id, **ANN), allowed=allowed))

    @rule()
    def is_refunded(self) -> None:
        """Only after some."""
        allowed = self.model.money
        if allowed:
            self.model.word = "refunded"
        self.do(lambda: self.asked(record_refund(self.here.shop, self.order_id, **ANN), allowed=allowed))

    @rule()
    def is_retried(self) -> None:
        """What nobody brings is bought again."""
        allowed = self.model.word not in ("fulfilled", "refunded", "cancelled")
        if self.model.shown == "attention":
            self.model.buy()
        self.do(lambda: self.asked(retry_order(self.here.shop, self.order_id, **ANN), allowed=allowed))

    @rule()
    def hours_pass(self) -> None:
        """And nobody does anything."""
        self.do(lambda: self.here.pass_time(timedelta(hours=2)))

    @rule()
    def everything_is_replayed(self) -> None:
        """I12: nothing follows."""
        webhooks = list(self.here.storage.database.webhooks)

        async def replay() -> None:
            """One after the other."""
            for webhook_id in webhooks:
                await replay_webhook(self.here.shop, webhook_id, by="admin:ann", reason="a test")

        self.do(replay)

    @rule()
    def keys_are_opened(self) -> None:
        """I3, I9: those that are held, by whoever has the link, while the order is paid and not refunded."""
        order = self.run(self.here.order(self.order_id))
        if not isinstance(order.link, LiveLink):
            assert self.model.held == 0 or self.model.word == "refunded"
            return
        token = self.here.shop.links.issue(order.link.id).reveal()
        rows = len(self.here.storage.database.accesses)
        opening = reveal_keys(self.here.shop, token, Visitor(address="192.0.2.7", agent="a model"))
        if self.model.word == "refunded":
            with pytest.raises(Refused, match="refunded"):
                self.run(opening)
        else:
            assert len(self.run(opening).keys) == self.model.held
            assert len(self.here.storage.database.accesses) == rows + self.model.held

    async def asked(self, act: Awaitable[Any], *, allowed: bool) -> None:
        """Whether the shop does what is asked is what the model says."""
        try:
            await act
        except Refused:
            assert not allowed
        else:
            assert allowed

    @invariant()
    def the_order_is_where_the_model_has_it(self) -> None:
        """I8, I10."""
        if not self.order_id:
            return
        order = self.run(self.here.order(self.order_id))

        assert shown_status(order) == self.model.shown
        assert order.is_settled == self.model.paid
        assert len(order.held) == self.model.held

    @invariant()
    def the_supplier_was_bought_from_as_often_as_the_model_has_it(self) -> None:
        """I1: and never for units that are on their way."""
        purchases = self.here.supplier.purchases

        assert len(purchases) == self.model.purchases
        assert len([one for one in purchases if one.word not in DEAD_WORDS]) <= 1

    @invariant()
    def the_ledger_knows_all_the_money(self) -> None:
        """I6."""
        if not self.order_id:
            return
        ledger = self.here.storage.database.ledger.values()
        came = sum(entry.amount for entry in ledger if entry.kind is LedgerKind.RECEIVED)
        charged = [entry.external_id for entry in ledger if entry.kind is LedgerKind.CHARGED]

        assert came == self.run(self.here.gateway.payment(self.payment)).actually_paid
        assert charged == [one.supplier_order_id for one in self.here.supplier.purchases]


TestShopBesideModel = ShopBesideModel.TestCase
TestShopBesideModel.settings = settings(stateful_step_count=20)
