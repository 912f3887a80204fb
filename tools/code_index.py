"""
What the code has, for checks of what the documentation says that it has.

Read from the source; nothing is run but what makes the tables that the program itself is built from: its settings, its
commands, its endpoints.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import typer.core
import typer.main

from bitloot_adapters import kinguin_simulator, nowpayments_simulator
from bitloot_http.app import PAGES
from bitloot_http.cli.program import program
from bitloot_http.endpoints import ENDPOINTS
from bitloot_http.reading_settings import variables
from doc_pages import ROOT

_CODE = ("src", "tests")
_ABOUT_DOCS = ROOT / "tests" / "unit" / "docs"
"""What is said there of names that do not exist makes none of them."""
_DEPLOYED = ROOT / "docs" / "deploy"
"""Units, rules and settings of the programs around the service: they define names, too."""
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLACE = re.compile(r"[{:][^/}]*}?")


@cache
def _trees() -> dict[Path, ast.Module]:
    paths = (path for folder in _CODE for path in sorted((ROOT / folder).rglob("*.py")))
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths}


@cache
def words() -> frozenset[str]:
    """Every word in the code and in what is deployed with it, texts and comments included."""
    sources = [path.read_text(encoding="utf-8") for path in _trees() if not path.is_relative_to(_ABOUT_DOCS)]
    sources += [path.read_text(encoding="utf-8") for path in _DEPLOYED.rglob("*") if path.is_file()]
    sources += [(ROOT / name).read_text(encoding="utf-8") for name in ("Makefile", "pyproject.toml", "conftest.py")]
    return frozenset(word for source in sources for word in _WORD.findall(source))


def settings() -> frozenset[str]:
    """The names of the variables that the service reads."""
    return frozenset(described.name for described in variables())


@cache
def constants() -> frozenset[str]:
    """The names that modules give to constants."""
    return frozenset(name for tree in _trees().values() for name in _top_level(tree) if name.isupper())


@cache
def members() -> dict[str, frozenset[str]]:
    """Class -> the names of its methods and attributes; classes of one name are taken together."""
    found: dict[str, set[str]] = {}
    for tree in _trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, set()).update(_names_in(node))
    return {name: frozenset(names) for name, names in found.items()}


def _names_in(node: ast.ClassDef) -> Iterator[str]:
    for part in ast.walk(node):
        match part:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield part.name
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                yield name
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                yield name
            case _:
                pass


def _top_level(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                yield name
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                yield from (alias.asname or alias.name for alias in aliases)
            case _:
                pass


def module_exists(dotted: str) -> bool:
    """Whether a dotted name leads to a package, a module, or a name in one."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        base = ROOT / "src" / Path(*parts[:length])
        rest = parts[length:]
        for path in (base.with_suffix(".py"), base / "__init__.py"):
            if path.is_file():
                return not rest or _has(path, rest)
    return False


def _has(path: Path, rest: list[str]) -> bool:
    first, *more = rest
    if first not in set(_top_level(_trees()[path])):
        return False
    return not more or more[0] in members().get(first, frozenset())


@cache
def tests_in(path: Path) -> frozenset[str]:
    """The names of the tests in a file, those in classes too."""
    return frozenset(
        node.name
        for node in ast.walk(_trees()[path] if path in _trees() else ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    )


def bare(path: str) -> str:
    """
    A path without its query and the names of its places.

    >>> bare("/orders/{orderId}/link?x=1"), bare("/kinguin/status/:reservationId")
    ('/orders/{}/link', '/kinguin/status/{}')
    """
    return _PLACE.sub("{}", path.partition("?")[0])


@cache
def endpoints() -> frozenset[tuple[str, str]]:
    """(method, bare path) of the service's endpoints and pages, and of what its simulators answer."""
    ours = [(one.method.upper(), one.path) for one in ENDPOINTS] + [(method, path) for method, path, _ in PAGES]
    calls = [call.split(" ", 1) for call in (*kinguin_simulator.CALLS, *nowpayments_simulator.CALLS)]
    return frozenset((method, bare(path)) for method, path in (*ours, *((call[0], call[1]) for call in calls)))


def refused_command(given: list[str]) -> str | None:
    """
    What is wrong with a command line of `bitloot`; None if the program has such a command and options.

    Args:
        given: the words behind `bitloot`.
    """
    command = typer.main.get_command(program)
    for word in given:
        if word.startswith("--"):
            if word.partition("=")[0] not in {"--help", *(opt for param in command.params for opt in param.opts)}:
                return f"`bitloot {' '.join(given)}` has no option {word}"
        elif isinstance(command, typer.core.TyperGroup):
            if word not in command.commands:
                return f"there is no command `bitloot {' '.join(given)}`"
            command = command.commands[word]
    return None
