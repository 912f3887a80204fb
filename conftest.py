"""
Collects the examples of README and docs: each page's Python blocks run in one namespace, from top to bottom.

And asks, with `--full`, for the long form of the tests that kill, cut and soak.
"""

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

pytest_collect_file = Sybil(
    # `<!--- skip: next "why" -->` before a block that cannot run; tools/check_docs.py asks for the reason.
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["README.md", "docs/**/*.md", "docs/*.md"],
).pytest()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make crash` gives it."""
    parser.addoption("--full", action="store_true", help="crash tests and soak in full, for as long as they take")
