"""Collects the examples of README and docs: each page's Python blocks run in one namespace, from top to bottom."""

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

pytest_collect_file = Sybil(
    # `<!--- skip: next "why" -->` before a block that cannot run; tools/check_docs.py asks for the reason.
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["README.md", "docs/**/*.md", "docs/*.md"],
).pytest()
