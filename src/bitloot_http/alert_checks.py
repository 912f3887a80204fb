"""
What alerts watch beside findings: the service itself, and whether a person keeps it from buying.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bitloot_core.order.buying import Buying, PauseHolder
from bitloot_core.ports.alerts import AlertChannel
from bitloot_core.usecases.shop import Shop
from bitloot_http.alerter import Alerter, Checks, desk_of
from bitloot_http.readiness import Probe, Readiness
from bitloot_http.settings import Settings

BUYING = "buying"
"""The name of the trouble that a person's pause is. A machine's pause is a finding, and told as one."""


def alerter_of(
    settings: Settings, shop: Shop, probes: Mapping[str, Probe], channels: Sequence[AlertChannel]
) -> Alerter:
    """Whoever tells the operator, over these channels: of findings, of what `probes` find wrong, of a pause."""
    ready = Readiness(probes, monotonic=shop.clock.monotonic)
    checks = alert_checks(shop, ready.checks)
    return Alerter(desk_of(settings, shop), channels, checks=checks, every=settings.relay)


def alert_checks(shop: Shop, ready: Checks) -> Checks:
    """
    Look at what `ready` does, and at the switch that a person throws: every paid order waits for that, too.

    Args:
        ready: looks at the service itself, as `/health/ready` does. To that a shop that does not buy is in order.
    """

    async def checks() -> Mapping[str, str | None]:
        return {**await ready(), BUYING: _paused(await shop.switches.buying())}

    return checks


def _paused(buying: Buying) -> str | None:
    """Who keeps the shop from buying. The reason is not told: it is a person's own words, and stays in the console."""
    pause = next((one for one in buying.pauses if one.holder is PauseHolder.OPERATOR), None)
    if pause is None:
        return None
    return f"paused by {pause.by}; paid orders wait until somebody lets it go on (`bitloot resume`)"
