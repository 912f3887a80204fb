"""What every alert channel must do."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

import attrs
import pytest

from bitloot_core.order.alerts import Alert, AlertGroup, AlertKind, AmountAtStake, Trouble
from bitloot_core.order.findings import FindingReason
from bitloot_core.ports.alerts import AlertChannel
from bitloot_core.testing.orders import PLACED_AT
from bitloot_core.values.errors import PortError, Rejected, Unavailable, Unknown
from bitloot_core.values.ids import AlertId, OrderId

CANARY = "CANARY"
"""Stands in whatever the channel must not show: its target, its secrets, what the other side says."""
ALERT = Alert(
    id=AlertId("alert_7f3k"),
    kind=AlertKind.RAISED,
    at=PLACED_AT,
    groups=(
        AlertGroup(
            reason=FindingReason.PAYMENT_SHORT,
            count=3,
            oldest_at=PLACED_AT,
            oldest_order=OrderId("order7f3k"),
            amounts=(AmountAtStake(digits=Decimal("12.99"), unit="EUR"),),
        ),
    ),
    troubles=(Trouble(name="vault", text="no answer", since=PLACED_AT),),
    still_open=2,
)


@attrs.frozen(kw_only=True)
class ArrivedAlert:
    """
    An alert as whoever gets it has it.

    Attributes:
        id: what tells a repeat from a second alert.
        text: everything that can be read in it, decoded.
    """

    id: str
    text: str = attrs.field(repr=False)


class AlertChannelWorld(Protocol):
    """A channel, and whoever is behind it. A verb that a real one cannot do skips, and says so."""

    @property
    def channel(self) -> AlertChannel:
        """The port."""
        ...

    async def arrived(self) -> Sequence[ArrivedAlert]:
        """What arrived, oldest first; where a repeat replaces the first, once."""
        ...

    async def refuse(self) -> None:
        """Given a receiver that takes none of it."""
        ...

    async def lose_next_answer(self) -> None:
        """Given that the next alert is taken, but the answer never comes."""
        ...

    async def be_slow(self) -> None:
        """Given a peer that does not answer in time."""
        ...

    async def go_down(self) -> None:
        """Given a peer that cannot be reached."""
        ...

    async def come_back(self) -> None:
        """Given that it can be reached again."""
        ...


class AlertChannelContract:
    """
    The promises of `AlertChannel`.

    Of the unhappy five: the retried key, the answer lost after acceptance, the slow peer, and the failure at the commit
    point (a peer that is down). A malformed body does not apply: no answer is read.
    """

    @pytest.fixture
    async def world(self) -> AlertChannelWorld:
        """The channel under test."""
        raise NotImplementedError

    async def test_an_alert_arrives_whole(self, world: AlertChannelWorld) -> None:
        """What waits, how much is at stake, since when, and where to look."""
        await world.channel.send(ALERT)

        (arrived,) = await world.arrived()
        for part in (
            "payment-short",
            "12.99 EUR",
            "2026-01-05 12:00 UTC",
            "/console/findings?reason=payment-short",
            "/console/orders/order7f3k",
            "vault: no answer",
        ):
            assert part in arrived.text

    async def test_a_test_is_told_from_the_real_thing(self, world: AlertChannelWorld) -> None:
        """Nobody gets up for it."""
        await world.channel.send(Alert(id=AlertId("alert_1"), kind=AlertKind.TEST, at=PLACED_AT))

        (arrived,) = await world.arrived()
        assert "test" in arrived.text

    async def test_a_repeat_can_be_told_from_a_second_alert(self, world: AlertChannelWorld) -> None:
        """The same id, and the same words; another alert has another."""
        other = attrs.evolve(ALERT, id=AlertId("alert_2"))
        for alert in (ALERT, ALERT, other):
            await world.channel.send(alert)

        found = await world.arrived()
        assert len({one.id for one in found}) == 2
        assert len({one.text for one in found if one.id == found[0].id}) == 1

    async def test_a_lost_answer_is_unknown_and_may_be_repeated(self, world: AlertChannelWorld) -> None:
        """It may have arrived; a repeat does no harm, because it says that it is one."""
        await world.lose_next_answer()

        with pytest.raises(Unknown):
            await world.channel.send(ALERT)
        await world.channel.send(ALERT)

        assert len({one.id for one in await world.arrived()}) == 1

    async def test_a_peer_that_is_down_is_a_passing_error(self, world: AlertChannelWorld) -> None:
        """Nothing arrived, and later it goes."""
        await world.go_down()

        with pytest.raises(Unavailable) as caught:
            await world.channel.send(ALERT)

        assert CANARY not in str(caught.value) + repr(caught.value.__cause__)
        await world.come_back()
        await world.channel.send(ALERT)
        assert len(await world.arrived()) == 1

    async def test_a_slow_peer_is_not_waited_for(self, world: AlertChannelWorld) -> None:
        """Whoever sends goes on: it was not accepted, or nobody knows."""
        await world.be_slow()

        with pytest.raises((Unavailable, Unknown)):
            await world.channel.send(ALERT)

    async def test_a_refusal_is_told(self, world: AlertChannelWorld) -> None:
        """And never taken for arrived; what the other side says about it is not repeated."""
        await world.refuse()

        with pytest.raises(Rejected) as caught:
            await world.channel.send(ALERT)

        assert CANARY not in str(caught.value) + repr(caught.value.__cause__)

    async def test_it_is_known_by_where_it_leads(self, world: AlertChannelWorld) -> None:
        """The same each time, and without showing it."""
        assert world.channel.id == world.channel.id
        assert world.channel.id.name
        assert CANARY not in repr(world.channel) + repr(world.channel.id)

    async def test_errors_say_whose_they_are(self, world: AlertChannelWorld) -> None:
        """The operator reads which port failed."""
        await world.go_down()

        with pytest.raises(PortError) as caught:
            await world.channel.send(ALERT)

        assert caught.value.port
