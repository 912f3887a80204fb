"""
What an error of PostgreSQL, or of the way to it, means for the write that met it.

Asked about errors from before the commit was sent, when nothing can have been written, and about those that the server
itself answers a commit with. A commit without an answer is none of these: nobody knows.
"""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bitloot_adapters.sql.database import is_passing

REFUSED_COMMITS = frozenset({"25P02", "40001", "40P01"})
"""Answers to a commit that say it came to nothing: it had failed before, or had to give way to another."""
_GAVE_WAY = frozenset({"40001", "40P01", "55P03"})
"""Serialisation failure, deadlock, a lock that was not to be had in time."""
_GOING_AWAY = frozenset({"57P01", "57P02", "57P03"})
"""It shuts down, crashed, or is just starting."""
_ELSEWHERE = frozenset({"08", "53"})
"""Classes: the connection, and what the server has too little of."""
_SENTENCES = {
    "28000": "the server does not let this user in",
    "28P01": "the server does not know this user, or not with this password",
    "3D000": "the server has no database of this name",
    "53300": "the server has no connection left",
    "55P03": "somebody else is at the tables",
    "57P03": "the server is starting up or shutting down",
}
"""What an operator can do something about."""


class Trouble(Exception):
    """
    The database's own trouble; nothing is written.

    Args:
        error: what it met.
        may_pass_at_once: whether the same work may come through if it is simply run again.
    """

    def __init__(self, error: Exception, *, may_pass_at_once: bool) -> None:
        super().__init__(type(error).__name__)
        self.error = error
        self.may_pass_at_once = may_pass_at_once


def trouble_of(error: BaseException) -> Trouble | None:
    """What an error from before the commit says about the database; None if it is the work's own."""
    # The driver's errors of the socket come as they are: SQLAlchemy wraps only those of the protocol.
    if isinstance(error, OSError | PoolTimeoutError) or (isinstance(error, DBAPIError) and is_passing(error)):
        return Trouble(error, may_pass_at_once=may_pass_at_once(error))
    return None


def breaks_the_connection(error: BaseException) -> bool:
    """Whether nobody knows any more what the connection is doing: cut, out of time, or cancelled in mid-air."""
    return isinstance(error, OSError) or not isinstance(error, Exception)


def sqlstate_of(error: BaseException) -> str | None:
    """The five characters by which PostgreSQL names what happened; None if it did not say."""
    state: str | None = getattr(getattr(error, "orig", None) or error, "sqlstate", None)
    return state


def sentence_about(error: Exception) -> str:
    """What is wrong with a database that cannot be used at all, for whoever has set it up; no password is in it."""
    if (known := _SENTENCES.get(sqlstate_of(error) or "")) is not None:
        return known
    if isinstance(error, OSError):
        return f"no server answers ({type(error).__name__})"
    cause: BaseException = getattr(error, "orig", None) or error
    return f"it cannot be used ({type(cause.__cause__ or cause).__name__})"


def may_pass_at_once(error: Exception) -> bool:
    """Whether the same work may come through if it is simply run again."""
    # Whoever has waited in vain for seconds does not begin to wait again.
    if isinstance(error, TimeoutError | PoolTimeoutError):
        return False
    if isinstance(error, OSError) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return True
    state = sqlstate_of(error)
    return state is not None and (state in _GAVE_WAY or state in _GOING_AWAY or state[:2] in _ELSEWHERE)
