"""
`bitloot db`: the database, and whether it is of this version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from bitloot_http.settings import Settings

commands = typer.Typer(help="The database.", no_args_is_help=True)


@commands.command("upgrade")
def upgrade() -> None:
    """Bring the database to this version. Safe to repeat; makes a SQLite file that is not there."""
    from bitloot_http.cli.failures import Failure
    from bitloot_http.cli.required_database import SENTENCES
    from bitloot_http.cli.running import run

    async def work(settings: Settings) -> None:
        from bitloot_http.container import database_state, upgrade_database

        before = await database_state(settings)
        if before == "unknown":
            raise Failure(SENTENCES[before])
        await upgrade_database(settings)
        typer.echo(SENTENCES["current"] if before == "current" else "The database was upgraded to this version.")

    run(work)


@commands.command("check")
def check() -> None:
    """Say whether the database is of this version; exit 1 if it is not."""
    from bitloot_http.cli.failures import Failure
    from bitloot_http.cli.required_database import SENTENCES
    from bitloot_http.cli.running import run

    async def work(settings: Settings) -> None:
        from bitloot_http.container import database_state

        state = await database_state(settings)
        if state != "current":
            raise Failure(SENTENCES[state])
        typer.echo(SENTENCES[state])

    run(work)
