"""Every page of the console in a real Chromium, with all that there can be on it: nobody is shut out, nothing runs."""

import os
import re
from collections.abc import AsyncIterator, Mapping
from urllib.parse import quote

import attrs
import pytest
import pytest_asyncio
from console_world import at_the_door
from playwright.async_api import Page, expect

from bitloot_core.values.ids import OrderId
from bitloot_http.accounts.visits import PROOF
from harness.desk import BROWSER, Desk, open_browser
from harness.strangers import RAN, UNBROKEN, XSS, fill

IN_CI = bool(os.environ.get("CI"))  # noqa: TID251  # there the browser is installed, and a skip would hide that it is not
pytestmark = [
    pytest.mark.skipif(
        BROWSER is None and not IN_CI, reason="no chromium on this machine; Debian's package is chromium"
    ),
    pytest.mark.asyncio(loop_scope="module"),
]
PAGES = (
    "/console",
    "/console?reach=fortnight",
    "/console/findings?status=any&limit=100",
    "/console/jobs?status=any",
    "/console/jobs",
    "/console/acts",
    "/console/orders?limit=100",
    "/console/orders?undelivered=true",
    "/console/reservations?limit=100",
    "/console/webhooks",
    "/console/webhooks/1",
    "/console/webhooks/7",
    "/console/webhooks/9",
    "/console/webhooks/replay?limit=100",
    "/console/key-audit?orderId={fulfilled}",
    "/console/key-audit",
    "/console/key-audit?actor={xss}",
    "/console/products",
    "/console/products?imported=2",
    "/console/products/game",
    "/console/supplier-products",
    "/console/supplier-products?q=Game",
    "/console/supplier-products?q={xss}",
    "/console/supplier-products?q=ab",
    "/console/supplier-products/import?pick-1=hostile&pick-2=longest&lowerCaps=1",
    "/console/supplier-products/import?pick-1=hostile&pick-2=longest&pick-3=nothing&pick-4={xss}",
    "/console/search?q={xss}",
    "/console/search?q=buyer@example.com",
    "/console/account",
    "/console/orders/nobody",
    "/console/orders/{findings}",
    "/console/orders/{fulfilled}?deed=reveal",
    "/console/orders/{fulfilling}",
    "/console/orders/{underpaid}",
    "/console/orders/{waiting}",
    "/console/orders/{refunded}",
)
ALL: tuple[str, ...] = ()
LOOKS = (
    ("light", 1280, ALL),
    ("light", 390, ("color-contrast",)),
    ("dark", 390, ALL),
    ("dark", 1280, ("color-contrast",)),
)
"""Each page is loaded once, and looked at in these: by all rules in each colour and width, by colours in each pair."""


@attrs.frozen(kw_only=True)
class Shown:
    """
    A browser in a shop with everything in it.

    Attributes:
        known: an order for each status word, and others by what they are.
    """

    page: Page
    desk: Desk
    known: Mapping[str, OrderId]

    async def open(self, template: str) -> None:
        """Load a page, and unfold whatever can be unfolded on it."""
        await self.page.goto(self.desk.url + template.format(**self.known, xss=quote(XSS)))
        await self.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")

    async def look(self, scheme: str, width: int) -> None:
        """Look at the same page in other colours, or through a window of another width."""
        await self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        await self.page.set_viewport_size({"width": width, "height": 800})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shown() -> AsyncIterator[Shown]:
    """Somebody who was let in so long ago that a secret is asked for once more; the browser complains of nothing."""
    async with at_the_door() as console, open_browser() as browser, await browser.new_context() as context:
        await console.log_in()
        known = await fill(console.world.fakes)
        await console.pass_time(PROOF)
        url = str(console.world.client.make_url("")).rstrip("/")
        await context.add_cookies([{"name": "bl", "value": console.held, "url": url}])
        page = await context.new_page()
        yield Shown(page=page, desk=Desk(page, url), known=known)


@pytest.mark.parametrize("template", PAGES)
async def test_nobody_is_shut_out_and_nothing_runs(shown: Shown, template: str) -> None:
    """
    In both colours, on a desk and on a phone: labels, contrast, order and names are as they should be, nothing is cut
    off, and the text of strangers is text. The browser complains of no error, no breach of the policy, no other host.
    """
    shown.desk.complaints.clear()
    await shown.open(template)

    barriers = {}
    for scheme, width, rules in LOOKS:
        await shown.look(scheme, width)
        barriers[scheme, width] = await shown.desk.barriers(*rules), max(0, await shown.desk.width_over())

    assert dict.fromkeys(barriers, ([], 0)) == barriers
    assert shown.desk.complaints == []
    assert await shown.page.evaluate(f"typeof {RAN}") == "undefined"
    assert await shown.page.locator("main img, main script, main svg[onload]").count() == 0
    assert "49" not in await shown.page.title()


async def test_the_door_shuts_nobody_out(shown: Shown) -> None:
    """Whoever is not in yet: in both colours, on a desk and on a phone."""
    assert shown.page.context.browser is not None
    async with await shown.page.context.browser.new_context() as context:
        outside = attrs.evolve(shown, page=await context.new_page())
        outside = attrs.evolve(outside, desk=Desk(outside.page, shown.desk.url))
        await outside.open("/console/login?next=//elsewhere.example")

        barriers = {}
        for scheme, width, _ in LOOKS:
            await outside.look(scheme, width)
            barriers[scheme, width] = await outside.desk.barriers(), max(0, await outside.desk.width_over())

        assert dict.fromkeys(barriers, ([], 0)) == barriers
        assert outside.desk.complaints == []
        assert await outside.page.locator("input[name=next]").input_value() == "/console"


async def test_keys_that_can_go_back_say_for_how_long(shown: Shown) -> None:
    """The supplier takes them for a day: what is left of it stands beside the button."""
    await shown.open("/console/orders/{refunded}")

    await expect(shown.page.locator("form[action$='/return-keys']")).to_contain_text(re.compile(r"UTC: .* left\."))


async def test_what_strangers_wrote_is_shown_as_they_wrote_it(shown: Shown) -> None:
    """Not a letter of it is lost: whoever looks sees what was tried."""
    await shown.open("/console/findings?status=any&limit=100")

    assert XSS in await shown.page.locator("main").inner_text()
    assert UNBROKEN in await shown.page.locator("main").inner_text()


async def test_a_page_that_refreshes_itself_runs_nothing_either(shown: Shown) -> None:
    """What is fetched again and put in the place of the old is text, too."""
    await shown.open("/console/jobs?status=dead")
    async with shown.page.expect_response(lambda answer: "x-console-refresh" in answer.request.headers):
        await shown.page.evaluate("document.querySelector('#rows').innerHTML = ''")

    await expect(shown.page.locator("#rows")).to_contain_text(XSS)
    assert await shown.page.evaluate(f"typeof {RAN}") == "undefined"
    assert shown.desk.complaints == []
