"""What the shop has written down, read from outside: its database, read-only, and every file that it leaves."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from harness.surroundings import Surroundings

_TERMINAL = ("fulfilled", "refunded", "cancelled")
_SOON_MICROS = 120 * 1_000_000


class Books:
    """
    Reads the database of a service, whether it runs or not.

    Args:
        place: where the service lives.
    """

    def __init__(self, place: Surroundings) -> None:
        self._place = place

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Run a query that reads."""
        uri = f"file:{self._place.database}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=10)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, values)]

    def webhooks(self, source: str | None = None) -> list[dict[str, Any]]:
        """The log of webhooks, oldest first."""
        found = self.rows("SELECT * FROM webhook_logs ORDER BY id")
        return [row for row in found if source in (None, row["source"])]

    def units_held(self, order_id: str | None = None) -> list[dict[str, Any]]:
        """The units that hold a key."""
        found = self.rows("SELECT * FROM units WHERE status = 'held' ORDER BY order_id, position")
        return [row for row in found if order_id in (None, row["order_id"])]

    def findings(self) -> list[dict[str, Any]]:
        """What a person should look at."""
        return self.rows("SELECT * FROM findings WHERE resolved_at IS NULL ORDER BY opened_at")

    def accesses(self, order_id: str) -> list[dict[str, Any]]:
        """Who saw keys of an order."""
        return self.rows("SELECT * FROM key_access WHERE order_id = ? ORDER BY id", order_id)

    def ledger(self, order_id: str) -> list[dict[str, Any]]:
        """The money that was seen to move for an order."""
        return self.rows("SELECT * FROM ledger WHERE order_id = ? ORDER BY id", order_id)

    def jobs_due(self) -> list[dict[str, Any]]:
        """
        The jobs that run now or will within two minutes: none at rest.

        A look at a payment that nobody has paid does not count: it is repeated for days.
        """
        return self.rows(
            "SELECT name, ref, status, attempts, last_error FROM jobs WHERE (status = 'running' OR (status = 'ready' "
            "AND due_at < CAST(strftime('%s', 'now') AS INTEGER) * 1000000 + ?)) AND NOT (name = 'check-payment' AND "
            "order_id IN (SELECT id FROM orders WHERE status IN ('waiting', 'expired', 'failed', 'cancelled')))",
            _SOON_MICROS,
        )

    def live_jobs(self, order_id: str) -> list[dict[str, Any]]:
        """What is still to be done for an order, and when."""
        return self.rows(
            "SELECT name, ref, status, attempts, snoozes, last_error, due_at / 1000000 - strftime('%s', 'now') AS due "
            "FROM jobs WHERE order_id = ? AND status IN ('ready', 'running')",
            order_id,
        )

    def forgotten_orders(self) -> list[str]:
        """The orders that are not over and that neither a job nor an open finding remembers (I10): never any."""
        marks = ", ".join("?" * len(_TERMINAL))
        found = self.rows(
            f"SELECT id FROM orders WHERE status NOT IN ({marks}) "  # noqa: S608 - marks
            "AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.order_id = orders.id AND status IN ('ready', 'running')) "
            "AND NOT EXISTS (SELECT 1 FROM findings WHERE findings.order_id = orders.id AND resolved_at IS NULL)",
            *_TERMINAL,
        )
        return [row["id"] for row in found]

    def files_with(self, secrets: Sequence[str]) -> list[str]:
        """The files that hold one of these texts: plain, in other letters, in UTF-16, in hex or in base64."""
        wanted = {form for secret in secrets for form in _disguises(secret)}
        return [
            str(path.relative_to(self._place.folder))
            for path in sorted(self._place.folder.rglob("*"))
            if path.is_file() and _holds(path, wanted)
        ]


def _disguises(secret: str) -> Iterator[bytes]:
    raw = secret.encode()
    yield from (raw, raw.lower(), secret.encode("utf-16-le"), raw.hex().encode(), raw.hex().upper().encode())
    for shift in range(3):  # base64 of a text looks different at each of three places in a whole
        yield base64.b64encode(b"x" * shift + raw)[4 if shift else 0 : -4]


def _holds(path: Path, wanted: set[bytes]) -> bool:
    content = path.read_bytes()
    return any(form in content for form in wanted)
