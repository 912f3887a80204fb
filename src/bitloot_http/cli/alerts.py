"""
`bitloot alerts`: how the operator hears of what needs a person, and whether it arrives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from bitloot_http.cli.options import AsJson

if TYPE_CHECKING:
    from bitloot_core.ports.alerts import AlertChannel
    from bitloot_core.usecases.alerting import AlertDesk
    from bitloot_http.service import BackRoom
    from bitloot_http.settings import Settings

commands = typer.Typer(help="How you hear of what needs a person.", no_args_is_help=True)


@commands.command("test")
def test() -> None:
    """Send a test on each channel that is set, now. Exit 1 if one does not get through."""
    from bitloot_http.cli.running import run

    run(_tested)


@commands.command("show")
def show_channels(*, as_json: AsJson = False) -> None:
    """Show how each channel stands: what waits, what is on its way, and what was wrong the last time."""
    from bitloot_core.usecases.shop import Shop
    from bitloot_http.alert_channels import channel_ids, standings
    from bitloot_http.cli.alert_tables import channels_table
    from bitloot_http.cli.output import show, show_json
    from bitloot_http.cli.running import run_with_shop, settings
    from bitloot_http.wire.alerts import AlertChannelList, AlertChannelView

    async def work(shop: Shop) -> None:
        now = shop.clock.now()
        found = await standings(shop.alerts, channel_ids(settings()), now=now)
        if as_json:
            show_json(AlertChannelList(items=tuple(map(AlertChannelView.of, found))))
        else:
            show(channels_table(found, now))

    run_with_shop(work)


async def _tested(settings: Settings) -> None:
    from bitloot_http.alerter import desk_of
    from bitloot_http.cli.failures import NOT_ASKED_PROPERLY, Failure
    from bitloot_http.cli.required_database import require_database
    from bitloot_http.container import open_back_room

    await require_database(settings, makes_new=False)
    async with open_back_room(settings) as room:
        if not room.channels:
            raise Failure("Neither ALERT_EMAIL nor ALERT_WEBHOOK_URL is set.", code=NOT_ASKED_PROPERLY)
        await _sent(room, desk_of(settings, room.shop))


async def _sent(room: BackRoom, desk: AlertDesk) -> None:
    """Try every channel, also behind one that fails."""
    from bitloot_http.cli.failures import Failure

    wrong = [text for channel in room.channels if (text := await _try(desk, channel)) is not None]
    if wrong:
        raise Failure(*wrong)


async def _try(desk: AlertDesk, channel: AlertChannel) -> str | None:
    """What is wrong with a channel; None if a test got through."""
    from bitloot_core.usecases.alerting import send_test
    from bitloot_core.values.errors import PortError

    try:
        alert = await send_test(desk, channel)
    except PortError as error:
        return f"{channel.id.name}: {error.reason}."
    typer.echo(f"{channel.id.name}: {alert.id} was accepted.")
    return None
