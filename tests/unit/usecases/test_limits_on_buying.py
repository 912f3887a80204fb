"""The cap of a day and the floor of the balance stop buying by themselves, tell a person once, and let go again."""

from collections.abc import Sequence
from datetime import timedelta

import attrs
import pytest

from bitloot_core.order.buying import Budget, Buying, PauseHolder
from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.order import Order
from bitloot_core.order.policy import Policy
from bitloot_core.order.reservations import RefusedReservation
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.buying import pause_buying, resume_buying
from bitloot_core.usecases.close_order import record_refund
from bitloot_core.usecases.run_job import due_jobs, run_job
from bitloot_core.values.errors import InvalidInput, Unavailable
from bitloot_core.values.money import Money

LOOK_AGAIN = Budget().look_again
AWAY = Unavailable("supplier", "it is away")


async def a_shop(*, day_cap: str | None = None, floor: str | None = None) -> FakeShop:
    """A shop with limits, where a game may cost 10.00 and costs 5.00."""
    cap_and_floor = (None if limit is None else Money.of(limit, "EUR") for limit in (day_cap, floor))
    budget = Budget(**dict(zip(("day_cap", "floor"), cap_and_floor, strict=True)))
    shop = FakeShop(policy=Policy(budget=budget))
    await shop.offer(a_product("game"))
    return shop


async def resume(shop: FakeShop) -> None:
    """Bob lets it go on."""
    await resume_buying(shop.shop, by="shell:bob", reason="they are right")


async def paid(shop: FakeShop, count: int = 1) -> None:
    """So many orders are paid, and nothing is bought yet."""
    for _ in range(count):
        await shop.settle((await shop.place()).id)


def findings(shop: FakeShop) -> Sequence[Finding]:
    """Those about no order that are open."""
    rows = shop.storage.database.findings.values()
    return [row.finding for row in rows if row.resolved_at is None and row.finding.order_id is None]


def bought(shop: FakeShop) -> int:
    """How many purchases the supplier has taken."""
    return len(shop.supplier.purchases)


async def may_buy() -> Buying:
    """What a worker saw that looked too early."""
    return Buying()


async def test_the_cap_of_a_day_pauses_buying_and_tells_a_person_once() -> None:
    """Two of five fit beside what they are known to cost; the others wait, with one finding for all of them."""
    shop = await a_shop(day_cap="19.99")
    await paid(shop, 5)

    await shop.work()

    (told,) = findings(shop)
    (paused,) = (await shop.storage.switches.buying()).pauses
    assert bought(shop) == 2
    assert (told.reason, told.subject) == ("buying-paused", PauseHolder.SPEND_CAP)
    assert "20.00 EUR would be spent, and one day may cost 19.99 EUR" in told.text
    assert (paused.by, paused.holder) == ("system", PauseHolder.SPEND_CAP)


async def test_the_next_day_lets_it_go_on_by_itself() -> None:
    """At midnight, UTC; the pause is gone and the finding settled."""
    shop = await a_shop(day_cap="19.99")
    await paid(shop, 4)
    await shop.pass_time(timedelta(hours=11, minutes=59))
    today = bought(shop)

    await shop.pass_time(timedelta(minutes=2))

    assert (today, bought(shop)) == (2, 4)
    assert findings(shop) == []
    assert (await shop.storage.switches.buying()).pauses == ()


async def test_the_cap_goes_on_when_doubt_turns_out_to_be_nothing() -> None:
    """What was claimed at its most and cost less leaves room: it is looked at again every few minutes."""
    shop = await a_shop(day_cap="19.99")
    await paid(shop, 2)
    shop.supplier.lose_next_answer()
    await shop.work()
    in_doubt = bought(shop)

    await shop.pass_time(LOOK_AGAIN)

    assert (in_doubt, bought(shop)) == (1, 2)
    assert findings(shop) == []


async def a_refund_in_doubt() -> tuple[FakeShop, Order]:
    """A shop near its cap, and its order that was refunded while nobody knew whether its purchase had been made."""
    shop = await a_shop(day_cap="19.99")
    order = await shop.settle((await shop.place()).id)
    shop.supplier.comes_late_next()
    await shop.work()
    await record_refund(shop.shop, order.id, by="admin:ann", reason="the buyer asked for it")
    return shop, order


async def test_doubt_about_an_order_that_was_refunded_ends_with_the_quiet_window() -> None:
    """Nobody asks about it any more: its money must not be taken off the cap of every day to come."""
    shop, order = await a_refund_in_doubt()
    await shop.pass_time(timedelta(hours=1))
    (res,) = (await shop.order(order.id)).reservations

    await paid(shop, 2)
    await shop.work()

    assert isinstance(res, RefusedReservation)
    assert bought(shop) == 2


async def test_doubt_about_a_refunded_order_ends_while_buying_is_paused() -> None:
    """It is what holds the cap: waiting for the pause to end would be waiting for itself."""
    shop, order = await a_refund_in_doubt()
    await pause_buying(shop.shop, by="shell:ann", reason="prices look wrong")

    await shop.pass_time(timedelta(hours=1))

    (res,) = (await shop.order(order.id)).reservations
    assert isinstance(res, RefusedReservation)


async def test_a_purchase_that_turns_up_after_it_was_given_up_is_told() -> None:
    """I6: it is paid for, and goes back."""
    shop, order = await a_refund_in_doubt()
    await shop.pass_time(timedelta(hours=1))

    shop.supplier.late_effects_happen()
    await shop.hear(shop.supplier.purchases[0].supplier_order_id)
    await shop.work()

    (told,) = (await shop.order(order.id)).findings
    assert (told.reason, told.amount) == (FindingReason.SURPLUS_PURCHASE, "5.00 EUR")


async def test_a_person_lets_the_shop_spend_the_cap_once_more() -> None:
    """What was spent before counts no more today."""
    shop = await a_shop(day_cap="19.99")
    await paid(shop, 6)
    await shop.work()
    shop.clock.advance(timedelta(seconds=1))

    await resume(shop)
    await shop.work()

    assert bought(shop) == 4
    assert [told.subject for told in findings(shop)] == [PauseHolder.SPEND_CAP]


async def test_a_person_s_pause_outlives_the_machine_s() -> None:
    """The next day ends the one and not the other."""
    shop = await a_shop(day_cap="9.99")
    await paid(shop)
    await shop.work()
    await pause_buying(shop.shop, by="shell:ann", reason="prices look wrong")

    await shop.pass_time(timedelta(days=2))

    assert bought(shop) == 0
    assert PauseHolder.OPERATOR in {one.holder for one in (await shop.storage.switches.buying()).pauses}


async def test_a_limit_is_renewed_without_a_second_finding() -> None:
    """A purchase that never fits is looked at again and again, and told once."""
    shop = await a_shop(day_cap="9.99")
    await paid(shop, 2)

    await shop.pass_time(timedelta(days=1))

    assert bought(shop) == 0
    assert len(findings(shop)) == 1


async def test_the_floor_of_the_balance_pauses_buying() -> None:
    """What a purchase may cost at most must be there above the floor."""
    shop = await a_shop(floor="50.00")
    shop.supplier.has_left("64.99")
    await paid(shop, 3)

    await shop.work()

    (told,) = findings(shop)
    assert bought(shop) == 1
    assert told.subject == PauseHolder.BALANCE_FLOOR
    assert "59.99 EUR" in told.text


async def test_a_balance_that_was_filled_up_lets_it_go_on_by_itself() -> None:
    """It is read again every few minutes."""
    shop = await a_shop(floor="50.00")
    shop.supplier.has_left("55.00")
    await paid(shop, 2)
    await shop.work()
    before = bought(shop)
    shop.supplier.has_left("500.00")

    await shop.pass_time(LOOK_AGAIN)

    assert (before, bought(shop)) == (0, 2)
    assert findings(shop) == []


async def test_the_balance_is_asked_for_once_for_many_purchases() -> None:
    """A reading is good for a minute; what was charged since is taken off it."""
    shop = await a_shop(floor="50.00")
    asked = 0

    async def counted() -> Money:
        """The balance, with a count of who asked for it."""
        nonlocal asked
        asked += 1
        return await shop.supplier.balance()

    shop.shop = attrs.evolve(shop.shop, supplier=Overridden(shop.supplier, balance=counted))
    await paid(shop, 10)
    await shop.work()
    in_a_minute = asked
    shop.clock.advance(Budget().balance_age)
    await paid(shop, 10)
    await shop.work()

    assert (in_a_minute, asked, bought(shop)) == (1, 2, 20)


async def test_nothing_is_bought_on_a_balance_that_cannot_be_read() -> None:
    """It is asked for again, as anything that is away."""
    shop = await a_shop(floor="50.00")
    shop.supplier.faults.before("balance", AWAY)
    await paid(shop)

    await shop.work()
    before = bought(shop)
    await shop.pass_time(timedelta(seconds=10))

    assert (before, bought(shop)) == (0, 1)


async def test_a_person_lets_the_balance_fall_below_the_floor_for_the_day() -> None:
    """They know what they do; the supplier still sells nothing without money."""
    shop = await a_shop(floor="50.00")
    shop.supplier.has_left("55.00")
    await paid(shop, 2)
    await shop.work()

    await resume(shop)
    await shop.work()

    assert bought(shop) == 2


async def test_a_limit_holds_for_workers_that_race() -> None:
    """Both asked before either had claimed: the claim lets one of them through."""
    shop = await a_shop(day_cap="19.99")
    shop.supplier.in_stock(a_product("game").supplier_product_id, 100, cost="10.00")
    await paid(shop, 4)
    shop.shop = attrs.evolve(shop.shop, switches=Overridden(shop.storage.switches, buying=may_buy))

    for job_id in await due_jobs(shop.shop, 100):
        await run_job(shop.shop, job_id)

    assert bought(shop) == 1
    assert len(findings(shop)) == 1


def test_limits_are_in_one_currency() -> None:
    """What is added up can only be held against one."""
    with pytest.raises(InvalidInput, match="USD"):
        Budget(day_cap=Money.of("1.00", "EUR"), floor=Money.of("1.00", "USD"))
