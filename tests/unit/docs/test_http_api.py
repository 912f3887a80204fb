"""
The examples of docs/http-api.md, carried out from top to bottom against the real application on fakes.

An answer must have the status and the shape that the page shows: the same fields at every depth, of the same types. The
words that a client branches on (`status`, `code`, `event`...) must be the very same ones.
"""

import io
import json
import re
import shlex
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
import structlog
from aiohttp import ClientResponse
from http_world import BOOTSTRAP, World, running

from bitloot_core.values.ids import OrderId
from bitloot_http.logs import configure_logs
from bitloot_http.problem_kinds import KINDS
from doc_pages import ROOT, Fence, fences
from write_docs import PARTS

PAGE = ROOT / "docs" / "http-api.md"
TELLING = {
    "status",
    "code",
    "event",
    "type",
    "title",
    "source",
    "actor",
    "delivered",
    "owed",
    "quantity",
    "supplierStatus",
}
GIVEN = "<!-- given: the buyer pays, and the supplier delivers -->"


@attrs.frozen(kw_only=True)
class Example:
    """A request as the page shows it, and its answer."""

    line: int
    command: str
    status: int
    body: Any
    is_after_delivery: bool


def examples(page: Path) -> Iterator[Example]:
    """Each `curl` of the page with the answer below it."""
    delivered = next(
        number for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1) if line == GIVEN
    )
    asked: Fence | None = None
    for fence in fences(page):
        if fence.language == "http":
            assert asked is not None, f"line {fence.line}: an answer to nothing"
            head, _, body = fence.text.partition("\n\n")
            yield Example(
                line=asked.line,
                command=asked.text.strip().removeprefix("$ "),
                status=int(head.split()[1]),
                body=json.loads(body) if body.strip() else None,
                is_after_delivery=asked.line > delivered,
            )
            asked = None
        elif fence.language == "console":
            assert asked is None, f"line {fence.line}: the request before it has no answer"
            asked = fence


@attrs.frozen(kw_only=True)
class Curl:
    """What a `curl` command asks for."""

    method: str
    url: str
    headers: dict[str, str]
    data: str | None


def parsed(command: str) -> Curl:
    """Read the few options that the page uses; another one is a mistake on the page."""
    words = shlex.split(command)
    assert words.pop(0) == "curl"
    method, url, data, headers = None, "", None, {"User-Agent": "curl/8.5.0", "Accept": "*/*"}
    while words:
        match words.pop(0):
            case "-s":
                continue
            case "-X":
                method = words.pop(0)
            case "-d":
                data = words.pop(0)
            case "-H":
                name, _, value = words.pop(0).partition(": ")
                headers[name] = value
            case address:
                assert not address.startswith("-"), address
                url = address
    return Curl(method=method or ("GET" if data is None else "POST"), url=url, headers=headers, data=data)


def filled(text: str, values: dict[str, str]) -> str:
    """The text with its shell variables put in."""
    return re.sub(r"\$([A-Z]+)", lambda found: values[found[1]], text)


def assert_alike(shown: Any, got: Any, where: str) -> None:
    """The same shape, and the same words where a client branches on them."""
    if isinstance(shown, dict):
        assert isinstance(got, dict), where
        assert set(shown) == set(got), where
        for name, value in shown.items():
            if name in TELLING:
                assert value == got[name], f"{where}.{name}"
            else:
                assert_alike(value, got[name], f"{where}.{name}")
    elif isinstance(shown, list):
        assert isinstance(got, list), where
        assert bool(shown) == bool(got), where
        for number, value in enumerate(shown):
            assert_alike(value, got[number], f"{where}[{number}]")
    else:
        assert type(shown) is type(got), where


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A running application that sells one product, whose log is its own affair."""
    configure_logs("error", stream=io.StringIO(), as_json=True)
    async with running() as one:
        yield one
    structlog.reset_defaults()


async def carried_out(world: World, example: Example, values: dict[str, str]) -> ClientResponse:
    """Ask what the example asks."""
    asked = parsed(filled(example.command, values))
    return await world.client.request(asked.method, asked.url, headers=asked.headers, data=asked.data)


async def deliver(world: World, values: dict[str, str]) -> None:
    """The buyer pays the newest payment, the supplier delivers, and the link is mailed."""
    order_id = OrderId(values["ORDER"])
    await world.fakes.fulfil(order_id)
    values["LINK"] = world.fakes.token()


async def test_each_example_is_answered_as_the_page_shows(world: World) -> None:
    """A page that shows what never comes is worse than none."""
    values = {"SHOP": "", "ADMIN": BOOTSTRAP}
    tried = 0

    for example in examples(PAGE):
        if example.is_after_delivery and "LINK" not in values:
            await deliver(world, values)
        answer = await carried_out(world, example, values)
        where = f"{PAGE.name}:{example.line}"
        assert example.status == answer.status, f"{where}: {await answer.text()}"
        got = await answer.json(content_type=None) if example.body is not None else None
        assert_alike(example.body, got, where)
        if example.status == 201 and "ORDER" not in values:
            values |= {"ORDER": got["orderId"], "TOKEN": got["accessToken"]}
        if example.command.endswith('/link -H "Authorization: Bearer $TOKEN"'):
            await world.fakes.work()
            values["LINK"] = world.fakes.token()
        tried += 1

    assert tried >= 12


@pytest.mark.parametrize("code", KINDS)
def test_each_problem_is_on_the_page(code: str) -> None:
    """Whatever a client can be refused with can be looked up; `tools/check_docs.py` keeps the table fresh."""
    assert f"| `{code}` |" in PARTS["problems"]()
    assert f"| `{code}` |" in PAGE.read_text(encoding="utf-8")


STATE = re.compile(r'code="([a-z-]+)"')
OF_JOBS = {"not-paid", "closed", "quiet-window", "operator-decides", "not-purchasable"}
"""Refusals that only a job meets, when it asks whether a purchase may be sent."""


def test_each_refusal_of_the_order_is_on_the_page() -> None:
    """409 carries the core's own words; a program can only branch on those that it was told of."""
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "src/bitloot_core/order").glob("decide*.py")]
    words = {word for source in sources for word in STATE.findall(source)} - OF_JOBS
    page = PAGE.read_text(encoding="utf-8")

    assert {word for word in words if f"`{word}`" not in page} == set()
