"""Text of others at the console: shown, and never obeyed."""

from collections.abc import AsyncIterator

import attrs
import pytest
from console_world import Console, an_order, form_token, logged_in

from bitloot_core.ports.catalogue import Product
from bitloot_core.testing.samples import a_product

XSS = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'"
LISTS = [
    "/console",
    "/console?reach=fortnight",
    "/console/orders",
    "/console/reservations",
    "/console/webhooks",
    "/console/findings",
    "/console/findings?status=any",
    "/console/jobs",
    "/console/jobs?status=done",
    "/console/acts",
]


@pytest.fixture
async def console() -> AsyncIterator[Console]:
    """Somebody of the staff, in the console of a shop without orders."""
    async with logged_in() as one:
        yield one


async def test_no_key_stands_on_any_page(console: Console) -> None:
    """Serials are shown by a reveal, and by nothing else."""
    order_id = await an_order(console)
    token = console.world.fakes.token()
    shown = await console.world.client.post(f"/delivery/{token}/reveal", headers={"Accept": "application/json"})
    serial = (await shown.json())["keys"][0]["value"]

    pages = [
        await console.get(path)
        for path in (
            f"/console/orders/{order_id}",
            "/console/webhooks/1",
            f"/console/key-audit?orderId={order_id}",
            *LISTS,
        )
    ]

    assert [serial in page for page in pages] == [False] * len(pages)
    assert "link" in pages[2]
    assert "127.0.0.1" in pages[2]


def hostile() -> Product:
    """A product whose title would run, if anything did."""
    return attrs.evolve(a_product(), title=XSS)


async def test_text_of_others_is_never_obeyed() -> None:
    """A title, an address, a supplier's error, a browser's name, a webhook's body, a reason: all shown, none run."""
    async with logged_in(hostile()) as console:
        fakes = console.world.fakes
        placed = await console.world.placed()
        await fakes.pay(placed["orderId"])
        await fakes.deliver(placed["orderId"])
        await fakes.pass_time(fakes.shop.policy.supplier_poll[0])
        order_id = placed["orderId"]
        await console.world.client.post(f"/delivery/{fakes.token()}/reveal", headers={"User-Agent": XSS})
        path = f"/console/orders/{order_id}"
        await console.press(path, f"{path}/resend", reason=XSS)
        await console.send(f"{path}/cancel", {"reason": XSS}, token=form_token(await console.get(path)))

        shown = [
            await console.get(one)
            for one in (
                path,
                *LISTS,
                "/console/webhooks/1",
                "/console/products",
                "/console/products/game",
                f"/console/key-audit?orderId={order_id}",
                "/console/search?q=%3Cscript%3Ealert(1)%3C/script%3E",
                "/console/orders?email=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
            )
        ]

        assert [page for page in shown if "<script>alert" in page or "<img" in page] == []
        assert "&lt;script&gt;" in shown[0]
        assert "&lt;script&gt;" in shown[-1]


@pytest.mark.parametrize(
    "query",
    [
        "status=%27%20OR%201=1%20--",
        "orderId=..%2F..%2Fetc%2Fpasswd",
        "email=%25",
        "kinguinReservationId=%00",
        "limit=10000",
        "cursor=nonsense",
        "nonsense=1",
        "status=paid&status=created",
        "from=yesterday",
    ],
)
async def test_a_filter_is_text_and_nothing_else(console: Console, query: str) -> None:
    """It finds nothing or is refused; it never breaks out, nor breaks the page."""
    order_id = await an_order(console, delivered=False)

    answer = await console.ask(f"/console/orders?{query}")

    assert answer.status in {200, 400, 422}
    assert order_id not in await answer.text()


@pytest.mark.parametrize(
    "path",
    [
        "/console/orders/..%2f..%2fadmin",
        "/console/orders/order1/destroy",
        "/console/webhooks/1%20OR%201=1",
        "/console/webhooks/-1",
        "/console/reservations/a%2Fb",
    ],
)
async def test_a_path_leads_nowhere_else(console: Console, path: str) -> None:
    """What does not have the form of a name is not looked up."""
    answer = await console.ask(path)

    assert answer.status in {404, 405}
