"""
Running a command: settings first, then the work, and what was foreseen ends in a sentence and an exit code.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from bitloot_http.cli.failures import INTERRUPTED, NOT_ASKED_PROPERLY, Failure, complain, failure_of

if TYPE_CHECKING:
    from bitloot_core.usecases.shop import Shop
    from bitloot_http.service import BackRoom
    from bitloot_http.settings import Settings

T = TypeVar("T")


def run(work: Callable[[Settings], Coroutine[Any, Any, T]]) -> T:
    """
    Read the settings and do the work.

    Raises:
        typer.Exit: it went wrong in a way that was foreseen; the reason stands on standard error.
    """

    def begin() -> T:
        return run_loop(work(settings()))

    return told(begin)


def run_with_shop(work: Callable[[Shop], Awaitable[T]], *, makes_database: bool = False) -> T:
    """
    Read the settings, open the shop on a database of this version, and do the work; as `run`.

    Args:
        makes_database: whether a new SQLite file is filled first, as for the first command that one gives.
    """

    async def opened(found: Settings) -> T:
        from bitloot_http.cli.required_database import require_database
        from bitloot_http.container import open_shop

        await require_database(found, makes_new=makes_database)
        async with open_shop(found) as shop:
            return await work(shop)

    return run(opened)


def run_in_back_room(work: Callable[[BackRoom], Awaitable[T]], *, makes_database: bool = False) -> T:
    """The same with what only the commands of an operator work with; as `run_with_shop`."""

    async def opened(found: Settings) -> T:
        from bitloot_http.cli.required_database import require_database
        from bitloot_http.container import open_back_room

        await require_database(found, makes_new=makes_database)
        async with open_back_room(found) as room:
            return await work(room)

    return run(opened)


def settings() -> Settings:
    """
    The settings of this process.

    Raises:
        Failure: with all problems that they have.
    """
    from bitloot_http.environment import read_environment
    from bitloot_http.reading_settings import SettingsInvalid, read_settings

    try:
        return read_settings(read_environment())
    except SettingsInvalid as found:
        problems = (f"  {problem}" for problem in found.problems)
        raise Failure("The settings cannot be used:", *problems, code=NOT_ASKED_PROPERLY) from None


def run_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end on uvloop where there is one."""
    try:
        import uvloop
    except ImportError:  # not made for every system
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def told(work: Callable[[], T]) -> T:
    """
    Do the work; say what was foreseen, and exit.

    Raises:
        typer.Exit: it went wrong in a way that was foreseen.
    """
    try:
        return work()
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except Exception as error:
        failure = failure_of(error)
        if failure is None:
            raise
        complain(failure)
