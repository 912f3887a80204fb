"""
Holds README and docs to what they promise: exits 1 and lists every broken promise.

Checked here: each relative link leads to a file, and its fragment to a heading there; each page of docs can be reached
from `docs/index.md`; each fence names its language; a Python block that is not run says why. That the other Python
blocks run is pytest's business (`conftest.py`).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
FENCE = re.compile(r"^\s*(`{3,}|~{3,})\s*(\S*)")
SKIP = re.compile(r"<!--+\s*skip:\s*(?P<what>.*?)\s*--+>")
REASON = re.compile(r'"[^"]{10,}"')


def pages() -> list[Path]:
    """Every page that a reader of the repository opens."""
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def slug(heading: str) -> str:
    """The fragment that code hosts give to a heading."""
    text = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", text))


def prose(page: Path) -> Iterator[tuple[int, str]]:
    """The numbered lines of a page outside its fences."""
    fence = ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        mark = FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence) and not mark[2]:
            fence = ""
        elif not fence:
            yield number, line


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


def links(page: Path) -> Iterator[tuple[int, str, str]]:
    """The relative links of a page: line, path, fragment."""
    for number, line in prose(page):
        for target in LINK.findall(re.sub(r"`[^`]*`", "", line)):
            if not re.match(r"[a-z][a-z0-9+.-]*:|//", target):
                path, _, fragment = target.partition("#")
                yield number, path, fragment


def broken_links(page: Path) -> Iterator[str]:
    """A line for each link that leads nowhere."""
    where = page.relative_to(ROOT)
    for number, path, fragment in links(page):
        target = (page.parent / path).resolve() if path else page
        if path.startswith("/") or not target.is_relative_to(ROOT):
            yield f"{where}:{number}: a link must be relative and stay in the repository: {path}"
        elif not target.exists():
            yield f"{where}:{number}: there is no {path}"
        elif fragment and target.suffix == ".md" and fragment not in fragments(target):
            yield f"{where}:{number}: {path or 'this page'} has no heading for #{fragment}"


def broken_fences(page: Path) -> Iterator[str]:
    """A line for each fence without a language or end, and each unexplained skip."""
    where = page.relative_to(ROOT)
    fence, opened = "", 0
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        mark = FENCE.match(line)
        if mark and not fence:
            fence, opened = mark[1], number
            if not mark[2]:
                yield f"{where}:{number}: the fence names no language (use `text` for none)"
        elif mark and mark[1].startswith(fence) and not mark[2]:
            fence = ""
        elif not fence and (skip := SKIP.search(line)) and skip["what"] != "end" and not REASON.search(skip["what"]):
            yield f'{where}:{number}: a block is not run: say why, as in <!--- skip: next "needs a real vendor" -->'
    if fence:
        yield f"{where}:{opened}: the fence never ends"


def unreachable() -> Iterator[str]:
    """A line for each page of docs that no chain of links reaches."""
    start = ROOT / "docs" / "index.md"
    reached, waiting = {start}, [start]
    while waiting:
        page = waiting.pop()
        for _, path, _ in links(page):
            target = (page.parent / path).resolve()
            if target.suffix == ".md" and target.is_file() and target not in reached:
                reached.add(target)
                waiting.append(target)
    for page in pages():
        if page.is_relative_to(ROOT / "docs") and page not in reached:
            yield f"{page.relative_to(ROOT)}: no page links here; name it in docs/index.md"


def main() -> int:
    """Print what is broken; the number of the exit says whether anything is."""
    found = [line for page in pages() for check in (broken_links, broken_fences) for line in check(page)]
    found += unreachable()
    for line in found:
        print(line)
    print(f"docs: {len(pages())} pages, {len(found)} broken promises")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
