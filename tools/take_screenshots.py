"""
Takes the pictures of the console for `docs/images`: a day of a made-up shop, by the real pages in a real browser.

The shop is on the fakes, with a clock of its own and the same orders each time, so the pictures change only when the
pages do. `--all DIR` takes every page in both colours and at both widths, to look at while one works on them.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import attrs
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, async_playwright

from bitloot_adapters._shared.envelope import MasterKeys, PayloadSealer
from bitloot_adapters.sql import migrate
from bitloot_adapters.sql.admin_tokens import SqlAdminTokens
from bitloot_adapters.sql.sqlite import SqliteDatabase
from bitloot_adapters.sql.staff import SqlStaff
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_core.order.buying import Balance
from bitloot_core.ports.catalogue import Product
from bitloot_core.testing.ids import SequentialIds
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.place_order import Item, PlaceOrder, place_order
from bitloot_core.usecases.reveal_keys import Visitor
from bitloot_core.usecases.reveal_to_staff import StaffReveal, reveal_to_staff
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.ids import OrderId, ProductId, SupplierProductId
from bitloot_core.values.money import Money
from bitloot_core.values.secret import Secret
from bitloot_http.accounts.hiring import hire
from bitloot_http.accounts.second_factor import step_at, totp_code
from bitloot_http.app import build_app
from bitloot_http.logs import configure_logs
from bitloot_http.reading_settings import read_settings
from bitloot_http.settings import Settings

IMAGES = Path(__file__).parents[1] / "docs" / "images"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NAME, PASSWORD = "ann", Secret("a password for pictures")
WIDE, NARROW = (1280, 860), (390, 844)
DARK = frozenset({"summary-phone", "order", "jobs", "import-phone"})
"""What the documentation shows as it is at night."""
BUYERS = ("ada", "ben", "chi", "dora", "emil", "fay", "gus", "hana", "ivo", "june")
WARES = (
    ("lantern-tide", "Lantern Tide", "19.99", "16.00"),
    ("orbital", "Orbital Salvage: Deluxe Edition", "39.99", "33.00"),
    ("moss", "Moss & Mortar", "7.49", "5.20"),
    ("northbound", "Northbound", "24.99", "20.00"),
)
SOLD_OUT = "5c9bnorthbound"
SUPPLIED = (
    ("5c9blantern-tide", 412, "17.10", "Lantern Tide"),
    ("64e0a1tidebreaker", 88, "21.40", "Tidebreaker: Season of Storms"),
    ("64e0a1tidebreakergold", 7, "34.90", "Tidebreaker: Season of Storms, Gold Edition"),
    ("61f2c7tideline", 1530, "3.15", "Tideline"),
    ("60d4e9tidepool", 0, "8.00", "Tidepool Tactics"),
)
"""What the supplier shows to who looks for the tide: its id, how many there are, the cost in EUR, the title."""
IMPORTED = "pick-1=5c9blantern-tide&pick-2=64e0a1tidebreaker&pick-3=61f2c7tideline"
FATES = ("one", "two", "one", "gone", "one", "slow", "one", "short", "one")
"""What becomes of one order after the other."""


class LongIds(SequentialIds):
    """Order ids as long as real ones, and the same each time."""

    def order_id(self) -> OrderId:
        """The next order id."""
        digest = hashlib.sha256(self._next("order").encode()).digest()
        return OrderId("1m" + base64.b32encode(digest).decode().lower()[:23])


@attrs.frozen(kw_only=True)
class Stage:
    """What the application is built around."""

    settings: Settings
    shop: Shop
    tokens: SqlAdminTokens
    staff: SqlStaff


@attrs.frozen(kw_only=True)
class Shot:
    """One picture for the documentation."""

    name: str
    path: str
    size: tuple[int, int]
    scheme: str


async def a_day(fakes: FakeShop) -> dict[str, OrderId]:
    """Given a day of a shop: most orders went well, one waits for a key, some wait for a person."""
    await fakes.offer(*map(_product, WARES))
    named: dict[str, OrderId] = {}
    for number, fate in enumerate(FATES * 5):
        ware = WARES[number * number % 3][0]
        order_id = await _order(fakes, BUYERS[number % len(BUYERS)], ware, 2 if fate == "two" else 1)
        if fate in {"one", "two", "slow"}:
            await fakes.pay(order_id)
            await fakes.pass_time(timedelta(minutes=6 if fate == "slow" else number % 3))
            await fakes.deliver(order_id)
            named["done"] = order_id
        elif fate == "short" and number > len(FATES):
            payment = fakes.gateway.payments_of(order_id)[-1]
            fakes.gateway.pay_short(payment)
            await fakes.tell(payment)
            await fakes.work()
            named["short"] = order_id
        await fakes.pass_time(timedelta(minutes=(number * 13) % 37 + 9))
    await _looks(fakes, named["done"])
    fakes.supplier.in_stock(SupplierProductId(SOLD_OUT), 0)
    named["stuck"] = await _order(fakes, "ada", "northbound", 1)
    await fakes.pay(named["stuck"])
    await fakes.pass_time(timedelta(minutes=12))
    named["coming"] = await _order(fakes, "chi", "orbital", 2)
    await fakes.pay(named["coming"])
    await fakes.pass_time(timedelta(minutes=3))
    named["waiting"] = await _order(fakes, "june", "moss", 1)
    now = fakes.clock.now()
    await fakes.storage.switches.note_balance(Balance(left=Money.of("1284.30", "EUR"), at=now - timedelta(minutes=4)))
    for product_id, count, cost, title in SUPPLIED:
        fakes.supplier.in_stock(SupplierProductId(product_id), count, cost=cost, title=title)
    await fakes.pass_time(timedelta(minutes=1))
    return named


@asynccontextmanager
async def opened(fakes: FakeShop) -> AsyncIterator[tuple[str, Secret]]:
    """Serve the pages; the address, and the secret of the account's second factor."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'staff.db'}"
        await asyncio.to_thread(migrate.upgrade, url)
        database = SqliteDatabase(DatabaseUrl.parse(url))
        staff = SqlStaff.over(database, PayloadSealer(MasterKeys({"k1": bytes(32)})))
        papers = await hire(
            staff.users, name=NAME, password=PASSWORD, scopes=("read", "operate", "keys"), now=fakes.clock.now()
        )
        stage = Stage(settings=_settings(), shop=fakes.shop, tokens=SqlAdminTokens(database), staff=staff)
        server = TestServer(build_app(stage))
        await server.start_server()
        try:
            yield str(server.make_url("")).rstrip("/"), papers.totp_secret
        finally:
            await server.close()
            await database.close()


async def log_in(page: Page, address: str, code: str) -> None:
    """All the way in."""
    await page.goto(f"{address}/console")
    await page.get_by_label("Name").fill(NAME)
    await page.get_by_label("Password").fill(PASSWORD.reveal())
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_label("Code of your app").fill(code)
    await page.get_by_role("button", name="Log in").click()
    await page.wait_for_selector(".bar")


async def take(browser: Browser, address: str, state: str, shot: Shot, folder: Path, *, whole: bool) -> None:
    """Take one picture."""
    width, height = shot.size
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if shot.scheme == "dark" else "light",
        storage_state=None if "login" in shot.path else state,
        reduced_motion="reduce",
    )
    page = await context.new_page()
    await page.goto(f"{address}{shot.path}")
    await page.screenshot(path=folder / f"{shot.name}.png", full_page=whole, animations="disabled")
    await context.close()
    print(f"{shot.name}.png")


def shown_pages(named: dict[str, OrderId]) -> Mapping[str, str]:
    """The pages that the documentation shows: each of the console."""
    return {
        "login": "/console/login",
        "summary": "/console",
        "orders": "/console/orders",
        "order": f"/console/orders/{named['stuck']}",
        "findings": "/console/findings",
        "reservations": "/console/reservations",
        "webhooks": "/console/webhooks",
        "webhook": "/console/webhooks/1",
        "webhooks-again": "/console/webhooks/replay?limit=5",
        "jobs": "/console/jobs?status=any",
        "audit": "/console/key-audit",
        "acts": "/console/acts",
        "products": "/console/products",
        "product": "/console/products/moss",
        "supplier": "/console/supplier-products?q=tide",
        "import": f"/console/supplier-products/import?{IMPORTED}",
        "search": "/console/search?q=ada@example.com",
        "account": "/console/account",
    }


def shots_for_docs(named: dict[str, OrderId]) -> Sequence[Shot]:
    """Each page on a desk and on a phone; some of them at night."""
    return [
        Shot(name=f"console-{name}{end}", path=path, size=size, scheme="dark" if f"{name}{end}" in DARK else "light")
        for name, path in shown_pages(named).items()
        for end, size in (("", WIDE), ("-phone", NARROW))
    ]


def all_shots(named: dict[str, OrderId]) -> Sequence[Shot]:
    """Every page, and an order of every kind, in both colours and at both widths."""
    pages = {
        **shown_pages(named),
        **{f"order-{name}": f"/console/orders/{order_id}" for name, order_id in named.items()},
        "problem": "/console/orders/nobody",
    }
    return [
        Shot(name=f"{name}-{scheme}-{size[0]}", path=path, size=size, scheme=scheme)
        for name, path in pages.items()
        for scheme in ("light", "dark")
        for size in (WIDE, NARROW)
    ]


async def main(arguments: Sequence[str]) -> int:
    """Take the pictures; 2 if there is no browser."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        print("There is no Chromium on this machine; Debian's package is chromium.", file=sys.stderr)
        return 2
    whole = len(arguments) == 2 and arguments[0] == "--all"  # noqa: PLR2004
    folder = Path(arguments[1]) if whole else IMAGES
    folder.mkdir(parents=True, exist_ok=True)
    configure_logs("error")
    fakes = FakeShop()
    fakes.ids.order_id = LongIds().order_id  # type: ignore[method-assign]  # the shop has these ids already
    named = await a_day(fakes)
    async with opened(fakes) as (address, secret), async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        context = await browser.new_context()
        await log_in(await context.new_page(), address, totp_code(secret, step_at(fakes.clock.now())))
        state = str(Path(tempfile.mkdtemp()) / "state.json")
        await context.storage_state(path=state)
        for shot in all_shots(named) if whole else shots_for_docs(named):
            await take(browser, address, state, shot, folder, whole=whole)
        await browser.close()
        shutil.rmtree(Path(state).parent)
    return 0


async def _looks(fakes: FakeShop, order_id: OrderId) -> None:
    """The buyer looks twice, and somebody of the staff once."""
    await fakes.reveal()
    await fakes.pass_time(timedelta(minutes=2))
    await fakes.reveal()
    await fakes.pass_time(timedelta(minutes=31))
    asked = StaffReveal(
        order_id=order_id,
        unit_id=None,
        by=f"admin:{NAME}",
        reason="the buyer says that the key does not work",
        visitor=Visitor(address="192.0.2.41", agent="Firefox"),
    )
    await reveal_to_staff(fakes.shop, asked)


async def _order(fakes: FakeShop, buyer: str, product: str, quantity: int) -> OrderId:
    items = (Item(product_id=ProductId(product), quantity=quantity),)
    placed = await place_order(fakes.shop, PlaceOrder(email=f"{buyer}@example.com", items=items, pay_currency="btc"))
    return placed.id


def _product(ware: tuple[str, str, str, str]) -> Product:
    product_id, title, price, cap = ware
    return Product(
        id=ProductId(product_id),
        title=title,
        supplier_product_id=SupplierProductId(f"5c9b{product_id}"),
        price=Money.of(price, "EUR"),
        max_cost=Money.of(cap, "EUR"),
    )


def _settings() -> Settings:
    return read_settings(
        {
            "KINGUIN_API_KEY": "k",
            "KINGUIN_WEBHOOK_SECRET": "w",
            "NOWPAYMENTS_API_KEY": "n",
            "NOWPAYMENTS_IPN_SECRET": "i",
            "PUBLIC_URL": "http://127.0.0.1",
            "VAULT_KEYS": f"k1:{base64.b64encode(bytes(32)).decode()}",
            "LINK_SECRET": "l" * 32,
        }
    )


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
