"""
`bitloot demo`: the whole of it on one machine, with simulated vendors.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ORDERS = 12


def demo(
    *,
    orders: Annotated[int, typer.Option(min=1, max=2000, help="How many orders are placed.")] = ORDERS,
    once: Annotated[bool, typer.Option("--once", help="End when they are through, instead of serving on.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Where the service listens; 0 for a free port.")] = 0,
    seed: Annotated[int, typer.Option(help="The dice of the simulated vendors.")] = 1,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep database, vault and mails in this new folder.")
    ] = None,
    export: Annotated[Path | None, typer.Option(hidden=True, metavar="FILE.svg")] = None,
) -> None:
    """
    Run the real service against simulated vendors that lose, repeat and forge messages, and watch orders go through.

    Exit 1 if an order did not come through, or a check at the end failed.
    """
    from bitloot_http.cli.failures import FAILED, INTERRUPTED
    from bitloot_http.cli.running import run_loop, told
    from bitloot_http.demo.show import Outcome, Wishes, run_demo

    wishes = Wishes(orders=orders, once=once, port=port, seed=seed, keep=keep, export=export)
    outcome = told(lambda: run_loop(run_demo(wishes)))
    if outcome is not Outcome.GOOD:
        raise typer.Exit(FAILED if outcome is Outcome.BAD else INTERRUPTED)
