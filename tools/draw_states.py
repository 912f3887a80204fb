"""
Draws the order's status diagram from the table that the program runs on.

    python tools/draw_states.py            rewrites the diagram in docs/order-lifecycle.md
    python tools/draw_states.py --check    exits 1 if the diagram there is not the one that the table gives

One arrow for each pair of statuses, with the events that lead along it. An event that leaves the status as it is is not
drawn; one that leads away from every unpaid status is drawn once, from the frame around them.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from bitloot_core.order.events import PaymentSettled
from bitloot_core.order.status import Status
from bitloot_core.order.transitions import TRANSITIONS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "order-lifecycle.md"
BEGIN, END = "<!-- drawn by tools/draw_states.py -->", "<!-- end of the drawing -->"
FRAME = "not_paid"
_BETWEEN = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)


def unpaid() -> list[Status]:
    """The statuses that a first payment can lead away from: they are drawn in one frame."""
    to_paid = frozenset({Status.PAID})
    return [
        status
        for status, row in TRANSITIONS.items()
        if row.get(PaymentSettled) == to_paid and status is not Status.PAID
    ]


def arrows() -> dict[tuple[str, str], list[str]]:
    """The events that lead from one status to another; what leads away from each unpaid one is drawn once, from all."""
    found: dict[tuple[str, str], list[str]] = {}
    for status, row in TRANSITIONS.items():
        for event, followers in row.items():
            for after in sorted(followers - {status}, key=list(Status).index):
                shared = all(after in TRANSITIONS[one].get(event, ()) for one in unpaid())
                start = FRAME if shared and status in unpaid() and after not in unpaid() else str(status)
                names = found.setdefault((start, str(after)), [])
                names += [event.__name__] if event.__name__ not in names else []
    return found


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    drawn = {pair: f"    {pair[0]} --> {pair[1]} : {', '.join(events)}" for pair, events in arrows().items()}
    framed = {str(status) for status in unpaid()}
    inside = [f"    {line}" for pair, line in drawn.items() if framed.issuperset(pair)]
    outside = [line for pair, line in drawn.items() if not framed.issuperset(pair)]
    ends = [
        f"    {status} --> [*]"
        for status in TRANSITIONS
        if not any(start == status for start, _ in drawn) and str(status) not in framed
    ]
    return "\n".join(
        [
            "stateDiagram-v2",
            "    [*] --> created : OrderPlaced",
            f'    state "not paid" as {FRAME} {{',
            *inside,
            "    }",
            *outside,
            *ends,
        ]
    )


def with_diagram(page: str) -> str:
    """The page with the diagram as the table has it now."""
    drawing = f"{BEGIN}\n\n```mermaid\n{diagram()}\n```\n\n{END}"
    return _BETWEEN.sub(lambda _: drawing, page, count=1)


def main(arguments: list[str]) -> int:
    """Rewrite the page, or only say whether it would change."""
    page = PAGE.read_text(encoding="utf-8")
    if BEGIN not in page or END not in page:
        print(f"{PAGE.name} has no place for the diagram: it needs the lines {BEGIN} and {END}")
        return 1
    fresh = with_diagram(page)
    if arguments == ["--check"]:
        if page != fresh:
            print(f"{PAGE.name} shows an old diagram: run tools/draw_states.py")
        return int(page != fresh)
    PAGE.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
