"""
The gate of the console: who looks, whether they may, and whether a form is ours.

Each form carries a token that follows from the session's cookie, and browsers say where it came from: both must fit.
A page that refreshes itself keeps no session alive.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import TypeAlias
from urllib.parse import quote

from aiohttp import web

from bitloot_core.values.secret import Secret
from bitloot_http.access import Scope
from bitloot_http.accounts.reception import session_over
from bitloot_http.accounts.visits import Client, Visit, is_form_token
from bitloot_http.edge import Edge, edge_of
from bitloot_http.pages.rendering import page
from bitloot_http.problems import HttpRefusal
from bitloot_http.rate import bucket_of
from bitloot_http.requests import client_address, read_form, refuse_cross_site, user_agent

HOME = "/console"
LOGIN = "/console/login"
FORM_TOKEN = "formToken"  # noqa: S105 - a field's name
PROOF = "proof"
REFRESH = "X-Console-Refresh"
"""Sent by the script with what it asks by itself."""
_ELSEWHERE = frozenset({"cross-site", "same-site"})
_LONGEST_ID = 128
_OUR_PATH = re.compile(r"/console(/[A-Za-z0-9._:/-]*)?(\?[A-Za-z0-9._~:@%+&=/-]*)?")

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
Look: TypeAlias = Callable[[web.Request, Visit], Awaitable[web.StreamResponse]]
Form: TypeAlias = Mapping[str, str]
Deed: TypeAlias = Callable[[web.Request, Visit, Form], Awaitable[web.StreamResponse]]


def looking(scope: Scope = Scope.READ) -> Callable[[Look], Handler]:
    """Let those of the staff look who may; others are asked to log in."""

    def dress(look: Look) -> Handler:
        @wraps(look)
        async def guarded(request: web.Request) -> web.StreamResponse:
            notes = REFRESH not in request.headers
            visit = await edge_of(request).reception.visit(session_id_of(request), notes=notes)
            if visit is None:
                return _to_login(request)
            require(visit, scope)
            return await look(request, visit)

        return guarded

    return dress


def acting(scope: Scope) -> Callable[[Deed], Handler]:
    """Let those of the staff send a form who may, if it is a form of ours and of this very session."""

    def dress(act: Deed) -> Handler:
        @wraps(act)
        async def guarded(request: web.Request) -> web.StreamResponse:
            form = await read_own_form(request)
            visit = await edge_of(request).reception.visit(session_id_of(request), notes=True)
            if visit is None:
                raise session_over()
            require(visit, scope)
            return await act(request, visit, form)

        return guarded

    return dress


async def read_own_form(request: web.Request) -> Form:
    """
    Read a form that our own page sent, in this very session.

    Raises:
        HttpRefusal: it came from elsewhere (`cross-site`), or its token does not fit (`form-outdated`).
    """
    refuse_cross_site(request, edge_of(request).settings.public_url)
    form = await read_form(request)
    session_id = session_id_of(request)
    if not session_id.reveal() or not is_form_token(session_id, form.get(FORM_TOKEN, "")):
        raise HttpRefusal("form-outdated", "The form is not of this session: load the page again.")
    return form


async def require_proof(request: web.Request, visit: Visit, form: Form) -> None:
    """
    Ask for a secret once more before what cannot be undone, unless one was given within the last minutes.

    Raises:
        HttpRefusal: none was given, or it was wrong (`proof-needed`), or too often (`too-many-requests`).
    """
    if visit.is_proved:
        return
    given = form.get(PROOF, "").strip()
    if not given:
        raise HttpRefusal("proof-needed", "Give a code of your app, or your password, once more.")
    if not await edge_of(request).reception.prove(visit, given, client_of(request)):
        raise HttpRefusal("proof-needed", "That was neither your password nor a fresh code of your app.")


def require(visit: Visit, scope: Scope) -> None:
    """
    Let those through who may.

    Raises:
        HttpRefusal: they may not (`scope-missing`).
    """
    if scope not in visit.staff.scopes:
        raise HttpRefusal("scope-missing", f"The account {visit.staff.name} has no scope `{scope}`.")


def client_of(request: web.Request) -> Client:
    """Who asks."""
    address = client_address(request, edge_of(request).settings.trusted_proxies)
    return Client(address=address, bucket=bucket_of(address), agent=user_agent(request))


def session_id_of(request: web.Request) -> Secret:
    """What the browser holds; empty if it holds nothing."""
    held = request.cookies.get(cookie_name(edge_of(request)), "")
    return Secret(held if len(held) <= _LONGEST_ID else "")


def hold(edge: Edge, response: web.Response, session_id: Secret) -> web.Response:
    """Give the browser a session to hold, until it is closed."""
    response.set_cookie(
        cookie_name(edge), session_id.reveal(), path="/", httponly=True, samesite="Strict", secure=edge.is_secure
    )
    return response


def _to_login(request: web.Request) -> web.Response:
    """
    Lead somebody without a session to the login.

    Whoever came by another site's link may have one: a SameSite=Strict cookie is sent only with the next request, which
    a page of ours must make.
    """
    if request.headers.get("Sec-Fetch-Site") in _ELSEWHERE and not session_id_of(request).reveal():
        return page("console/arriving.html", here=inside(request.path_qs))
    return see(f"{LOGIN}?next={quote(request.path_qs, safe='/')}")


def let_go(edge: Edge, response: web.Response) -> web.Response:
    """Take it back."""
    response.del_cookie(cookie_name(edge), path="/", httponly=True, samesite="Strict", secure=edge.is_secure)
    return response


def cookie_name(edge: Edge) -> str:
    """Under TLS a browser takes this name over TLS only, for the whole of this host and for no other."""
    return "__Host-bl" if edge.is_secure else "bl"


def see(location: str) -> web.Response:
    """Lead the browser elsewhere."""
    return web.Response(status=303, headers={"Location": location, "Cache-Control": "no-store"})


def inside(path: str) -> str:
    """
    A place of the console, or its first page: nobody is led anywhere else.

    >>> inside("/console/orders?status=paid"), inside("//evil.example"), inside("/console/../admin")
    ('/console/orders?status=paid', '/console', '/console')
    """
    return path if _OUR_PATH.fullmatch(path) and ".." not in path and "//" not in path else HOME
