"""
`bitloot vault`: a new master key, and the proof that what is sealed opens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bitloot_core.usecases.shop import Shop

commands = typer.Typer(help="The sealed product keys.", no_args_is_help=True)


@commands.command("generate-key")
def generate_key(
    key_id: Annotated[
        str | None, typer.Option("--id", help="Its name in VAULT_KEYS and in each sealed object; drawn if not given.")
    ] = None,
) -> None:
    """
    Print a fresh master key, as an entry of VAULT_KEYS.

    To rotate, put it in front of the old ones and keep those: the first one seals, all of them open.
    """
    import base64
    import secrets
    import sys

    from bitloot_http.variables import KEY_BYTES, master_keys

    name = key_id or f"k{secrets.token_hex(4)}"
    entry = f"{name}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"
    try:
        master_keys(entry)
    except ValueError:
        raise typer.BadParameter("1 to 32 characters of A-Z a-z 0-9 . _ -", param_hint="--id") from None
    typer.echo(entry)
    if sys.stdout.isatty():
        typer.echo("Put it into VAULT_KEYS, and a copy where the backups are not: without it no key opens.", err=True)


@commands.command("verify")
def verify() -> None:
    """Open every key that is held, for the unit that holds it, and show none; exit 1 if one does not open."""
    from bitloot_http.cli.failures import Failure
    from bitloot_http.cli.running import run_with_shop

    async def work(shop: Shop) -> None:
        from rich.progress import Progress

        from bitloot_http.cli.output import console
        from bitloot_http.vault_check import verify_vault

        opened, failed = 0, 0
        with Progress(console=console(), disable=not console().is_terminal, transient=True) as progress:
            task = progress.add_task("Opening keys", total=None)
            async for verdict in verify_vault(shop):
                progress.advance(task)
                if verdict.problem is None:
                    opened += 1
                else:
                    failed += 1
                    progress.console.print(f"order {verdict.order_id}, unit {verdict.unit_id}: {verdict.problem}")
        told = f"{opened} key{'s' if opened != 1 else ''} opened"
        if failed:
            raise Failure(f"{told}, {failed} did not.")
        typer.echo(f"{told}; nothing is missing.")

    run_with_shop(work)
