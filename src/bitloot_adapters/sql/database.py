"""
How a function over a connection is run: as one write, durable when it returns, or as one consistent read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from sqlalchemy import Executable
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from bitloot_core.values.errors import Unavailable, Unknown

T = TypeVar("T")
PORT = "database"


class Database(Protocol):
    """
    Runs work on a database.

    Work is a plain function over a connection. It may run more than once, always from the start and with nothing of an
    earlier run in the database, so it keeps no state of its own; it neither begins nor commits.
    """

    async def write(self, work: Callable[[Connection], T]) -> T:
        """
        Run work as one transaction, all of it or nothing; durable when this returns.

        What the work raises comes back, and nothing of it is written. A waiter that is cancelled does not cancel the
        write.

        Raises:
            Unavailable: nothing was written (too busy, locked, no room); ask again later.
            Unknown: the commit gave no answer: it may or may not be written.
        """
        ...

    async def read(self, work: Callable[[Connection], T]) -> T:
        """
        Run work that only reads, on one consistent state; never waits for a writer.

        Raises:
            Unavailable: it could not be read now.
        """
        ...

    async def look(self, work: Callable[[Connection], T]) -> T:
        """
        Run work that finds a few rows by their key; otherwise as `read`, but each statement may see a state of its own.

        It may run on the caller's own thread, because a hop to another one costs more than the look itself. So it must
        be nothing that goes through a table.
        """
        ...

    async def close(self) -> None:
        """Finish what waits, and let go of the database. Idempotent."""
        ...


def executing(
    statement: Executable, values: Mapping[str, object] | Sequence[Mapping[str, object]]
) -> Callable[[Connection], int]:
    """Work that is one statement; its result is the number of rows that it changed."""
    return lambda connection: connection.execute(statement, values).rowcount


def is_passing(error: BaseException) -> bool:
    """Whether an error is the database's own trouble, and not a broken rule or a faulty statement."""
    return isinstance(error, DBAPIError) and not isinstance(error, IntegrityError | ProgrammingError)


def unavailable(error: BaseException) -> Unavailable:
    """Say that nothing was written, naming the kind of trouble and no values."""
    return Unavailable(PORT, f"nothing was written ({_kind(error)})")


def unknown(error: BaseException) -> Unknown:
    """Say that a commit gave no answer."""
    return Unknown(PORT, f"the commit gave no answer ({_kind(error)})")


def _kind(error: BaseException) -> str:
    cause: BaseException = getattr(error, "orig", None) or error
    # What SQLAlchemy puts around the errors of an asynchronous driver says less than they do.
    return getattr(cause, "sqlite_errorname", None) or type(cause.__cause__ or cause).__name__
