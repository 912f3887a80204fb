"""
From a template and its values to a response that may be shown to a stranger's browser.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from bitloot_http.ages import age
from bitloot_http.outgoing import iso
from bitloot_http.pages.assets import asset_path
from bitloot_http.pages.console.board import at_least
from bitloot_http.pages.console.words import job_does, marked, tone_of, waits_for

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).parent / "templates"

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Only our own files; `data:` is for keys that came as pictures."""

PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def page(template: str, http_status: int = 200, /, **values: object) -> web.Response:
    """Render a page."""
    text = _environment().get_template(template).render(**values)
    return web.Response(text=text, status=http_status, content_type="text/html", charset="utf-8", headers=PAGE_HEADERS)


def own_form_page(template: str, http_status: int = 200, /, **values: object) -> web.Response:
    """
    Render a page with forms that a cookie opens: the browser may tell us, and nobody else, that they are ours.

    Not for a page whose address is a secret: that would stand in the logs of whoever hands our files on.
    """
    response = page(template, http_status, **values)
    response.headers["Referrer-Policy"] = "same-origin"
    return response


@cache
def _environment() -> Environment:
    # Not needed before the first page is asked for, and a service that is starting has no time to lose.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["asset"] = asset_path
    environment.filters["age"] = age
    environment.filters["iso"] = iso
    environment.filters["tone"] = tone_of
    environment.filters["waits_for"] = waits_for
    environment.filters["job_does"] = job_does
    environment.filters["marked"] = marked
    environment.filters["at_least"] = at_least
    environment.filters["utc"] = _utc
    environment.filters["stamp"] = _stamp
    return environment


def _utc(moment: datetime, day: bool = False) -> str:  # noqa: FBT001, FBT002 - a template calls it so
    """A time for people who have no script that knows their zone."""
    return moment.strftime("%-d %B %Y" if day else "%-d %b %Y, %H:%M UTC")


def _stamp(moment: datetime) -> str:
    """A time to the second, for people who compare it with a log."""
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")
