"""The diagram in the docs is the table that the program runs on."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from bitloot_core.order.status import Status
from bitloot_core.order.transitions import TRANSITIONS

TOOL = Path(__file__).parents[3] / "tools" / "draw_states.py"


@pytest.fixture
def tool(tmp_path: Path) -> ModuleType:
    """The tool, with a page of its own to draw on."""
    spec = importlib.util.spec_from_file_location("draw_states", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.REAL_PAGE = module.PAGE
    module.PAGE = tmp_path / "page.md"
    module.PAGE.write_text(f"Before.\n\n{module.BEGIN}\nold\n{module.END}\n\nAfter.\n", encoding="utf-8")
    return module


def test_the_page_shows_the_table_as_it_is(tool: ModuleType) -> None:
    """A row that changes is drawn anew: run tools/draw_states.py."""
    page = tool.REAL_PAGE.read_text(encoding="utf-8")

    assert tool.with_diagram(page) == page


def test_an_old_diagram_is_found_and_replaced(tool: ModuleType) -> None:
    """The rest of the page stays as it is."""
    assert tool.main(["--check"]) == 1
    assert tool.main([]) == 0
    assert tool.main(["--check"]) == 0

    page = tool.PAGE.read_text(encoding="utf-8")
    assert page.startswith("Before.\n")
    assert page.endswith("After.\n")
    assert "stateDiagram-v2" in page


def test_a_page_without_a_place_for_it_is_told(tool: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is drawn over what somebody wrote."""
    tool.PAGE.write_text("No place here.\n", encoding="utf-8")

    assert tool.main([]) == 1
    assert "no place for the diagram" in capsys.readouterr().out


def test_every_step_between_two_statuses_is_drawn(tool: ModuleType) -> None:
    """From the status itself, or from the frame around the unpaid ones."""
    drawn = tool.arrows()
    missing = [
        (status, event.__name__, after)
        for status, row in TRANSITIONS.items()
        for event, followers in row.items()
        for after in followers - {status}
        if not any(event.__name__ in drawn.get((start, str(after)), ()) for start in (str(status), tool.FRAME))
    ]

    assert missing == []


def test_only_what_nothing_follows_on_is_an_end(tool: ModuleType) -> None:
    """A refunded order is over; a fulfilled one can be refunded."""
    ends = [line for line in tool.diagram().splitlines() if line.endswith("--> [*]")]

    assert ends == [f"    {Status.REFUNDED} --> [*]"]
