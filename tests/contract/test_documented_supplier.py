"""The supplier that the documentation writes passes the suite that it is held to there."""

import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "write-a-supplier.md"


def _written_there() -> dict[str, Any]:
    """What the page's Python blocks define, from top to bottom."""
    defined: dict[str, Any] = {"__name__": __name__}
    for block in re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
        exec(block, defined)  # noqa: S102 - the page is the program under test
    return defined


TestShelfSupplier = _written_there()["TestShelfSupplier"]
