"""
The one place that reads the environment, and the file `.env` under it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from bitloot_http.reading_settings import Problem, SettingsInvalid

DOTENV = ".env"
_LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<text>.*)")
_QUOTED = re.compile(r"""(?P<quote>["'])(?P<text>(?:(?!(?P=quote)).)*)(?P=quote)\s*(?:#.*)?""")
_COMMENT = re.compile(r"\s#.*\Z")


def read_environment(folder: Path | None = None) -> Mapping[str, str]:
    """
    Read the file `.env`, if there is one, and lay the real environment over it.

    Args:
        folder: where the file lies; the current folder if not given.

    Raises:
        SettingsInvalid: the file has a line that is no setting; it is named by its number.
    """
    path = (folder or Path.cwd()) / DOTENV
    return {**(parse_dotenv(path.read_text(encoding="utf-8")) if path.is_file() else {}), **os.environ}  # noqa: TID251 - here


def parse_dotenv(text: str) -> dict[str, str]:
    r"""
    Read `NAME=value` lines. Values may stand in quotes; nothing is expanded or unescaped.

    >>> parse_dotenv("# a comment\nexport A=1  # the first\nB='two # three'\n")
    {'A': '1', 'B': 'two # three'}

    Raises:
        SettingsInvalid: a line is neither empty, a comment, nor of this form.
    """
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _LINE.fullmatch(stripped)
        if match is None:
            problems.append(Problem(name=DOTENV, reason=f"line {number} is not of the form NAME=value"))
            continue
        found[match["name"]] = _unquoted(match["text"])
    if problems:
        raise SettingsInvalid(tuple(problems))
    return found


def _unquoted(text: str) -> str:
    quoted = _QUOTED.fullmatch(text)
    return quoted["text"] if quoted else _COMMENT.sub("", text).strip()
