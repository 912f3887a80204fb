"""The catalogue in a file: taken whole, or refused with every mistake that it has."""

from datetime import date

import pytest

from bitloot_core.order.reservations import KeyType
from bitloot_core.ports.catalogue import Product
from bitloot_core.values.ids import ProductId, SupplierProductId
from bitloot_core.values.money import Money
from bitloot_http.products_csv import ProductsInvalid, parse_products

HEADING = "product_id,title,supplier_product_id,price,currency,max_cost,key_type,release_date\n"
GOOD = "tide,Lantern Tide,5c9b,19.99,EUR,16.00,,\n"


def mistakes(content: str | bytes) -> list[tuple[int, str]]:
    """The line and the column of each mistake in a file."""
    with pytest.raises(ProductsInvalid) as refused:
        parse_products(content if isinstance(content, bytes) else content.encode())
    return [(problem.line, problem.field) for problem in refused.value.problems]


def test_a_line_becomes_a_product() -> None:
    """Every column is read; the two that may be empty or missing have the documented default."""
    expected = Product(
        id=ProductId("tide"),
        title="Lantern Tide",
        supplier_product_id=SupplierProductId("5c9b"),
        price=Money.of("19.99", "USD"),
        max_cost=Money.of("16.00", "EUR"),
        key_type=KeyType.TEXT,
        release_date=None,
    )

    found = parse_products(
        b"product_id,title,supplier_product_id,price,currency,max_cost\ntide,Lantern Tide,5c9b,19.99,USD,16.00\n"
    )

    assert (expected,) == found


def test_columns_may_stand_in_any_order_and_case() -> None:
    """Whoever exports a table does not choose the order of its columns."""
    content = b"Currency,MAX_COST,price,title,product_id,supplier_product_id\nEUR,16,19.99,Lantern Tide,tide,5c9b\n"

    (product,) = parse_products(content)

    assert (ProductId("tide"), Money.of("16", "EUR")) == (product.id, product.max_cost)


def test_a_preorder_and_a_picture_are_told_by_their_columns() -> None:
    """`release_date` makes a preorder, `any` admits pictures."""
    (product,) = parse_products((HEADING + "tide,Tide,5c9b,19.99,EUR,16.00,Any,2026-03-01\n").encode())

    assert (KeyType.ANY, date(2026, 3, 1)) == (product.key_type, product.release_date)


def test_a_spreadsheets_mark_and_empty_lines_do_no_harm() -> None:
    """A byte order mark, Windows line ends and blank lines are what spreadsheets write."""
    content = ("\ufeff" + HEADING + "\n" + GOOD + ",,,,,,,\n").replace("\n", "\r\n")

    assert len(parse_products(content.encode())) == 1


@pytest.mark.parametrize(
    ("line", "column"),
    [
        (",Tide,5c9b,19.99,EUR,16.00,,", "product_id"),
        ("the tide,Tide,5c9b,19.99,EUR,16.00,,", "product_id"),
        (f"{'t' * 129},Tide,5c9b,19.99,EUR,16.00,,", "product_id"),
        ("tide,,5c9b,19.99,EUR,16.00,,", "title"),
        ("tide,Ti\x1bde,5c9b,19.99,EUR,16.00,,", "title"),
        ("tide,Tide,,19.99,EUR,16.00,,", "supplier_product_id"),
        ("tide,Tide,5c9b,19.999,EUR,16.00,,", "price"),
        ('tide,Tide,5c9b,"19,99",EUR,16.00,,', "price"),
        ("tide,Tide,5c9b,1e3,EUR,16.00,,", "price"),
        ("tide,Tide,5c9b,0,EUR,16.00,,", "price"),
        ("tide,Tide,5c9b,-1.00,EUR,16.00,,", "price"),
        ("tide,Tide,5c9b,19.99,euro,16.00,,", "currency"),
        ("tide,Tide,5c9b,19.99,EUR,0.00,,", "max_cost"),
        ("tide,Tide,5c9b,19.99,EUR,much,,", "max_cost"),
        ("tide,Tide,5c9b,19.99,EUR,16.00,picture,", "key_type"),
        ("tide,Tide,5c9b,19.99,EUR,16.00,,2026-02-30", "release_date"),
        ("tide,Tide,5c9b,19.99,EUR,16.00,,soon", "release_date"),
        ("tide,Tide,5c9b,19.99,EUR,16.00,,,", ""),
    ],
)
def test_a_cell_that_cannot_be_used_is_named(line: str, column: str) -> None:
    """The line is counted with the heading, as editors do."""
    assert [(2, column)] == mistakes(f"{HEADING}{line}\n")


def test_every_mistake_of_every_line_is_told() -> None:
    """Whoever corrects a file wants to do it once."""
    content = HEADING + "tide,,5c9b,0,EUR,16.00,,\n" + GOOD.replace("tide", "moth") + "rust,Rust,5c9c,1.00,EUR,,,\n"

    assert mistakes(content) == [(2, "title"), (2, "price"), (4, "max_cost")]


def test_one_id_stands_for_one_product() -> None:
    """The second line of the same id is refused, and the first one named."""
    with pytest.raises(ProductsInvalid, match="line 3: product_id is the same as in line 2"):
        parse_products((HEADING + GOOD + GOOD).encode())


def test_lines_are_counted_as_editors_count_them() -> None:
    """A title in quotes may go over two lines; the mistake after it is still found where it is."""
    content = HEADING + 'tide,"Lantern\nTide",5c9b,19.99,EUR,16.00,,\n' + "rust,Rust,5c9c,0,EUR,16.00,,\n"

    assert mistakes(content) == [(2, "title"), (4, "price")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "product_id is missing in the heading"),
        (HEADING, "there is no product in the file"),
        (HEADING.replace("title", "name") + GOOD, "title is missing in the heading; line 1: name is no column"),
        (HEADING.replace("key_type", "title") + GOOD, "title is there twice"),
        (HEADING.replace(",", ";") + GOOD.replace(",", ";"), "separated by commas"),
        (HEADING.encode() + b"tide,L\xe4ntern\n", "line 2: is not UTF-8"),
        (HEADING + 'tide,"Lantern,5c9b\n', "cannot be read as CSV"),
    ],
)
def test_a_file_that_is_no_catalogue_is_refused(content: str | bytes, reason: str) -> None:
    """The reason says what to change."""
    with pytest.raises(ProductsInvalid, match=reason):
        parse_products(content if isinstance(content, bytes) else content.encode())
