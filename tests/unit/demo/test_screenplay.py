"""What happens in the demo is written down beforehand."""

from datetime import date

from bitloot_http.demo.board import STEPS, Board, Row, Voice
from bitloot_http.demo.catalogue import GAMES, products_csv
from bitloot_http.demo.screenplay import Delivery, Notices, Pays, screenplay
from bitloot_http.products_csv import parse_products


def test_the_cast_plays_everything_that_can_be_played() -> None:
    """Each way to pay, each fate of a notice and of a delivery is in one round of the cast."""
    scenes = screenplay(14)

    assert set(Pays) == {scene.pays for scene in scenes}
    assert set(Notices) == {scene.notices for scene in scenes}
    assert set(Delivery) == {scene.delivery for scene in scenes}


def test_every_order_has_an_address_of_its_own() -> None:
    """The buyer's mail is found by it."""
    scenes = screenplay(40)

    assert len({scene.email for scene in scenes}) == 40
    assert list(range(1, 41)) == [scene.number for scene in scenes]


def test_a_preorder_is_bought_alone() -> None:
    """The supplier takes no other product beside one. **Source:** Kinguin ESA documentation, "Buying pre-orders"."""
    for scene in screenplay(14):
        assert len(scene.cart) == 1 or not any(game.is_preorder for game, _ in scene.cart)


def test_the_games_are_imported_as_a_shop_would() -> None:
    """Through the file that `bitloot products import` reads, with a price above the cap above the cost."""
    supplier_ids = {game.id: f"supplier-{game.id}" for game in GAMES}

    products = parse_products(products_csv(supplier_ids, date(2026, 1, 31)).encode())

    assert {game.id for game in GAMES} == {product.id for product in products}
    assert all(game.cost < game.cap < game.price for game in GAMES)
    assert [date(2026, 1, 31)] == [product.release_date for product in products if product.release_date]


def test_a_row_moves_along_the_steps_one_by_one() -> None:
    """A step counts only when those before it are done, as in the picture."""
    (scene,) = screenplay(1)
    row = Row(scene=scene)
    seen = [row.steps]

    row.held = scene.keys  # known before the purchase was noticed
    seen.append(row.steps)
    row.order_id = "o1"
    seen.append(row.steps)
    row.is_paid = True
    seen.append(row.steps)
    row.is_bought = True
    seen.append(row.steps)
    row.mailed_at, row.revealed = 2.0, scene.keys
    seen.append(row.steps)

    assert [0, 0, 1, 2, 4, len(STEPS)] == seen


def test_an_event_reaches_whoever_listens() -> None:
    """The feed on a terminal and the lines in a pipe tell the same."""
    board = Board.of(screenplay(2), lambda: 1.5)
    heard: list[str] = []
    board.listeners.append(lambda event: heard.append(event.text))

    board.tell(Voice.CHAOS, "the webhook is lost", 2)

    assert heard == ["the webhook is lost"]
    assert [(event.at, event.number) for event in board.feed] == [(1.5, 2)]
