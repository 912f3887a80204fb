"""
The way in and out: password, second factor, the account itself, and the door.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from aiohttp import web

from bitloot_core.values.secret import Secret
from bitloot_http.access import Scope
from bitloot_http.accounts.visits import Visit, ends_at, form_token_of, new_session_id
from bitloot_http.edge import edge_of
from bitloot_http.handlers.console.gate import (
    LOGIN,
    Form,
    acting,
    client_of,
    hold,
    inside,
    let_go,
    looking,
    read_own_form,
    see,
    session_id_of,
)
from bitloot_http.handlers.console.screen import screen
from bitloot_http.pages.rendering import page
from bitloot_http.problems import HttpRefusal

CODE = "/console/login/code"
_REFUSED, _TOO_MANY = 403, 429
_OUR_ID = re.compile(r"[A-Za-z0-9_-]{43}")


async def ask(request: web.Request) -> web.Response:
    """`GET /console/login`: asks for name and password, whoever comes."""
    edge = edge_of(request)
    next_path = request.query.get("next", "")
    held = session_id_of(request)
    if await edge.reception.visit(held, notes=False) is not None:
        return see(inside(next_path))
    # What is held here opens nothing: the form's token follows from it. Another tab may show the form already.
    session_id = held if _OUR_ID.fullmatch(held.reveal()) else new_session_id()
    return hold(edge, _asked("login.html", session_id, next_path, name=""), session_id)


async def log_in(request: web.Request) -> web.Response:
    """`POST /console/login`: the password; what is held after it is fresh, and only waits for the second factor."""
    edge = edge_of(request)
    form = await read_own_form(request)
    name, next_path, held = form.get("name", ""), form.get("next", ""), session_id_of(request)
    try:
        session_id = await edge.reception.log_in(name, Secret(form.get("password", "")), client_of(request))
    except HttpRefusal as refusal:
        return _asked("login.html", held, next_path, refusal, name=name)
    if session_id is None:
        return _asked("login.html", held, next_path, "The name or the password is wrong.", name=name)
    return hold(edge, see(f"{CODE}?next={quote(inside(next_path), safe='/')}"), session_id)


async def ask_code(request: web.Request) -> web.Response:
    """`GET /console/login/code`: asks for the second factor, after the password."""
    session_id = session_id_of(request)
    if not await edge_of(request).reception.waits(session_id):
        return see(LOGIN)
    return _asked("code.html", session_id, request.query.get("next", ""))


async def finish(request: web.Request) -> web.Response:
    """`POST /console/login/code`: the second factor; what is held after it is fresh again."""
    edge = edge_of(request)
    form = await read_own_form(request)
    next_path, held = form.get("next", ""), session_id_of(request)
    try:
        session_id = await edge.reception.finish(held, form.get("code", ""), client_of(request))
    except HttpRefusal as refusal:
        return see(LOGIN) if refusal.code == "session-over" else _asked("code.html", held, next_path, refusal)
    if session_id is None:
        wrong = "The code is wrong, or was used before. Wait for the next one."
        return _asked("code.html", held, next_path, wrong)
    return hold(edge, see(inside(next_path)), session_id)


async def log_out(request: web.Request) -> web.Response:
    """`POST /console/logout`: ends this session; safe to press when it has ended already."""
    edge = edge_of(request)
    await read_own_form(request)
    await edge.reception.log_out(session_id_of(request))
    return let_go(edge, see(LOGIN))


@looking()
async def account(request: web.Request, visit: Visit) -> web.Response:
    """`GET /console/account`: one's own account and sessions."""
    sessions = await edge_of(request).reception.sessions_of(visit)
    return await screen(request, visit, "account.html", sessions=[(one, ends_at(one)) for one in sessions])


@acting(Scope.READ)
async def log_out_everywhere(request: web.Request, visit: Visit, _: Form) -> web.Response:
    """`POST /console/logout/everywhere`."""
    edge = edge_of(request)
    await edge.reception.log_out_everywhere(visit)
    return let_go(edge, see(LOGIN))


def _asked(
    template: str, session_id: Secret, next_path: str, wrong: str | HttpRefusal = "", **values: object
) -> web.Response:
    """A form, with what was wrong about what was sent with it before."""
    status = _TOO_MANY if isinstance(wrong, HttpRefusal) else _REFUSED if wrong else 200
    response = page(
        f"console/{template}",
        status,
        form_token=form_token_of(session_id),
        wrong=str(wrong),
        next=inside(next_path),
        **values,
    )
    if isinstance(wrong, HttpRefusal):
        response.headers.update(wrong.headers)
    return response
