"""
Ending what runs in the background.
"""

from __future__ import annotations

import asyncio

_INSIST_SECONDS = 0.5


async def end(*tasks: asyncio.Task[None] | None) -> None:
    """
    Cancel tasks and wait until they have ended, however they do. None is one that was never begun.

    A cancellation can get lost inside a library, and a task that goes round for ever would then never end; so it is
    said again.

    **Source:** `asyncio.wait_for` up to Python 3.11 returns a result that comes at the same time, and forgets the
    cancellation; aiosmtplib awaits each answer of a server with it.
    """
    begun = [task for task in tasks if task is not None]
    while left := [task for task in begun if not task.done()]:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=_INSIST_SECONDS)
    # Their errors are asked for, so that nobody complains that they were not.
    await asyncio.gather(*begun, return_exceptions=True)
