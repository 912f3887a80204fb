"""
`bitloot audit`: the books that are only added to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bitloot_http.cli.options import AsJson, Cursor, Limit

if TYPE_CHECKING:
    from bitloot_core.usecases.shop import Shop

commands = typer.Typer(help="What the staff did, and who saw a key.", no_args_is_help=True)


@commands.command("verify")
def verify(
    head: Annotated[
        str | None,
        typer.Option(metavar="HASH@ROW", help="A head that was printed earlier: shows whether rows were cut away."),
    ] = None,
) -> None:
    """
    Check every row of the key audit against the one before it; exit 1 if somebody tampered with one.

    Prints the head of the chain. Keep it somewhere else: rows that are cut from the end show only against it.
    """
    from bitloot_core.ports.audit import Head
    from bitloot_core.values.errors import InvalidInput
    from bitloot_http.cli.failures import Failure
    from bitloot_http.cli.running import run_with_shop

    try:
        earlier = None if head is None else Head.parse(head)
    except InvalidInput as wrong:
        raise typer.BadParameter(wrong.reason, param_hint="--head") from None

    async def work(shop: Shop) -> None:
        verdict = await shop.audit.verify_accesses(earlier)
        if verdict.broken_row is not None:
            raise Failure(
                f"The key audit was tampered with: row {verdict.broken_row} does not follow from the one before."
            )
        if verdict.is_cut:
            raise Failure("The key audit was tampered with: the head that was given is not in it any more.")
        told = "Every row follows from the one before it"
        typer.echo(f"{told}: {verdict.rows} in all." if verdict.head else "The key audit is empty.")
        if verdict.head is not None:
            typer.echo(f"head {verdict.head}")

    run_with_shop(work)


@commands.command("list")
def list_acts(
    *,
    actor: Annotated[str | None, typer.Option(help="Only what this person did, such as admin:ann.")] = None,
    action: Annotated[str | None, typer.Option(help="Only this action, such as refund.")] = None,
    order: Annotated[str | None, typer.Option(metavar="ORDER", help="Only what was done to this order.")] = None,
    limit: Limit = 25,
    cursor: Cursor = None,
    as_json: AsJson = False,
) -> None:
    """List what the staff did, newest first."""
    from bitloot_core.ports.audit import ActFilter
    from bitloot_core.ports.queries import Slice
    from bitloot_http.cli.backlog_tables import acts_table
    from bitloot_http.cli.output import show, show_json
    from bitloot_http.cli.running import run_with_shop
    from bitloot_http.wire.backlog import ActList, ActView

    async def work(shop: Shop) -> None:
        which = ActFilter(actor=actor, action=action, order_id=order)
        page = await shop.audit.acts(which, Slice(limit=limit, cursor=cursor))
        if as_json:
            show_json(ActList(items=tuple(map(ActView.of, page.items)), next_cursor=page.next_cursor))
        else:
            show(acts_table(page, shop.clock.now()))

    run_with_shop(work)
