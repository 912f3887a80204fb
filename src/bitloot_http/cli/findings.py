"""
`bitloot findings`: what needs a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bitloot_http.cli.options import AsJson, Cursor, Limit

if TYPE_CHECKING:
    from bitloot_core.usecases.shop import Shop

commands = typer.Typer(help="What needs a person.", no_args_is_help=True)


@commands.command("list")
def list_findings(
    *,
    resolved: Annotated[bool, typer.Option("--resolved", help="Those that are settled, instead.")] = False,
    reason: Annotated[str | None, typer.Option(help="Only those of this reason.")] = None,
    order: Annotated[str | None, typer.Option(metavar="ORDER", help="Only those of this order.")] = None,
    limit: Limit = 25,
    cursor: Cursor = None,
    as_json: AsJson = False,
) -> None:
    """List what needs a person, newest first, with what can be done about it."""
    from bitloot_core.ports.backlog import FindingFilter
    from bitloot_core.ports.queries import Slice
    from bitloot_http.cli.backlog_tables import findings_table
    from bitloot_http.cli.output import show, show_json
    from bitloot_http.cli.running import run_with_shop
    from bitloot_http.wire.admin import FindingView
    from bitloot_http.wire.backlog import FindingList

    which = FindingFilter(status="resolved" if resolved else "open", reason=reason, order_id=order)

    async def work(shop: Shop) -> None:
        page = await shop.backlog.findings(which, Slice(limit=limit, cursor=cursor))
        if as_json:
            show_json(FindingList(items=tuple(map(FindingView.of, page.items)), next_cursor=page.next_cursor))
        else:
            show(findings_table(page, shop.clock.now()))

    run_with_shop(work)


@commands.command("resolve")
def resolve(
    finding_id: Annotated[str, typer.Argument(metavar="FINDING", help="The finding's id, as `list` shows it.")],
    reason: Annotated[str, typer.Option(help="How it was settled; kept for ever.")],
) -> None:
    """Say that a finding is settled. What is still wrong is found again."""
    from bitloot_core.usecases.settle_finding import settle_finding
    from bitloot_core.values.ids import FindingId
    from bitloot_http.cli.person import person
    from bitloot_http.cli.running import run_with_shop

    async def work(shop: Shop) -> None:
        row = await settle_finding(shop, FindingId(finding_id), by=person(), reason=reason)
        typer.echo(f"Finding {row.finding.id} ({row.finding.reason}) is settled by {row.resolved_by}.")

    run_with_shop(work)
