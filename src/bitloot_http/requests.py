"""
What can be read off a request: its body under a limit, its sender behind trusted proxies, what it wants to be answered.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias, TypeVar
from urllib.parse import parse_qsl

import msgspec
from aiohttp import hdrs, web

from bitloot_http.problems import HttpRefusal
from bitloot_http.schema import structure, structure_query
from bitloot_http.variables import Network

T = TypeVar("T")
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

MOST_BYTES = 64 * 1024
"""No body that anybody has to send us is larger."""
_BODY_SECONDS = 10.0
"""The server itself waits for a body for ever."""
_MOST_FIELDS = 500
_LONGEST_AGENT = 256
_HOP = re.compile(r"(?:\[(?P<bracketed>[0-9A-Fa-f:.]+)\]|(?P<plain>[0-9.]+))(?::[0-9]{1,5})?")


async def read_body(request: web.Request) -> bytes:
    """
    Read the raw body.

    Raises:
        HttpRefusal: it has more than 64 KiB (`body-too-large`), or is packed, so that its raw bytes never reach us
            (`unsupported-media-type`).
    """
    if hdrs.CONTENT_ENCODING in request.headers:
        raise HttpRefusal("unsupported-media-type", "Send the body as it is, without a Content-Encoding.")
    if (request.content_length or 0) > MOST_BYTES:
        raise _too_large()
    if request.content.is_eof():  # it came with its headers, as a small one does
        body = request.content.read_nowait()
        if len(body) > MOST_BYTES:
            raise _too_large()
        return body
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size > MOST_BYTES:
            raise _too_large()
        chunks.append(chunk)
    return b"".join(chunks)


async def read_json(request: web.Request, cls: type[T]) -> T:
    """
    Read a JSON body of a known shape.

    Raises:
        HttpRefusal: it is no JSON, is said to be something else, is too large, or does not come.
        InvalidBody: it has another shape.
    """
    if request.content_type != "application/json":
        raise HttpRefusal("unsupported-media-type", "Say `Content-Type: application/json`.")
    body = await _in_time(request)
    try:
        payload = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise HttpRefusal("malformed-json", "The body is not valid JSON.") from None
    return structure(payload, cls)


async def read_form(request: web.Request) -> Mapping[str, str]:
    """
    Read the fields of a form.

    Raises:
        HttpRefusal: it is no form, is too large, or does not come.
    """
    if request.content_type != "application/x-www-form-urlencoded":
        raise HttpRefusal("unsupported-media-type", "A form was expected.")
    body = await _in_time(request)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise HttpRefusal("malformed-request", "The form cannot be read.") from None


def read_query(request: web.Request, cls: type[T]) -> T:
    """
    Read the query string.

    Raises:
        InvalidBody: it has another shape.
        HttpRefusal: a parameter is there twice (`malformed-request`).
    """
    if len(set(request.query)) != len(request.query):
        raise HttpRefusal("malformed-request", "A parameter is there twice.")
    return structure_query(request.query, cls)


def client_address(request: web.Request, trusted: Sequence[Network]) -> str:
    """
    The address that a request came from.

    `X-Forwarded-For` is read from its end, and only as far as trusted proxies wrote it: what stands before them is what
    the client says of itself. If such a proxy wrote no address, it is the proxy's.
    """
    return str(_origin(request, trusted) or request.remote or "")


def is_from_this_machine(request: web.Request, trusted: Sequence[Network]) -> bool:
    """Whether nobody but this machine asks; a request that a proxy we do not trust handed on may be anybody's."""
    was_handed_on = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    if was_handed_on and not _is_in(_parsed(request.remote or ""), trusted):
        return False
    origin = _origin(request, trusted)
    return origin is not None and origin.is_loopback


def user_agent(request: web.Request) -> str:
    """What the client calls itself, fit to be kept."""
    raw = request.headers.get(hdrs.USER_AGENT, "")
    return "".join(character for character in raw if character.isprintable())[:_LONGEST_AGENT]


def wants_page(request: web.Request) -> bool:
    """
    Whether a person looks: browsers ask for HTML and never for JSON.

    A client that asks for nothing in particular is a program.
    """
    accept = request.headers.get(hdrs.ACCEPT, "")
    return "text/html" in accept and "json" not in accept


def wants_json(request: web.Request) -> bool:
    """Whether JSON was asked for by name."""
    return "application/json" in request.headers.get(hdrs.ACCEPT, "")


def refuse_cross_site(request: web.Request, own_origin: str) -> None:
    """
    Refuse a form that another site's page sent.

    For forms that carry a proof of their own (a link's token, a token of the session): pages whose address is a secret
    send no referrer, and browsers without `Sec-Fetch-Site` then say `Origin: null`, which is not held against them.
    Programs send neither.

    Raises:
        HttpRefusal: it came from another site (`cross-site`).
    """
    _refuse_foreign(request, own_origin, "null")


def require_own_page(request: web.Request, own_origin: str) -> None:
    """
    Refuse a form that no page of ours sent, where a cookie alone opens.

    Anybody can make a browser say `Origin: null`. So such a page lets the browser name its origin: see `own_form_page`.

    Raises:
        HttpRefusal: it came from another site, or from nobody who can be named (`cross-site`).
    """
    _refuse_foreign(request, own_origin)


def _refuse_foreign(request: web.Request, *ours: str) -> None:
    site = request.headers.get("Sec-Fetch-Site")
    is_ours = request.headers.get(hdrs.ORIGIN) in {None, *ours} if site is None else site in {"same-origin", "none"}
    if not is_ours:
        raise HttpRefusal("cross-site", "Only our own pages may send this form.")


async def _in_time(request: web.Request) -> bytes:
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            return await read_body(request)
    except TimeoutError:
        raise HttpRefusal("malformed-request", "The body did not come in time.") from None


def _origin(request: web.Request, trusted: Sequence[Network]) -> Address | None:
    """The first that is no trusted proxy, going back; None if a proxy named none."""
    address = _parsed(request.remote or "")
    hops = [hop.strip() for value in request.headers.getall("X-Forwarded-For", ()) for hop in value.split(",")]
    while hops and _is_in(address, trusted):
        address = _of_hop(hops.pop())
    return address


def _of_hop(hop: str) -> Address | None:
    """An address as proxies write it: some put the port behind, and an IPv6 address in brackets."""
    found = _HOP.fullmatch(hop)
    return _parsed((found["bracketed"] or found["plain"]) if found else hop)


def _parsed(address: str) -> Address | None:
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return None


def _is_in(address: Address | None, networks: Sequence[Network]) -> bool:
    return address is not None and any(address in network for network in networks)


def _too_large() -> HttpRefusal:
    return HttpRefusal("body-too-large", f"At most {MOST_BYTES} bytes are read.")
