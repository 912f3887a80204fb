"""What no linter can say about the shape of the code."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CEILING_LINES = 350
PACKAGES = ("bitloot_core", "bitloot_adapters", "bitloot_http")


def modules(*folders: str) -> Iterator[Path]:
    """Every Python file in these folders of the repository."""
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def named(path: Path) -> str:
    """The path as a person reads it."""
    return path.relative_to(ROOT).as_posix()


def test_no_module_is_longer_than_the_ceiling() -> None:
    """A module that outgrows the ceiling holds two ideas."""
    too_long = {
        named(path): lines
        for path in modules("src", "tests", "tools")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > CEILING_LINES
    }

    assert too_long == {}


BARE_IMPORT = """
import importlib, json, pkgutil, sys
before = set(sys.modules)
import bitloot_core

def visit(package):
    for found in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        if found.name != "bitloot_core.testing.contracts":  # the suites ask for pytest, the fakes do not
            module = importlib.import_module(found.name)
            if found.ispkg:
                visit(module)

visit(bitloot_core)
roots = {name.partition(".")[0] for name in set(sys.modules) - before}
print(json.dumps(sorted(roots - set(sys.stdlib_module_names) - {"__mp_main__"})))
"""


def test_the_core_needs_attrs_alone() -> None:
    """Importing every module of the core loads the standard library, attrs, and nothing else."""
    answer = subprocess.run(
        [sys.executable, "-I", "-c", BARE_IMPORT], check=True, capture_output=True, text=True, timeout=60
    )

    assert set(json.loads(answer.stdout)) <= {"attr", "attrs", "bitloot_core"}


def imports_of(path: Path) -> Iterator[str]:
    """The top-level packages that a file names, also inside functions and type-checking blocks."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def test_the_core_names_no_third_party_but_attrs() -> None:
    """The import contract lists what is forbidden; this lists what is allowed, so nothing new slips in."""
    allowed = {"attr", "attrs", "bitloot_core"} | sys.stdlib_module_names
    strangers = {
        (named(path), name)
        for path in modules("src/bitloot_core")
        for name in imports_of(path)
        if name not in allowed and not (name == "pytest" and "testing" in path.parts)
    }

    assert strangers == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_says_that_it_is_typed(package: str) -> None:
    """A user's type checker reads our annotations only where `py.typed` stands."""
    assert (ROOT / "src" / package / "py.typed").is_file()


def test_each_folder_with_code_is_a_package() -> None:
    """Without `__init__.py` the import contracts do not see a folder."""
    missing = {
        named(path.parent)
        for path in modules("src")
        if "migrations" not in path.parts and not (path.parent / "__init__.py").exists()
    }

    assert missing == set()


def test_each_simulator_is_held_apart() -> None:
    """A simulator that the contract does not name could borrow the parser that it is to judge."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (oracles,) = (contract for contract in contracts if contract["id"] == "oracles")
    named_there = {name.removesuffix(".**") for name in oracles["source_modules"]}
    simulators = {f"bitloot_adapters.{path.name}" for path in (ROOT / "src/bitloot_adapters").glob("*_simulator")}

    assert simulators <= named_there


FORBIDDEN_IN_TESTS = {
    "a mock; write a fake that keeps the port's promises": re.compile(
        r"\bunittest\.mock\b|\bfrom unittest import mock\b"
    ),
    "a sleep; use ManualClock, or wait for the fact itself": re.compile(r"\bsleep\("),
}


@pytest.mark.parametrize("reason", FORBIDDEN_IN_TESTS)
def test_tests_do_without(reason: str) -> None:
    """A mock proves what it was told, and a sleep proves that the machine was quick enough."""
    pattern = FORBIDDEN_IN_TESTS[reason]
    here = Path(__file__)
    found = [
        f"{named(path)}:{number}"
        for path in modules("tests")
        if path != here
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]

    assert found == []
