"""
The whole examination: what can be tried at once is tried at once, and what takes too long has failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import TypeAlias

from bitloot_core.values.errors import PortError
from bitloot_http.doctor import live
from bitloot_http.doctor.alerts import alerts
from bitloot_http.doctor.clock import DateWatch
from bitloot_http.doctor.diagnosis import Diagnosis, failed, skipped
from bitloot_http.doctor.live import Patient, advice_on
from bitloot_http.doctor.webhooks import webhook_checks

Look: TypeAlias = Callable[[Patient], Awaitable[Diagnosis]]
PATIENCE = timedelta(seconds=45)
"""Longer than any call of ours may take, so that the call itself says what was wrong."""

HERE: Mapping[str, Look] = {
    "database, written and read": live.writing,
    "redis": live.redis,
    "vault": live.vault,
    "master keys": live.master_keys,
    "mail": live.mail,
    "alerts": alerts,
    "links": live.links,
}
"""What is ours."""
OUTSIDE: Mapping[str, Look] = {"Kinguin": live.kinguin, "NOWPayments": live.nowpayments}
"""What is the vendors'."""


async def examine(
    patient: Patient, *, offline: bool, dates: DateWatch, patience: timedelta = PATIENCE
) -> tuple[Diagnosis, ...]:
    """
    Look at everything that the settings lead to.

    Args:
        offline: leave the vendors in peace.
        dates: has seen the vendors' clocks by the end.
        patience: how long a look may take.
    """
    looks = HERE if offline else {**HERE, **OUTSIDE}
    found = await asyncio.gather(*(_in_time(what, look(patient), patience) for what, look in looks.items()))
    left_out = (skipped(what, "Not asked, because of --offline.") for what in (*OUTSIDE, "clock"))
    return (
        *found,
        *webhook_checks(patient.shop, patient.settings),
        *(left_out if offline else (dates.diagnosis(),)),
    )


async def _in_time(what: str, look: Awaitable[Diagnosis], patience: timedelta) -> Diagnosis:
    try:
        async with asyncio.timeout(patience.total_seconds()):
            return await look
    except TimeoutError:
        return failed(
            what, f"No answer within {patience.total_seconds():g} s.", "Is something in between holding it up?"
        )
    except PortError as error:
        return advice_on(what, error)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other looks go on
        return failed(
            what, f"It ended in {type(error).__name__}.", "Nobody foresaw this: tell the makers of the program."
        )
