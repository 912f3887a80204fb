"""An alert channel that keeps what it was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitloot_core.order.alerts import Alert
from bitloot_core.ports.alerts import AlertChannel, ChannelId
from bitloot_core.testing.faults import Faults


class FakeAlertChannel:
    """
    Accepts alerts into a list.

    Args:
        name: what it is called; two of one name are two processes with the same channel.
        target: where it leads.

    Attributes:
        sent: every alert that was accepted, oldest first; a repeat is there twice.
        faults: what shall go wrong with `send`. After the alert is taken, `Unknown`; before it, `Unavailable` or
            `Rejected`.
    """

    def __init__(self, name: str = "fake", *, target: str = "here") -> None:
        self.faults = Faults()
        self.sent: list[Alert] = []
        self._id = ChannelId(name=name, target=target)

    @property
    def id(self) -> ChannelId:
        """Which channel it is."""
        return self._id

    async def send(self, alert: Alert) -> None:
        """Accept an alert."""
        self.faults.strike_before("send")
        self.sent.append(alert)
        self.faults.strike_after("send")


if TYPE_CHECKING:
    _: type[AlertChannel] = FakeAlertChannel
