"""
What may go wrong with an API call, as data, and the script that says when.

What lives here: faults, the names of the calls, the queue. What must not: the calls themselves (`api.py`).
"""

from __future__ import annotations

from collections import deque
from typing import Final, TypeAlias

import attrs

from .canonical import JsonObject
from .errors import ApiError, internal_error

CALLS: Final = (
    "GET /status",
    "GET /currencies",
    "GET /full-currencies",
    "GET /merchant/coins",
    "GET /min-amount",
    "GET /estimate",
    "POST /payment",
    "GET /payment/{id}",
    "GET /payment/",
    "POST /payment/{id}/update-merchant-estimate",
    "POST /invoice",
    "POST /invoice-payment",
    "POST /auth",
)

PUBLISHED_LIMITS: Final = {"GET /estimate": 7, "POST /payment": 3}
"""Requests per second that the help centre names; the rest is unpublished."""


@attrs.frozen(kw_only=True)
class HtmlPage:
    """
    A page of the proxy in front, before authentication and without effect.

    **Source**: live answers; the 429 and the 502 of this vendor are HTML, the 429 without `Retry-After`.
    """

    status: int
    reason: str

    @property
    def body(self) -> bytes:
        """What nginx prints."""
        title = f"{self.status} {self.reason}"
        return (
            f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
            "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        ).encode()


@attrs.frozen
class Refuse:
    """The call is refused with the JSON envelope of an `ApiError`, without effect."""

    error: ApiError = attrs.field(factory=internal_error)


@attrs.frozen(kw_only=True)
class TimeOut:
    """The call has no effect and no answer; the connection is dropped in the end."""

    seconds: float = 60.0


@attrs.frozen(kw_only=True)
class AcceptThenTimeOut:
    """The call takes effect but is never answered; the connection is dropped in the end."""

    seconds: float = 60.0


@attrs.frozen
class DropConnection:
    """The connection is dropped at once, without effect."""


@attrs.frozen
class AcceptThenDrop:
    """The call takes effect, then the connection is dropped at once."""


@attrs.frozen(kw_only=True)
class AcceptThenAnswer:
    """The call takes effect but another answer comes back, such as the proxy's page."""

    answer: HtmlPage


@attrs.frozen(kw_only=True)
class Slow:
    """The call works, late."""

    seconds: float


@attrs.frozen
class Altered:
    """The call takes effect; fields of its JSON answer are replaced or added."""

    fields: JsonObject


@attrs.frozen(kw_only=True)
class RawAnswer:
    """These very bytes come back, without effect."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"


ApiFault: TypeAlias = (
    HtmlPage
    | Refuse
    | TimeOut
    | AcceptThenTimeOut
    | DropConnection
    | AcceptThenDrop
    | AcceptThenAnswer
    | Slow
    | Altered
    | RawAnswer
)

TOO_MANY_REQUESTS: Final = HtmlPage(status=429, reason="Too Many Requests")
BAD_GATEWAY: Final = HtmlPage(status=502, reason="Bad Gateway")
SERVER_ERROR: Final = HtmlPage(status=500, reason="Internal Server Error")


class ApiFaults:
    """
    One queue of faults for each call; a call without an entry works.

    A fault that was set to stay is used when the queue is empty.
    """

    def __init__(self) -> None:
        self._queues: dict[str, deque[ApiFault | None]] = {call: deque() for call in CALLS}
        self._staying: dict[str, ApiFault] = {}

    def next(self, call: str, *faults: ApiFault | None) -> None:
        """
        Script the next requests of one call, one entry a request; none lets that request work.

        Raises:
            ValueError: no such call.
        """
        self._check(call)
        self._queues[call].extend(faults)

    def always(self, call: str, fault: ApiFault) -> None:
        """
        Let every request of a call go wrong until `clear`.

        Raises:
            ValueError: no such call.
        """
        self._check(call)
        self._staying[call] = fault

    def outage(self, fault: ApiFault = BAD_GATEWAY) -> None:
        """Let every request of every call go wrong until `clear`."""
        for call in CALLS:
            self.always(call, fault)

    def clear(self) -> None:
        """Let everything work again."""
        self._staying.clear()
        for queue in self._queues.values():
            queue.clear()

    def take(self, call: str) -> ApiFault | None:
        """The fault of the request that has just come in."""
        queue = self._queues[call]
        return queue.popleft() if queue else self._staying.get(call)

    def _check(self, call: str) -> None:
        if call not in self._queues:
            raise ValueError(f"unknown call {call!r}; known: {', '.join(CALLS)}")
