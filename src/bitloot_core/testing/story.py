"""
Telling an order's story: commands go in one after another, and what came of each is kept.

For tests of the state machine, and for whoever writes a use case and wants to see what `decide` makes of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import attrs

from bitloot_core.order.commands import OrderCommand, RecordReading
from bitloot_core.order.decide import decide
from bitloot_core.order.effects import effects_of, entries_of
from bitloot_core.order.events import OrderEvent
from bitloot_core.order.jobs import JobRequest
from bitloot_core.order.ledger import LedgerEntry
from bitloot_core.order.order import Order
from bitloot_core.order.policy import Policy
from bitloot_core.order.status import Status, shown_status, status_of
from bitloot_core.order.transitions import evolve
from bitloot_core.testing.orders import COIN, DUE, PLACED_AT
from bitloot_core.values.ids import GatewayPaymentId
from bitloot_core.values.reading import PaymentReading, PaymentWord


@attrs.frozen(kw_only=True)
class Story:
    """
    An order, and what has happened to it since the story began.

    Attributes:
        now: the time at which the next command is decided.
        last: what came of the last command.
        events: what came of all of them; `jobs` and `ledger` are what followed from those.

    >>> from bitloot_core.order.commands import IntendPayment
    >>> from bitloot_core.testing.orders import placed
    >>> Story(order=placed()).when(IntendPayment(coin="btc")).told
    ('PaymentIntended',)
    """

    order: Order
    now: datetime = PLACED_AT + timedelta(minutes=10)
    policy: Policy = attrs.Factory(Policy)
    last: tuple[OrderEvent, ...] = ()
    events: tuple[OrderEvent, ...] = ()
    jobs: tuple[JobRequest, ...] = ()
    ledger: tuple[LedgerEntry, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """The names of the events that the last command led to."""
        return tuple(type(event).__name__ for event in self.last)

    @property
    def status(self) -> Status:
        """The order's status; `shown` is how people see it."""
        return status_of(self.order)

    @property
    def shown(self) -> Status:
        """The order's status as people see it."""
        return shown_status(self.order)

    def when(self, *commands: OrderCommand) -> Story:
        """
        Carry out commands, one after another.

        Raises:
            TransitionRefused: the order's state forbids one of them.
        """
        story = self
        for command in commands:
            story = story.happens(*decide(story.order, command, now=story.now, policy=story.policy))
        return story

    def happens(self, *events: OrderEvent) -> Story:
        """
        Let these events happen, decided or not.

        Raises:
            ImpossibleEvent: one of them cannot follow.
        """
        order, jobs, ledger = self.order, self.jobs, self.ledger
        for event in events:
            after = evolve(order, event)
            jobs += effects_of(event, after, self.policy)
            ledger += entries_of(event, order, after)
            order = after
        return attrs.evolve(self, order=order, last=events, events=(*self.events, *events), jobs=jobs, ledger=ledger)

    def later(self, pause: timedelta) -> Story:
        """The same, some time afterwards."""
        return attrs.evolve(self, now=self.now + pause)


def a_reading(
    order: Order,
    word: PaymentWord = PaymentWord.FINISHED,
    *,
    paid: Decimal | str = DUE.amount,
    gateway_id: str | None = None,
    parent: str | None = None,
) -> PaymentReading:
    """
    What the gateway says of an order's first payment: as it was asked for, and `paid` in full, unless said otherwise.

    Change what else it says with `attrs.evolve(a_reading(order), coin="eth")`.
    """
    return PaymentReading(
        gateway_id=GatewayPaymentId(gateway_id or f"pay-{order.id}-1"),
        word=word,
        raw_word=str(word),
        order_ref=order.id,
        price_amount=order.total.amount,
        price_currency=order.total.currency,
        coin=COIN,
        pay_amount=DUE.amount,
        actually_paid=Decimal(paid),
        parent_id=None if parent is None else GatewayPaymentId(parent),
        address=f"address-of-{order.id}",
    )


def read(reading: PaymentReading) -> RecordReading:
    """We asked the gateway, and it said this."""
    return RecordReading(reading=reading, read_back=True)


def noticed(reading: PaymentReading) -> RecordReading:
    """A notice said this, and nobody has asked the gateway yet."""
    return RecordReading(reading=reading, read_back=False)
