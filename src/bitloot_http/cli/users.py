"""
`bitloot admin create-user` and what belongs to it: who may open the console.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from bitloot_http.cli.admin import SCOPES, scopes_in
from bitloot_http.cli.options import AsJson

if TYPE_CHECKING:
    from bitloot_core.values.secret import Secret
    from bitloot_http.accounts.books import KnownUser
    from bitloot_http.service import BackRoom

commands = typer.Typer()
"""Listed among those of `bitloot admin`."""
NAME_PATTERN = r"[a-z0-9][a-z0-9._-]{0,31}"
Name = Annotated[str, typer.Option("--name", help="Whose account it is; stands in the audit as admin:NAME.")]
Generate = Annotated[bool, typer.Option("--generate", help="Make a password instead of asking for one.")]


@commands.command("create-user")
def create_user(
    name: Name,
    scope: Annotated[str, typer.Option(help=f"What it may do, separated by commas: {', '.join(SCOPES)}.")] = ",".join(
        SCOPES
    ),
    generate: Generate = False,
) -> None:
    """Make an account for the console; its second factor and recovery codes are shown once."""
    scopes, plain = scopes_in(scope), _checked(name)
    password = _password(plain, generate=generate)

    async def work(room: BackRoom) -> None:
        from bitloot_http.accounts.hiring import hire

        papers = await hire(room.staff.users, name=plain, password=password, scopes=scopes, now=room.shop.clock.now())
        _show(plain, papers.totp_secret, papers.codes, password if generate else None)

    _in_back_room(work)


@commands.command("list-users")
def list_users(as_json: AsJson = False) -> None:
    """Show all accounts: what they may do, and whether they are let in."""

    async def work(room: BackRoom) -> None:
        from bitloot_http.cli.output import show, show_json
        from bitloot_http.cli.staff_table import UserList, UserView, users_table

        users = await room.staff.users.all()
        if as_json:
            show_json(UserList(items=tuple(map(UserView.of, users))))
        else:
            show(users_table(users, room.shop.clock.now()))

    _in_back_room(work)


@commands.command("disable-user")
def disable_user(name: Name) -> None:
    """Let nobody in with an account any more; its sessions end at once."""

    async def work(room: BackRoom) -> None:
        user = await _known(room, name)
        await room.staff.users.disable(user.id, now=room.shop.clock.now())
        typer.echo(f"{user.name} is let in no more.")

    _in_back_room(work)


@commands.command("enable-user")
def enable_user(name: Name) -> None:
    """Let a disabled account in again."""

    async def work(room: BackRoom) -> None:
        user = await _known(room, name)
        await room.staff.users.enable(user.id)
        typer.echo(f"{user.name} is let in again.")

    _in_back_room(work)


@commands.command("set-password")
def set_password(name: Name, generate: Generate = False) -> None:
    """Give an account another password; its sessions end at once, and its tries are forgotten."""
    password = _password(_checked(name), generate=generate)

    async def work(room: BackRoom) -> None:
        from bitloot_http.accounts.hiring import change_password

        user = await _known(room, name)
        await change_password(room.staff, user, password)
        typer.echo(f"The password of {user.name} is changed.")
        if generate:
            typer.echo(f"It is: {password.reveal()}")

    _in_back_room(work)


@commands.command("reset-second-factor")
def reset_second_factor(name: Name) -> None:
    """Give an account another second factor and other recovery codes; its sessions end at once."""

    async def work(room: BackRoom) -> None:
        from bitloot_http.accounts.hiring import change_second_factor

        user = await _known(room, name)
        papers = await change_second_factor(room.staff, user)
        _show(user.name, papers.totp_secret, papers.codes, None)

    _in_back_room(work)


def _checked(name: str) -> str:
    import re

    from bitloot_http.accounts.reception import plain_name

    plain = plain_name(name)
    if re.fullmatch(NAME_PATTERN, plain) is None:
        raise typer.BadParameter("1 to 32 of a-z, 0-9, dot, dash and underscore", param_hint="--name")
    return plain


def _password(name: str, *, generate: bool) -> Secret:
    from bitloot_core.values.secret import Secret
    from bitloot_http.accounts.passwords import SHORTEST, check_password, new_password
    from bitloot_http.cli.running import told

    if generate:
        return new_password()
    asked = typer.prompt(f"Password ({SHORTEST} characters or more)", hide_input=True, confirmation_prompt=True)
    password = Secret(str(asked))
    told(lambda: check_password(password, name))
    return password


async def _known(room: BackRoom, name: str) -> KnownUser:
    from bitloot_core.values.errors import NotFound
    from bitloot_http.accounts.reception import plain_name

    user = await room.staff.users.find(plain_name(name))
    if user is None:
        raise NotFound("account", plain_name(name))
    return user


def _in_back_room(work: Callable[[BackRoom], Awaitable[None]]) -> None:
    from bitloot_http.cli.running import run_in_back_room

    run_in_back_room(work, makes_database=True)


def _show(name: str, totp_secret: Secret, codes: tuple[Secret, ...], password: Secret | None) -> None:
    """Show what is shown once. The QR code only where there is a terminal to show it."""
    import sys

    from bitloot_http.accounts.second_factor import otpauth_url

    url = otpauth_url(name, totp_secret).reveal()
    if sys.stdout.isatty():
        import segno

        segno.make(url, error="l", micro=False).terminal(compact=True)
    typer.echo(f"Account:        {name}")
    if password is not None:
        typer.echo(f"Password:       {password.reveal()}")
    typer.echo(f"For the app:    {url}")
    typer.echo("Recovery codes, each good once:")
    for code in codes:
        typer.echo(f"  {code.reveal()}")
    typer.echo("All of this is shown this once. Only hashes and a sealed secret are kept.", err=True)
