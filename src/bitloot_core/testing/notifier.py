"""A doorbell that a test can listen to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bitloot_core.ports.notifier import JobNotifier
from bitloot_core.values.ids import JobId


class FakeNotifier:
    """
    Notes who was rung for.

    Attributes:
        rung: the jobs, in the order of the rings.
        broken: while it is true, rings get lost, as they may.
    """

    def __init__(self) -> None:
        self.rung: list[JobId] = []
        self.broken = False

    async def ring(self, job_ids: Sequence[JobId]) -> None:
        """Note the jobs."""
        if not self.broken:
            self.rung.extend(job_ids)

    def take(self) -> tuple[JobId, ...]:
        """The jobs that were rung for since the last look."""
        taken, self.rung[:] = tuple(self.rung), []
        return taken


if TYPE_CHECKING:
    _: type[JobNotifier] = FakeNotifier
