"""The checks of the documentation, each tried on a page that breaks it; and the pages themselves, held to them."""

import re
from pathlib import Path

import pytest
from http_world import ENOUGH

import check_docs
import doc_configuration
import write_docs
from bitloot_core.order.transitions import TRANSITIONS
from bitloot_core.usecases.shop import Shop
from bitloot_http.container import open_shop
from bitloot_http.products_csv import parse_products
from bitloot_http.reading_settings import read_settings
from doc_names import broken_names
from doc_pages import ROOT, fences, pages, spans

INVARIANTS = ROOT / "docs" / "invariants.md"
RUN = ROOT / "docs" / "run-the-service.md"


def complaints(folder: Path, text: str) -> list[str]:
    """What every check says of a page with this text."""
    page = folder / "page.md"
    page.write_text(text, encoding="utf-8")
    checks = (check_docs.broken_links, check_docs.broken_fences, broken_names)
    return [line.partition(": ")[2] for check in checks for line in check(page)]


BROKEN = {
    "Run `bitloot sell`.": "there is no command `bitloot sell`",
    "Run `bitloot orders list --colour`.": "`bitloot orders list --colour` has no option --colour",
    "```console\n$ bitloot fly\n```": "there is no command `bitloot fly`",
    "Set `SHOP_COLOUR`.": "SHOP_COLOUR is neither a setting nor a constant of ours",
    "Set `SHOP_COLOUR=red`.": "SHOP_COLOUR is neither a setting nor a constant of ours",
    "Set `R3_*`.": "R3_* is neither a setting nor a constant of ours",
    "```dotenv\nSHOP_COLOUR=red\n```": "SHOP_COLOUR is neither a setting nor a constant of ours",
    "See `bitloot_core.magic`.": "there is no bitloot_core.magic",
    "See `bitloot_core.usecases.shop.Stall`.": "there is no bitloot_core.usecases.shop.Stall",
    "See `src/bitloot_core/magic.py`.": "there is no file src/bitloot_core/magic.py",
    "See `tests/unit/test_envelope.py::test_nothing`.": "tests/unit/test_envelope.py has no test_nothing",
    "Ask `GET /weather`.": "there is no endpoint GET /weather",
    "Call `Vault.burn`.": "Vault has no burn",
    "Call `burn_all_keys()`.": "nothing in the code is called burn_all_keys",
    "[here](nowhere.md)": "there is no nowhere.md",
    "# One\n\n[here](#two)": "this page has no heading for #two",
    "```\ncode\n```": "the fence names no language (use `text` for none)",
    "```text\ncode": "the fence never ends",
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_promise_is_named(tmp_path: Path, text: str) -> None:
    """Each check bites."""
    assert [BROKEN[text]] == complaints(tmp_path, text)


KEPT = (
    "Run `bitloot orders list --status paid` or `bitloot db upgrade`; `bitloot` alone helps.",
    "Set `LINK_SECRET`, `R2_*` or `PORT=80`; see `TRANSITIONS`.",
    "See `bitloot_core`, `bitloot_core.usecases.shop.Shop` and `bitloot_http/container.py`.",
    "Ask `GET /orders/{id}?x=1`, or the vendor's `POST /v2/order`.",
    "Call `Vault.save_keys(keys)`; the seed's `OrdersService.markPaid` is nobody's business.",
    "| seed | here |\n|---|---|\n| `markEverything`, `SEED_ONLY` | `save_keys` |",
)


@pytest.mark.parametrize("text", KEPT)
def test_a_promise_that_is_kept_is_let_be(tmp_path: Path, text: str) -> None:
    """A check that cries for nothing is switched off."""
    assert complaints(tmp_path, text) == []


def test_a_name_of_the_seed_is_not_ours(tmp_path: Path) -> None:
    """The seed's column is left out; the other cells are read."""
    page = tmp_path / "page.md"
    page.write_text("| seed | here |\n|---|---|\n| `theirs` | `ours` |\n\n| x | y |\n|---|---|\n| `a` | `b` |\n")

    assert [code for _, code in spans(page)] == ["ours", "a", "b"]


def test_the_pages_keep_their_promises(capsys: pytest.CaptureFixture[str]) -> None:
    """What `make check` asks."""
    assert check_docs.main() == 0, capsys.readouterr().out


def test_what_is_made_from_the_code_is_fresh() -> None:
    """`tools/write_docs.py` would change nothing."""
    assert list(write_docs.stale_pages()) == []


def test_a_page_that_is_out_of_date_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever adds a setting or a problem is told to write the page anew."""
    page = tmp_path / "page.md"
    page.write_text("<!-- made by tools/write_docs.py: problems -->\nold\n<!-- end -->\n", encoding="utf-8")
    monkeypatch.setattr(write_docs, "pages", lambda: [page])
    monkeypatch.setattr(write_docs, "WHOLE", {})

    assert list(write_docs.stale_pages()) == ["page.md: out of date; run `.venv/bin/python tools/write_docs.py`"]


def test_each_setting_has_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that belongs to no group would vanish from the page; that is an error instead."""
    monkeypatch.setattr(doc_configuration, "GROUPS", doc_configuration.GROUPS[1:])

    with pytest.raises(ValueError, match="KINGUIN_API_KEY"):
        doc_configuration.configuration()


@pytest.mark.parametrize("number", range(1, 14))
def test_each_invariant_has_tests_that_try_to_break_it(number: int) -> None:
    """Named on the page, and there; `doc_names` sees to the latter."""
    chapters = re.split(r"^## ", INVARIANTS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (chapter,) = (text for text in chapters if text.startswith(f"I{number}: "))

    assert "**What holds it.**" in chapter
    assert len(re.findall(r"^- `[\w/.]+\.py::test_\w+`$", chapter, flags=re.MULTILINE)) >= 5


CHOICES = {
    "DATABASE_URL": {"DATABASE_URL": "postgresql://user:password@localhost/shop"},
    "REDIS_URL": {"REDIS_URL": "redis://localhost/0"},
    "R2_": {
        "R2_ACCESS_KEY_ID": "id",
        "R2_SECRET_ACCESS_KEY": "secret",
        "R2_ENDPOINT": "https://account.r2.cloudflarestorage.com",
        "R2_BUCKET": "keys",
    },
    "SMTP_URL": {"SMTP_URL": "smtp://localhost:2525", "MAIL_FROM": "shop@example.com"},
}


@pytest.mark.parametrize("name", CHOICES)
async def test_what_can_be_chosen_can_be_opened(tmp_path: Path, name: str) -> None:
    """No setting is read and then not obeyed: each engine that can be named is there."""
    here = {
        "VAULT_DIR": str(tmp_path / "vault"),
        "MAIL_DIR": str(tmp_path / "mail"),
        "DATABASE_URL": f"sqlite:///{tmp_path}/shop.db",
    }

    async with open_shop(read_settings({**ENOUGH, **here, **CHOICES[name]})) as shop:
        assert isinstance(shop, Shop)


def test_the_example_of_a_catalogue_is_one() -> None:
    """Whoever copies it can import it."""
    (example,) = (fence for fence in fences(RUN) if fence.lines[0].startswith("product_id,"))

    read = [product.id for product in parse_products(example.text.encode())]

    assert read == ["counter-strike", "next-summer"]


ARROW = re.compile(r"^\s*(\w+) --> (\w+)", re.MULTILINE)


def test_the_picture_of_an_orders_life_shows_what_can_happen() -> None:
    """Each arrow between two states is in the table; the picture leaves some out, and invents none."""
    (picture,) = (fence for fence in fences(ROOT / "docs" / "architecture.md") if fence.language == "mermaid")
    arrows = set(ARROW.findall(picture.text))
    lawful = {
        (str(status), str(after))
        for status, row in TRANSITIONS.items()
        for follows in row.values()
        for after in follows
    }

    assert arrows
    assert arrows - lawful == set()


def test_every_page_is_read() -> None:
    """README, changes and all of docs."""
    assert {"README.md", "CHANGELOG.md", "index.md", "0001-no-message-bus.md"} <= {page.name for page in pages()}
