"""
`/openapi.json`, made from the endpoints that the router is built from and from the classes that bodies are read into.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from aiohttp import web

from bitloot_http.endpoints import ENDPOINTS, PARAMETERS, Access, Endpoint
from bitloot_http.problem_kinds import KINDS
from bitloot_http.problems import MEDIA_TYPE, ProblemView
from bitloot_http.responses import json_response
from bitloot_http.schema import parameters_of, reference_to, schemas_of

DESCRIPTION = (
    "A shop for game keys, paid with crypto. JSON is camelCase; times are ISO 8601 in UTC; money is an exact decimal "
    "text with its currency. Fields may be added to what is answered; what is sent may have no other than described. "
    "A browser, which asks for `text/html`, gets a page instead of a problem."
)
_IN_PATH = re.compile(r"\{(\w+)\}")
_UNEXPECTED = 500


async def openapi(_: web.Request) -> web.Response:
    """`GET /openapi.json`."""
    return json_response(document())


@cache
def document() -> dict[str, Any]:
    """The whole document (OpenAPI 3.1)."""
    from importlib.metadata import version

    paths: dict[str, dict[str, Any]] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method] = _operation(endpoint)
    taken = [endpoint.body for endpoint in ENDPOINTS if endpoint.body is not None]
    given = [kind for endpoint in ENDPOINTS for kind in (endpoint.answer, *endpoint.also.values()) if kind is not None]
    return {
        "openapi": "3.1.0",
        "info": {"title": "BitLoot", "version": version("bitloot"), "description": DESCRIPTION},
        "paths": paths,
        "components": {
            "schemas": schemas_of(taken=taken, given=(*given, ProblemView)),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": endpoint.handler.__module__.rpartition(".")[2] + "." + endpoint.handler.__name__,
        "summary": endpoint.summary,
        "description": f"For {endpoint.access.value}.",
        "tags": [endpoint.group],
        "parameters": _parameters(endpoint),
        "responses": {
            str(endpoint.status): _success(endpoint),
            **{str(status): _answered("Not so.", kind) for status, kind in endpoint.also.items()},
            **{str(status): _problem(status) for status in (*endpoint.problems, _UNEXPECTED)},
        },
    }
    if endpoint.body is not None:
        operation["requestBody"] = {
            "required": not endpoint.body_optional,
            "content": {"application/json": {"schema": reference_to(endpoint.body)}},
        }
    elif endpoint.access is Access.SENDER:
        operation["requestBody"] = {
            "description": "The vendor's own. What is signed is taken, whatever it says.",
            "required": False,
            "content": {"application/json": {"schema": {}}},
        }
    if endpoint.access.is_by_token:
        operation["security"] = [{"token": []}]
    return operation


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    in_path = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": PARAMETERS[name].text,
            "schema": {"type": "string", "pattern": f"^(?:{PARAMETERS[name].pattern})$"},
        }
        for name in _IN_PATH.findall(endpoint.path)
    ]
    in_headers = [
        {"name": name, "in": "header", "required": False, "description": text, "schema": {"type": "string"}}
        for name, text in endpoint.headers.items()
    ]
    return in_path + (parameters_of(endpoint.query) if endpoint.query else []) + in_headers


def _success(endpoint: Endpoint) -> dict[str, Any]:
    as_text = {media: {"schema": {"type": "string"}} for media in endpoint.media}
    return _answered("Done.", endpoint.answer, as_text)


def _answered(told: str, answer: type[Any] | None, as_text: Mapping[str, Any] | None = None) -> dict[str, Any]:
    as_json = {} if answer is None else {"application/json": {"schema": reference_to(answer)}}
    content = as_json | dict(as_text or {})
    return {"description": told, **({"content": content} if content else {})}


def _problem(status: int) -> dict[str, Any]:
    codes = ", ".join(f"`{code}`" for code, kind in KINDS.items() if kind.status == status)
    return {"description": f"One of {codes}.", "content": {MEDIA_TYPE: {"schema": reference_to(ProblemView)}}}
