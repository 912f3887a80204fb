"""
`bitloot vault`: a new master key, and the proof that what is sealed opens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bitloot_http.cli.options import AsJson

if TYPE_CHECKING:
    from bitloot_core.usecases.shop import Shop
    from bitloot_http.settings import Settings

commands = typer.Typer(help="The sealed product keys.", no_args_is_help=True)


@commands.command("generate-key")
def generate_key(
    key_id: Annotated[
        str | None, typer.Option("--id", help="Its name in VAULT_KEYS and in each sealed object; drawn if not given.")
    ] = None,
) -> None:
    """
    Print a fresh master key, as an entry of VAULT_KEYS.

    To rotate, put it in front of the old ones and keep those: the first one seals, all of them open. Start everything
    anew, then give `bitloot vault rotate`.
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
def verify(as_json: AsJson = False) -> None:
    """Open every key that is held, for the unit that holds it, and show none; exit 1 if one does not open."""
    from bitloot_http.cli.failures import Failure
    from bitloot_http.cli.running import run_with_shop

    async def work(shop: Shop) -> None:
        from bitloot_http.cli.output import progress, show_json
        from bitloot_http.vault_check import Check, verify_vault

        check = Check()
        with progress() as bar:
            task = bar.add_task("Opening keys", total=None)
            async for verdict in verify_vault(shop):
                bar.advance(task)
                check.add(verdict)
        if as_json:
            show_json(check)
        else:
            for verdict in check.failed:
                typer.echo(f"order {verdict.order_id}, unit {verdict.unit_id}: {verdict.problem}")
        told = f"{check.opened} key{'s' if check.opened != 1 else ''} opened"
        if check.failed:
            raise Failure(f"{told}, {len(check.failed)} did not.")
        if not as_json:
            typer.echo(f"{told}; nothing is missing.")

    run_with_shop(work)


@commands.command("rotate")
def rotate(as_json: AsJson = False) -> None:
    """
    Wrap everything that is sealed anew under the first key of VAULT_KEYS, and say which old ones are still needed.

    May be stopped at any moment and begun again; the service may run beside it, started with the same VAULT_KEYS.
    Exit 1 if something could not be wrapped anew.
    """
    from bitloot_http.cli.running import run

    run(lambda settings: _rotate(settings, as_json=as_json))


async def _rotate(settings: Settings, *, as_json: bool) -> None:
    from bitloot_core.values.errors import PortError
    from bitloot_http.cli.failures import Failure
    from bitloot_http.cli.output import progress, show, show_json
    from bitloot_http.cli.required_database import require_database
    from bitloot_http.cli.rotating import RotationView, rotation_table, sentences
    from bitloot_http.container import open_back_room
    from bitloot_http.rotation import Tally, count_sealed, rotate

    await require_database(settings, makes_new=False)
    tally, cut_short = Tally(), None
    async with open_back_room(settings) as room:
        with progress() as bar:
            try:
                # Counting takes a walk through the vault, which is for people who wait.
                total = None if bar.disable else await count_sealed(room.sealed)
                task = bar.add_task(f"Wrapping under {room.sealed.master_keys[0]}", total=total)
                async for one in rotate(room.sealed):
                    tally.add(one)
                    bar.advance(task)
            except PortError as error:
                cut_short = error
        view = RotationView.of(tally, room.sealed.master_keys, complete=cut_short is None)
    if as_json:
        show_json(view)
    else:
        show(rotation_table(view))
        for line in sentences(view):
            typer.echo(line)
    if cut_short is not None:
        raise Failure(f"{cut_short}.", "It was not finished. What is done is done: give the command again to go on.")
    if tally.stuck:
        raise Failure(f"{len(tally.stuck)} could not be wrapped anew.")
