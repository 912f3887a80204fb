"""Keys go back to the supplier when a person says so: once, and whatever happens on the way."""

from datetime import timedelta

import attrs
import pytest

from bitloot_core.order.commands import OpenFinding
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import JobName
from bitloot_core.order.order import Order
from bitloot_core.order.reservations import SupplierWord
from bitloot_core.order.returns import AcceptedReturn, AskedReturn, RefusedReturn
from bitloot_core.order.units import ReturnedUnit
from bitloot_core.ports.supplier import ReturnedKey, ReturnOutcome
from bitloot_core.testing.samples import a_job
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.change_order import change_order
from bitloot_core.usecases.close_order import record_refund
from bitloot_core.usecases.staff_actions import return_keys
from bitloot_core.usecases.sweep import sweep
from bitloot_core.values.errors import NotFound, Rejected, Unavailable, Unknown
from bitloot_core.values.ids import SupplierOrderId

BY = {"by": "admin:ann", "reason": "not wanted"}


async def refunded(shop: FakeShop, quantity: int = 2) -> tuple[Order, SupplierOrderId]:
    """An order whose keys are held, and whose buyer has the money back; and its purchase."""
    order = await shop.place(quantity)
    await shop.fulfil(order.id)
    await record_refund(shop.shop, order.id, **BY)
    (purchase,) = await shop.bought(order.id)
    return await shop.order(order.id), purchase


async def test_keys_go_back_and_are_credited(shop: FakeShop) -> None:
    """The balance is as it was before the purchase, and the ledger says so."""
    balance = await shop.supplier.balance()
    order, purchase = await refunded(shop)

    await return_keys(shop.shop, order.id, purchase, **BY)
    await shop.work()

    after = await shop.order(order.id)
    assert isinstance(after.return_of(purchase), AcceptedReturn)
    assert {ReturnedUnit} == {type(unit) for unit in after.units}
    assert balance == await shop.supplier.balance()
    rows = shop.storage.database.ledger.values()
    sums = {kind: sum(row.amount for row in rows if row.kind == kind) for kind in ("charged", "returned")}
    assert sums["charged"] == sums["returned"] > 0


@pytest.mark.parametrize("tries", [1, 2])
async def test_a_lost_answer_is_found_out(shop: FakeShop, tries: int) -> None:
    """The second return is refused, and what is listed no more has gone back."""
    order, purchase = await refunded(shop)
    await return_keys(shop.shop, order.id, purchase, **BY)
    for _ in range(tries):
        shop.supplier.faults.after("return_keys", Unknown("supplier", "no answer"))

    await shop.pass_time(timedelta(minutes=5))

    after = await shop.order(order.id)
    assert isinstance(after.return_of(purchase), AcceptedReturn)
    assert {ReturnedUnit} == {type(unit) for unit in after.units}


async def test_a_supplier_that_is_away_is_asked_later(shop: FakeShop) -> None:
    """Nothing is lost by waiting, as long as it is not too long."""
    order, purchase = await refunded(shop)
    await return_keys(shop.shop, order.id, purchase, **BY)
    shop.supplier.faults.before("return_keys", Unavailable("supplier", "away"))

    await shop.work()
    waiting = (await shop.order(order.id)).return_of(purchase)
    await shop.pass_time(timedelta(minutes=5))

    assert isinstance(waiting, AskedReturn)
    assert isinstance((await shop.order(order.id)).return_of(purchase), AcceptedReturn)


async def test_what_the_supplier_refuses_is_told(shop: FakeShop) -> None:
    """The keys are still listed, so nothing went back: a person writes to the supplier."""
    order, purchase = await refunded(shop)
    await return_keys(shop.shop, order.id, purchase, **BY)
    shop.supplier.faults.before("return_keys", Rejected("supplier", "claimed already", code="nothing-to-return"))

    await shop.work()

    after = await shop.order(order.id)
    assert isinstance(after.return_of(purchase), RefusedReturn)
    assert [one.reason for one in after.findings] == [FindingReason.RETURN_REFUSED]
    assert not any(isinstance(unit, ReturnedUnit) for unit in after.units)


async def test_a_purchase_that_the_supplier_forgot_is_told(shop: FakeShop) -> None:
    """It refuses the return, and knows nothing of the purchase."""
    order, purchase = await refunded(shop)
    await return_keys(shop.shop, order.id, purchase, **BY)
    shop.supplier.faults.before("return_keys", Rejected("supplier", "no such purchase", code="nothing-to-return"))
    shop.supplier.faults.before("keys_of", NotFound("purchase", purchase))

    await shop.work()

    assert isinstance((await shop.order(order.id)).return_of(purchase), RefusedReturn)


@pytest.mark.parametrize(
    ("outcomes", "state", "told"),
    [
        ((ReturnOutcome.RETURNED, ReturnOutcome.PENDING), AcceptedReturn, 0),
        ((ReturnOutcome.RETURNED, ReturnOutcome.REFUSED), AcceptedReturn, 1),
        ((ReturnOutcome.PENDING, ReturnOutcome.REFUSED), AcceptedReturn, 1),
        ((ReturnOutcome.REFUSED, ReturnOutcome.REFUSED), RefusedReturn, 1),
        ((), RefusedReturn, 1),
    ],
)
async def test_a_part_that_is_kept_there_is_told(
    shop: FakeShop, outcomes: tuple[ReturnOutcome, ...], state: type, told: int
) -> None:
    """Key by key: gone, going as soon as it comes, or kept."""
    order, purchase = await refunded(shop)
    keys = [unit.supplier_key_id for unit in order.held]
    shop.supplier_says(
        return_keys=tuple(ReturnedKey(id=key, outcome=one) for key, one in zip(keys, outcomes, strict=False))
    )
    await return_keys(shop.shop, order.id, purchase, **BY)

    await shop.work()

    after = await shop.order(order.id)
    assert state is type(after.return_of(purchase))
    refused = [one for one in after.findings if one.reason is FindingReason.RETURN_REFUSED]
    assert told == len(refused)
    if state is AcceptedReturn and told:
        assert "took 1 key(s)" in refused[0].text
        assert "and 1 not" in refused[0].text
    if state is RefusedReturn:
        assert "(nothing-to-return)" in refused[0].text


async def test_asking_ten_times_tells_the_supplier_once(shop: FakeShop) -> None:
    """The job is one, and does nothing once it is done."""
    order, purchase = await refunded(shop)

    for _ in range(10):
        await return_keys(shop.shop, order.id, purchase, **BY)
        await shop.work()

    assert isinstance((await shop.order(order.id)).return_of(purchase), AcceptedReturn)


async def test_a_return_that_is_over_is_not_told_again(shop: FakeShop) -> None:
    """A job that comes late finds nothing to do."""
    order, purchase = await refunded(shop)
    await return_keys(shop.shop, order.id, purchase, **BY)
    await shop.work()
    before = await shop.order(order.id)
    late = a_job(f"{order.id}/{purchase}", name=JobName.RETURN_KEYS, order_id=order.id, due_at=shop.clock.now())
    await shop.shop.jobs.ask(late, now=shop.clock.now())

    await shop.work()

    assert before == await shop.order(order.id)


async def test_a_job_that_was_lost_is_asked_for_again(shop: FakeShop) -> None:
    """I10: an asked return needs its job, as long as it is asked for."""
    order, purchase = await refunded(shop)
    await return_keys(shop.shop, order.id, purchase, **BY)
    database = shop.storage.database
    job_id = database.living.pop(("return-keys", f"{order.id}/{purchase}"))
    database.jobs[job_id] = attrs.evolve(database.jobs[job_id], status="done")

    await shop.pass_time(timedelta(hours=1))
    async for _ in sweep(shop.shop, untouched_for=timedelta(minutes=5)):
        pass
    await shop.work()

    assert isinstance((await shop.order(order.id)).return_of(purchase), AcceptedReturn)


async def test_a_surplus_purchase_goes_back(shop: FakeShop) -> None:
    """We hold nothing of it: that it lists no key any more says that it went back."""
    shop.supplier.sell_twice_next()
    order = await shop.buy(1)
    (ours,) = await shop.bought(order.id)
    surplus = next(one.supplier_order_id for one in shop.supplier.purchases if one.supplier_order_id != ours)
    shop.supplier.deliver(surplus)
    await shop.hear(surplus)
    await shop.work()
    told = [one.subject for one in (await shop.order(order.id)).findings]
    shop.supplier.faults.after("return_keys", Unknown("supplier", "no answer"))

    await return_keys(shop.shop, order.id, surplus, **BY)
    await shop.pass_time(timedelta(minutes=5))

    after = await shop.order(order.id)
    assert isinstance(after.return_of(surplus), AcceptedReturn)
    assert ([surplus], ()) == (told, after.findings)


async def test_a_return_without_an_answer_is_asked_about_again_soon(shop: FakeShop) -> None:
    """It is refused the second time if it went through the first, so nothing is lost by asking."""
    order, purchase = await refunded(shop)
    await return_keys(shop.shop, order.id, purchase, **BY)
    shop.supplier.faults.before("return_keys", Unknown("supplier", "no answer"))

    await shop.work()

    (job,) = (one for one in shop.storage.database.jobs.values() if one.name == JobName.RETURN_KEYS)
    assert job.status == "ready"
    assert timedelta(0) < job.due_at - shop.clock.now() <= timedelta(seconds=10)


async def test_a_return_that_never_gets_an_answer_is_put_before_a_person(shop: FakeShop) -> None:
    """I11: what the supplier refuses in words that we do not know is no reason to ask it for ever, unseen."""
    order, purchase = await refunded(shop)
    await return_keys(shop.shop, order.id, purchase, **BY)
    tries = [Unknown("supplier", "answered 422, ConstraintViolation")] * 200
    shop.supplier.faults.before("return_keys", *tries)

    await shop.pass_time(timedelta(days=1))

    (told,) = (await shop.order(order.id)).findings
    assert (told.reason, told.subject) == (FindingReason.DEAD_JOB, f"return-keys:{order.id}/{purchase}")
    assert "ConstraintViolation" in told.text


async def test_no_key_of_a_surplus_purchase_is_downloaded_only_to_look(shop: FakeShop) -> None:
    """A return that is refused because there is nothing yet can be asked for again, unless somebody saw a key."""
    shop.supplier.sell_twice_next()
    order = await shop.buy(1)
    (ours,) = await shop.bought(order.id)
    surplus = next(one.supplier_order_id for one in shop.supplier.purchases if one.supplier_order_id != ours)
    await shop.hear(surplus)
    await shop.work()
    shop.supplier.faults.before("return_keys", Rejected("supplier", "there is no key yet", code="nothing-to-return"))
    shop.supplier.faults.before("keys_of", AssertionError("a key was downloaded"))

    await return_keys(shop.shop, order.id, surplus, **BY)
    await shop.work()

    assert isinstance((await shop.order(order.id)).return_of(surplus), RefusedReturn)


@pytest.mark.parametrize(
    ("is_listed", "word", "state"),
    [
        (False, SupplierWord.REFUNDED, AcceptedReturn),
        (False, SupplierWord.PROCESSING, RefusedReturn),
        (True, SupplierWord.REFUNDED, RefusedReturn),
    ],
)
async def test_a_surplus_purchase_went_back_if_it_is_over_and_shows_nothing(
    shop: FakeShop, word: SupplierWord, state: type, *, is_listed: bool
) -> None:
    """We hold none of its keys, so its own word and list must say together that an earlier try went through."""
    order, purchase = await refunded(shop)
    listed = await shop.supplier.keys_of(purchase)
    truth = await shop.supplier.status(purchase)
    told = OpenFinding(reason=FindingReason.SURPLUS_PURCHASE, subject="surplus", text="There is more.", blocking=False)
    await change_order(shop.shop, order.id, told)
    await return_keys(shop.shop, order.id, SupplierOrderId("surplus"), **BY)
    shop.supplier_says(keys_of=listed if is_listed else (), status=attrs.evolve(truth, word=word))
    shop.supplier.faults.before("return_keys", Rejected("supplier", "too late", code="too-late"))

    await shop.work()

    assert type((await shop.order(order.id)).return_of(SupplierOrderId("surplus"))) is state
