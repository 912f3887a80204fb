"""
Holds what the pages name to the code: a command, a variable, a module, a file, a test, an endpoint, an identifier.

A page may only name in backticks what exists here, or what belongs to somebody else and is listed below. In a table
with a column `seed` that column's names are the predecessor's, and left alone.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import code_index
from doc_pages import ROOT, Fence, fences, named, spans

FOREIGN = frozenset(
    {
        # HTTP's, SQL's and Redis' own words
        *("GET", "POST", "HEAD", "DELETE", "FLUSHALL", "BEGIN", "IMMEDIATE", "SELECT", "INSERT", "UPDATE", "PRAGMA"),
        # nginx's and systemd's directives
        *("proxy_pass", "proxy_read_timeout", "proxy_buffering", "client_max_body_size", "proxy_set_header"),
        # signals
        *("SIGTERM", "SIGKILL", "SIGINT"),
        # Python's, its tools' and its packages' own words
        *("typing", "Protocol", "TYPE_CHECKING", "AttributeError", "runtime_checkable", "async_sessionmaker"),
        # what docs/deploy/compose.yml reads beside our settings
        *("SHOP_HOST", "POSTGRES_PASSWORD"),
        # what Prometheus' client says of a process
        *("process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds"),
        *("process_start_time_seconds", "python_info"),
        # words of a vendor that we do not read
        *("fulfillOrder", "Dockerfile"),
    }
)
"""What is not ours to define."""
SHELLS = frozenset({"console", "bash", "sh", "shell"})
DOTENVS = frozenset({"dotenv", "env", "ini"})

_DOTTED = re.compile(r"(bitloot_(?:core|adapters|http)(?:\.[A-Za-z_]\w*)*)(?:\(.*\)|\.<\w+>|\.\*)?")
_FILE = re.compile(r"(?P<path>(?:[\w.-]+/)+[\w.-]*)(?:::(?P<test>\w+))?")
_ROOTS = frozenset({"src", "tests", "tools", "docs", "bitloot_core", "bitloot_adapters", "bitloot_http"})
_CAPITALS = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_?\*?")
_ASSIGNED = re.compile(r"(?:export\s+)?(?P<name>[A-Z][A-Z0-9_]+)=")
_ENDPOINT = re.compile(r"(?P<method>GET|POST|PUT|DELETE|PATCH) (?P<path>/\S*)")
_MEMBER = re.compile(r"(?P<owner>[A-Z]\w+)\.(?P<name>[a-z_]\w*)(?:\(.*\))?")
_IDENTIFIER = re.compile(r"(?:[a-z]\w*_\w+|[A-Z]\w*[a-z]\w*[A-Z]\w*)(?:\(.*\))?")


def broken_names(page: Path) -> Iterator[str]:
    """A line for each name on a page that nothing answers to."""
    where = named(page)
    for number, code in spans(page):
        for complaint in _complaints(code):
            yield f"{where}:{number}: {complaint}"
    for fence in fences(page):
        for number, complaint in _in_fence(fence):
            yield f"{where}:{number}: {complaint}"


def _complaints(code: str) -> Iterator[str]:
    for check in _CHECKS:
        verdict = check(code)
        if verdict is not None:
            yield verdict
            return


def _command(code: str) -> str | None:
    if not code.startswith("bitloot "):
        return None
    return code_index.refused_command(_words(code)[1:])


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError:  # an open quotation mark: the command goes on in the next line
        return line.split()


def _module(code: str) -> str | None:
    found = _DOTTED.fullmatch(code)
    if found is None or code_index.module_exists(found[1]):
        return None
    return f"there is no {found[1]}"


def _file(code: str) -> str | None:
    found = _FILE.fullmatch(code)
    if found is None or found["path"].split("/")[0] not in _ROOTS:
        return None
    path = next((base / found["path"] for base in (ROOT, ROOT / "src") if (base / found["path"]).exists()), None)
    if path is None:
        return f"there is no file {found['path']}"
    if found["test"] and found["test"] not in code_index.tests_in(path):
        return f"{found['path']} has no {found['test']}"
    return None


def _variable(code: str) -> str | None:
    assigned = _ASSIGNED.match(code)
    name = assigned["name"] if assigned else code
    if _CAPITALS.fullmatch(name) is None or name in FOREIGN:
        return None
    if name.endswith("*"):
        known = any(one.startswith(name[:-1]) for one in code_index.settings())
    else:
        known = name in code_index.settings() | code_index.constants() or _is_word_of_make(name)
    return None if known else f"{name} is neither a setting nor a constant of ours"


def _is_word_of_make(name: str) -> bool:
    return f"\n{name} ?=" in (ROOT / "Makefile").read_text(encoding="utf-8")


def _endpoint(code: str) -> str | None:
    found = _ENDPOINT.fullmatch(code)
    if found is None or "..." in code:
        return None
    asked = (found["method"], code_index.bare(found["path"]))
    return None if asked in code_index.endpoints() else f"there is no endpoint {code}"


def _member(code: str) -> str | None:
    found = _MEMBER.fullmatch(code)
    if found is None or found["owner"] not in code_index.members():
        return None
    if found["name"] in code_index.members()[found["owner"]]:
        return None
    return f"{found['owner']} has no {found['name']}"


def _identifier(code: str) -> str | None:
    found = _IDENTIFIER.fullmatch(code)
    if found is None:
        return None
    name = code.partition("(")[0]
    return None if name in code_index.words() | FOREIGN else f"nothing in the code is called {name}"


_CHECKS: tuple[Callable[[str], str | None], ...] = (
    _command,
    _module,
    _file,
    _variable,
    _endpoint,
    _member,
    _identifier,
)


def _in_fence(fence: Fence) -> Iterator[tuple[int, str]]:
    for offset, line in enumerate(fence.lines, start=1):
        number, text = fence.line + offset, line.strip().removeprefix("$ ")
        if fence.language in SHELLS:
            command = text.partition(" | ")[0].removeprefix(".venv/bin/").removeprefix("sudo -u bitloot ")
            verdict = _command(command)
            if verdict is not None:
                yield number, verdict
        if fence.language in DOTENVS and (found := _ASSIGNED.match(text)):
            verdict = _variable(found["name"])
            if verdict is not None:
                yield number, verdict
