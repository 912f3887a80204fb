"""
What can be decided about an order as it stands: exactly what its state machine admits, asked before anything is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TypeAlias

import attrs

from bitloot_core.order import commands as c
from bitloot_core.order.actions import Action
from bitloot_core.order.decide import decide
from bitloot_core.order.decide_keys import returnable_until
from bitloot_core.order.order import Order
from bitloot_core.order.payments import ReviewedPayment, ShortPayment, StrayPayment, VoidPayment, name_of, received_of
from bitloot_core.order.policy import Policy
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.reservations import supplier_order_of
from bitloot_core.order.staff_commands import ParkOrder, Rebuy, ReplaceKey, ReturnKeys, UnparkOrder
from bitloot_core.values.errors import NotFound
from bitloot_core.values.ids import LinkId
from bitloot_http.ages import span_of
from bitloot_http.pages.console.words import DeedWords, deed

BY, WHY = "admin:nobody", "to see whether it could be"
SUBJECT = "subject"
"""The field of the form that says what exactly."""
DECIDES_MONEY = frozenset(
    {Action.REFUND, Action.ACCEPT_PAYMENT, Action.REPLACE_KEY, Action.RETURN_KEYS, Action.REBUY, Action.FORGET}
)
"""What moves money or cannot be taken back: it takes a secret once more."""


@attrs.frozen(kw_only=True)
class Option:
    """
    What exactly it can be done to.

    Attributes:
        value: its name; empty for the order as a whole.
        note: what to know of it beside; empty for nothing.
    """

    value: str
    text: str
    note: str = ""


@attrs.frozen(kw_only=True)
class Choice:
    """Something that can be decided now."""

    action: Action
    words: DeedWords
    options: tuple[Option, ...]
    needs_proof: bool


@attrs.frozen(kw_only=True)
class Closed:
    """Something that cannot be decided now, and why."""

    name: str
    why: str


_Candidate: TypeAlias = tuple[Option, c.OrderCommand]
_WHOLE = Option(value="", text="")


def choices(order: Order, now: datetime, policy: Policy) -> tuple[tuple[Choice, ...], tuple[Closed, ...]]:
    """What can be decided now, and what cannot."""
    found = [_choice(action, order, now, policy) for action in _CANDIDATES]
    return (
        tuple(one for one in found if isinstance(one, Choice)),
        tuple(one for one in found if isinstance(one, Closed)),
    )


def _choice(action: Action, order: Order, now: datetime, policy: Policy) -> Choice | Closed:
    candidates = tuple(_CANDIDATES[action](order, now))
    refusals = [_refusal(order, command, now, policy) for _, command in candidates]
    options = tuple(option for (option, _), refusal in zip(candidates, refusals, strict=True) if refusal is None)
    words = deed(action)
    if options:
        return Choice(action=action, words=words, options=options, needs_proof=action in DECIDES_MONEY)
    return Closed(name=words.name, why=next((why for why in refusals if why), words.nothing))


def _refusal(order: Order, command: c.OrderCommand, now: datetime, policy: Policy) -> str | None:
    """Why it is refused; empty if nothing would come of it; None if it can be done."""
    try:
        return None if decide(order, command, now=now, policy=policy) else ""
    except TransitionRefused as refusal:
        return refusal.reason
    except NotFound:
        return ""


def _retry(_: Order, __: datetime) -> Iterator[_Candidate]:
    yield _WHOLE, c.RetryOrder(by=BY, reason=WHY)


def _resend(_: Order, now: datetime) -> Iterator[_Candidate]:
    yield _WHOLE, c.IssueLink(link_id=LinkId("none"), expires_at=now, by=BY)


def _cancel(_: Order, __: datetime) -> Iterator[_Candidate]:
    yield _WHOLE, c.CancelOrder(by=BY, reason=WHY)


def _refund(_: Order, __: datetime) -> Iterator[_Candidate]:
    yield _WHOLE, c.RecordRefund(by=BY, reason=WHY)


def _accept(order: Order, _: datetime) -> Iterator[_Candidate]:
    for payment in order.payments:
        if isinstance(payment, ShortPayment | ReviewedPayment | StrayPayment | VoidPayment):
            name = name_of(payment)
            yield (
                Option(value=name, text=f"{name}: {received_of(payment) or 'nothing'} arrived"),
                c.AcceptPayment(gateway_id=name, by=BY, reason=WHY),
            )


def _replace(order: Order, _: datetime) -> Iterator[_Candidate]:
    for unit in order.held:
        yield (
            Option(value=unit.id, text=f"{unit.id}: {order.line(unit.line).title}"),
            ReplaceKey(unit_id=unit.id, from_supplier=False, by=BY, reason=WHY),
        )


def _return(order: Order, now: datetime) -> Iterator[_Candidate]:
    for res in order.reservations:
        name = supplier_order_of(res)
        if name is not None:
            end = returnable_until(order, res)
            left = "" if end is None else f"Until {end:%Y-%m-%d %H:%M} UTC: {span_of(end - now)} left."
            yield (
                Option(value=name, text=f"{name} (purchase {res.plan.number})", note=left),
                ReturnKeys(supplier_order_id=name, by=BY, reason=WHY),
            )


def _rebuy(_: Order, __: datetime) -> Iterator[_Candidate]:
    yield _WHOLE, Rebuy(by=BY, reason=WHY)


def _park(_: Order, __: datetime) -> Iterator[_Candidate]:
    yield _WHOLE, ParkOrder(by=BY, reason=WHY)


def _unpark(_: Order, __: datetime) -> Iterator[_Candidate]:
    yield _WHOLE, UnparkOrder(by=BY, reason=WHY)


def _forget(_: Order, __: datetime) -> Iterator[_Candidate]:
    yield _WHOLE, c.ForgetBuyer(by=BY, reason=WHY)


_CANDIDATES: Mapping[Action, Callable[[Order, datetime], Iterable[_Candidate]]] = {
    Action.RETRY: _retry,
    Action.RESEND: _resend,
    Action.ACCEPT_PAYMENT: _accept,
    Action.REBUY: _rebuy,
    Action.REPLACE_KEY: _replace,
    Action.RETURN_KEYS: _return,
    Action.PARK: _park,
    Action.UNPARK: _unpark,
    Action.CANCEL: _cancel,
    Action.REFUND: _refund,
    Action.FORGET: _forget,
}
"""In the order in which they are shown."""
