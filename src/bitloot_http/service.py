"""
What a running process is made of, as the rest of the service sees it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import aiohttp
import attrs

from bitloot_core.ports.alerts import AlertChannel
from bitloot_core.usecases.shop import Shop
from bitloot_http.access import AdminTokens
from bitloot_http.accounts.books import StaffBooks
from bitloot_http.metrics.counts import Counts
from bitloot_http.new_token import KeepsTokens, TakesTokensBack
from bitloot_http.readiness import Probe
from bitloot_http.rotation import Sealed
from bitloot_http.settings import Settings
from bitloot_http.worker import Worker


class Tokens(AdminTokens[Any], KeepsTokens, TakesTokensBack, Protocol):
    """Keeps the tokens of the staff, and finds them again."""


class Probed(Protocol):
    """Brings mails, and can say whether it could."""

    async def probe(self) -> None:
        """
        See whether mails could go out now, and send none.

        Raises:
            Unavailable: they could not.
        """
        ...


class Part(enum.Enum):
    """Which part of the service a process is."""

    WEB = "web"
    """Answers requests and rings for workers elsewhere."""
    ALL = "all"
    """Does everything in one process."""


@attrs.frozen(kw_only=True)
class Seams:
    """
    Where a test can stand in the way of the outside world, to count what passes and to stop the process there.

    Attributes:
        commit: commits a transaction.
        traces: watch the calls to vendors.
    """

    commit: Callable[[Any], None] | None = None
    traces: tuple[aiohttp.TraceConfig, ...] = ()


@attrs.frozen(kw_only=True)
class BackRoom:
    """
    A shop that is open without anybody at the door: what the commands of an operator work with.

    Attributes:
        tokens: the admin's tokens.
        staff: the accounts of the staff.
        sealed: everything that is sealed under the master keys.
        mail: brings our mails, as something that can be tried out.
        channels: those that the settings open for alerts.
    """

    shop: Shop
    tokens: Tokens
    staff: StaffBooks
    sealed: Sealed
    mail: Probed
    channels: tuple[AlertChannel, ...] = ()


@attrs.frozen(kw_only=True)
class Service:
    """
    A service that is open.

    Attributes:
        worker: does jobs; started and stopped with the service. None where workers are processes of their own.
        tokens: the admin's tokens.
        staff: the accounts of the staff.
        probes: what `/health/ready` looks at.
        counts: what this process counts.
    """

    settings: Settings
    shop: Shop
    worker: Worker | None
    tokens: Tokens
    staff: StaffBooks
    probes: Mapping[str, Probe]
    counts: Counts

    @property
    def in_hand(self) -> int | None:
        """How many jobs this process works on; None if it works on none."""
        return None if self.worker is None else self.worker.in_hand
