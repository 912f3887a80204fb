"""The switch that stops all buying, and whoever holds it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bitloot_core.order.buying import Balance, Buying, Pause
from bitloot_core.order.findings import Finding
from bitloot_core.ports.acts import StaffAct


class Switches(Protocol):
    """
    Keeps what stops buying, for all processes of a shop.

    Once `pause` has returned, no write claims a purchase: `OrderStore.commit` asks in the same write. A purchase that
    was claimed before may still be on its way.
    """

    async def buying(self) -> Buying:
        """The pauses that nobody has taken away, over or not; what a person lifted; the balance as it was read last."""
        ...

    async def pause(self, pause: Pause, *, finding: Finding | None = None, act: StaffAct | None = None) -> Pause:
        """
        Stop all buying. Idempotent under `pause.holder`.

        Who, why and since when of a pause that this holder has already stay as they are; `until` becomes the new one.

        Args:
            finding: opened in the same write, about no order, unless the same is open. Give it the reason
                `buying-paused` and the holder as its subject, and whoever lifts the pause settles it.
            act: what a person did, for the audit; written if the holder had no pause before.

        Returns:
            The pause as it is kept.
        """
        ...

    async def lift(self, pauses: Sequence[Pause], *, by: str, at: datetime) -> None:
        """
        Take these pauses away; one that was paused anew or renewed since it was read stays. Idempotent.

        In the same write the findings that they had opened are settled, and the `reserve` jobs that wait are due.
        """
        ...

    async def resume(self, *, by: str, reason: str, at: datetime, act: StaffAct | None = None) -> tuple[Pause, ...]:
        """
        Let buying go on, because a person says so: takes all pauses away, whoever holds them, as `lift` does.

        A pause of one of `LIMITS` is remembered in `Buying.lifted`, until that holder pauses again. Idempotent.

        Args:
            act: for the audit; written if there was a pause.

        Returns:
            The pauses that it took away.
        """
        ...

    async def note_balance(self, balance: Balance) -> None:
        """Keep a reading of the balance at the supplier, unless a newer one is kept. Idempotent."""
        ...
