"""
`bitloot admin`: who may use the admin API, and who may open the console.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from bitloot_http.cli.options import AsJson

if TYPE_CHECKING:
    from bitloot_http.service import BackRoom
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


@commands.command("list-tokens")
def list_tokens(as_json: AsJson = False) -> None:
    """List the tokens that were given out: whose, what they allow, and when they were used; never the token."""

    async def work(room: BackRoom) -> None:
        from bitloot_http.cli.output import show, show_json
        from bitloot_http.cli.token_table import TokenList, TokenView, tokens_table

        tokens = await room.tokens.every()
        if as_json:
            show_json(TokenList(items=tuple(map(TokenView.of, tokens))))
        else:
            show(tokens_table(tokens, room.shop.clock.now()))

    _in_back_room(work)


@commands.command("revoke-token")
def revoke_token(name: Annotated[str, typer.Argument(help="Whose tokens; all of that name.")]) -> None:
    """Make every token of a name worthless, at once; exit 1 if there was none that was good."""

    async def work(room: BackRoom) -> None:
        from bitloot_http.cli.failures import Failure

        count = await room.tokens.revoke(name, now=room.shop.clock.now())
        if not count:
            raise Failure(f"There is no token of {name} that was good until now.")
        typer.echo(f"{count} token{'s' if count > 1 else ''} of {name} revoked.")

    _in_back_room(work)


def _in_back_room(work: Callable[[BackRoom], Awaitable[None]]) -> None:
    from bitloot_http.cli.running import run_in_back_room

    run_in_back_room(work)


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
