"""
`bitloot pause` and `bitloot resume`: the switch that stops all buying.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bitloot_http.cli.options import AsJson

if TYPE_CHECKING:
    from bitloot_core.order.buying import Pause
    from bitloot_core.usecases.shop import Shop

Reason = Annotated[str, typer.Option(help="Why; shown to everybody who asks what an order waits for.")]
_UNSAID = "nobody said why"


def pause(reason: Reason = _UNSAID, *, as_json: AsJson = False) -> None:
    """
    Stop all buying. Paid orders wait, and go on by themselves after `bitloot resume`.

    Keys of what was bought before are still collected and delivered. Safe to repeat: the first reason stays.
    """
    from bitloot_core.usecases.buying import pause_buying
    from bitloot_http.cli.output import show_json
    from bitloot_http.cli.person import person
    from bitloot_http.cli.running import run_with_shop
    from bitloot_http.cli.views import BuyingView

    async def work(shop: Shop) -> None:
        kept = await pause_buying(shop, by=person(), reason=reason)
        if as_json:
            show_json(BuyingView.of(await shop.switches.buying()))
        else:
            typer.echo(f"Buying is paused by {_told(kept)}")

    run_with_shop(work)


def resume(reason: Reason = _UNSAID, *, as_json: AsJson = False) -> None:
    """
    Let buying go on, whoever had paused it.

    A limit that had paused it is lifted: the day's spending is counted anew from now on, and the balance may fall below
    its floor until midnight (UTC).
    """
    from bitloot_core.usecases.buying import resume_buying
    from bitloot_http.cli.output import show_json
    from bitloot_http.cli.person import person
    from bitloot_http.cli.running import run_with_shop
    from bitloot_http.cli.views import BuyingView

    async def work(shop: Shop) -> None:
        lifted = await resume_buying(shop, by=person(), reason=reason)
        if as_json:
            show_json(BuyingView.of(await shop.switches.buying()))
            return
        typer.echo("Buying goes on." if lifted else "Buying was not paused.")
        for one in lifted:
            typer.echo(f"  It was paused by {_told(one)}")

    run_with_shop(work)


def _told(pause: Pause) -> str:
    return f"{pause.by} since {pause.since:%Y-%m-%d %H:%M} UTC: {pause.reason}."
