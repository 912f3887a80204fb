"""
The pages of the documentation as the checks read them: their prose, their fences, and the code named in their prose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import attrs

ROOT = Path(__file__).resolve().parents[1]
FENCE = re.compile(r"^\s*(`{3,}|~{3,})\s*(\S*)")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
_SPAN = re.compile(r"(?<!`)(`+)(?!`)(?P<code>.+?)(?<!`)\1(?!`)")
_CELL = re.compile(r"(?<!\\)\|")


@attrs.frozen(kw_only=True)
class Fence:
    """
    A block of code on a page.

    Attributes:
        line: the number of the line that opens it.
        language: as written behind the opening mark; empty if nothing is.
        closed: whether it has an end.
    """

    line: int
    language: str
    lines: tuple[str, ...]
    closed: bool

    @property
    def text(self) -> str:
        """What stands in it."""
        return "\n".join(self.lines) + "\n"


def pages() -> list[Path]:
    """Every page that a reader of the repository opens."""
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def named(path: Path) -> str:
    """The path as a person reads it."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name


def prose(page: Path) -> Iterator[tuple[int, str]]:
    """The numbered lines of a page outside its fences."""
    yield from (part for part in _parts(page) if not isinstance(part, Fence))


def fences(page: Path) -> Iterator[Fence]:
    """The fences of a page, from top to bottom."""
    yield from (part for part in _parts(page) if isinstance(part, Fence))


def _parts(page: Path) -> Iterator[tuple[int, str] | Fence]:
    """The page from top to bottom: lines of prose, and fences."""
    mark, language, opened = "", "", 0
    inside: list[str] = []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        found = FENCE.match(line)
        if found and not mark:
            mark, language, opened, inside = found[1], found[2], number, []
        elif found and found[1].startswith(mark) and not found[2]:
            yield Fence(line=opened, language=language, lines=tuple(inside), closed=True)
            mark = ""
        elif mark:
            inside.append(line)
        else:
            yield number, line
    if mark:
        yield Fence(line=opened, language=language, lines=tuple(inside), closed=False)


def spans(page: Path) -> Iterator[tuple[int, str]]:
    """
    The code that the prose names in backticks, with its line.

    In a table with a column `seed`, the cells of that column are left out: their names are not ours.
    """
    foreign: int | None = None
    for number, line in prose(page):
        cells = [cell.strip() for cell in _CELL.split(line.strip())[1:-1]] if line.lstrip().startswith("|") else []
        if not cells:
            foreign = None
        elif "seed" in cells:
            foreign = cells.index("seed")
        ours = [cell for place, cell in enumerate(cells) if place != foreign] if cells else [line]
        for text in ours:
            yield from ((number, found["code"].strip()) for found in _SPAN.finditer(text))


def slug(heading: str) -> str:
    """The fragment that code hosts give to a heading."""
    text = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", text))


def fragments(page: Path) -> set[str]:
    """The fragments that a link into the page may name."""
    seen: dict[str, int] = {}
    found = set()
    for _, line in prose(page):
        if heading := HEADING.match(line):
            name = slug(heading[1])
            found.add(f"{name}-{seen[name]}" if name in seen else name)
            seen[name] = seen.get(name, 0) + 1
    return found
