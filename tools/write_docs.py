"""
Writes the parts of the documentation that are made from the code; `--check` only says which are out of date.

Whole: `docs/configuration.md`, and `docs/openapi.json`, the document that a running service answers. Parts between
`<!-- made by tools/write_docs.py: NAME -->` and `<!-- end -->`: whatever page has them.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.guide import GUIDE, Guidance
from bitloot_http.endpoints import ENDPOINTS
from bitloot_http.openapi import document
from bitloot_http.problem_kinds import KINDS
from doc_configuration import configuration
from doc_pages import ROOT, named, pages

_PART = re.compile(
    r"(?P<head><!-- made by tools/write_docs\.py: (?P<name>[\w-]+) -->\n).*?(?P<tail><!-- end -->)", re.DOTALL
)


def problems() -> str:
    """Every problem that the API can answer with, by status."""
    lines = ["| status | code | what it means |", "|---|---|---|"]
    for code, kind in sorted(KINDS.items(), key=lambda one: one[1].status):
        lines.append(f"| {kind.status} {HTTPStatus(kind.status).phrase} | `{code}` | {kind.title} |")
    return "\n".join(lines) + "\n"


def endpoints() -> str:
    """Every endpoint, chapter by chapter."""
    chapters: dict[str, list[str]] = {}
    for one in ENDPOINTS:
        row = f"| `{one.method.upper()} {one.path}` | {one.access.value} | {one.status} | {one.summary} |"
        chapters.setdefault(one.group, []).append(row)
    head = ["| endpoint | who | answers | what |", "|---|---|---|---|"]
    return "\n\n".join("\n".join((f"**{group}**", "", *head, *rows)) for group, rows in chapters.items()) + "\n"


def findings() -> str:
    """Every reason for a finding: what it means, what happens by itself, whether it can wait, what one can do."""
    return "\n".join(_finding(reason, told) for reason, told in GUIDE.items())


def _finding(reason: FindingReason, told: Guidance) -> str:
    actions = ", ".join(f"`{action}`" for action in told.actions) or "none on the order"
    return "\n".join(
        (
            f"### {reason}",
            "",
            f"**What it means.** {told.means}",
            "",
            f"**What happens by itself.** {told.by_itself}",
            "",
            f"**Can it wait?** {told.can_wait}",
            "",
            f"**What you can do.** {told.you_can}",
            "",
            f"Actions: {actions}.",
            "",
        )
    )


def openapi() -> str:
    """The document of the HTTP API, one line a word, so that a change is read as one."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


WHOLE: Mapping[Path, Callable[[], str]] = {
    ROOT / "docs" / "configuration.md": configuration,
    ROOT / "docs" / "openapi.json": openapi,
}
PARTS: Mapping[str, Callable[[], str]] = {"problems": problems, "endpoints": endpoints, "findings": findings}


def fresh(page: Path) -> str:
    """
    The text of a page as it should be.

    Raises:
        KeyError: it asks for a part that nobody makes.
    """
    if page in WHOLE:
        return WHOLE[page]()
    text = page.read_text(encoding="utf-8")
    return _PART.sub(lambda found: f"{found['head']}\n{PARTS[found['name']]()}\n{found['tail']}", text)


def stale_pages() -> Iterator[str]:
    """A line for each page that is not as the code would have it."""
    for page in sorted({*pages(), *WHOLE}):
        if not page.exists() or page.read_text(encoding="utf-8") != fresh(page):
            yield f"{named(page)}: out of date; run `.venv/bin/python tools/write_docs.py`"


def main() -> int:
    """Write what is out of date, or with `--check` only say so; 1 if something was found to be so."""
    if "--check" in sys.argv[1:]:
        stale = list(stale_pages())
        for line in stale:
            print(line)
        return 1 if stale else 0
    for page in sorted({*pages(), *WHOLE}):
        page.write_text(fresh(page), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
