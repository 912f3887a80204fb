"""
`bitloot admin`: who may use the admin API, and who may open the console.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bitloot_http.settings import Settings

commands = typer.Typer(help="Who may use the admin API and the console.", no_args_is_help=True)
SCOPES = ("read", "operate", "keys")
"""What a token or an account may allow: to look, to act on orders, to see keys."""


@commands.callback()
def _group() -> None:
    """Who may use the admin API and the console."""


@commands.command("create-token")
def create_token(
    name: Annotated[str, typer.Option(help="Whose token it is; stands in the audit.")],
    scope: Annotated[str, typer.Option(help=f"What it allows, separated by commas: {', '.join(SCOPES)}.")] = "read",
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="How long; for ever if not given.")] = None,
) -> None:
    """Print a new bearer token for the admin API, once; only its hash is kept."""
    import sys

    from bitloot_http.cli.running import run

    scopes = scopes_in(scope)

    async def work(settings: Settings) -> None:
        from bitloot_http.cli.required_database import require_database
        from bitloot_http.container import open_back_room
        from bitloot_http.new_token import give_out_token

        await require_database(settings, makes_new=True)
        async with open_back_room(settings) as room:
            now = room.shop.clock.now()
            until = None if days is None else now + timedelta(days=days)
            token = await give_out_token(room.tokens, name=name, scopes=scopes, expires_at=until, now=now)
        typer.echo(token.reveal())
        if sys.stdout.isatty():
            typer.echo("It is shown this once. Send it as `Authorization: Bearer ...`.", err=True)

    run(work)


def scopes_in(text: str) -> tuple[str, ...]:
    """
    The scopes that were named, each once.

    Raises:
        typer.BadParameter: none was, or one that there is not.
    """
    scopes = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not scopes or not set(scopes) <= set(SCOPES):
        raise typer.BadParameter(f"some of {', '.join(SCOPES)}, separated by commas", param_hint="--scope")
    return scopes
