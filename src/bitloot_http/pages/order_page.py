"""
What the page of an order says: the one place that turns a status into words for the buyer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, TypeAlias

import attrs
from markupsafe import Markup

from bitloot_core.order.buying import Buying
from bitloot_core.order.order import Order
from bitloot_core.order.payable import why_not_payable
from bitloot_core.order.payments import OpenPayment
from bitloot_core.order.reservations import (
    CompletedReservation,
    FallenReservation,
    PlannedReservation,
    RefusedReservation,
)
from bitloot_core.order.status import Status, shown_status
from bitloot_core.ports.payment_gateway import Coin
from bitloot_core.ports.queries import TimelineRow
from bitloot_core.values.reading import PaymentWord
from bitloot_http.pages.payment_codes import qr_code, wallet_url
from bitloot_http.wire.orders import ItemView, TimelineView

Tone: TypeAlias = Literal["", "good", "bad", "still"]
StepState: TypeAlias = Literal["done", "now", "todo", "stuck"]

_STEPS = ("Order", "Payment", "Fetching", "Keys")
_OVER = (CompletedReservation, RefusedReservation, FallenReservation)
_LIVE = frozenset(Status) - {Status.FULFILLED, Status.REFUNDED, Status.CANCELLED}


@attrs.frozen(kw_only=True)
class Words:
    """
    A status in words.

    Attributes:
        word: for the small label.
        headline, lead: for the top of the page.
        tone: the colour of the label.
        step: how many of the four steps are done.
        stuck: whether the next one waits for a person, or will not come.
    """

    word: str
    headline: str
    lead: str
    tone: Tone = ""
    step: int
    stuck: bool = False


WORDS: Mapping[Status, Words] = {
    Status.CREATED: Words(
        word="Not paid yet",
        headline="Choose how to pay",
        lead="Your order is kept. Pick a coin, and you get an address and an exact amount.",
        step=1,
    ),
    Status.WAITING: Words(
        word="Waiting for payment",
        headline="Waiting for your payment",
        lead="Send the exact amount to the address below. This page notices by itself.",
        step=1,
    ),
    Status.CONFIRMING: Words(
        word="Payment seen",
        headline="Your payment is on its way",
        lead="The network is confirming it. That takes a few minutes, and there is nothing more for you to do.",
        step=1,
    ),
    Status.UNDERPAID: Words(
        word="Part of it arrived",
        headline="Less than the full amount arrived",
        lead="Nothing is lost. A person looks at every such payment and gets in touch with you.",
        tone="bad",
        step=1,
        stuck=True,
    ),
    Status.EXPIRED: Words(
        word="Expired",
        headline="The time to pay ran out",
        lead="Have you sent coins already? They still count: the order goes on as soon as they arrive. "
        "If not, simply order again.",
        tone="still",
        step=1,
        stuck=True,
    ),
    Status.FAILED: Words(
        word="Payment failed",
        headline="The payment did not go through",
        lead="Nothing was charged. Pick another coin, or try the same one again.",
        tone="bad",
        step=1,
        stuck=True,
    ),
    Status.PAID: Words(
        word="Paid",
        headline="Paid. We are fetching your keys",
        lead="It mostly takes less than a minute. You can close this page: a link comes by mail.",
        tone="good",
        step=2,
    ),
    Status.FULFILLING: Words(
        word="Paid",
        headline="Your keys are being fetched",
        lead="It mostly takes less than a minute. You can close this page: a link comes by mail.",
        tone="good",
        step=2,
    ),
    Status.FULFILLED: Words(
        word="Ready",
        headline="Your keys are ready",
        lead="The link that shows them is in your mail. It can be opened again while it is good.",
        tone="good",
        step=4,
    ),
    Status.ATTENTION: Words(
        word="A person is on it",
        headline="We are looking into your order",
        lead="Something about it needs a person's decision. Nothing is lost, and you need not do anything.",
        step=1,
        stuck=True,
    ),
    Status.REFUNDED: Words(
        word="Refunded",
        headline="Your money is on its way back",
        lead="This order is closed, and its keys are not shown any more.",
        tone="still",
        step=1,
        stuck=True,
    ),
    Status.CANCELLED: Words(
        word="Cancelled",
        headline="This order was cancelled",
        lead="Nothing is owed, and nothing more will happen. If you have sent coins, write to the shop.",
        tone="still",
        step=1,
        stuck=True,
    ),
}


PAUSED = Words(
    word="Paid",
    headline="Your payment arrived",
    lead="The shop has stopped buying keys for a while, and gets yours as soon as it goes on. Your order is kept. You "
    "need not do anything, nor stay here: a link comes by mail.",
    tone="good",
    step=2,
)
"""What holds while a paid order waits for nothing but the shop. Why it does not buy is none of the buyer's business."""


@attrs.frozen(kw_only=True)
class Step:
    """One of the four steps that every order takes."""

    name: str
    state: StepState


@attrs.frozen(kw_only=True)
class PayBox:
    """
    What to send, and where.

    Attributes:
        qr: inline SVG.
        wallet_url: opens a wallet, where the coin has a form for that.
    """

    coin: str
    coin_name: str
    network: str | None
    amount: str
    address: str
    extra_id: str | None
    expires_at: datetime
    qr: Markup | None
    wallet_url: str | None


@attrs.frozen(kw_only=True)
class Progress:
    """How many keys are ready."""

    ready: int
    whole: int


@attrs.frozen(kw_only=True)
class OrderPage:
    """Everything that the template shows."""

    order_id: str
    email: str | None
    word: str
    headline: str
    lead: str
    tone: Tone
    live: bool
    steps: tuple[Step, ...]
    pay: PayBox | None
    can_pay: bool
    progress: Progress | None
    can_resend: bool
    items: tuple[ItemView, ...]
    total: str
    timeline: tuple[TimelineView, ...]


def order_page(
    order: Order, timeline: Iterable[TimelineRow], coins: Iterable[Coin], now: datetime, buying: Buying
) -> OrderPage:
    """
    Put an order into words.

    Args:
        buying: what is known of the shop's buying now.
    """
    status = shown_status(order)
    words = PAUSED if _waits_for_the_shop(order, status) and buying.pause_at(now) is not None else WORDS[status]
    whole = len(order.held) + len(order.owed)
    done = max(words.step, 2) if order.is_settled else words.step
    return OrderPage(
        order_id=order.id,
        email=None if order.email is None else masked(order.email),
        word=words.word,
        headline=words.headline,
        lead=words.lead,
        tone=words.tone,
        live=status in _LIVE,
        steps=_steps(done, stuck=words.stuck),
        pay=_pay_box(order, {coin.code: coin for coin in coins}) if status is Status.WAITING else None,
        can_pay=why_not_payable(order, now) is None,
        progress=Progress(ready=len(order.held), whole=whole) if order.may_reveal else None,
        can_resend=order.may_reveal and bool(order.held) and order.email is not None,
        items=tuple(ItemView.of(order, line) for line in order.lines),
        total=str(order.total),
        timeline=tuple(reversed(TimelineView.public(timeline))),
    )


def masked(email: str) -> str:
    """
    An address that its owner recognises and nobody else can use.

    >>> masked("buyer@example.com")
    'b•••r@example.com'
    """
    name, _, host = email.partition("@")
    return f"{name[:1]}•••{name[-1] if len(name) > 1 else ''}@{host}"


def _waits_for_the_shop(order: Order, status: Status) -> bool:
    """Whether what comes next is a purchase that was not sent yet, and none is under way."""
    waiting = [isinstance(one, PlannedReservation) for one in order.reservations if not isinstance(one, _OVER)]
    return status in {Status.PAID, Status.FULFILLING} and any(waiting) and all(waiting)


def _steps(done: int, *, stuck: bool) -> tuple[Step, ...]:
    here: StepState = "stuck" if stuck else "now"
    return tuple(
        Step(name=name, state="done" if number < done else here if number == done else "todo")
        for number, name in enumerate(_STEPS)
    )


def _pay_box(order: Order, coins: Mapping[str, Coin]) -> PayBox | None:
    waiting = [
        payment
        for payment in order.payments
        if isinstance(payment, OpenPayment) and payment.progress is PaymentWord.WAITING
    ]
    if not waiting:
        return None
    invoice = waiting[-1].invoice
    coin = coins.get(invoice.due.coin)
    url = wallet_url(invoice.due.coin, invoice.address, invoice.due.text)
    return PayBox(
        coin=invoice.due.coin,
        coin_name=coin.name if coin else invoice.due.coin.upper(),
        network=coin.network if coin else None,
        amount=invoice.due.text,
        address=invoice.address,
        extra_id=invoice.extra_id,
        expires_at=invoice.expires_at,
        # Segno writes digits and our own words; the address itself is drawn, not written.
        qr=Markup(qr_code(url or invoice.address)),  # noqa: S704
        wallet_url=url,
    )
