"""Orders that stand still at each stage that an order can have, whatever happens to the service then."""

from __future__ import annotations

import attrs

from bitloot_adapters.kinguin_simulator import GatewayPage
from harness.buyer import Placed
from harness.system import System
from harness.waiting import eventually

_AWAY = GatewayPage(status=503)


def purchases_of(system: System, placed: Placed) -> list[str]:
    """The supplier's names of what was bought for an order."""
    return [
        purchase.order_id
        for purchase in system.vendors.kinguin.purchases
        if (purchase.external_id or "").startswith(f"{placed.order_id}-")
    ]


async def bought(system: System, placed: Placed) -> str:
    """Wait until the supplier has sold something for an order."""
    names = await eventually(lambda: purchases_of(system, placed), f"{placed.order_id} is bought")
    return names[0]


async def pay(system: System, placed: Placed) -> None:
    """Pay an order in full."""
    await system.vendors.gateway.pay(placed.payment_id)


async def delivered(system: System, placed: Placed) -> list[str]:
    """Let the supplier deliver an order that was bought, and reveal its keys."""
    system.vendors.kinguin.deliver(await bought(system, placed))
    return await system.deliver_paid(placed)


@attrs.frozen(kw_only=True)
class Orders:
    """One order at each stage that it can have when a backup is made."""

    unpaid: Placed
    paid_late: Placed
    unbought: Placed
    undelivered: Placed
    whole: Placed

    @property
    def known(self) -> tuple[Placed, ...]:
        """All of them that are paid sooner or later."""
        return (self.whole, *self.since)

    @property
    def since(self) -> tuple[Placed, ...]:
        """Those that are delivered after the backup."""
        return (self.paid_late, self.unbought, self.undelivered)


async def at_every_stage(system: System) -> Orders:
    """Orders that stand still where the backup finds them."""
    whole, undelivered = await system.buyer.place(quantity=2), await system.buyer.place()
    for placed in (whole, undelivered):
        await pay(system, placed)
        await bought(system, placed)
    await delivered(system, whole)
    system.vendors.kinguin.faults.always("GET /v1/order", _AWAY)
    unbought, paid_late, unpaid = [await system.buyer.place() for _ in range(3)]
    await pay(system, unbought)
    await system.buyer.sees(unbought, "paid")
    return Orders(unpaid=unpaid, paid_late=paid_late, unbought=unbought, undelivered=undelivered, whole=whole)
