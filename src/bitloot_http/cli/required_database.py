"""
A database of this version, or a sentence about what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitloot_http.cli.failures import Failure

if TYPE_CHECKING:
    from bitloot_http.settings import Settings

SENTENCES = {
    "current": "The database is of this version.",
    "empty": "The database has no tables yet: run `bitloot db upgrade`.",
    "behind": "The database is of an older version: run `bitloot db upgrade`.",
    "unknown": "The database was written by a newer version of BitLoot: this one must not touch it.",
}
"""What each state of a database means to a person."""


async def require_database(settings: Settings, *, makes_new: bool) -> None:
    """
    Go on only with a database of this version.

    Args:
        makes_new: whether a SQLite file that is new or empty is filled. One on a server never is: when that happens is
            not for a process to choose.

    Raises:
        Failure: a person must upgrade it first.
    """
    from bitloot_http.container import database_state, upgrade_database

    state = await database_state(settings)
    if state == "empty" and makes_new and settings.database_url.reveal().startswith("sqlite:"):
        await upgrade_database(settings)
    elif state != "current":
        raise Failure(SENTENCES[state])
