"""
What an endpoint is: a handler, and everything that is promised of it.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import attrs
from aiohttp import web

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Access(enum.Enum):
    """Who may call an endpoint; the value says it to people."""

    ANYBODY = "anybody"
    BUYER = "the buyer, with the order's access token"
    BUYER_OR_STAFF = "the buyer, with the order's access token; or the staff"
    LINK = "whoever has the delivery link"
    SENDER = "the vendor, who signs"
    READ = "the staff, with the scope `read`"
    OPERATE = "the staff, with the scope `operate`"
    KEYS = "the staff, with the scope `keys`"
    MACHINE = "this machine, or whoever has METRICS_TOKEN"

    @property
    def is_by_token(self) -> bool:
        """Whether a bearer token is asked for."""
        return self in {Access.BUYER, Access.BUYER_OR_STAFF, Access.READ, Access.OPERATE, Access.KEYS}


@attrs.frozen(kw_only=True)
class Parameter:
    """A part of a path: what it must look like to be matched at all, and what it means."""

    pattern: str
    text: str


@attrs.frozen(kw_only=True)
class Endpoint:
    """
    One thing that can be asked.

    Attributes:
        group: the chapter of `/docs`.
        status: that of success.
        answer: what it answers then, as JSON; None for an empty body.
        media: the media types of what it answers instead, where it is asked to or always does.
        also: what it answers with other statuses that are no problems.
        body_optional: whether it can be asked without the body.
        headers: what it reads from the headers, with their meaning.
        problems: the statuses that it can refuse with, besides 500.
    """

    method: str
    path: str
    handler: Handler
    group: str
    summary: str
    access: Access = Access.ANYBODY
    status: int = 200
    body: type[Any] | None = None
    query: type[Any] | None = None
    answer: type[Any] | None = None
    media: tuple[str, ...] = ()
    also: Mapping[int, type[Any]] = attrs.field(factory=dict)
    body_optional: bool = False
    headers: Mapping[str, str] = attrs.field(factory=dict)
    problems: tuple[int, ...] = ()
