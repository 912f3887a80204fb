"""
The doorbell of a process that has no workers and no way to reach any.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bitloot_core.ports.notifier import JobNotifier
from bitloot_core.values.ids import JobId


class Unheard:
    """A doorbell without a house."""

    async def ring(self, job_ids: Sequence[JobId]) -> None:
        """Nobody hears it; the workers of the service look for due jobs by themselves."""


if TYPE_CHECKING:
    _: type[JobNotifier] = Unheard
