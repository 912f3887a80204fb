"""
SIGKILL at every boundary: both sides of each commit and of each outgoing request.

Boundaries are not listed: the service counts them itself (see `harness.seams`). An order is placed; the process
dies at the first boundary that nobody has died at before; it is started again, and the order must come through; then
the next order, until one goes all its way and meets no boundary that is new. What a recovery does is visited too: while
an order recovers, the process dies again at boundaries of a new name. Several services work through them together.

**Source:** reliability.md, sections 2 (the crash matrix) and 4.3.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from harness.buyer import Placed
from harness.graveyard import boundaries
from harness.mortal import MortalProcess
from harness.system import System, open_system

LANES = 4
MOST_ORDERS = 200
"""A boundary whose name changed each time would never let it end."""
CLOCKS = {
    "JOB_LEASE_SECONDS": "1.5",
    "SUPPLIER_QUIET_SECONDS": "2",
    "PAYMENT_POLL_SECONDS": "0.6,20",
    "SUPPLIER_POLL_SECONDS": "0.6",
}
STEPS = ("confirming", "finished")


async def buy(system: System, *, quantity: int) -> tuple[Placed, list[str]]:
    """One order, all its way, by a buyer and vendors who never give up."""
    placed = await system.buyer.place(quantity=quantity)
    await system.vendors.gateway.pay(placed.payment_id, steps=STEPS)
    await system.buyer.sees(placed, "fulfilled", within=60)
    keys = await system.buyer.reveal(await system.buyer.mail(placed))
    await call_off(system)
    await system.at_rest()
    return placed, keys


async def call_off(system: System) -> None:
    """Close the payments that nobody will pay: their answers died with the service, so the buyer never saw them."""
    for payment in system.vendors.gateway.payments:
        if payment.status == "waiting":
            await system.vendors.gateway.cancel(payment.payment_id)


async def work_through(folder: Path, stocked: Path, graveyard: Path) -> int:
    """Buy until an order meets nothing new; how often the service died on the way."""
    async with open_system(folder, stocked, start=False, **CLOCKS) as system:
        system.vendors.kinguin.knobs.delivery_delay = timedelta(seconds=0.1)
        system.vendors.kinguin.knobs.accept_repeats = True  # a supplier that would sell the same reference twice
        system.vendors.gateway.announces_creation = False
        mortal = MortalProcess(system.place, graveyard)
        delivered: list[tuple[Placed, Sequence[str]]] = []
        async with mortal.watched():
            for number in range(MOST_ORDERS):
                await mortal.arm()
                delivered.append(await buy(system, quantity=1 + number % 2))
                if await mortal.disarm() == 0:
                    break
            else:
                pytest.fail(f"after {MOST_ORDERS} orders there are still new boundaries: {boundaries(graveyard)[-5:]}")
            system.check(delivered)
            assert [finding["reason"] for finding in system.books.findings()] == []
        return mortal.blows


async def test_every_order_comes_through_whichever_boundary_the_service_is_killed_at(
    tmp_path: Path, stocked: Path
) -> None:
    """After a SIGKILL at any boundary and a restart: bought once, delivered once, nothing forgotten, nothing leaked."""
    graveyard = tmp_path / "graveyard"
    graveyard.mkdir()

    deaths = await asyncio.gather(
        *(work_through(tmp_path / f"lane-{number}", stocked, graveyard) for number in range(LANES))
    )

    visited = boundaries(graveyard)
    print(f"\n{sum(deaths)} kills at {len(visited)} boundaries")  # noqa: T201 - shown with -s
    assert sum(deaths) == len(visited)
    for side in ("before commit", "after commit", "before request", "after request"):
        assert any(name.startswith(side) for name in visited)
