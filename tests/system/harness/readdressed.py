"""Databases that the shop reaches through a proxy, and that are looked into past it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs

from harness.databases import ShopDatabase, Stock
from harness.fault_proxy import FaultProxy
from harness.ports import HOST


@attrs.frozen
class _Readdressed:
    """A database under another address."""

    url: str
    there: ShopDatabase

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Past the proxy."""
        return self.there.rows(query, *values)

    def dump(self) -> Iterator[bytes]:
        """Past the proxy."""
        return self.there.dump()


@attrs.frozen
class Behind:
    """
    Databases behind a proxy.

    Attributes:
        stock: those on a server.
        way: what stands before the server.
    """

    stock: Stock
    way: FaultProxy

    @contextmanager
    def fresh(self, folder: Path) -> Iterator[ShopDatabase]:
        """Give one out under the proxy's address."""
        with self.stock.fresh(folder) as database:
            address = urlsplit(database.url)
            past = address._replace(netloc=f"{address.username}@{HOST}:{self.way.port}")
            yield _Readdressed(past.geturl(), database)
