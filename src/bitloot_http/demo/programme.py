"""
What is said before and after the show: addresses, clocks, the key of one order, and what to try next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from bitloot_http.demo.board import Row
from bitloot_http.demo.followers import Parcel
from bitloot_http.demo.reckoning import Tally
from bitloot_http.demo.stage import CLOCKS, Stage

_TEXT = "text/plain"


@attrs.frozen(kw_only=True)
class Ending:
    """
    How it ended.

    Attributes:
        parcels: what the buyers have, by the order's number.
    """

    tallies: tuple[Tally, ...]
    parcels: Mapping[int, Parcel]
    rows: tuple[Row, ...]

    @property
    def is_good(self) -> bool:
        """Whether every check held."""
        return all(tally.holds is not False for tally in self.tallies)

    @property
    def example(self) -> tuple[Row, Parcel] | None:
        """An order that came through, to be shown; one with a text key if there is one."""
        found = [(row, self.parcels[row.scene.number]) for row in self.rows if row.scene.number in self.parcels]
        readable = (pair for pair in found if pair[1].keys[0].type == _TEXT)
        return next(readable, found[0] if found else None)


def opening_lines(stage: Stage) -> Iterator[tuple[str, str]]:
    """What is running where, and which clocks were made short."""
    yield "the service", stage.address
    yield "Kinguin, simulated", stage.settings.kinguin_base_url
    yield "NOWPayments, simulated", stage.settings.nowpayments_base
    yield "database, vault, mails", str(stage.folder)
    yield "short clocks", " ".join(f"{name}={text}" for name, text in CLOCKS.items())


def closing_lines(stage: Stage, ending: Ending) -> Iterator[tuple[str, Sequence[str]]]:
    """What there is to look at while it serves on."""
    token, address = stage.token.reveal(), stage.address
    yield "in a browser", (f"{address}/", f"{address}/docs")
    if ending.example is not None:
        row, parcel = ending.example
        yield f"the keys of order {row.scene.number}", (parcel.link,)
    asked = ("/admin/orders?limit=3", "/admin/webhook-logs?source=kinguin", *_audit(ending))
    yield (
        "the admin API; the token may read, for a day",
        (f"TOKEN={token}", *(f"curl -sH \"Authorization: Bearer $TOKEN\" '{address}{path}'" for path in asked)),
    )
    yield "the command line, in another terminal", (f"cd {stage.folder}", "bitloot orders list", "bitloot vault verify")


def _audit(ending: Ending) -> tuple[str, ...]:
    return () if ending.example is None else (f"/admin/key-audit/{ending.example[0].order_id}",)
