"""
What is sent back: JSON views, problems, and nothing that a cache may keep.
"""

from __future__ import annotations

from aiohttp import web

from bitloot_http.outgoing import to_json
from bitloot_http.pages.rendering import page
from bitloot_http.problems import MEDIA_TYPE, Problem
from bitloot_http.requests import wants_page

_CONSOLE = "/console"
_NO_STORE = {"Cache-Control": "no-store"}


def json_response(view: object, *, status: int = 200) -> web.Response:
    """Answer a view as JSON."""
    return web.Response(body=to_json(view), status=status, content_type="application/json", headers=_NO_STORE)


def problem_response(request: web.Request, problem: Problem, request_id: str) -> web.Response:
    """Answer a problem: as a page to a person, as problem+json to a program."""
    if wants_page(request):
        template = "console/problem.html" if request.path.startswith(_CONSOLE) else "problem.html"
        response = page(
            template,
            problem.kind.status,
            title=problem.kind.title,
            advice=problem.kind.advice,
            detail=problem.detail if problem.errors else "",
            code=problem.code,
            status=problem.kind.status,
            request_id=request_id,
        )
    else:
        response = web.Response(
            body=problem.to_json(request_id),
            status=problem.kind.status,
            content_type=MEDIA_TYPE,
            headers=_NO_STORE,
        )
    response.headers.update(problem.headers)
    return response
