"""Each command, with what it prints and how it exits."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from bitloot_http.variables import master_keys

Run = Callable[..., Result]

PRODUCTS = "product_id,title,supplier_product_id,price,currency,max_cost\ntide,Lantern Tide,5c9b,19.99,EUR,16.00\n"


def test_a_database_is_made_checked_and_left_alone(run: Run) -> None:
    """`db check` says 1 before and 0 after; a second upgrade changes nothing."""
    before = run("db", "check")
    upgraded = run("db", "upgrade")
    again = run("db", "upgrade")
    after = run("db", "check")

    assert [before.exit_code, upgraded.exit_code, again.exit_code, after.exit_code] == [1, 0, 0, 0]
    assert "run `bitloot db upgrade`" in before.stderr
    assert "of this version" in again.stdout


def test_products_come_back_as_they_were_imported(run: Run, folder: Path) -> None:
    """The first command of a newcomer makes the database by itself."""
    (folder / "products.csv").write_text(PRODUCTS)

    imported = run("products", "import", "products.csv")
    listed = run("products", "list")
    as_json = run("products", "list", "--json")

    assert "1 product imported." in imported.stdout
    assert "Lantern Tide" in listed.stdout
    assert json.loads(as_json.stdout)["items"][0] == {
        "productId": "tide",
        "title": "Lantern Tide",
        "supplierProductId": "5c9b",
        "price": {"amount": "19.99", "currency": "EUR"},
        "maxCost": {"amount": "16.00", "currency": "EUR"},
        "keyType": "text",
        "releaseDate": None,
        "available": True,
    }


def test_products_are_read_from_standard_input_too(run: Run) -> None:
    """`-` is the usual name of it."""
    assert run("products", "import", "-", typed=PRODUCTS).exit_code == 0


def test_one_bad_line_imports_nothing(run: Run, folder: Path) -> None:
    """Every mistake is told with the file and the line, and the catalogue stays empty."""
    (folder / "products.csv").write_text(PRODUCTS + "moth,,5c9c,0,EUR,1.00\n")
    run("db", "upgrade")

    refused = run("products", "import", "products.csv")
    listed = run("products", "list", "--json")

    assert refused.exit_code == 1
    expected = [
        "products.csv: line 3: title is empty",
        "products.csv: line 3: price must be above 0",
        "Nothing was imported.",
    ]
    assert expected == refused.stderr.splitlines()
    assert json.loads(listed.stdout)["items"] == []


def test_a_file_that_is_not_there_is_said_so(run: Run) -> None:
    """No traceback for a slip of the keyboard."""
    refused = run("products", "import", "nowhere.csv")

    assert (refused.exit_code, refused.stderr) == (1, "No such file or directory: nowhere.csv.\n")


@pytest.mark.parametrize("listing", ["orders", "webhooks"])
def test_an_empty_list_is_a_page_of_the_api(run: Run, listing: str) -> None:
    """`--json` prints what the admin API would answer."""
    run("db", "upgrade")

    answer = run(listing, "list", "--json")

    assert json.loads(answer.stdout) == {"items": [], "nextCursor": None}


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("orders", "show", "o1"), "No order o1."),
        (("orders", "retry", "o1"), "No order o1."),
        (("webhooks", "show", "7"), "No webhook 7."),
        (("webhooks", "replay", "7"), "No webhook 7."),
    ],
)
def test_what_is_not_there_is_said_so(run: Run, arguments: tuple[str, ...], line: str) -> None:
    """One sentence on standard error, exit 1."""
    run("db", "upgrade")

    refused = run(*arguments)

    assert (1, f"{line}\n") == (refused.exit_code, refused.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        ("orders", "list", "--status", "nonsense"),
        ("orders", "list", "--limit", "0"),
        ("orders", "list", "--limit", "101"),
        ("orders", "list", "--cursor", "nonsense"),
        ("webhooks", "show", "first"),
        ("admin", "create-token", "--name", "me", "--scope", "everything"),
        ("admin", "create-token", "--name", "me", "--days", "0"),
        ("vault", "generate-key", "--id", "no spaces"),
        ("demo", "--orders", "0"),
        ("nonsense",),
    ],
)
def test_a_command_that_makes_no_sense_exits_2(run: Run, arguments: tuple[str, ...]) -> None:
    """Whoever calls us from a script can tell a wrong call from a failure."""
    run("db", "upgrade")

    assert run(*arguments).exit_code == 2


def test_reading_commands_make_no_database(run: Run, folder: Path) -> None:
    """In a wrong folder, a list says so and leaves no file behind."""
    refused = run("orders", "list")

    assert refused.exit_code == 1
    assert "run `bitloot db upgrade`" in refused.stderr
    assert not (folder / "bitloot.db").exists()


def test_all_problems_of_the_settings_are_listed(run: Run, folder: Path) -> None:
    """Exit 2, a line for each variable, and no value of any."""
    (folder / ".env").write_text("PORT=hidden\nLINK_SECRET=short\n")

    refused = run("orders", "list")

    assert refused.exit_code == 2
    assert "PORT must be a whole number" in refused.stderr
    assert "LINK_SECRET must have 32 characters" in refused.stderr
    assert "KINGUIN_API_KEY is missing" in refused.stderr
    assert "hidden" not in refused.stderr


def test_a_generated_key_is_an_entry_of_the_setting(run: Run) -> None:
    """Nothing else stands on standard output, and no two are alike."""
    first, second = run("vault", "generate-key").stdout, run("vault", "generate-key", "--id", "k2026").stdout

    master_keys(f"{first.strip()},{second.strip()}")

    assert second.startswith("k2026:")
    assert first != second


def test_an_empty_vault_is_in_order(run: Run) -> None:
    """Nothing is held, nothing is missing."""
    run("db", "upgrade")

    assert (
        (answer := run("vault", "verify")).exit_code,
        answer.stdout,
    ) == (0, "0 keys opened; nothing is missing.\n")


def test_a_token_is_printed_and_nothing_else(run: Run) -> None:
    """So that it can be taken by a script."""
    answer = run("admin", "create-token", "--name", "me", "--scope", "read,operate", "--days", "3")

    assert re.fullmatch(r"bl_[A-Za-z0-9_-]{43}\n", answer.stdout)
    assert answer.exit_code == 0
