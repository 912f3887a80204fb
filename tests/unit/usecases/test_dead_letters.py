"""Jobs that cannot be done: given up in front of a person, never in silence, and never too soon."""

from contextlib import suppress
from datetime import timedelta
from typing import cast

import attrs
import pytest

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import JobName
from bitloot_core.order.order import Fulfilled, Order
from bitloot_core.order.status import Status, shown_status, status_of
from bitloot_core.ports.store import Change, Committed
from bitloot_core.testing.memory import MemoryOrderStore
from bitloot_core.testing.memory.database import StoredJob
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.samples import a_job
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.close_order import retry_order
from bitloot_core.usecases.run_job import describe_error, due_jobs, run_job
from bitloot_core.values.errors import Corrupt, LeaseLost, Rejected, Unavailable, Unknown
from bitloot_core.values.ids import OrderId

DAY = timedelta(days=1)
SERIAL = "AAAA-BBBB-CCCC"


def job(shop: FakeShop, name: str) -> StoredJob:
    """The newest job of that name."""
    return [one for one in shop.storage.database.jobs.values() if one.name == name][-1]


async def delivered(shop: FakeShop) -> Order:
    """An order whose purchase is placed, with its key at the supplier and nobody told."""
    order = await shop.buy()
    await shop.deliver(order.id)
    return order


async def test_a_job_of_another_version_is_a_dead_letter(shop: FakeShop) -> None:
    """I11: never a default branch. **Source:** incidents.md, F9: an unknown job name meant "deliver"."""
    order = await shop.place()
    strange = cast("JobName", "kinguin.order.failed")
    await shop.storage.jobs.ask(a_job("x", name=strange, order_id=order.id), now=shop.clock.now())

    await shop.work()

    assert (job(shop, strange).status, job(shop, strange).last_error) == ("dead", "this program knows no such job")
    order = await shop.order(order.id)
    assert [(one.reason, one.subject) for one in order.findings] == [(FindingReason.DEAD_JOB, "kinguin.order.failed:x")]
    assert Status.ATTENTION is shown_status(order)


@pytest.mark.parametrize("order_id", [None, OrderId("nobody's")])
async def test_a_dead_letter_without_an_order_is_a_finding_of_its_own(shop: FakeShop, order_id: OrderId | None) -> None:
    """I10: it must not disappear because there is nothing to hang it on."""
    strange = cast("JobName", "future.work")
    await shop.storage.jobs.ask(a_job("x", name=strange, order_id=order_id), now=shop.clock.now())

    await shop.work()

    (row,) = shop.storage.database.findings.values()
    assert (row.finding.reason, row.finding.order_id) == (FindingReason.DEAD_JOB, None)
    assert job(shop, strange).status == "dead"


@pytest.mark.parametrize(
    "request_",
    [
        a_job("12", name=JobName.NOWPAYMENTS_IPN),
        a_job("twelve", name=JobName.KINGUIN_WEBHOOK),
        a_job("nobody's-1", name=JobName.RESERVE, order_id=OrderId("nobody's")),
        a_job("no reference", name=JobName.CHECK_RESERVATION),
        a_job("nobody's/delivery/x", name=JobName.SEND_MAIL),
        a_job("nobody's", name=JobName.EXPIRE),
        a_job("nobody's", name=JobName.FULFILL_ORDER),
    ],
    ids=lambda request_: str(request_.name),
)
async def test_a_job_about_nothing_ends_as_a_dead_letter(shop: FakeShop, request_: object) -> None:
    """I11: tried, and given up in front of a person."""
    await shop.storage.jobs.ask(request_, now=shop.clock.now())

    await shop.pass_time(DAY)

    assert shop.living() == []
    assert [row.finding.reason for row in shop.storage.database.findings.values()] == [FindingReason.DEAD_JOB]


async def test_a_poison_job_is_tried_ever_more_rarely_and_given_up(shop: FakeShop) -> None:
    """I11: 25 times, doubling up to a quarter of an hour; its order goes to a person, others go on."""
    order, other = await delivered(shop), await delivered(shop)
    shop.vault.faults.before("save_keys", *(Corrupt("vault", "it does not open") for _ in range(25)))
    poison = shop.storage.database.living["check-reservation", f"{order.id}-1"]
    pauses = []
    shop.clock.advance(timedelta(seconds=15))
    while await run_job(shop.shop, poison):
        after = shop.storage.database.jobs[poison]
        pauses.append((after.due_at - shop.clock.now()).total_seconds())
        shop.clock.advance(max(after.due_at - shop.clock.now(), timedelta(0)))
    await shop.work()

    assert pauses[:10] == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]
    assert (shop.storage.database.jobs[poison].status, shop.storage.database.jobs[poison].attempts) == ("dead", 25)
    order = await shop.order(order.id)
    assert [one.reason for one in order.findings] == [FindingReason.DEAD_JOB]
    assert Status.ATTENTION is shown_status(order)
    assert isinstance((await shop.order(other.id)).closing, Fulfilled)


async def test_a_retry_brings_a_dead_letter_back(shop: FakeShop) -> None:
    """The finding goes, and the order comes through."""
    order = await delivered(shop)
    shop.vault.faults.before("save_keys", *(Corrupt("vault", "it does not open") for _ in range(25)))
    await shop.pass_time(DAY)
    assert Status.ATTENTION is shown_status(await shop.order(order.id))

    await retry_order(shop.shop, order.id, by="admin:ann", reason="the disk was replaced")
    await shop.work()

    order = await shop.order(order.id)
    assert isinstance(order.closing, Fulfilled)
    assert order.findings == ()


async def test_a_job_that_kills_its_worker_is_given_up(shop: FakeShop) -> None:
    """I11: attempts are counted when a job is claimed, so one that never ends counts, too."""
    order = await delivered(shop)
    shop.clock.advance(timedelta(seconds=15))

    async def status(_: object) -> object:
        """A supplier whose answer takes the process with it."""
        raise KeyboardInterrupt

    deadly = attrs.evolve(shop.shop, supplier=Overridden(shop.supplier, status=status))
    for _ in range(25):
        (job_id,) = await due_jobs(shop.shop, 1)
        with pytest.raises(KeyboardInterrupt):
            await run_job(deadly, job_id)
        shop.clock.advance(shop.shop.policy.lease)
    await run_job(deadly, job_id)

    assert job(shop, "check-reservation").status == "dead"
    assert "claimed 26 times" in (await shop.order(order.id)).findings[0].text


async def test_a_job_that_waits_and_kills_by_turns_is_given_up(shop: FakeShop) -> None:
    """I11: waiting costs nothing, and pays for nothing: each worker that it killed stays counted."""
    order = await shop.buy()
    asked = 0

    async def deadly(*args: object) -> object:
        """A purchase that is not ready yet, and at every other look takes the process with it."""
        nonlocal asked
        asked += 1
        if asked % 2:
            raise KeyboardInterrupt
        return await shop.supplier.status(*args)

    shop.shop = attrs.evolve(shop.shop, supplier=Overridden(shop.supplier, status=deadly))
    for _ in range(200):
        with suppress(KeyboardInterrupt):
            await shop.pass_time(timedelta(minutes=30))

    dead = job(shop, JobName.CHECK_RESERVATION)
    assert (dead.status, (asked + 1) // 2) == ("dead", shop.shop.policy.most_attempts)
    assert FindingReason.DEAD_JOB in [one.reason for one in (await shop.order(order.id)).findings]


async def test_no_error_text_repeats_what_a_stranger_raised(shop: FakeShop) -> None:
    """I7: a library's exception can hold a key; only its kind is written down."""
    order = await delivered(shop)
    shop.vault.faults.before("save_keys", *(ValueError(SERIAL) for _ in range(25)))

    await shop.pass_time(DAY)

    database = shop.storage.database
    assert job(shop, "check-reservation").last_error == "ValueError"
    assert "ValueError" in (await shop.order(order.id)).findings[0].text
    assert SERIAL not in repr([database.jobs, database.orders, database.findings])


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (Unavailable("supplier", "it is away"), "supplier: it is away"),
        (Rejected("mailer", "no such mailbox"), "mailer: no such mailbox"),
        (Unknown("supplier", "x" * 900), ("supplier: " + "x" * 900)[:500]),
        (KeyError(SERIAL), "KeyError"),
    ],
)
def test_an_error_is_described_by_its_own_words_only_if_they_are_ours(error: Exception, text: str) -> None:
    """Ours are free of secrets, and never long."""
    assert text == describe_error(error)


async def test_a_system_that_is_away_for_a_day_buries_nothing(shop: FakeShop) -> None:
    """Told once to a person; and every order comes through by itself when it is back."""
    order = await delivered(shop)
    shop.supplier.is_down = True
    await shop.pass_time(DAY)
    waiting = await shop.order(order.id)

    shop.supplier.is_down = False
    await shop.pass_time(timedelta(minutes=17))

    assert [(one.reason, one.blocking) for one in waiting.findings] == [(FindingReason.OUT_OF_REACH, False)]
    assert Status.FULFILLING is shown_status(waiting)
    assert isinstance((await shop.order(order.id)).closing, Fulfilled)


async def test_a_webhook_waits_as_long_for_a_system_that_is_away(shop: FakeShop) -> None:
    """I5: a notice has no order of its own to hang the finding on."""
    order = await shop.place()
    (gateway_id,) = shop.gateway.payments_of(order.id)
    shop.gateway.pay(gateway_id)
    await shop.tell(gateway_id)
    shop.gateway.faults.before("payment", *(Unavailable("payment gateway", "away") for _ in range(200)))

    await shop.pass_time(DAY)

    reasons = {row.finding.reason for row in shop.storage.database.findings.values()}
    assert {FindingReason.OUT_OF_REACH} == reasons
    assert Status.FULFILLING is status_of(await shop.order(order.id))


async def test_a_dead_letter_that_lost_its_lease_is_left_to_the_next(shop: FakeShop) -> None:
    """Burying is a write like any other."""
    order = await delivered(shop)
    shop.clock.advance(timedelta(seconds=15))
    (job_id,) = await due_jobs(shop.shop, 1)
    row = shop.storage.database.jobs[job_id]
    shop.storage.database.jobs[job_id] = attrs.evolve(row, attempts=25)

    class LosesTheLease(MemoryOrderStore):
        """A store that has given the job to somebody else."""

        async def commit(self, change: Change) -> Committed:
            """Refuse."""
            raise LeaseLost(job_id)

    assert await run_job(attrs.evolve(shop.shop, orders=LosesTheLease(shop.storage.database)), job_id)

    assert (await shop.order(order.id)).findings == ()
