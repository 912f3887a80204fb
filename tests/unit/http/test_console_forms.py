"""No page for strangers, no form of others: the gate of the console."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from console_world import Console, at_the_door, form_token

from bitloot_http.accounts.visits import IDLE
from bitloot_http.handlers.console.routes import CONSOLE

STEP = timedelta(seconds=30)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def console() -> AsyncIterator[Console]:
    """One account, and nobody logged in."""
    async with at_the_door() as one:
        yield one


def is_in(answer: Any) -> bool:
    """Whether a page of the console was shown, and not the login."""
    return answer.status == 200 and not answer.headers.get("Location", "").startswith("/console/login")


POSTS = [path for method, path, _ in CONSOLE if method == "POST"]
FILLED = {
    "{orderId}": "order1",
    "{deed}": "retry",
    "{id}": "1",
    "{reservationId}": "FAKE1",
    "{productId}": "game",
    "{findingId}": "order1.f1",
}


def filled(path: str) -> str:
    """A path with something in each of its places."""
    return re.sub(r"\{\w+\}", lambda found: FILLED[found[0]], path)


@pytest.mark.parametrize("path", POSTS)
async def test_no_form_is_taken_without_its_token(console: Console, path: str) -> None:
    """Nor with another session's, nor from another site's page (CSRF)."""
    await console.log_in()
    own = form_token(await console.get("/console/account"))
    fields = {"reason": "because"}

    without = await console.send(filled(path), fields, token="")
    others = await console.send(filled(path), fields, token=own[:-1] + ("A" if own[-1] != "A" else "B"))
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://evil"}):
        foreign = await console.send(filled(path), fields, token=own, headers=headers)
        assert foreign.status == 403
        assert "came from another site" in await foreign.text()

    assert (without.status, others.status) == (403, 403)
    assert "out of date" in await without.text()


@pytest.mark.parametrize("path", [path for path in POSTS if "login" not in path and path != "/console/logout"])
async def test_no_form_is_taken_when_the_session_is_over(console: Console, path: str) -> None:
    """Its token still fits the cookie, and helps nothing."""
    await console.log_in()
    token = form_token(await console.get("/console/account"))
    await console.pass_time(IDLE)

    answer = await console.send(filled(path), {"reason": "because"}, token=token)

    assert answer.status == 401
    assert "The session has ended" in await answer.text()


@pytest.mark.parametrize("path", [path for method, path, _ in CONSOLE if method == "GET" and "login" not in path])
async def test_no_page_is_shown_to_strangers(console: Console, path: str) -> None:
    """Each leads to the login, and says nothing."""
    await console.world.placed()

    answer = await console.ask(filled(path))

    assert (answer.status, await answer.text()) == (303, "")
    assert answer.headers["Location"].startswith("/console/login?next=")


@pytest.mark.parametrize("path", ["/console/login", "/console/orders"])
async def test_pages_are_neither_kept_nor_framed(console: Console, path: str) -> None:
    """No cache keeps them, no other site frames them, and nothing runs or is fetched that is not ours."""
    if path != "/console/login":
        await console.log_in()

    answer = await console.ask(path)

    policy = answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    text = await answer.text()
    assert not re.search(r"<[^>]+\s(on\w+|style)=", text)
    assert not re.search(r"<(script|style)[^>]*>[^<]", text)


async def test_a_bearer_token_opens_no_page(console: Console) -> None:
    """Tokens are for programs, and sessions for people: neither stands for the other."""
    console.world.tokens.give("reader", "read")

    assert (await console.ask("/console/orders", Authorization="Bearer reader")).status == 303
    await console.log_in()
    assert (await console.world.client.get("/admin/orders")).status == 401


async def test_a_link_of_another_site_leads_in_all_the_same(console: Console) -> None:
    """A strict cookie does not come with it: a page of ours asks once more, and then it does."""
    came = await console.ask("/console/orders?status=paid", **{"Sec-Fetch-Site": "cross-site"})
    again = await console.ask("/console/orders?status=paid", **{"Sec-Fetch-Site": "same-origin"})

    text = await came.text()
    assert came.status == 200
    assert '<meta http-equiv="refresh" content="0">' in text
    assert 'href="/console/orders?status=paid"' in text
    assert again.status == 303
