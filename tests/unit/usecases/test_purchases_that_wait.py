"""A purchase that may not be sent between the look and the claim waits, or is over."""

from datetime import timedelta

import attrs
import pytest

from bitloot_core.order.commands import ClaimPurchase, RecordPurchaseDoubt
from bitloot_core.testing.memory.database import StoredJob
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.change_order import change_order
from bitloot_core.usecases.close_order import record_refund
from bitloot_core.usecases.run_job import due_jobs, run_job
from bitloot_core.usecases.staff_actions import park_order
from bitloot_core.values.ids import ExternalRef

REF = ExternalRef("order1-1")


def reserve_job(shop: FakeShop) -> StoredJob:
    """The job that buys."""
    return next(one for one in shop.storage.database.jobs.values() if one.name == "reserve")


@pytest.mark.parametrize(
    ("code", "waits"),
    [("closed", None), ("parked", timedelta(minutes=30)), ("quiet-window", timedelta(seconds=10))],
)
async def test_a_purchase_that_may_not_be_sent_now_waits_or_is_over(
    shop: FakeShop, code: str, waits: timedelta | None
) -> None:
    """The order was closed, put aside, or is at another's hands between the look at it and the claim."""
    order = await shop.settle((await shop.place()).id)
    find = shop.supplier.find

    async def meanwhile(ref: ExternalRef) -> object:
        """Somebody else is at the order while we ask."""
        if code == "closed":
            await record_refund(shop.shop, order.id, by="admin:ann", reason="no stock")
        elif code == "parked":
            await park_order(shop.shop, order.id, by="admin:ann", reason="looks odd")
        else:
            await change_order(shop.shop, order.id, ClaimPurchase(number=1), RecordPurchaseDoubt(number=1))
        return await find(ref)

    (job_id,) = await due_jobs(shop.shop, 1)
    await run_job(attrs.evolve(shop.shop, supplier=Overridden(shop.supplier, find=meanwhile)), job_id)

    job = reserve_job(shop)
    assert shop.supplier.asked == {}
    assert (job.status, None if waits is None else job.due_at - shop.clock.now()) == (
        "done" if waits is None else "ready",
        waits,
    )
