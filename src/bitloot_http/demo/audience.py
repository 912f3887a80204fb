"""
Who watches: a person at a terminal sees the board move; a pipe gets a line for each thing that happens.
"""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
from rich.console import Console, RenderableType
from rich.constrain import Constrain
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bitloot_http.demo.board import STEPS, Board, Event, Voice
from bitloot_http.demo.pictures import key_picture, last_picture, reckoning_picture, stage_picture
from bitloot_http.demo.programme import Ending, closing_lines, opening_lines
from bitloot_http.demo.stage import Stage

_FRAME_SECONDS = 0.1
_SPARE_COLUMNS = 2
"""Where the terminal echoes ^C: beyond the last column it would begin a line that nobody counts."""
_SPARE_LINES = 2
"""A frame that fills the terminal scrolls it, and what has scrolled away cannot be drawn over."""
_PIPE_COLUMNS = 110
_EXPORT_COLUMNS = 120
_WEB_FONT = re.compile(r"@font-face\s*\{.*?\}\s*", re.DOTALL)
"""A picture in a README must not fetch anything; without it the reader's own monospace font is used."""
_SIGNS = {Voice.CHAOS: "x", Voice.SHOP: ">", Voice.TROUBLE: "!"}


@attrs.frozen
class Audience:
    """
    Shows the show.

    Args:
        console: standard output.
        board: what there is to see.
    """

    console: Console
    board: Board

    @classmethod
    def at(cls, board: Board) -> Audience:
        """Whoever sits at standard output."""
        console = Console(highlight=False, emoji=False)
        if not console.is_terminal:
            console.width = _PIPE_COLUMNS
        return cls(console, board)

    def welcome(self, stage: Stage) -> None:
        """Say what is running."""
        self.console.print("[bold]BitLoot[/]: real orders, real service, simulated vendors that cannot be trusted\n")
        facts = Table.grid(padding=(0, 2, 0, 2))
        for name, value in opening_lines(stage):
            facts.add_row(Text(name, style="dim"), Text(value, overflow="fold"))
        self.console.print(facts)
        self.console.print()

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Show the board while the context is open."""
        if not self.console.is_terminal:
            self.board.listeners.append(self._print_event)
        ticker = asyncio.ensure_future(self._animate() if self.console.is_terminal else self._print_steps())
        try:
            yield
        finally:
            ticker.cancel()
            await asyncio.wait((ticker,))

    def finish(self, stage: Stage, ending: Ending, *, serves_on: bool) -> None:
        """Show the reckoning, one key, and what to try next."""
        self.console.print(reckoning_picture(ending.tallies))
        self._show_key(self.console, ending)
        if not serves_on:
            return
        for name, lines in closing_lines(stage, ending):
            self.console.print(Text(f"\n  {name}", style="dim"))
            for line in lines:
                # Soft wrapping leaves each line whole for whoever copies it.
                self.console.print(Text(f"    {line}"), soft_wrap=True)
        self.console.print("\n  It serves on; [bold]Ctrl-C[/] ends it.")

    def export(self, ending: Ending, path: Path) -> None:
        """Draw a picture of the end."""
        console = Console(
            record=True,
            file=io.StringIO(),
            width=_EXPORT_COLUMNS,
            force_terminal=True,
            color_system="truecolor",
            highlight=False,
            emoji=False,
        )
        console.print(last_picture(self.board, width=_EXPORT_COLUMNS))
        console.print(reckoning_picture(ending.tallies))
        self._show_key(console, ending)
        drawing = console.export_svg(title="bitloot demo")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_WEB_FONT.sub("", drawing), encoding="utf-8")

    @staticmethod
    def _show_key(console: Console, ending: Ending) -> None:
        if ending.example is not None:
            row, parcel = ending.example
            console.print(key_picture(row.scene.number, parcel.keys[0].title, parcel.keys[0].value))

    async def _animate(self) -> None:
        """Move while it goes on; what stays on the screen is the whole board, which may be taller than the screen."""
        try:
            with Live(self._frame(), console=self.console, auto_refresh=False, transient=True) as live:
                while True:
                    live.update(self._frame(), refresh=True)
                    await asyncio.sleep(_FRAME_SECONDS)
        finally:
            self.console.print(last_picture(self.board, width=self.console.width))

    def _frame(self) -> RenderableType:
        width = self.console.width - _SPARE_COLUMNS
        return Constrain(stage_picture(self.board, width=width, height=self.console.height - _SPARE_LINES), width)

    async def _print_steps(self) -> None:
        shown = dict.fromkeys(self.board.rows, 0)
        try:
            while True:
                self._print_new_steps(shown)
                await asyncio.sleep(_FRAME_SECONDS)
        finally:
            self._print_new_steps(shown)

    def _print_new_steps(self, shown: dict[int, int]) -> None:
        for number, row in self.board.rows.items():
            for step in range(shown[number], row.steps):
                text = f"{STEPS[step]}: {row.scene.what}" if not step else STEPS[step]
                self._print_line(" ", number, text, self.board.seconds())
            shown[number] = row.steps

    def _print_event(self, event: Event) -> None:
        self._print_line(_SIGNS[event.voice], event.number, event.text, event.at)

    def _print_line(self, sign: str, number: int | None, text: str, at: float) -> None:
        about = "" if number is None else f"order {number}"
        self.console.print(Text(f"{at:6.1f} {sign} {about:<10} {text}"), soft_wrap=True)
