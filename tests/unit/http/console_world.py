"""The console as a browser without a script sees it: pages, forms, cookies."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import cache
from html import unescape
from typing import Any

from aiohttp import ClientResponse
from argon2 import PasswordHasher
from http_world import BROWSER, World, running

from bitloot_core.ports.catalogue import Product
from bitloot_http.accounts.second_factor import new_totp_secret, recovery_digest, step_at, totp_code

NAME, PASSWORD = "ann", "correct horse battery"
RECOVERY = "ABCD-EFGH-IJKL-MNOP"
ALL_SCOPES = ("read", "operate", "keys")
_HIDDEN = re.compile(r'<input type="hidden" name="formToken" value="([^"]*)"')


@cache
def quick_hash(password: str) -> str:
    """A hash of the real kind, at a price that tests can pay."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)


class Console:
    """
    A browser in the hands of somebody of the staff.

    Attributes:
        world: the application behind it.
        secret: the secret of the account's app.
    """

    def __init__(self, world: World) -> None:
        """Not logged in."""
        self.world = world
        self.secret = new_totp_secret()

    async def hire(self, name: str = NAME, *scopes: str) -> None:
        """Given an account."""
        await self.world.staff.create(
            name=name,
            password_hash=quick_hash(PASSWORD),
            totp_secret=self.secret,
            scopes=scopes or ALL_SCOPES,
            codes=[recovery_digest(RECOVERY)],
            now=self.world.fakes.clock.now(),
        )

    def code(self) -> str:
        """What the app shows now."""
        return totp_code(self.secret, step_at(self.world.fakes.clock.now()))

    async def get(self, path: str, **headers: str) -> str:
        """Open a page that must be there."""
        answer = await self.ask(path, **headers)
        assert answer.status == 200, (answer.status, await answer.text())
        return await answer.text()

    async def ask(self, path: str, **headers: str) -> ClientResponse:
        """Open a page, wherever it leads to."""
        return await self.world.client.get(path, headers={**BROWSER, **headers}, allow_redirects=False)

    async def send(
        self, path: str, fields: Mapping[str, str], *, token: str, headers: Mapping[str, str] | None = None
    ) -> ClientResponse:
        """Send a form, with its token."""
        return await self.world.client.post(
            path,
            data={"formToken": token, **fields},
            headers={**BROWSER, **(headers or {})},
            allow_redirects=False,
        )

    async def press(self, page: str, path: str, **fields: str) -> ClientResponse:
        """Send a form that stands on a page."""
        text = await self.get(page)
        assert f'action="{path}"' in text, path
        return await self.send(path, fields, token=form_token(text))

    async def password(self, name: str = NAME, password: str = PASSWORD, *, next_path: str = "") -> ClientResponse:
        """Give name and password."""
        page = await self.get("/console/login")
        return await self.send(
            "/console/login", {"name": name, "password": password, "next": next_path}, token=form_token(page)
        )

    async def second(self, code: str, *, next_path: str = "") -> ClientResponse:
        """Give the second factor."""
        page = await self.get("/console/login/code")
        return await self.send("/console/login/code", {"code": code, "next": next_path}, token=form_token(page))

    async def log_in(self, name: str = NAME) -> None:
        """All the way in."""
        assert (await self.password(name)).status == 303
        answer = await self.second(self.code())
        assert (answer.status, answer.headers["Location"]) == (303, "/console")

    async def password_again(self) -> None:
        """Give name and password in a browser that has forgotten everything."""
        await self.forget()
        await self.password()

    async def forget(self) -> None:
        """Close the browser."""
        self.world.client.session.cookie_jar.clear()

    async def hold(self, cookie: str) -> None:
        """Hold what was held at another time, or in another browser."""
        await self.forget()
        self.world.client.session.cookie_jar.update_cookies({"bl": cookie}, self.world.client.make_url("/"))

    async def pass_time(self, by: timedelta) -> None:
        """Let time pass; nothing is done in it."""
        self.world.fakes.clock.advance(by)

    @property
    def held(self) -> str:
        """What the browser holds."""
        cookies = {cookie.key: cookie.value for cookie in self.world.client.session.cookie_jar}
        return cookies.get("bl", "")


def form_token(page: str) -> str:
    """The token of the first form on a page."""
    found = _HIDDEN.search(page)
    assert found is not None, page
    return unescape(found[1])


async def an_order(console: Console, *, delivered: bool = True) -> str:
    """Given an order; who was logged in before is so again."""
    placed = await (console.world.delivered() if delivered else console.world.placed())
    if delivered:
        await console.forget()
        await console.log_in()
    return str(placed["orderId"])


async def a_short_order(console: Console) -> str:
    """Given an order whose payment fell short."""
    placed = await console.world.placed()
    payment = placed["payment"]["paymentId"]
    console.world.fakes.gateway.pay_short(payment)
    await console.world.fakes.tell(payment)
    await console.world.fakes.work()
    return str(placed["orderId"])


@asynccontextmanager
async def at_the_door(*products: Product, **settings: str) -> AsyncIterator[Console]:
    """A running application, one account, and nobody logged in."""
    async with running(*products, **settings) as world:
        console = Console(world)
        await console.hire()
        yield console


@asynccontextmanager
async def logged_in(*products: Product, **settings: Any) -> AsyncIterator[Console]:
    """A running application, and somebody of the staff in the console."""
    async with at_the_door(*products, **settings) as console:
        await console.log_in()
        yield console
