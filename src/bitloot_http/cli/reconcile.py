"""
`bitloot reconcile`: our own books set against the gateway, the supplier and the vault.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bitloot_http.cli.options import AsJson

if TYPE_CHECKING:
    from bitloot_core.usecases.reconcile import Report
    from bitloot_core.usecases.reconcile_desk import Progress, Terms
    from bitloot_core.usecases.shop import Shop

Since = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"],
        help="Orders and purchases from this day on (UTC); a week if not given, after a restore a month.",
    ),
]


def reconcile(
    *,
    since: Since = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only look: open no finding, remove nothing.")] = False,
    after_restore: Annotated[
        bool,
        typer.Option(
            "--after-restore",
            help="The database is older than the world: buying is paused until nothing is found, nothing is removed.",
        ),
    ] = False,
    deep: Annotated[bool, typer.Option("--deep", help="Open every key that is held, and not a sample.")] = False,
    as_json: AsJson = False,
) -> None:
    """
    Compare payments, purchases and sealed keys with the world, and put what is amiss before a person, once.

    Exit 1 if anything stands. Nothing is bought, paid, refunded or delivered. Safe to repeat, and beside the service.
    """
    from bitloot_http.cli.running import run_with_shop

    async def work(shop: Shop) -> None:
        from bitloot_core.usecases.reconcile import usual_since
        from bitloot_core.usecases.reconcile_desk import Terms
        from bitloot_http.cli.person import person

        now = shop.clock.now()
        asked = usual_since(now, after_restore=after_restore) if since is None else since.replace(tzinfo=UTC)
        if asked >= now:
            raise typer.BadParameter("is not in the past", param_hint="--since")
        terms = Terms(since=asked, by=person(), dry_run=dry_run, after_restore=after_restore, deep=deep)
        _tell(await _compare(shop, terms), dry_run=dry_run, as_json=as_json)

    run_with_shop(work)


async def _compare(shop: Shop, terms: Terms) -> Report:
    """Compare, with a bar for each side where somebody watches."""
    import asyncio

    from bitloot_core.order.discrepancies import Side
    from bitloot_core.usecases.reconcile import reconcile
    from bitloot_http.cli.output import progress

    titles = {
        Side.PURCHASES: "Days of the supplier's list",
        Side.PAYMENTS: "Orders, payments read back",
        Side.KEYS: "Sealed keys",
    }
    with progress() as bar:
        tasks = {side: bar.add_task(title, total=None, start=False) for side, title in titles.items()}

        def watch(far: Progress) -> None:
            bar.start_task(tasks[far.side])
            bar.update(tasks[far.side], completed=far.done, total=far.of)

        return await reconcile(shop, terms, rest=lambda length: asyncio.sleep(length.total_seconds()), watch=watch)


def _tell(report: Report, *, dry_run: bool, as_json: bool) -> None:
    from bitloot_http.cli.failures import FAILED
    from bitloot_http.cli.output import show, show_json
    from bitloot_http.cli.reconciling import ReconciliationView, discrepancies_table, facts, verdict

    view = ReconciliationView.of(report, dry_run=dry_run)
    if as_json:
        show_json(view)
    else:
        for line in facts(view):
            typer.echo(line)
        if view.items:
            typer.echo()
            show(discrepancies_table(view))
            typer.echo()
        for line in verdict(view):
            typer.echo(line)
    if not view.clean:
        raise typer.Exit(FAILED)
