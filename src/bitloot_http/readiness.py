"""
What `/health/ready` looks at: whether this process can do its work now, and if not, what is in the way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from bitloot_core.usecases.run_job import due_jobs
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import PortError

Probe: TypeAlias = Callable[[], Awaitable[str | None]]
"""Looks at one thing that the service needs: None if it is well, else what is wrong, in a few words."""
MOST_WAITING = 1000
"""So many jobs due at once mean that the workers do not keep up."""


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
        write: commits a transaction that changes nothing.
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
        waiting = len(await due_jobs(shop, MOST_WAITING))
        return None if waiting < MOST_WAITING else f"{waiting} jobs or more are due and wait"

    async def redis() -> str | None:
        if bell is None or await bell():
            return None
        return "it does not answer: jobs are found later, none is lost"

    probes: dict[str, Probe] = {} if bell is None else {"redis": redis}
    return probes | {"database": database, "migrations": migrations, "vault": vault, "backlog": backlog}
