"""
The sealed bodies of webhooks in memory: nothing is encrypted, but each body knows which master key it is under.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitloot_core.ports.sealed_rows import RotatedRows, SealedRows
from bitloot_core.ports.vault import Rotation
from bitloot_core.testing.memory.database import MemoryDatabase
from bitloot_core.values.ids import WebhookId


class MemorySealedRows:
    """Knows under which master key the body of each webhook is. See `SealedRows` for what is promised."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database
        self._under: dict[WebhookId, int] = {}
        self._damaged: set[WebhookId] = set()
        self._newest = 1
        self._oldest = 1

    async def count(self) -> int:
        """How many bodies are kept; those that were pruned are not among them."""
        return len(self._kept())

    async def rotate(self, *, after: int | None, limit: int) -> RotatedRows:
        """Note that the next bodies are under the newest master key."""
        batch = [one for one in self._kept() if after is None or one > after][:limit]
        stuck = tuple((one, _id_of(self._under[one])) for one in batch if not self._unwraps(one))
        rotated = tuple(
            (one, Rotation(before=_id_of(self._under[one]), after=_id_of(self._newest)))
            for one in batch
            if self._unwraps(one)
        )
        with self._database.commit("rows.rotate"):
            self._under.update({one: self._newest for one, _ in rotated})
        return RotatedRows(rotated=rotated, stuck=stuck, last=batch[-1] if batch else None)

    def add_master_key(self) -> None:
        """Given a new master key that seals from now on; the earlier ones still open."""
        self._kept()
        self._newest += 1

    def drop_old_master_keys(self) -> None:
        """Given that only the newest master key is left."""
        self._oldest = self._newest

    def damage(self, webhook_id: WebhookId) -> None:
        """Given a body that is not what was written."""
        self._damaged.add(webhook_id)

    def _kept(self) -> list[WebhookId]:
        """Those that have a body; whichever is new is under the newest master key."""
        kept = sorted(self._database.webhooks.keys() - self._database.pruned)
        for one in kept:
            self._under.setdefault(one, self._newest)
        return kept

    def _unwraps(self, webhook_id: WebhookId) -> bool:
        return webhook_id not in self._damaged and self._under[webhook_id] >= self._oldest


def _id_of(master_key: int) -> str:
    return f"k{master_key}"


if TYPE_CHECKING:
    _: type[SealedRows] = MemorySealedRows
