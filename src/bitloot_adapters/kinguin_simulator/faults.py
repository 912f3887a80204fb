"""
What can go wrong with one call of the API, and the script that says which call it hits.

A fault is a value; `server` carries it out. Standing switches are in `knobs`, faults of webhooks in `webhook_faults`.
"""

from __future__ import annotations

import random
from collections import defaultdict, deque
from collections.abc import Mapping
from datetime import timedelta
from typing import Literal, TypeAlias, get_args

import attrs

from bitloot_adapters.kinguin_simulator.errors import STATUS_OF_KIND, Refusal

Call = Literal[
    "POST /v2/order",
    "GET /v1/order/{orderId}",
    "GET /v1/order",
    "GET /v2/order/{orderId}/keys",
    "POST /v2/order/{orderId}/keys/return",
    "GET /v1/balance",
    "GET /v2/products/{productId}",
    "GET /v1/products",
]
CALLS: tuple[Call, ...] = get_args(Call)
LONG = timedelta(minutes=5)


@attrs.frozen(kw_only=True)
class AcceptThenTimeOut:
    """
    The call takes effect; the answer is held back for `hold`, longer than the client waits.
    """

    hold: timedelta = LONG


@attrs.frozen(kw_only=True)
class AcceptThenDrop:
    """
    The call takes effect; the connection is cut instead of an answer.
    """


@attrs.frozen(kw_only=True)
class AcceptThenFail:
    """
    The call takes effect; the answer is the JSON error `Error` with this status.
    """

    status: int = 500


@attrs.frozen(kw_only=True)
class AcceptThenGarble:
    """
    The call takes effect; the answer has its status, but this body in the place of JSON.
    """

    body: bytes = b'{"orderId": "PHS8'
    content_type: str = "application/json"


@attrs.frozen(kw_only=True)
class AcceptThenAlter:
    """
    The call takes effect; the answer's JSON object has these fields replaced (a value of None removes one).
    """

    fields: Mapping[str, object]

    def applied_to(self, payload: object) -> object:
        """
        Return the altered JSON object; a list stays as it is.
        """
        if not isinstance(payload, dict):
            return payload
        return {name: value for name, value in (payload | dict(self.fields)).items() if value is not None}


@attrs.frozen(kw_only=True)
class LateEffect:
    """
    No answer: the connection is cut after `hold`, and the call takes effect `after` the request came in.
    """

    after: timedelta
    hold: timedelta = timedelta(0)


@attrs.frozen(kw_only=True)
class DropUnheard:
    """
    No answer and no effect: the connection is cut after `hold`.
    """

    hold: timedelta = timedelta(0)


@attrs.frozen(kw_only=True)
class Refuse:
    """
    No effect: the answer is the JSON error of this kind.

    `status` None takes the kind's usual one; `detail` None leaves the reason out.
    """

    kind: str
    status: int | None = None
    detail: str | None = None
    property_path: str | None = None

    def refusal(self) -> Refusal:
        """
        Return the answer that is given in the place of the call's own.
        """
        status = STATUS_OF_KIND[self.kind] if self.status is None else self.status
        return Refusal(kind=self.kind, status=status, detail=self.detail, property_path=self.property_path)


@attrs.frozen(kw_only=True)
class GatewayPage:
    """
    No effect: a gateway in front answers with an HTML page (429, 502 or 503); `retry_after` in seconds.
    """

    status: int = 503
    retry_after: int | None = None


@attrs.frozen(kw_only=True)
class Slow:
    """
    The call is carried out and answered only after `by`; a client that gives up meanwhile has done nothing.
    """

    by: timedelta


@attrs.frozen(kw_only=True)
class WebhookFirst:
    """
    The order is placed and delivered, and its webhooks are sent, before the call is answered.

    `within` bounds the wait for a receiver that does not answer.
    """

    within: timedelta = timedelta(seconds=5)


SpoiltAnswer: TypeAlias = AcceptThenTimeOut | AcceptThenDrop | AcceptThenFail | AcceptThenGarble | AcceptThenAlter
Fault: TypeAlias = SpoiltAnswer | LateEffect | DropUnheard | Refuse | GatewayPage | Slow | WebhookFirst


class Faults:
    """
    The script: faults queued for the next calls first, then the standing one, then the dice.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._queued: defaultdict[Call, deque[Fault | None]] = defaultdict(deque)
        self._standing: dict[Call, Fault] = {}
        self._rates: defaultdict[Call, list[tuple[float, Fault]]] = defaultdict(list)

    def next(self, call: Call, *faults: Fault | None) -> None:
        """
        Let the next calls of that name meet these faults, one each; None lets one call pass.
        """
        self._queued[_known(call)].extend(faults)

    def burst(self, call: Call, fault: Fault, count: int) -> None:
        """
        Let the next `count` calls of that name meet the same fault.
        """
        self.next(call, *[fault] * count)

    def always(self, call: Call, fault: Fault) -> None:
        """
        Let each call of that name meet the fault until `clear`.
        """
        self._standing[_known(call)] = fault

    def rate(self, call: Call, fault: Fault, probability: float) -> None:
        """
        Let each call of that name meet the fault with that probability, by the simulator's own dice.
        """
        self._rates[_known(call)].append((probability, fault))

    def clear(self) -> None:
        """
        Forget every fault that has not happened yet.
        """
        self._queued.clear()
        self._standing.clear()
        self._rates.clear()

    def take(self, call: Call) -> Fault | None:
        """
        Return the fault that the call which has just come in meets, or None.
        """
        if self._queued.get(call):
            return self._queued[call].popleft()
        if call in self._standing:
            return self._standing[call]
        for probability, fault in self._rates.get(call, ()):
            if self._rng.random() < probability:
                return fault
        return None


def _known(call: Call) -> Call:
    if call not in CALLS:
        raise ValueError(call)
    return call
