"""How the demo looks, at any size of the terminal."""

import io

import pytest
from rich.console import Console, RenderableType

from bitloot_http.demo.board import Board, Voice
from bitloot_http.demo.pictures import last_picture, reckoning_picture, stage_picture
from bitloot_http.demo.reckoning import Tally
from bitloot_http.demo.screenplay import screenplay


def drawn(what: RenderableType, width: int) -> list[str]:
    """The lines on a terminal of that width, without colours."""
    file = io.StringIO()
    Console(file=file, width=width).print(what)
    return file.getvalue().splitlines()


def a_board(orders: int) -> Board:
    """Some orders are over, some move, some have not begun; and a lot has happened."""
    board = Board.of(screenplay(orders), lambda: 3.0)
    for number, row in board.rows.items():
        if number <= orders * 2 // 3:
            row.order_id, row.status, row.is_over = f"o{number}", "fulfilled", number <= orders // 3
        board.tell(Voice.CHAOS, "the webhook [bold]is[/] lost", number)
    return board


@pytest.mark.parametrize("orders", [1, 12, 200])
@pytest.mark.parametrize(("width", "height"), [(80, 22), (120, 50), (60, 16)])
def test_a_frame_fits_the_terminal(orders: int, width: int, height: int) -> None:
    """A frame that is too tall or too wide would scroll instead of move."""
    lines = drawn(stage_picture(a_board(orders), width=width, height=height), width)

    assert len(lines) <= height
    assert all(len(line) <= width for line in lines)


def test_what_moves_is_shown_before_what_is_over() -> None:
    """Of many orders, those are shown that the audience waits for."""
    board = a_board(200)
    for number, row in board.rows.items():
        row.is_over = number != 7

    lines = drawn(stage_picture(board, width=120, height=24), 120)

    assert any("  7 " in line for line in lines)
    assert any("more" in line for line in lines)


def test_the_last_picture_shows_every_order() -> None:
    """At the end nothing has to move any more, so it may scroll."""
    lines = drawn(last_picture(a_board(30), width=120), 120)

    assert all(any(f" {number} " in line for line in lines) for number in range(1, 31))


def test_text_is_never_taken_for_markup() -> None:
    """A vendor's words are shown as they are."""
    assert any("[bold]is[/]" in line for line in drawn(stage_picture(a_board(1), width=120, height=30), 120))


def test_a_line_that_does_not_hold_stands_out() -> None:
    """The mark tells it also where there are no colours."""
    tallies = (Tally(subject="keys", text="1 owed", holds=False), Tally(subject="orders", text="1", holds=True))

    lines = drawn(reckoning_picture(tallies), 80)

    assert ["✗" in line for line in lines if "owed" in line or "orders" in line] == [True, False]
