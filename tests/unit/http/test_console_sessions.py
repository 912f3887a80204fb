"""How long a session of the console lasts, and what ends it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from console_world import Console, at_the_door, form_token

from bitloot_http.accounts.visits import ABSOLUTE, HALFWAY, IDLE, PROOF

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


async def test_a_session_that_nobody_uses_ends(console: Console) -> None:
    """After a quarter of an hour; using it keeps it."""
    await console.log_in()
    for _ in range(3):
        await console.pass_time(IDLE - MINUTE)
        assert is_in(await console.ask("/console/orders"))

    await console.pass_time(IDLE)

    assert (await console.ask("/console/orders")).status == 303


async def test_a_page_that_refreshes_itself_keeps_no_session(console: Console) -> None:
    """A console that is left open on a desk closes itself."""
    await console.log_in()

    for _ in range(15):
        await console.pass_time(MINUTE)
        last = await console.ask("/console/orders", **{"X-Console-Refresh": "1"})

    assert last.status == 303


async def test_a_session_ends_however_much_it_is_used(console: Console) -> None:
    """After eight hours."""
    await console.log_in()
    used = timedelta()
    while used + 10 * MINUTE < ABSOLUTE:
        await console.pass_time(10 * MINUTE)
        used += 10 * MINUTE
        assert is_in(await console.ask("/console/orders")), used

    await console.pass_time(10 * MINUTE)

    assert (await console.ask("/console/orders")).status == 303


async def test_the_second_factor_has_five_minutes(console: Console) -> None:
    """Then the password is asked for again."""
    await console.password()
    page = await console.get("/console/login/code")
    await console.pass_time(HALFWAY)

    answer = await console.send("/console/login/code", {"code": console.code()}, token=form_token(page))

    assert (answer.status, answer.headers["Location"]) == (303, "/console/login")
    assert (await console.ask("/console/login/code")).status == 303


async def test_logging_out_ends_the_session(console: Console) -> None:
    """Here and in the books; what the browser held opens nothing."""
    await console.log_in()
    held = console.held

    answer = await console.press("/console/account", "/console/logout")

    assert (answer.status, answer.headers["Location"]) == (303, "/console/login")
    assert console.world.staff.live == {}
    await console.hold(held)
    assert (await console.ask("/console")).status == 303


async def test_logging_out_everywhere_ends_all_sessions(console: Console) -> None:
    """Those of other browsers, too, which the account's page lists."""
    await console.log_in()
    elsewhere = console.held
    await console.forget()
    await console.pass_time(STEP)
    await console.log_in()
    assert (await console.get("/console/account")).count("127.0.0.1") == 2

    answer = await console.press("/console/account", "/console/logout/everywhere")

    assert answer.status == 303
    await console.hold(elsewhere)
    assert (await console.ask("/console")).status == 303


async def test_a_secret_covers_a_few_minutes() -> None:
    """The login is one; after it has been a while a secret is asked for again."""
    assert timedelta(minutes=5) == PROOF
