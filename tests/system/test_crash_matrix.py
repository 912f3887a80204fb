"""
A blow at every boundary of every process, in the shape of production: web process, worker, Redis, bucket, mail server.

Boundaries are not listed: the processes count their commits and their requests to vendors themselves (see
`harness.seams`), and the proxies before each process count rings, requests to the bucket, and mails. An order goes its
way; the first boundary that is new strikes the process that comes there; it is raised again, and the order must come
through; until a whole round of orders meets nothing new. Then each row of the matrix must have been visited.

**Source:** reliability.md, sections 2 (the crash matrix), 3.6 (a commit that raised or was cancelled is unknown), 4.3
and 4.6.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from bitloot_adapters import kinguin_simulator as kinguin
from harness.buyer import Placed
from harness.databases import Stock
from harness.graveyard import boundaries
from harness.mortal_shop import MortalShop, open_mortal_shop
from harness.seams import Blow
from harness.system import check_money
from harness.vendors import CANARY
from harness.waiting import eventually

LANES = 4
MOST_ORDERS = 300
"""A boundary whose name changed each time would never let it end."""
STEPS = ("confirming", "finished")
PATIENCE_SECONDS = 60.0
BUY = "POST /v2/order"
IN_SHORT = [(Blow.KILL, "postgres_stock"), (Blow.RAISE, "stocked"), (Blow.CANCEL, "postgres_stock")]
_PAID = "ledger, order_events, orders, payments, reservations.*reserve ready"
_PLACED = "ledger, order_events, orders, reservations; check-reservation ready, reserve done"
_HELD = "links, order_events, orders, reservations, units.*send-mail ready"
_CLAIMED = "order_events, orders, reservations(?:, switches)?"
_OPENED = "key_access, key_access_origins, links"
ROWS: Mapping[str, Sequence[str]] = {
    "an IPN arrives, before the inbox commit": ["before commit: webhook_logs; nowpayments.ipn ready"],
    "after the inbox commit, before the 2xx": ["after commit: webhook_logs; nowpayments.ipn ready"],
    "after the commit, before the ring": ["web: before ring", "web: after ring", "worker: before ring"],
    "before and after GET /payment": [r"before request: GET /v1/payment/\*", r"after request: GET /v1/payment/\*"],
    "before the `paid` commit": [f"before commit: {_PAID}"],
    "after the `paid` commit": [f"after commit: {_PAID}"],
    "before the `intent` commit": [f"before commit: {_CLAIMED}"],
    "after `intent`, before POST": [
        f"after commit: {_CLAIMED}",
        "before request: POST /esa/api/v2/order",
    ],
    "answer 201, before the `placed` commit": [
        "after request: POST /esa/api/v2/order",
        f"before commit: {_PLACED}",
    ],
    "a definite 4xx, before the commit of `rejected`": [
        "before commit: findings, order_events, orders, reservations; reserve done"
    ],
    "after `placed`": [f"after commit: {_PLACED}"],
    "keys downloaded, before the commit": [r"after request: GET /esa/api/v2/order/\*/keys"],
    "before the R2 PUT": ["worker: before bucket: PUT"],
    "R2 PUT done, answer lost": ["worker: after bucket: PUT", "worker: after bucket: GET"],
    "before and after the commit that holds keys": [f"before commit: {_HELD}", f"after commit: {_HELD}"],
    "before SMTP": ["worker: before mail: EHLO", "worker: before mail: DATA"],
    "SMTP accepted, before the commit": ["worker: after mail: DATA", "before commit: send-mail done"],
    "after the mail": ["after commit: send-mail done"],
    "a reveal": [f"before commit: {_OPENED}", f"after commit: {_OPENED}", "web: after bucket: GET"],
    "an order is placed": [
        "before commit: idempotency_keys",
        "after commit: order_events, order_lines, orders, payments, units.*expire ready",
        "before request: POST /v1/payment",
        "after request: POST /v1/payment",
    ],
}
"""The rows of the matrix and the boundaries that stand for each; those about webhooks are in `test_lost_webhooks`."""


async def plain(shop: MortalShop) -> Placed:
    """An order for one unit."""
    return await _paid(shop, 1)


async def several(shop: MortalShop) -> Placed:
    """An order for several units."""
    return await _paid(shop, 3)


async def in_doubt(shop: MortalShop) -> Placed:
    """The supplier sells, and its answer gets lost."""
    shop.production.system.vendors.kinguin.faults.next(BUY, kinguin.AcceptThenDrop())
    return await _paid(shop, 1)


async def unheard(shop: MortalShop) -> Placed:
    """The purchase never arrives at the supplier."""
    shop.production.system.vendors.kinguin.faults.next(BUY, kinguin.DropUnheard())
    return await _paid(shop, 1)


async def refused(shop: MortalShop) -> Placed:
    """The supplier says a clear no; the operator tries again."""
    system = shop.production.system
    system.vendors.kinguin.faults.next(BUY, kinguin.Refuse(kind="ProductUnavailable"))
    placed = await _paid(shop, 1)

    async def is_over_it() -> bool:
        """The operator presses `retry` for as long as the order needs attention."""
        order = await system.buyer.look(placed)
        if order is not None and order["status"] == "attention":
            path = f"/admin/orders/{placed.order_id}/retry"
            await system.buyer.ask("POST", path, {"reason": "it is in stock again"}, token=system.admin_token)
        return order is not None and order["status"] == "fulfilled"

    await eventually(is_over_it, f"{placed.order_id} is fulfilled", within=PATIENCE_SECONDS, every=0.1)
    return placed


async def asked_again(shop: MortalShop) -> Placed:
    """The buyer asks for a fresh link, and the staff run every webhook of the day once more."""
    system = shop.production.system
    placed = await _paid(shop, 1)
    await system.buyer.sees(placed, "fulfilled", within=PATIENCE_SECONDS)
    await system.buyer.mail(placed)

    async def is_asked() -> bool:
        """Until somebody answers."""
        path = f"/orders/{placed.order_id}/link"
        answer = await system.buyer.ask("POST", path, token=placed.access_token)
        return answer is not None and answer[0] == 202

    await eventually(is_asked, "a fresh link is on its way", every=0.1)
    for row in system.books.webhooks()[-4:]:
        await system.buyer.ask("POST", f"/admin/webhook-logs/{row['id']}/replay", token=system.admin_token)
    return placed


KINDS: Sequence[Callable[[MortalShop], Awaitable[Placed]]] = (plain, several, in_doubt, unheard, refused, asked_again)


async def _paid(shop: MortalShop, quantity: int) -> Placed:
    system = shop.production.system
    placed = await system.buyer.place(quantity=quantity)
    await system.vendors.gateway.pay(placed.payment_id, steps=STEPS)
    return placed


async def buy(shop: MortalShop, kind: Callable[[MortalShop], Awaitable[Placed]]) -> tuple[Placed, list[str]]:
    """One order, all its way, by a buyer and vendors who never give up."""
    system = shop.production.system
    placed = await kind(shop)
    await system.buyer.sees(placed, "fulfilled", within=PATIENCE_SECONDS)
    keys = await reveal_with_the_latest(shop, placed)
    # Payments that nobody will pay: their answers died with the process, so the buyer never saw them.
    for payment in system.vendors.gateway.payments:
        if payment.status == "waiting":
            await system.vendors.gateway.cancel(payment.payment_id)
    await system.at_rest()
    return placed, keys


async def reveal_with_the_latest(shop: MortalShop, placed: Placed) -> list[str]:
    """A fresh link revokes the earlier ones, so it may take another mail."""
    system = shop.production.system

    async def reveal() -> list[str] | None:
        """Try each mail that has come."""
        for mail in reversed(system.buyer.mails(placed)):
            found = await system.buyer.ask("POST", mail.link.removeprefix(system.place.url) + "/reveal")
            if found is not None and found[0] == 200:
                return sorted(key["value"] for key in found[1]["keys"])
        return None

    return await eventually(reveal, f"the keys of {placed.order_id} are shown", every=0.1, within=PATIENCE_SECONDS)


async def work_through(opened: AbstractAsyncContextManager[MortalShop], graveyard: Path, mode: str) -> int:
    """Buy until a whole round of orders meets nothing new; how often a process was struck on the way."""
    async with opened as shop:
        delivered: list[tuple[Placed, Sequence[str]]] = []
        quiet = 0
        for number in range(MOST_ORDERS):
            await shop.arm(mode=mode)
            delivered.append(await buy(shop, KINDS[number % len(KINDS)]))
            quiet = 0 if await shop.disarm() else quiet + 1
            if quiet == len(KINDS):
                break
        else:
            pytest.fail(f"after {MOST_ORDERS} orders there are still new boundaries: {boundaries(graveyard)[-5:]}")
        await check(shop, delivered)
        return shop.blows


async def check(shop: MortalShop, delivered: Sequence[tuple[Placed, Sequence[str]]]) -> None:
    """Hold the books against each other; nothing is left for a person, nothing lies about in the clear."""
    system = shop.production.system
    await system.at_rest()
    system.check(delivered)
    check_money(system)
    assert {order["status"] for order in system.books.orders(placed.order_id for placed, _ in delivered)} == {
        "fulfilled"
    }
    assert [finding["reason"] for finding in system.books.findings()] == []
    assert await shop.production.leaks(CANARY) == []
    for placed, _ in delivered:  # repeats of a mail are the same mail
        mails = system.buyer.mails(placed)
        assert len({mail.message_id for mail in mails}) == len({mail.link for mail in mails})


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Which blows on which database: the telling ones, or, with `--full`, all."""
    if "blow" in metafunc.fixturenames:
        is_full = metafunc.config.getoption("full")
        cases = list(product(Blow, ("postgres_stock", "stocked"))) if is_full else IN_SHORT
        metafunc.parametrize(("blow", "stock"), cases, ids=[f"{blow.name.lower()}-{stock}" for blow, stock in cases])


async def test_every_order_comes_through_whatever_befalls_whichever_process(
    tmp_path: Path, request: pytest.FixtureRequest, s3: str, blow: Blow, stock: str
) -> None:
    """Bought once, held once, shown, in the books, in no clear text: after a blow at each boundary of each process."""
    graveyard = tmp_path / "graveyard"
    graveyard.mkdir()
    mode = "arm" if request.config.getoption("full") else "arm new"
    databases = request.getfixturevalue(stock)
    # While one stands still, another one has to take over, and may not buy before the first has slept it off.
    shape: Any = {"workers": 2, "SUPPLIER_QUIET_SECONDS": "6"} if blow is Blow.STALL else {}

    blows = await asyncio.gather(
        *(
            work_through(
                open_mortal_shop(tmp_path / f"lane-{lane}", databases, s3, graveyard, blow, **shape), graveyard, mode
            )
            for lane in range(LANES)
        )
    )

    visited = boundaries(graveyard)
    print(f"\n{sum(blows)} times a process {blow.value}, at {len(visited)} boundaries")  # noqa: T201 - shown with -s
    # Two boundaries may meet in one death: of a process that is killed from without while it kills itself.
    assert 0 <= len(visited) - sum(blows) <= len(visited) // 20
    if blow in {Blow.KILL, Blow.STALL}:
        assert [row for row, names in ROWS.items() if not _all_visited(names, visited)] == []


def _all_visited(names: Sequence[str], visited: Sequence[str]) -> bool:
    """Whether boundaries of all these names were visited."""
    return all(any(re.fullmatch(f"{name} #1", one) for one in visited) for name in names)


@pytest.mark.parametrize(
    "boundary",
    # The first claim in a database makes the row of the switch that it asks.
    ["after commit: order_events, orders, reservations, switches", "before request: POST /esa/api/v2/order"],
    ids=["after the claim", "before it is sent"],
)
async def test_a_worker_that_stood_still_over_a_purchase_buys_nothing_twice(
    tmp_path: Path, postgres_stock: Stock, s3: str, boundary: str
) -> None:
    """It claimed a purchase and wakes after its lease: another worker has looked it up, and it is bought once."""
    opened = open_mortal_shop(
        tmp_path / "shop", postgres_stock, s3, tmp_path, Blow.STALL, workers=2, SUPPLIER_QUIET_SECONDS="6"
    )
    async with opened as shop:
        await shop.arm(mode=f"at {boundary}")
        placed, keys = await buy(shop, plain)
        stalls = await shop.disarm()

        await check(shop, [(placed, keys)])
        assert stalls == 1
        assert len(shop.production.system.vendors.kinguin.purchases) == 1


def test_the_page_tells_of_each_row() -> None:
    """What brings an order on from a moment that is visited here stands in the docs, under the same words."""
    page = (Path(__file__).parents[2] / "docs" / "crash-matrix.md").read_text(encoding="utf-8")

    assert [row for row in ROWS if f"| {row} |" not in page] == []
