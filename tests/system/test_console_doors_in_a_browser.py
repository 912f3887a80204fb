"""The way in and out of the console in a real Chromium: over TLS, after a while, and before what cannot be undone."""

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from console_world import NAME, PASSWORD, RECOVERY, Console, an_order, at_the_door, logged_in
from playwright.async_api import Browser, Page, expect

from bitloot_http.accounts.visits import IDLE, PROOF
from harness.certificate import throw_away_tls
from harness.desk import BROWSER, Desk, open_browser

IN_CI = bool(os.environ.get("CI"))  # noqa: TID251  # there the browser is installed, and a skip would hide that it is not
pytestmark = pytest.mark.skipif(
    BROWSER is None and not IN_CI, reason="no chromium on this machine; Debian's package is chromium"
)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A browser of one's own."""
    async with open_browser() as opened:
        yield opened


class TlsFront:
    """What stands before the application in production: it speaks TLS, and hands on what it hears."""

    def __init__(self) -> None:
        """Without anything behind it yet."""
        self.behind = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hand on what both say, until one of them is done."""
        inner, outer = await asyncio.open_connection("127.0.0.1", self.behind)
        with contextlib.suppress(OSError):
            await asyncio.wait(
                [asyncio.create_task(_hand_on(reader, outer)), asyncio.create_task(_hand_on(inner, writer))],
                return_when=asyncio.FIRST_COMPLETED,
            )
        outer.close()
        writer.close()


async def _hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while said := await reader.read(65536):
        writer.write(said)
        await writer.drain()


@asynccontextmanager
async def over_tls(folder: Path) -> AsyncIterator[tuple[Console, str]]:
    """The application as it is reached in production, and its address."""
    front = TlsFront()
    server = await asyncio.start_server(front.talk, "127.0.0.1", 0, ssl=throw_away_tls(folder).server)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, at_the_door(PUBLIC_URL=url) as console:
        front.behind = console.world.client.port
        yield console, url


async def let_in(page: Page, url: str, code: str, *, path: str = "/console") -> None:
    """All the way in."""
    await knock(page, url, code, path=path)
    await expect(page.locator(".bar")).to_be_visible()


async def knock(page: Page, url: str, code: str, *, path: str = "/console") -> None:
    """Name, password and second factor, from whatever page one wanted."""
    await page.goto(f"{url}{path}")
    await page.get_by_label("Name").fill(NAME)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_label("Code of your app").fill(code)
    await page.get_by_role("button", name="Log in").click()


async def test_over_tls_a_browser_holds_the_session_for_this_host_alone(tmp_path: Path, browser: Browser) -> None:
    """It takes the name `__Host-` only with all that this promises; what it held before the login is worth nothing."""
    async with over_tls(tmp_path) as (console, url), await browser.new_context(ignore_https_errors=True) as context:
        page = await context.new_page()
        desk = Desk(page, url)
        await page.goto(f"{url}/console/login")
        (before,) = await context.cookies()

        await let_in(page, url, console.code(), path="/console/jobs")

        (held,) = await context.cookies()
        assert page.url == f"{url}/console/jobs"
        assert (held["name"], held["secure"], held["httpOnly"], held["sameSite"], held["path"]) == (
            "__Host-bl",
            True,
            True,
            "Strict",
            "/",
        )
        assert before["value"] != held["value"]
        assert desk.complaints == []


async def test_a_console_that_is_left_open_closes_itself(browser: Browser) -> None:
    """The page says so; a recovery code leads back to it, once."""
    async with at_the_door() as console, await browser.new_context() as context:
        url = str(console.world.client.make_url("")).rstrip("/")
        page = await context.new_page()
        await let_in(page, url, console.code(), path="/console/orders?status=paid")

        await console.pass_time(IDLE + timedelta(seconds=1))

        ended = page.get_by_text("Your session has ended: load the page again to log in.")
        await expect(ended).to_be_visible(timeout=30_000)
        await page.reload()
        await expect(page).to_have_url(re.compile("/console/login"))
        await let_in(page, url, RECOVERY, path="/console/orders?status=paid")
        await expect(page).to_have_url(f"{url}/console/orders?status=paid")
        await context.clear_cookies()
        await knock(page, url, RECOVERY)
        await expect(page.get_by_role("alert")).to_contain_text("The code is wrong, or was used before.")


async def test_what_cannot_be_undone_takes_a_secret_once_more(browser: Browser) -> None:
    """Before a key is shown and before money is decided; what was typed is still there after a wrong one."""
    async with logged_in() as console, await browser.new_context() as context:
        order_id = await an_order(console)
        await console.pass_time(PROOF)
        url = str(console.world.client.make_url("")).rstrip("/")
        await context.add_cookies([{"name": "bl", "value": console.held, "url": url}])
        page = await context.new_page()

        await page.goto(f"{url}/console/orders/{order_id}?deed=reveal")
        await page.locator("#reason-reveal").fill("the buyer cannot read it")
        await page.locator("#proof-reveal").fill("not my password")
        await page.get_by_role("button", name="Show keys").click()
        await expect(page.get_by_role("alert")).to_contain_text("neither your password nor a fresh code")
        await expect(page.locator("#reason-reveal")).to_have_value("the buyer cannot read it")
        await page.locator("#proof-reveal").fill(console.code())
        await page.get_by_role("button", name="Show keys").click()

        await expect(page.locator(".key code")).to_be_visible()
        await console.pass_time(PROOF)
        await page.goto(f"{url}/console/orders/{order_id}?deed=refund")
        await expect(page.locator("#proof-refund")).to_be_visible()
