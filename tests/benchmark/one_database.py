"""A database that is looked into, or copied, after the shop that had it has ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from harness.databases import ShopDatabase


@attrs.frozen
class OneDatabase:
    """
    Gives the same database each time; see `Stock`.

    Attributes:
        database: who made it ends it.
    """

    database: ShopDatabase

    @contextmanager
    def fresh(self, folder: Path) -> Iterator[ShopDatabase]:
        """The one that there is."""
        folder.mkdir(parents=True, exist_ok=True)
        yield self.database
