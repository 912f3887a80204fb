"""`bitloot products search` and the import from the supplier: what is shown, and what is done."""

import json
from collections.abc import Callable

import attrs
import pytest
from typer.testing import Result

from bitloot_core.ports.audit import ActFilter
from bitloot_core.ports.queries import Slice
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.import_products import FallingCaps
from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.ids import SupplierProductId
from bitloot_core.values.money import Money
from bitloot_http.cli.failures import Failure
from bitloot_http.cli.stocking import search, take_over

Run = Callable[..., Result]
QUEST = SupplierProductId("5c9b")
PLAIN = {
    "rule": "20%, 1.00, x.99",
    "falling_caps": FallingCaps.KEPT,
    "reason": "spring",
    "dry_run": False,
    "as_json": False,
}


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> FakeShop:
    """A supplier with something on its shelf, and Ann at the keyboard."""
    monkeypatch.setenv("LOGNAME", "ann")
    shop = FakeShop()
    shop.supplier.in_stock(QUEST, 7, cost="10.00", title="The [bold]Quest\u202e of 🎮")
    return shop


async def test_a_search_shows_what_the_rule_makes(shop: FakeShop, capsys: pytest.CaptureFixture[str]) -> None:
    """Cost, price and cap in a line; third-party text is shown as it is, and does nothing."""
    await search(shop.shop, "quest", page=1, rule="20%, 1.00, x.99", as_json=False)

    shown = capsys.readouterr().out
    for part in ("5c9b", "[bold]Quest", "10.00 EUR", "12.99 EUR", "11.99 EUR"):
        assert part in shown
    assert "\u202e" not in shown


async def test_programs_are_told_what_was_found(shop: FakeShop, capsys: pytest.CaptureFixture[str]) -> None:
    """With the shop's own rule, and whether it is in our catalogue already."""
    await shop.shop.catalogue.put([attrs.evolve(a_product(), supplier_product_id=QUEST)])
    shop.supplier.in_stock(SupplierProductId("gone"), 0, title="Quest gone")
    shop.supplier.preorder_open(SupplierProductId("soon"), 1)

    await search(shop.shop, "quest", page=1, rule=None, as_json=True)
    found = json.loads(capsys.readouterr().out)
    await search(shop.shop, "fake soon", page=1, rule=None, as_json=True)
    soon = json.loads(capsys.readouterr().out)["items"][0]

    first, gone = found["items"]
    assert found["hasMore"] is False
    assert (first["supplierProductId"], first["isOurs"], first["stock"]) == ("5c9b", True, 7)
    assert (first["cost"], first["price"]) == (
        {"amount": "10.00", "currency": "EUR"},
        {"amount": "11.99", "currency": "EUR"},
    )
    assert (gone["isOurs"], gone["cost"], gone["price"], gone["maxCost"]) == (False, None, None, None)
    assert (soon["isPreorder"], soon["releaseDate"]) == (True, "2099-01-01")


async def test_a_long_search_says_how_to_go_on(shop: FakeShop, capsys: pytest.CaptureFixture[str]) -> None:
    """A page at a time."""
    for number in range(30):
        shop.supplier.in_stock(SupplierProductId(f"p{number}"), 1, title=f"Quest {number}")

    await search(shop.shop, "quest", page=1, rule=None, as_json=False)

    assert "There is more: --page 2" in capsys.readouterr().out


async def test_a_price_that_cannot_be_made_is_left_open(shop: FakeShop, capsys: pytest.CaptureFixture[str]) -> None:
    """A rule can lead out of range; the product is shown all the same."""
    shop.supplier.in_stock(QUEST, 1, cost="999999999999.00", title="The dear quest")

    await search(shop.shop, "quest", page=1, rule="1000%, 0, 1", as_json=True)

    (shown,) = json.loads(capsys.readouterr().out)["items"]
    assert (shown["cost"]["amount"], shown["price"]) == ("999999999999.00", None)


async def test_a_dry_run_changes_nothing(shop: FakeShop, capsys: pytest.CaptureFixture[str]) -> None:
    """It shows what would be."""
    await take_over(shop.shop, [QUEST], **{**PLAIN, "dry_run": True})

    shown = capsys.readouterr().out
    assert "new" in shown
    assert "12.99 EUR" in shown
    assert "imported" not in shown
    assert await shop.shop.catalogue.products() == ()


async def test_an_import_is_done_and_said(shop: FakeShop, capsys: pytest.CaptureFixture[str]) -> None:
    """Under the name of whoever is at the keyboard."""
    await take_over(shop.shop, [QUEST], **PLAIN)

    (row,) = (await shop.storage.audit.acts(ActFilter(), Slice())).items
    assert "1 product imported." in capsys.readouterr().out
    assert (row.act.actor, row.act.reason) == ("shell:ann", "spring")


async def test_a_change_shows_both_sides(shop: FakeShop, capsys: pytest.CaptureFixture[str]) -> None:
    """And that a higher cap was kept."""
    ours = attrs.evolve(a_product(price="9.99", max_cost="30.00"), supplier_product_id=QUEST)
    await shop.shop.catalogue.put([ours])

    await take_over(shop.shop, [QUEST], **PLAIN)

    shown = capsys.readouterr().out
    assert "9.99 EUR → 12.99 EUR" in shown
    assert "the higher cap is kept: the rule says 11.99 EUR" in shown
    (after,) = await shop.shop.catalogue.products()
    assert after.max_cost == Money.of("30.00", "EUR")


async def test_programs_are_told_the_plan(shop: FakeShop, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each product, with what it was and what it is."""
    await take_over(shop.shop, [QUEST], **PLAIN)
    capsys.readouterr()

    await take_over(shop.shop, [QUEST], **{**PLAIN, "as_json": True})

    told = json.loads(capsys.readouterr().out)
    assert told["dryRun"] is False
    (line,) = told["items"]
    assert (line["verdict"], line["priceBefore"], line["price"]) == ("same", line["price"], line["price"])


@pytest.mark.parametrize(
    ("dry_run", "end"), [(True, "It would be refused as a whole."), (False, "Nothing was imported.")]
)
async def test_one_that_cannot_be_imported_stops_all(
    shop: FakeShop, capsys: pytest.CaptureFixture[str], *, dry_run: bool, end: str
) -> None:
    """Each line is shown, and the command fails."""
    with pytest.raises(Failure) as caught:
        await take_over(shop.shop, [QUEST, "nothing"], **{**PLAIN, "dry_run": dry_run})

    assert caught.value.lines == (end,)
    assert "the supplier shows no such product now" in capsys.readouterr().out
    assert await shop.shop.catalogue.products() == ()


async def test_a_rule_that_is_none_is_refused(shop: FakeShop) -> None:
    """Before anybody is asked."""
    with pytest.raises(InvalidInput):
        await take_over(shop.shop, [QUEST], **{**PLAIN, "rule": "cheap"})


@pytest.mark.parametrize(
    "arguments", [("a.csv", "b.csv"), ("a.csv", "--dry-run"), ("a.csv", "--rule", "1%, 0, 1"), ("a.csv", "--json")]
)
def test_a_file_is_imported_as_it_is(run: Run, arguments: tuple[str, ...]) -> None:
    """What is for the supplier's products has no meaning there."""
    refused = run("products", "import", *arguments)

    assert (refused.exit_code, refused.stderr) == (2, "Name one file; the options are for --from-supplier.\n")


def test_a_supplier_that_does_not_answer_is_said_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence, exit 1."""
    monkeypatch.setenv("KINGUIN_BASE_URL", "http://127.0.0.1:9/esa/api")

    answers = [run("products", "search", "quest"), run("products", "import", "--from-supplier", "5c9b")]

    assert [one.exit_code for one in answers] == [1, 1]
    assert all("Supplier: cannot be reached" in one.stderr for one in answers)
