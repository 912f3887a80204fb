"""
Holds README and docs to what they promise: exits 1 and lists every broken promise.

Checked here: each relative link leads to a file, and its fragment to a heading there; each page of docs can be reached
from `docs/index.md`; each fence names its language; a Python block that is not run says why. What a page names (a
command, a variable, a module, a test) is checked in `doc_names`, and what is written from the code in `write_docs`.
That the Python blocks run is pytest's business (`conftest.py`).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from doc_names import broken_names
from doc_pages import ROOT, fences, fragments, named, pages, prose
from write_docs import stale_pages

LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
SKIP = re.compile(r"<!--+\s*skip:\s*(?P<what>.*?)\s*--+>")
REASON = re.compile(r'"[^"]{10,}"')


def links(page: Path) -> Iterator[tuple[int, str, str]]:
    """The relative links of a page: line, path, fragment."""
    for number, line in prose(page):
        for target in LINK.findall(re.sub(r"`[^`]*`", "", line)):
            if not re.match(r"[a-z][a-z0-9+.-]*:|//", target):
                path, _, fragment = target.partition("#")
                yield number, path, fragment


def broken_links(page: Path) -> Iterator[str]:
    """A line for each link that leads nowhere."""
    where = named(page)
    root = ROOT if page.is_relative_to(ROOT) else page.parent
    for number, path, fragment in links(page):
        target = (page.parent / path).resolve() if path else page
        if path.startswith("/") or not target.is_relative_to(root):
            yield f"{where}:{number}: a link must be relative and stay in the repository: {path}"
        elif not target.exists():
            yield f"{where}:{number}: there is no {path}"
        elif fragment and target.suffix == ".md" and fragment not in fragments(target):
            yield f"{where}:{number}: {path or 'this page'} has no heading for #{fragment}"


def broken_fences(page: Path) -> Iterator[str]:
    """A line for each fence without a language or end, and each unexplained skip."""
    where = named(page)
    for fence in fences(page):
        if not fence.language:
            yield f"{where}:{fence.line}: the fence names no language (use `text` for none)"
        if not fence.closed:
            yield f"{where}:{fence.line}: the fence never ends"
    for number, line in prose(page):
        if (skip := SKIP.search(line)) and skip["what"] != "end" and not REASON.search(skip["what"]):
            yield f'{where}:{number}: a block is not run: say why, as in <!--- skip: next "needs a real vendor" -->'


def unreachable(of: Iterable[Path]) -> Iterator[str]:
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
    for page in of:
        if page.is_relative_to(ROOT / "docs") and page not in reached:
            yield f"{named(page)}: no page links here; name it in docs/index.md"


def main() -> int:
    """Print what is broken; the number of the exit says whether anything is."""
    found = [line for page in pages() for check in (broken_links, broken_fences, broken_names) for line in check(page)]
    found += [*unreachable(pages()), *stale_pages()]
    for line in found:
        print(line)
    print(f"docs: {len(pages())} pages, {len(found)} broken promises")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
