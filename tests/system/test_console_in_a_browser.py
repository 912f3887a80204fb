"""The console in a real Chromium, on the real service: a day of somebody of the staff."""

import os
import re
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from harness.buyer import Placed
from harness.desk import BROWSER, Desk, Papers, hire, open_browser
from harness.system import System, open_system
from harness.vendors import SUPPLIER_PRODUCTS
from harness.waiting import eventually

IN_CI = bool(os.environ.get("CI"))  # noqa: TID251  # there the browser is installed, and a skip would hide that it is not
pytestmark = [
    pytest.mark.skipif(
        BROWSER is None and not IN_CI, reason="no chromium on this machine; Debian's package is chromium"
    ),
    pytest.mark.asyncio(loop_scope="module"),
]
NUMBERS = count(1)
PAGES = (
    "/console",
    "/console?reach=fortnight",
    "/console/findings?status=any",
    "/console/jobs?status=any",
    "/console/acts",
    "/console/orders",
    "/console/orders/{order}",
    "/console/reservations",
    "/console/reservations/{purchase}",
    "/console/webhooks",
    "/console/webhooks/1",
    "/console/webhooks/replay?source=nowpayments",
    "/console/key-audit?orderId={order}",
    "/console/products",
    "/console/products/game",
    "/console/supplier-products?q=game",
    "/console/supplier-products/import?pick-1={supplied}",
    "/console/search?q={email}",
    "/console/account",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory, stocked: Path) -> AsyncIterator[System]:
    """One running service for all of them: what a test does at the console disturbs no other."""
    async with open_system(tmp_path_factory.mktemp("console"), stocked) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One browser; each test has a profile of its own in it."""
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def papers(system: System) -> Papers:
    """An account of this test's own: no code is taken twice."""
    return await hire(system.place, f"ann{next(NUMBERS)}")


@pytest_asyncio.fixture(loop_scope="module")
async def desk(system: System, browser: Browser, papers: Papers) -> AsyncIterator[Desk]:
    """Somebody of the staff, logged in; at the end the browser has nothing to complain of."""
    async with await browser.new_context() as context:
        desk = Desk(await context.new_page(), system.place.url)
        await desk.log_in(papers)
        yield desk
        assert desk.complaints == []


async def a_stuck_order(system: System) -> Placed:
    """Given a paid order that the supplier had no key for."""
    system.vendors.kinguin.set_stock(SUPPLIER_PRODUCTS["game"], 0)
    placed = await system.buyer.place()
    await system.vendors.gateway.pay(placed.payment_id)
    await system.buyer.sees(placed, "attention")
    system.vendors.kinguin.set_stock(SUPPLIER_PRODUCTS["game"], 1_000_000)
    return placed


async def test_a_stuck_order_is_found_and_goes_on(system: System, desk: Desk, papers: Papers) -> None:
    """From the box at the top to the order, the reason why, and the button that lets it go on."""
    placed = await a_stuck_order(system)
    page = desk.page

    await page.keyboard.press("/")
    await page.keyboard.type(placed.email)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{desk.url}/console/orders/{placed.order_id}")
    await expect(page.get_by_text("It is stuck, and waits for you.")).to_be_visible()
    await expect(page.locator("#outlook").get_by_text("supplier-refused")).to_be_visible()
    await page.locator("summary", has_text="Try again").click()
    await page.locator("#reason-retry").fill("there is stock again")
    await page.get_by_role("button", name="Try again").click()

    await expect(page.get_by_text("It is being tried again.")).to_be_visible()
    await expect(page.get_by_text("It is done.")).to_be_visible(timeout=30_000)
    await expect(
        page.locator("#timeline").get_by_text(f"Another try asked for by admin:{papers.name}: there is stock again")
    ).to_be_visible()
    assert await system.buyer.reveal(await system.buyer.mail(placed))


async def test_the_page_follows_the_order_and_leaves_what_is_typed(system: System, desk: Desk) -> None:
    """Live parts change by themselves; a form that is open, and what stands in it, stays."""
    placed = await system.buyer.place()
    page = desk.page
    await desk.open(f"/console/orders/{placed.order_id}")
    await page.locator("summary", has_text="Cancel the order").click()
    await page.locator("#reason-cancel").fill("half a sentence")

    await system.vendors.gateway.pay(placed.payment_id)

    await expect(page.get_by_text("It is done.")).to_be_visible(timeout=30_000)
    await expect(page.locator("#reason-cancel")).to_have_value("half a sentence")
    await expect(page.locator("#reason-cancel")).to_be_focused()


async def test_a_webhook_runs_again(system: System, desk: Desk) -> None:
    """From the log to its body, and through the same path once more; the order stays as it is."""
    placed = await system.buyer.place()
    await system.deliver(placed)
    page = desk.page

    await desk.open(f"/console/webhooks?source=nowpayments&orderId={placed.order_id}")
    await page.locator("tbody a").first.click()
    await expect(page.get_by_label("Body")).to_contain_text("payment_id")
    await page.get_by_role("button", name="Run it again").click()

    await expect(page.get_by_text("It runs again")).to_be_visible()
    await eventually(lambda: not system.books.jobs_due(), "it has run", every=0.1)
    assert (await system.buyer.sees(placed, "fulfilled"))["status"] == "fulfilled"


async def test_a_key_is_shown_with_a_reason_and_written_down(system: System, desk: Desk, papers: Papers) -> None:
    """On the order's page with a reason; the audit names the buyer's look and ours, and shows no key."""
    placed = await system.buyer.place()
    (key,) = await system.deliver(placed)
    page = desk.page
    await desk.open(f"/console/orders/{placed.order_id}")
    assert key not in await page.content()

    await page.locator("summary", has_text="Show keys").click()
    await page.locator("#reason-reveal").fill("the buyer cannot read it")
    await page.get_by_role("button", name="Show keys").click()

    await expect(page.get_by_text(key)).to_be_visible()
    await desk.open(f"/console/key-audit?orderId={placed.order_id}")
    await expect(page.locator("tbody tr")).to_have_count(2)
    newest = page.locator("tbody tr").first
    await expect(newest).to_contain_text(f"admin:{papers.name}")
    await expect(newest).to_contain_text("the buyer cannot read it")
    assert key not in await page.content()


async def test_every_page_of_the_real_service_is_quiet(system: System, desk: Desk) -> None:
    """Each is there, and asks for nothing that the browser would complain of; axe looks at them elsewhere."""
    placed = await system.buyer.place()
    await system.deliver(placed)
    purchase = system.vendors.kinguin.orders()[0].order_id

    for template in PAGES:
        known = {"order": placed.order_id, "purchase": purchase, "email": placed.email}
        await desk.open(template.format(**known, supplied=SUPPLIER_PRODUCTS["game"]))

        await expect(desk.page.locator("h1")).to_be_visible()
        assert desk.complaints == [], template


async def test_the_keyboard_alone_leads_through_a_list(system: System, desk: Desk) -> None:
    """`j` and `k` go through the rows, Enter opens one, `?` tells; the first stop leads past the menu."""
    placed = [await system.buyer.place(payable=False) for _ in range(2)]
    await desk.open("/console/orders")
    page = desk.page

    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("k")
    await page.keyboard.press("?")
    await expect(page.locator(".hint")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{desk.url}/console/orders/{placed[1].order_id}")
    await page.keyboard.press("Tab")

    await expect(page.get_by_text("Skip to the content")).to_be_focused()


async def test_the_console_works_without_a_script(system: System, browser: Browser, papers: Papers) -> None:
    """Log in, look, decide, log out: forms and links."""
    placed = await a_stuck_order(system)
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    desk = Desk(page, system.place.url)
    await desk.log_in(papers)

    await desk.open(f"/console/orders/{placed.order_id}")
    await page.locator("#decide details summary").first.click()
    await page.locator("#reason-retry").fill("there is stock again")
    await page.get_by_role("button", name="Try again").click()

    await expect(page.get_by_text("It is being tried again.")).to_be_visible()
    await page.locator(".who summary").click()
    await page.get_by_role("button", name="Log out").click()
    await page.wait_for_url(re.compile(r"/console/login"))
    assert desk.complaints == []
    await context.close()


async def test_what_a_browser_holds_is_kept_from_scripts(desk: Desk) -> None:
    """No script can read the session, and another browser that is given an old one is not let in."""
    seen = await desk.page.evaluate("document.cookie")
    held = {one["name"]: one for one in await desk.page.context.cookies()}

    assert seen == ""
    assert (held["bl"]["httpOnly"], held["bl"]["sameSite"], held["bl"]["expires"]) == (True, "Strict", -1)


async def test_a_link_in_a_mail_leads_into_the_console(desk: Desk) -> None:
    """Another site's page does not get the session, and whoever follows its link is in all the same."""
    page = desk.page
    elsewhere = desk.url.replace("127.0.0.1", "localhost")
    await page.route(f"{elsewhere}/**", lambda route: route.fulfill(body=f"<a href={desk.url}/console/jobs>a mail</a>"))
    await page.goto(f"{elsewhere}/mail")
    desk.complaints.clear()

    await page.get_by_text("a mail").click()

    await expect(page.get_by_role("heading", name="Jobs")).to_be_visible()
