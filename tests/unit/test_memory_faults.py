"""What the fakes of the storage ports can be told to do, beyond what every implementation promises."""

from datetime import timedelta

import attrs
import pytest

from bitloot_core.ports.inbox import ConsumedWebhook, WebhookStatus
from bitloot_core.ports.queries import OrderFilter, Slice
from bitloot_core.ports.store import Change, LinkUse
from bitloot_core.testing.memory import MemoryDatabase, MemoryStorage
from bitloot_core.testing.orders import PLACED_AT, placed
from bitloot_core.testing.samples import a_change, a_job
from bitloot_core.values.errors import InvalidInput, NotFound, Unavailable, Unknown
from bitloot_core.values.ids import LinkId, WebhookId

LEASE = timedelta(seconds=120)


async def test_only_the_chosen_write_fails() -> None:
    """A fault of one port leaves the others alone, and strikes once."""
    storage = MemoryStorage()
    storage.store.fail_next_commit(before=True)
    job_id = await storage.jobs.ask(a_job(), now=PLACED_AT)
    await storage.jobs.claim(job_id, now=PLACED_AT, lease=LEASE, token="t")

    with pytest.raises(Unknown):
        await storage.store.commit(a_change(placed()))

    assert (await storage.store.commit(a_change(placed()))).order is not None


async def test_a_commit_without_an_answer_is_there() -> None:
    """The caller is not told, and yet all of it is written."""
    storage = MemoryStorage()
    storage.store.fail_next_commit(after=True)

    with pytest.raises(Unknown):
        await storage.store.commit(a_change(placed()))

    assert (await storage.store.get(placed().id)).version == 1


async def test_any_error_can_be_scripted() -> None:
    """A fault is an error of the test's own choosing."""
    storage = MemoryStorage()
    storage.database.faults.before("jobs.claim", Unavailable("database", "too busy"))
    job_id = await storage.jobs.ask(a_job(), now=PLACED_AT)

    with pytest.raises(Unavailable):
        await storage.jobs.claim(job_id, now=PLACED_AT, lease=LEASE, token="t")

    assert await storage.jobs.claim(job_id, now=PLACED_AT, lease=LEASE, token="t") is not None


def test_a_fault_comes_before_or_after() -> None:
    """Neither and both mean nothing."""
    database = MemoryDatabase()

    with pytest.raises(ValueError, match="before=True"):
        database.fail_next_commit()
    with pytest.raises(ValueError, match="after=True"):
        database.fail_next_commit(before=True, after=True)


async def test_another_process_goes_on_with_the_same_database() -> None:
    """The ports hold nothing: whoever opens the database again finds all that was written."""
    first = MemoryStorage()
    await first.store.commit(a_change(placed()))

    second = MemoryStorage(first.database)

    assert await first.store.get(placed().id) == await second.store.get(placed().id)


@pytest.mark.parametrize("limit", [0, -1, 101])
async def test_a_limit_out_of_range_is_told(limit: int) -> None:
    """A page has 1 to 100 rows."""
    with pytest.raises(InvalidInput, match="limit"):
        await MemoryStorage().queries.orders(OrderFilter(), Slice(limit=limit))


async def test_no_webhook_cannot_be_consumed() -> None:
    """A change that names a webhook which nobody sent is refused whole."""
    storage = MemoryStorage()
    spent = ConsumedWebhook(id=WebhookId(7), status=WebhookStatus.PROCESSED, result="", order_id=None)

    with pytest.raises(NotFound):
        await storage.store.commit(attrs.evolve(a_change(placed()), consumed=spent))

    assert storage.database.orders == {}


async def test_a_view_through_no_link_is_not_found() -> None:
    """A link that was never issued is no link that has ended."""
    use = LinkUse(link_id=LinkId("never"), max_views=1, at=PLACED_AT)

    with pytest.raises(NotFound):
        await MemoryStorage().store.commit(Change(at=PLACED_AT, link_use=use))
