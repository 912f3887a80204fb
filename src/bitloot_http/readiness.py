"""
What `/health/ready` looks at: whether this process can do its work now, and if not, what is in the way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import TypeAlias

import structlog

from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import PortError
from bitloot_http.ending import end

Probe: TypeAlias = Callable[[], Awaitable[str | None]]
"""Looks at one thing that the service needs: None if it is well, else what is wrong, in a few words."""
MOST_WAITING = 1000
"""So many jobs due at once mean that the workers do not keep up."""
LONGEST_WAIT = timedelta(minutes=15)
"""A job that has been due for so long means that nobody takes any."""
GOOD_FOR = timedelta(seconds=5)
"""Anybody may ask, and each look costs a write and a call to the vault: whoever asks meanwhile gets the same answer."""
_PROBE_SECONDS = 3.0
_LOG = structlog.get_logger("bitloot.health")


class Readiness:
    """
    Looks at everything at once, and remembers what it saw for a moment.

    Args:
        probes: what is looked at, by name.
        monotonic: seconds from an arbitrary start.
    """

    def __init__(self, probes: Mapping[str, Probe], *, monotonic: Callable[[], float]) -> None:
        self._probes = probes
        self._monotonic = monotonic
        self._seen: Mapping[str, str | None] = {}
        self._seen_at: float | None = None
        self._looking: asyncio.Task[None] | None = None

    async def checks(self) -> Mapping[str, str | None]:
        """What is wrong with each thing, by name; None for what is well."""
        if self._seen_at is None or self._monotonic() - self._seen_at >= GOOD_FOR.total_seconds():
            if self._looking is None or self._looking.done():
                self._looking = asyncio.get_running_loop().create_task(self._look(), name="readiness")
            # Whoever asked may go away; the others who wait for the same look do not.
            await asyncio.shield(self._looking)
        return self._seen

    async def close(self) -> None:
        """Stop looking."""
        await end(self._looking)

    async def _look(self) -> None:
        answers = await asyncio.gather(*(_answer(name, probe) for name, probe in self._probes.items()))
        self._seen, self._seen_at = dict(zip(self._probes, answers, strict=True)), self._monotonic()


async def _answer(name: str, probe: Probe) -> str | None:
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            return await probe()
    except TimeoutError:
        return "no answer"
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, it is not ready
        _LOG.warning("not ready", check=name, exc_info=error)
        return type(error).__name__


def probes_of(
    shop: Shop,
    *,
    write: Callable[[], Awaitable[object]],
    schema: Callable[[], Awaitable[str]],
    bell: Callable[[], Awaitable[bool]] | None = None,
) -> dict[str, Probe]:
    """
    The probes of a service, by name.

    Args:
        write: writes something, and returns when it is durable.
        schema: tells how the database's tables stand to this version (`current` is well).
        bell: asks the doorbell's server whether it is there; None if the doorbell has none.
    """

    async def database() -> str | None:
        try:
            await write()
        except PortError as error:
            return error.reason
        return None

    async def migrations() -> str | None:
        state = await schema()
        return None if state == "current" else f"the tables are {state}: run `bitloot db upgrade`"

    async def vault() -> str | None:
        try:
            async for _ in shop.vault.stored():
                break
        except PortError as error:
            return error.reason
        return None

    async def backlog() -> str | None:
        now = shop.clock.now()
        queue = await shop.figures.queue(now=now)
        if queue.due >= MOST_WAITING:
            return f"{queue.due} jobs are due and wait"
        if queue.due_since is not None and now - queue.due_since > LONGEST_WAIT:
            return (
                f"a job has been due for {(now - queue.due_since) // timedelta(minutes=1)} minutes: is there a worker?"
            )
        return None

    async def redis() -> str | None:
        if bell is None or await bell():
            return None
        return "it does not answer: jobs are found later, none is lost"

    probes: dict[str, Probe] = {} if bell is None else {"redis": redis}
    return probes | {"database": database, "migrations": migrations, "vault": vault, "backlog": backlog}
