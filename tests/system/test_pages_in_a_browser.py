"""The buyer's pages in a real Chromium: they show what they should, and the browser has nothing to complain about."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from harness.system import System

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
IN_CI = bool(os.environ.get("CI"))  # noqa: TID251  # there the browser is installed, and a skip would hide that it is not
pytestmark = pytest.mark.skipif(
    BROWSER is None and not IN_CI, reason="no chromium on this machine; Debian's package is chromium"
)
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--virtual-time-budget=4000",
)


async def seen(address: str, profile: Path) -> str:
    """Open a page, let its script run, and return what stands in it; whatever the page complains of is a failure."""
    assert BROWSER is not None, "no chromium, although this is CI"
    process = await asyncio.create_subprocess_exec(
        BROWSER,
        *QUIET,
        f"--user-data-dir={profile}",
        "--dump-dom",
        address,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        page, said = await process.communicate()
    complaints = [line for line in said.decode(errors="replace").splitlines() if "CONSOLE" in line]
    assert complaints == []
    return page.decode()


async def test_the_order_page_opens_with_the_token_in_its_fragment(system: System, tmp_path: Path) -> None:
    """The script sends the token on and forgets it; the page shows what to pay, where to, and as a picture."""
    placed = await system.buyer.place()

    page = await seen(f"{system.place.url}/orders/{placed.order_id}/page#{placed.access_token}", tmp_path / "profile")

    assert "Waiting for your payment" in page
    assert placed.payment is not None
    assert placed.payment["payAddress"] in page
    assert "<svg" in page
    assert placed.access_token not in page


async def test_the_delivery_page_offers_the_key_and_shows_none(system: System, tmp_path: Path) -> None:
    """Opening the link shows no key: mail scanners open links, too."""
    placed = await system.buyer.place()
    keys = await system.deliver(placed)
    mail = await system.buyer.mail(placed)

    page = await seen(mail.link, tmp_path / "profile")

    assert "Show my key" in page
    assert keys[0] not in page
