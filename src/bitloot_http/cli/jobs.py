"""
`bitloot jobs`: what is still to be done, and what was given up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bitloot_http.cli.options import AsJson, Cursor, Limit

if TYPE_CHECKING:
    from bitloot_core.usecases.shop import Shop

commands = typer.Typer(help="What is still to be done, and what was given up.", no_args_is_help=True)
STATUSES = ("ready", "running", "done", "dead")


@commands.command("list")
def list_jobs(
    *,
    status: Annotated[str, typer.Option(help=f"One of {', '.join(STATUSES)}.")] = "ready",
    name: Annotated[str | None, typer.Option(help="Only those of this name.")] = None,
    order: Annotated[str | None, typer.Option(metavar="ORDER", help="Only those of this order.")] = None,
    limit: Limit = 25,
    cursor: Cursor = None,
    as_json: AsJson = False,
) -> None:
    """List jobs: the ready ones by when they are due, others newest first; `--status dead` shows what was given up."""
    from bitloot_core.ports.backlog import JobFilter
    from bitloot_core.ports.queries import Slice
    from bitloot_http.cli.backlog_tables import jobs_table
    from bitloot_http.cli.output import show, show_json
    from bitloot_http.cli.running import run_with_shop
    from bitloot_http.wire.admin import JobView
    from bitloot_http.wire.backlog import JobList

    if status not in STATUSES:
        raise typer.BadParameter(f"one of {', '.join(STATUSES)}", param_hint="--status")
    which = JobFilter(status=status, name=name, order_id=order)

    async def work(shop: Shop) -> None:
        page = await shop.backlog.jobs(which, Slice(limit=limit, cursor=cursor))
        if as_json:
            show_json(JobList(items=tuple(map(JobView.of, page.items)), next_cursor=page.next_cursor))
        else:
            show(jobs_table(page, shop.clock.now()))

    run_with_shop(work)


@commands.command("retry")
def retry(
    job_id: Annotated[int, typer.Argument(metavar="JOB", min=1, help="The job's number, as `list` shows it.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the audit.")] = "asked for at the command line",
) -> None:
    """Do a job now, also one that was given up."""
    from bitloot_core.usecases.retry_job import retry_job
    from bitloot_core.values.ids import JobId
    from bitloot_http.cli.person import person
    from bitloot_http.cli.running import run_with_shop

    async def work(shop: Shop) -> None:
        await retry_job(shop, JobId(job_id), by=person(), reason=reason)
        typer.echo(f"Job {job_id} is done again by the next worker that looks.")

    run_with_shop(work)
