"""
`/docs`: the OpenAPI document as a page for people, without anybody else's script.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

import attrs
from aiohttp import web

from bitloot_http.openapi import document
from bitloot_http.pages.rendering import page
from bitloot_http.problem_kinds import KINDS


@attrs.frozen(kw_only=True)
class Row:
    """One row of a table: a parameter, a field or an answer."""

    name: str
    text: str
    where: str = ""
    type: str = ""
    link: str | None = None
    required: bool = True


@attrs.frozen(kw_only=True)
class Call:
    """One operation."""

    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[Row, ...]
    body: str | None
    answers: tuple[Row, ...]


@attrs.frozen(kw_only=True)
class Group:
    """The operations of one chapter."""

    name: str
    calls: tuple[Call, ...]


@attrs.frozen(kw_only=True)
class Shape:
    """One schema."""

    name: str
    text: str
    fields: tuple[Row, ...]


async def docs(_: web.Request) -> web.Response:
    """`GET /docs`."""
    api = document()
    return page(
        "docs.html",
        description=api["info"]["description"],
        groups=_groups(api),
        shapes=tuple(_shape(name, schema) for name, schema in api["components"]["schemas"].items()),
        problems=tuple(KINDS.items()),
    )


def _groups(api: Mapping[str, Any]) -> tuple[Group, ...]:
    operations = [
        (operation["tags"][0], _call(method, path, operation))
        for path, methods in api["paths"].items()
        for method, operation in methods.items()
    ]
    chapters = list(dict.fromkeys(name for name, _ in operations))
    operations.sort(key=lambda one: chapters.index(one[0]))
    return tuple(
        Group(name=name, calls=tuple(call for _, call in calls))
        for name, calls in groupby(operations, key=lambda one: one[0])
    )


def _call(method: str, path: str, operation: Mapping[str, Any]) -> Call:
    body = operation.get("requestBody")
    return Call(
        method=method,
        path=path,
        summary=operation["summary"],
        description=operation["description"],
        parameters=tuple(
            Row(name=one["name"], where=one["in"], text=one["description"]) for one in operation["parameters"]
        ),
        body=_linked(body["content"]["application/json"]["schema"]) if body else None,
        answers=tuple(_answers(operation["responses"])),
    )


def _answers(responses: Mapping[str, Any]) -> Iterable[Row]:
    for status, response in responses.items():
        schema: Mapping[str, Any] = next((one["schema"] for one in response.get("content", {}).values()), {})
        yield Row(name=status, text=response["description"].replace("`", ""), link=_linked(schema))


def _shape(name: str, schema: Mapping[str, Any]) -> Shape:
    required = set(schema.get("required", ()))
    return Shape(
        name=name,
        text=schema.get("description", ""),
        fields=tuple(
            Row(
                name=field,
                type=_typed(inner),
                link=_linked(inner),
                text=" ".join(filter(None, (inner.get("description", ""), _bounds(inner)))),
                required=field in required,
            )
            for field, inner in schema["properties"].items()
        ),
    )


def _linked(schema: Mapping[str, Any]) -> str | None:
    """The name of the schema that another one refers to, wherever in it."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    inner = [*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else [])]
    return next((name for one in inner if (name := _linked(one))), None)


def _typed(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_typed(one) for one in schema["anyOf"])
    if "items" in schema:
        return f"list of {_typed(schema['items'])}"
    return _linked(schema) or str(schema.get("type", "anything"))


def _bounds(schema: Mapping[str, Any]) -> str:
    words = {
        "minimum": "At least {}.",
        "maximum": "At most {}.",
        "minLength": "{} characters or more.",
        "maxLength": "At most {} characters.",
        "minItems": "{} or more.",
        "maxItems": "At most {}.",
        "format": "Format: {}.",
    }
    inner = [schema, *schema.get("anyOf", ())]
    said = [text.format(one[word]) for one in inner for word, text in words.items() if word in one]
    return " ".join([*said, *(f"One of {', '.join(one['enum'])}." for one in inner if "enum" in one)])
