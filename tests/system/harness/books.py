"""What the shop has written down, read from outside: its database, read-only, and every file that it leaves."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bitloot_adapters.system import SystemClock
from harness.databases import ShopDatabase
from harness.surroundings import Surroundings

_TERMINAL = ("fulfilled", "refunded", "cancelled")
_SOON_MICROS = 120 * 1_000_000


class Books:
    """
    Reads the database of a service, whether it runs or not.

    Args:
        place: where the service lives.
        database: what it writes to.
    """

    def __init__(self, place: Surroundings, database: ShopDatabase) -> None:
        self._place = place
        self._database = database

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Run a query that reads."""
        return self._database.rows(query, *values)

    def orders(self, order_ids: Iterable[str]) -> list[dict[str, Any]]:
        """Orders as they stand."""
        wanted = set(order_ids)
        return [row for row in self.rows("SELECT id, status FROM orders") if row["id"] in wanted]

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
            "AND due_at < ?)) AND NOT (name = 'check-payment' AND "
            "order_id IN (SELECT id FROM orders "
            "WHERE status IN ('waiting', 'expired', 'failed', 'cancelled', 'fulfilled')))",
            _now_micros() + _SOON_MICROS,
        )

    def live_jobs(self, order_id: str) -> list[dict[str, Any]]:
        """What is still to be done for an order, and when."""
        return self.rows(
            "SELECT name, ref, status, attempts, snoozes, last_error, (due_at - ?) / 1000000 AS due "
            "FROM jobs WHERE order_id = ? AND status IN ('ready', 'running')",
            _now_micros(),
            order_id,
        )

    def explain(self, order_id: str) -> str:
        """What is known of an order, for the message of a test that fails."""
        parts = {
            "findings": "SELECT reason, subject, state, opened_at FROM findings WHERE order_id = ?",
            "reservations": "SELECT external_ref, status, supplier_order_id FROM reservations WHERE order_id = ?",
            "timeline": "SELECT event, at FROM order_events WHERE order_id = ? ORDER BY number",
        }
        told = {name: self.rows(query, order_id) for name, query in parts.items()}
        return f"{told | {'jobs': self.live_jobs(order_id)}}"

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
        """The files that hold one of these texts, `database` for one that is none: see `holds`."""
        files = (path for path in sorted(self._place.folder.rglob("*")) if path.is_file())
        found = [str(path.relative_to(self._place.folder)) for path in files if holds([path.read_bytes()], secrets)]
        return found + ["database"] * holds(self._database.dump(), secrets)


def holds(contents: Iterable[bytes], secrets: Sequence[str]) -> bool:
    """Whether one of these texts is in there: plain, in other letters, in UTF-16, in hex or in base64."""
    wanted = {form for secret in secrets for form in _disguises(secret)}
    return any(form in content for content in contents for form in wanted)


def _disguises(secret: str) -> Iterator[bytes]:
    raw = secret.encode()
    yield from (raw, raw.lower(), secret.encode("utf-16-le"), raw.hex().encode(), raw.hex().upper().encode())
    for shift in range(3):  # base64 of a text looks different at each of three places in a whole
        yield base64.b64encode(b"x" * shift + raw)[4 if shift else 0 : -4]


def _now_micros() -> int:
    return round(SystemClock().now().timestamp() * 1_000_000)
