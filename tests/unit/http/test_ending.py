"""What runs in the background ends when it is told to, whatever a library does with a cancellation."""

import asyncio
from contextlib import suppress

from bitloot_http.ending import end


async def test_a_task_that_was_never_begun_needs_no_end() -> None:
    """A service that could not start is stopped all the same."""
    await end(None)


async def test_a_task_that_failed_has_ended() -> None:
    """Its error is not that of whoever stops it."""

    async def fails() -> None:
        """End by an error."""
        raise ValueError

    task = asyncio.create_task(fails())
    await asyncio.wait({task})

    await end(task)

    assert isinstance(task.exception(), ValueError)


async def test_all_end() -> None:
    """One after the other would take as long as all together."""
    tasks = [asyncio.create_task(asyncio.Event().wait(), name=str(number)) for number in range(3)]

    await end(*tasks)  # type: ignore[arg-type]  # what they return is nobody's concern

    assert [task.cancelled() for task in tasks] == [True, True, True]


async def test_a_lost_cancellation_is_said_again() -> None:
    """The task goes round for ever, and a library swallows the first cancellation."""
    begun, lost = asyncio.Event(), asyncio.Event()

    async def goes_round() -> None:
        """Begin a call that loses it, then another."""
        begun.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        lost.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(goes_round())
    await begun.wait()

    async with asyncio.timeout(10):
        await end(task)

    assert (lost.is_set(), task.cancelled()) == (True, True)
