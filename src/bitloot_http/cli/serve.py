"""
`bitloot serve`: the service in the foreground, until it is told to stop.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bitloot_http.settings import Settings


def serve(
    with_worker: Annotated[
        bool, typer.Option("--with-worker", help="Do jobs in this process too, though REDIS_URL is set.")
    ] = False,
) -> None:
    """
    Run the service: public API, buyer's pages, webhooks, admin API; and the worker, unless REDIS_URL is set.

    Settings come from the environment and from the file `.env`. Ends on Ctrl-C or SIGTERM, finishing what is in hand.
    """
    from bitloot_http.garbage import hold_while_loading

    hold_while_loading()
    from bitloot_http.cli.running import run

    run(lambda settings: _serve(settings, with_worker=with_worker))


async def _serve(settings: Settings, *, with_worker: bool) -> None:
    from bitloot_http.app import build_app
    from bitloot_http.cli.required_database import require_database
    from bitloot_http.container import open_service
    from bitloot_http.garbage import keep_what_is_loaded
    from bitloot_http.logs import configure_logs
    from bitloot_http.service import Part
    from bitloot_http.serving import serving, told_to_stop

    part = Part.ALL if with_worker or settings.redis_url is None else Part.WEB
    configure_logs(settings.log_level)
    await require_database(settings, makes_new=True)
    async with (
        told_to_stop() as stopped,
        open_service(settings, part=part) as service,
        serving(
            build_app(service, probes=service.probes, counts=service.counts, in_hand=lambda: service.in_hand),
            host=settings.host,
            port=settings.port,
        ) as address,
    ):
        keep_what_is_loaded()
        typer.echo(f"listening on {address}")
        if sys.stdout.isatty():
            typer.echo(_next_steps(address, settings))
        sys.stdout.flush()
        await stopped.wait()


def _next_steps(address: str, settings: Settings) -> str:
    return "\n".join(
        (
            "",
            f"  API           {address}/docs",
            f"  buyers reach  {settings.public_url}",
            "  products      bitloot products import products.csv",
            "  admin token   bitloot admin create-token --name YOU --scope read,operate",
            "",
            "Ctrl-C ends it.",
        )
    )
