"""
What becomes of each call that a process makes: drawn from the weather, named, and so to be left out by name.
"""

from __future__ import annotations

import enum

import attrs

from bitloot_core.testing.simulation.chance import Chance
from bitloot_core.testing.simulation.weather import Weather

STORE = frozenset({"orders", "inbox", "jobs", "requests", "catalogue", "queries", "quotes"})
"""The ports that look at the one store of the shop; ports that this program does not know count as such, too."""
REMOTE = frozenset({"supplier", "supplier_catalogue", "gateway", "vault", "mailer"})
"""The ports behind which somebody else's computer stands."""
UNREPEATABLE = frozenset({"supplier.reserve", "supplier.return_keys", "gateway.create_payment", "mailer.send"})
"""The calls of which nobody knows, without an answer, whether they had their effect."""
WRITES = frozenset(
    {
        *("orders.commit", "jobs.claim", "jobs.ask", "jobs.end", "inbox.receive", "inbox.replay"),
        *("requests.begin", "requests.answer", "catalogue.put", "quotes.mark", "quotes.keep", "store.write"),
        *("switches.pause", "switches.lift", "switches.resume", "switches.note_balance"),
        *("vault.save_keys", "vault.discard", "vault.rotate"),
        *UNREPEATABLE,
    }
)


class Kind(enum.Enum):
    """How a call fares."""

    FINE = "fine"
    SLOW = "slow"
    REFUSED = "refused"
    LOST = "answer lost"
    DROPPED = "request lost"
    LATE = "late effect"
    DIES_BEFORE = "dies before"
    DIES_AFTER = "dies after"


@attrs.frozen
class Fate:
    """
    What becomes of one call.

    Attributes:
        there: how long the request takes, in seconds.
        back: how long the answer does.
        name: names this fate among all of a simulation; empty for a call that fares well.
    """

    kind: Kind
    there: float
    back: float
    name: str = ""


_CALM_REMOTE = Fate(Kind.FINE, 0.05, 0.05)
_CALM_STORE = Fate(Kind.FINE, 0.002, 0.0)


class Fates:
    """
    Draws the fates of calls.

    Args:
        only: the names of the faults that may strike; all, if it is None.

    Attributes:
        is_calm: whether the storm is over.
        struck: the names of the faults that have struck, in order.
    """

    def __init__(self, chance: Chance, weather: Weather, *, only: frozenset[str] | None = None) -> None:
        self.is_calm = False
        self.struck: list[str] = []
        self._chance = chance
        self._only = only
        self._weather = weather
        self._seen: dict[tuple[str, str], int] = {}
        self._of_store = _table(weather, remote=False)
        self._of_remote = _table(weather, remote=True)

    def of(self, call: str, subject: str, *, remote: bool) -> Fate:
        """The fate of the next call of this name on this subject."""
        if self.is_calm:
            return _CALM_REMOTE if remote else _CALM_STORE
        count = self._seen[call, subject] = self._seen.get((call, subject), 0) + 1
        drawn, size = self._chance.pair("fate", call, subject, count)
        kind = _kind(drawn, self._of_remote if remote else self._of_store)
        name = f"{call}({subject})#{count}"
        if kind is not Kind.FINE and not self.allows(f"{name} {kind.value}"):
            kind = Kind.FINE
        there, back = _times(kind, size, remote=remote)
        return Fate(kind, there, back, name if kind is not Kind.FINE else "")

    def strikes(self, probability: float, *what: object) -> bool:
        """Whether something else goes wrong, of this probability; nothing does once the storm is over."""
        if self.is_calm or not probability or not self._chance.happens(probability, "strikes", *what):
            return False
        return self.allows(" ".join(map(str, what)))

    def allows(self, name: str) -> bool:
        """Whether a fault of this name may strike; if so, it has."""
        if self._only is not None and name not in self._only:
            return False
        self.struck.append(name)
        return True


def _table(weather: Weather, *, remote: bool) -> tuple[tuple[float, Kind], ...]:
    """The kinds with the upper ends of their ranges."""
    scale = 1.0 if remote else 0.4  # a store of one's own is more reliable than others' computers
    rates = (
        (weather.kill_at_call / 2, Kind.DIES_BEFORE),
        (weather.kill_at_call / 2, Kind.DIES_AFTER),
        (weather.refuse * scale, Kind.REFUSED),
        (weather.lose * scale, Kind.LOST),
        (weather.drop * scale, Kind.DROPPED),
        (weather.late * scale, Kind.LATE),
        (weather.slow * scale, Kind.SLOW),
    )
    table: list[tuple[float, Kind]] = []
    upper = 0.0
    for rate, kind in rates:
        upper += rate
        table.append((upper, kind))
    return tuple(table)


def _kind(drawn: float, table: tuple[tuple[float, Kind], ...]) -> Kind:
    return next((kind for upper, kind in table if drawn < upper), Kind.FINE)


def _times(kind: Kind, size: float, *, remote: bool) -> tuple[float, float]:
    if kind is Kind.SLOW:
        return (1 + 24 * size, 0.2) if remote else (0.2 + 3 * size, 0.0)
    if remote:
        return 0.02 + 0.4 * size, 0.02 + 0.4 * (1 - size)
    return 0.0005 + 0.008 * size, 0.0
