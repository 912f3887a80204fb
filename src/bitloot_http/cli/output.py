"""
Where output goes: tables for people, JSON for programs, both on standard output.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress

PIPE_COLUMNS = 200
"""The width of a table that no terminal shows: wide enough that nothing is folded for the next program."""


@cache
def console() -> Console:
    """Standard output, as wide as the terminal; in a pipe wide and without colours."""
    return Console(width=None if sys.stdout.isatty() else PIPE_COLUMNS, highlight=False, emoji=False, markup=False)


def show(what: RenderableType) -> None:
    """Print a table or a text for people."""
    console().print(what)


def progress() -> Progress:
    """A progress bar on standard error, so that it never stands in a result; none where nobody watches."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    watched = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=watched,
        disable=not watched.is_terminal,
        transient=True,
    )


def show_json(view: object) -> None:
    """Print a view of the API as JSON, indented."""
    import msgspec

    from bitloot_http.outgoing import to_json

    sys.stdout.write(msgspec.json.format(to_json(view), indent=2).decode() + "\n")
