"""The console's way to the supplier's products: looked for, shown as they would be, imported with a reason."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import attrs
import pytest
from console_world import Console, at_the_door, form_token, logged_in

from bitloot_core.testing.samples import a_product
from bitloot_core.values.errors import Unavailable
from bitloot_core.values.ids import ProductId, SupplierProductId
from bitloot_core.values.money import Money

QUEST = SupplierProductId("5c9b")
FIND = "/console/supplier-products"
IMPORT = "/console/supplier-products/import"
XSS = "<script>alert(1)</script> quest"


@pytest.fixture
async def console() -> AsyncIterator[Console]:
    """Somebody who may operate, and a supplier with a quest on its shelf."""
    async with logged_in(a_product()) as console:
        console.world.fakes.supplier.in_stock(QUEST, 7, cost="10.00", title="The Quest")
        yield console


async def test_a_search_shows_what_could_be_sold(console: Console) -> None:
    """Cost, price and cap by the shop's rule, and a box for each."""
    text = await console.get(f"{FIND}?q=quest")

    for part in ("The Quest", "10.00 EUR", "11.99 EUR", "11.49 EUR", "15%, 0.50, x.99", 'name="pick-1" value="5c9b"'):
        assert part in text


async def test_what_is_sold_out_cannot_be_picked(console: Console) -> None:
    """It has no price now."""
    console.world.fakes.supplier.in_stock(QUEST, 0, title="The Quest")

    text = await console.get(f"{FIND}?q=quest")

    assert "sold out" in text
    assert re.search(r'value="5c9b"[^>]* disabled', text)


async def test_a_long_search_has_pages(console: Console) -> None:
    """One leads to the next, and back."""
    for number in range(40):
        console.world.fakes.supplier.in_stock(SupplierProductId(f"p{number}"), 1, title=f"Quest {number}")

    first, second = await console.get(f"{FIND}?q=quest"), await console.get(f"{FIND}?q=quest&page=2")

    assert 'href="/console/supplier-products?q=quest&amp;page=2"' in first
    assert 'href="/console/supplier-products?q=quest&amp;page=1"' in second
    assert "Quest 39" in second


@pytest.mark.parametrize("query", ["q=ab", "q=quest&page=0", "q=quest&page=x", "q=quest&page=99999999999999999999"])
async def test_a_search_without_sense_is_told(console: Console, query: str) -> None:
    """In a sentence, with the form still there."""
    answer = await console.ask(f"{FIND}?{query}")

    assert answer.status == 422
    assert 'name="q"' in await answer.text()


async def test_nothing_found_is_said(console: Console) -> None:
    """An empty page says why it is empty."""
    assert "shows no such products" in await console.get(f"{FIND}?q=nothing")
    assert "shows no such products" not in await console.get(FIND)


async def test_a_supplier_that_is_away_is_told(console: Console) -> None:
    """Looking and planning alike."""
    console.world.fakes.supplier.is_down = True

    answers = [await console.ask(f"{FIND}?q=quest"), await console.ask(f"{IMPORT}?pick-1=5c9b")]

    assert [answer.status for answer in answers] == [503, 503]
    assert 'role="alert"' in await answers[0].text()


async def test_a_plan_changes_nothing(console: Console) -> None:
    """What would come is shown with its price."""
    text = await console.get(f"{IMPORT}?pick-1=5c9b")

    assert "Nothing is done yet" in text
    assert "11.99 EUR" in text
    assert len(await console.world.fakes.storage.catalogue.products()) == 1


async def test_an_import_is_done_with_a_reason(console: Console) -> None:
    """And stands in the audit."""
    answer = await console.press(f"{IMPORT}?pick-1=5c9b", IMPORT, **{"pick-1": QUEST, "reason": "spring range"})

    assert (answer.status, answer.headers["Location"]) == (303, "/console/products?imported=1")
    (quest,) = await console.world.fakes.storage.catalogue.products([ProductId(QUEST)])
    assert (quest.title, quest.price) == ("The Quest", Money.of("11.99", "EUR"))
    assert "1 product is on new terms" in await console.get("/console/products?imported=1")
    assert "spring range" in await console.get("/console/acts?action=change-product")


async def test_a_cap_falls_only_when_that_is_asked_for(console: Console) -> None:
    """The plan says what is kept, and offers the other one."""
    catalogue = console.world.fakes.storage.catalogue
    await catalogue.put([attrs.evolve(a_product(max_cost="30.00"), supplier_product_id=QUEST)])

    kept = await console.get(f"{IMPORT}?pick-1=5c9b")
    lower = await console.get(f"{IMPORT}?pick-1=5c9b&lowerCaps=1")
    fields = {"pick-1": QUEST, "reason": "because", "lowerCaps": "1"}
    await console.send(IMPORT, fields, token=form_token(lower))

    (after,) = await catalogue.products()
    assert "the higher cap is kept: the rule says 11.49 EUR" in kept
    assert "was 30.00 EUR" in lower
    assert after.max_cost == Money.of("11.49", "EUR")


async def test_one_that_cannot_be_imported_stops_all(console: Console) -> None:
    """No button is offered, and none is obeyed."""
    page = f"{IMPORT}?pick-1=5c9b&pick-2=nothing"
    text = await console.get(page)
    token = form_token(await console.get("/console/account"))

    answer = await console.send(IMPORT, {"pick-1": QUEST, "pick-2": "nothing", "reason": "x"}, token=token)

    assert f'method="post" action="{IMPORT}"' not in text
    assert answer.status == 409
    assert "the supplier shows no such product now" in await answer.text()
    assert len(await console.world.fakes.storage.catalogue.products()) == 1


@pytest.mark.parametrize("fields", [{"pick-1": "5c9b", "reason": " "}, {"reason": "because"}])
async def test_an_import_without_sense_is_told(console: Console, fields: dict[str, str]) -> None:
    """No reason, or nothing picked: the plan is shown again."""
    answer = await console.send(IMPORT, fields, token=form_token(await console.get("/console/account")))

    assert answer.status == 422
    assert len(await console.world.fakes.storage.catalogue.products()) == 1


async def test_an_import_is_at_the_price_of_its_moment(console: Console) -> None:
    """Not of the moment in which the plan was shown."""
    text = await console.get(f"{IMPORT}?pick-1=5c9b")
    console.world.fakes.supplier.in_stock(QUEST, 7, cost="20.00", title="The Quest")

    await console.send(IMPORT, {"pick-1": QUEST, "reason": "because"}, token=form_token(text))

    (quest,) = await console.world.fakes.storage.catalogue.products([ProductId(QUEST)])
    assert quest.price == Money.of("23.99", "EUR")


async def test_an_answer_that_is_lost_in_between_imports_nothing(console: Console) -> None:
    """The look is repeated right before, and must succeed."""
    text = await console.get(f"{IMPORT}?pick-1=5c9b")
    console.world.fakes.supplier.faults.before("products", Unavailable("supplier", "no answer in time"))

    answer = await console.send(IMPORT, {"pick-1": QUEST, "reason": "because"}, token=form_token(text))

    assert answer.status == 503
    assert len(await console.world.fakes.storage.catalogue.products()) == 1


async def test_prices_need_a_secret_once_more(console: Console) -> None:
    """A price is money."""
    await console.pass_time(timedelta(minutes=6))

    answer = await console.press(f"{IMPORT}?pick-1=5c9b", IMPORT, **{"pick-1": QUEST, "reason": "because"})

    assert answer.status == 403
    assert len(await console.world.fakes.storage.catalogue.products()) == 1


async def test_a_reader_neither_sees_nor_does_it() -> None:
    """The way there is for those who operate."""
    async with at_the_door(a_product()) as console:
        await console.hire("bob", "read")
        await console.log_in("bob")
        token = form_token(await console.get("/console/account"))

        answers = [
            await console.ask(f"{FIND}?q=quest"),
            await console.ask(f"{IMPORT}?pick-1=5c9b"),
            await console.send(IMPORT, {"pick-1": QUEST, "reason": "x"}, token=token),
        ]

        assert [answer.status for answer in answers] == [403, 403, 403]
        assert "Import from the supplier" not in await console.get("/console/products")


async def test_what_was_taken_over_is_never_obeyed(console: Console) -> None:
    """The supplier's title comes into our catalogue, and from there onto every page that shows it: as text."""
    console.world.fakes.supplier.says_of(QUEST, XSS)
    plan = await console.get(f"{IMPORT}?pick-1=5c9b")
    await console.send(IMPORT, {"pick-1": QUEST, "reason": XSS}, token=form_token(plan))
    placed = await console.world.delivered(items=[{"productId": "5c9b", "quantity": 1}])
    await console.forget()
    await console.log_in()

    shown = [
        plan,
        *[
            await console.get(path)
            for path in (
                f"{FIND}?q=quest",
                "/console/products",
                "/console/products/5c9b",
                "/console/acts",
                f"/console/orders/{placed['orderId']}",
                "/",
                f"/delivery/{await console.world.link_of(placed)}",
            )
        ],
    ]

    assert [page for page in shown if "<script>alert" in page] == []
    assert ["&lt;script&gt;alert(1)" in page for page in shown[:7]] == [True] * 7
    assert shown[1].count("&lt;script&gt;alert(1)") >= 3, "title, platform and region"


async def test_the_suppliers_words_are_never_obeyed(console: Console) -> None:
    """Nor those of whoever searches."""
    console.world.fakes.supplier.in_stock(QUEST, 7, title=XSS)

    shown = [
        await console.get(f"{FIND}?q=%3Cscript%3Ealert(1)%3C/script%3E"),
        await console.get(f"{IMPORT}?pick-1=5c9b&pick-2=%22%3E%3Cscript%3Ealert(1)"),
        await console.get("/console/products?imported=%3Cscript%3E"),
    ]

    assert [page for page in shown if "<script>" in page] == []
    assert "&lt;script&gt;alert(1)" in shown[0]
