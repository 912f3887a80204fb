"""The doorbell itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from taskiq import AsyncBroker
from taskiq.kicker import AsyncKicker

from bitloot_adapters.taskiq.tasks import RUN_JOB
from bitloot_core.ports.notifier import JobNotifier
from bitloot_core.values.ids import JobId

_log = logging.getLogger(__name__)


class TaskiqNotifier:
    """
    Sends a message for each job; see `JobNotifier` for what it promises.

    Args:
        broker: takes the messages; whoever opens it closes it.
        patience: how long all rings of one call may take together.
    """

    def __init__(self, broker: AsyncBroker, *, patience: timedelta = timedelta(milliseconds=500)) -> None:
        self._broker = broker
        self._patience = patience

    async def ring(self, job_ids: Sequence[JobId]) -> None:
        """Send the messages; the first one that fails ends it, because the next would fail too."""
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                for job_id in job_ids:
                    kicker: AsyncKicker[[int], None] = AsyncKicker(task_name=RUN_JOB, broker=self._broker, labels={})
                    await kicker.kiq(job_id)
        except Exception as exc:  # noqa: BLE001 - a lost ring costs seconds; the job is in the table
            # taskiq wraps what happened; an address of Redis, with its password, can stand in either text.
            cause = exc.__cause__ or exc
            _log.warning("ring lost", extra={"jobs": len(job_ids), "error": type(cause).__name__})


if TYPE_CHECKING:
    _: type[JobNotifier] = TaskiqNotifier
