"""Somebody of the staff at a real browser: the console in Chromium, and what it complains of."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
import shutil
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import attrs
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, ConsoleMessage, Page, Request, async_playwright

from harness.service import BITLOOT
from harness.surroundings import Surroundings

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
_STEP_SECONDS = 30
_COMMAND_SECONDS = 60
_GRAVE = frozenset({"serious", "critical", "moderate"})
_STATUS = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
"""A browser notes each refused form; the test that sends one looks at the page."""


@attrs.frozen(kw_only=True)
class Papers:
    """What somebody is given with an account."""

    name: str
    password: str = attrs.field(repr=False)
    totp_secret: str = attrs.field(repr=False)
    recovery_codes: tuple[str, ...] = attrs.field(repr=False)

    def code(self, *, off: int = 0) -> str:
        """What the app shows: RFC 6238, written here once more, so that ours is held to it."""
        step = int(time.time()) // _STEP_SECONDS + off  # noqa: TID251 - an app on a phone has a clock of its own
        digest = hmac.digest(base64.b32decode(self.totp_secret), struct.pack(">Q", step), hashlib.sha1)
        place = digest[-1] & 15
        return f"{(struct.unpack_from('>I', digest, place)[0] & 0x7FFFFFFF) % 1_000_000:06}"


async def hire(place: Surroundings, name: str = "ann") -> Papers:
    """Make an account, as an operator does."""
    process = await asyncio.create_subprocess_exec(
        *BITLOOT,
        "admin",
        "create-user",
        "--name",
        name,
        "--generate",
        env=place.environ,
        cwd=place.folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(_COMMAND_SECONDS):
        said = (await process.communicate())[0].decode()
    password, secret = re.search(r"Password: +(\S+)", said), re.search(r"secret=([A-Z2-7]+)", said)
    assert password is not None, said
    assert secret is not None, said
    codes = tuple(re.findall(r"^  ([A-Z2-7-]{19})$", said, re.MULTILINE))
    return Papers(name=name, password=password[1], totp_secret=secret[1], recovery_codes=codes)


class Desk:
    """
    A page of the console in a browser.

    Attributes:
        complaints: what the browser did not like: errors, violations of the policy, requests to other hosts.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("request", self._asked)

    async def log_in(self, papers: Papers) -> None:
        """All the way in."""
        await self.page.goto(f"{self.url}/console")
        await self.page.get_by_label("Name").fill(papers.name)
        await self.page.get_by_label("Password").fill(papers.password)
        await self.page.get_by_role("button", name="Continue").click()
        await self.page.get_by_label("Code of your app").fill(papers.code())
        await self.page.get_by_role("button", name="Log in").click()
        await self.page.wait_for_url(f"{self.url}/console")

    async def open(self, path: str) -> None:
        """Go to an address of the console."""
        answer = await self.page.goto(f"{self.url}{path}")
        assert answer is not None
        assert answer.status == 200, path

    async def barriers(self, *rules: str) -> list[str]:
        """What keeps people out who do not see, or who use no mouse: axe's findings by all rules, or by these."""
        asked: dict[str, object] = {"resultTypes": ["violations"]}
        found = await Axe().run(self.page, options=asked | ({"runOnly": list(rules)} if rules else {}))
        return [
            f"{one['id']} ({one['impact']}): {[node['target'] for node in one['nodes']]}"
            for one in found.response["violations"]
            if one["impact"] in _GRAVE
        ]

    async def width_over(self) -> int:
        """By how many pixels the page is wider than its window."""
        over: int = await self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        return over

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not _STATUS.match(message.text):
            self.complaints.append(f"{message.type}: {message.text}")

    def _asked(self, request: Request) -> None:
        asked, ours = urlsplit(request.url), urlsplit(self.url)
        if asked.scheme not in {"data", "blob"} and asked.netloc != ours.netloc:
            self.complaints.append(f"asked {request.url}")


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """A Chromium of this machine, without a window."""
    assert BROWSER is not None, "no chromium, although this is CI"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=BROWSER, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()
