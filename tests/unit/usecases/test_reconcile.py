"""Our books are set against the world: a dry run changes nothing, a sound shop is clean, and nobody is told twice."""

from datetime import timedelta

import attrs
import pytest
from reconciling import delivered, foreign, open_ones, reasons, reconciled

from bitloot_core.order.buying import Pause, PauseHolder
from bitloot_core.order.discrepancies import Side
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Order
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.buying import pause_buying
from bitloot_core.usecases.reconcile import usual_since
from bitloot_core.usecases.reconcile_desk import Progress
from bitloot_core.values.errors import NotFound
from bitloot_core.values.ids import OrderId
from bitloot_core.values.money import Money

HOUR = timedelta(hours=1)


async def test_sound_books_are_clean(shop: FakeShop) -> None:
    """Orders at every stage, and nothing to tell: every figure of the report."""
    await delivered(shop, 2)
    await shop.buy()
    await shop.place()
    await shop.place(coin=None)
    await shop.pass_time(timedelta(minutes=10))
    before = dict(shop.storage.database.jobs)

    report = await reconciled(shop)

    assert report.is_clean
    assert (report.orders, report.payments, report.purchases, report.others) == (4, 3, 2, 0)
    assert report.charged == report.booked == {"EUR": Money.of("15.00", "EUR")}
    assert (report.objects, report.held, report.opened, report.answered) == (2, 2, 2, 0)
    assert not report.paused
    assert before == shop.storage.database.jobs


async def test_a_dry_run_changes_nothing(shop: FakeShop) -> None:
    """No job, no finding, no pause: the same is found again."""
    order = await delivered(shop)
    shop.vault.lose(order.held[0].storage_ref)
    other = await shop.place()
    shop.gateway.pay(shop.gateway.payments_of(other.id)[-1])
    shop.clock.advance(HOUR)
    jobs = dict(shop.storage.database.jobs)

    first = await reconciled(shop, dry_run=True, after_restore=True)

    assert reasons(first) == ["behind", FindingReason.KEY_UNREADABLE]
    assert first.found == (await reconciled(shop, dry_run=True, after_restore=True)).found
    assert (open_ones(shop), jobs) == ([], shop.storage.database.jobs)
    assert (await shop.shop.switches.buying()).pauses == ()


async def test_whoever_watches_is_told_how_far_it_is(shop: FakeShop) -> None:
    """On each side, of how much."""
    await delivered(shop, 2)
    seen: list[Progress] = []

    await reconciled(shop, since=timedelta(days=1), watch=seen.append)

    assert seen == [
        Progress(side=Side.PURCHASES, done=0, of=1),
        Progress(side=Side.PURCHASES, done=1, of=1),
        Progress(side=Side.PAYMENTS, done=1, of=1),
        Progress(side=Side.KEYS, done=2, of=2),
    ]


async def test_orders_of_another_time_are_left_alone(shop: FakeShop) -> None:
    """Nobody asks about them."""
    await delivered(shop)
    shop.clock.advance(timedelta(days=30))

    report = await reconciled(shop)

    assert (report.orders, report.payments, report.purchases, report.held) == (0, 0, 0, 1)


async def test_more_orders_than_a_page_are_gone_through(shop: FakeShop) -> None:
    """130 of them."""
    for _ in range(130):
        await shop.place(coin=None)
    shop.clock.advance(HOUR)

    assert (await reconciled(shop)).orders == 130


async def test_an_order_that_is_gone_meanwhile_is_passed_over(shop: FakeShop) -> None:
    """Somebody put other books in their place while we read."""
    order = await delivered(shop)
    shop.vault.lose(order.held[0].storage_ref)

    async def nobody(order_id: OrderId) -> Order:
        """Find none."""
        raise NotFound("order", order_id)

    shop.shop = attrs.evolve(shop.shop, orders=Overridden(shop.shop.orders, get=nobody))

    report = await reconciled(shop)

    assert reasons(report) == [FindingReason.FORGOTTEN_PURCHASE, FindingReason.KEY_UNREADABLE]


async def test_after_a_restore_only_its_own_pause_is_lifted(shop: FakeShop) -> None:
    """What a person has paused stays so."""
    await pause_buying(shop.shop, by="shell:bob", reason="prices look wrong")
    await shop.place(coin=None)
    shop.clock.advance(HOUR)

    report = await reconciled(shop, after_restore=True)

    (pause,) = (await shop.shop.switches.buying()).pauses
    assert (report.is_clean, report.paused, pause.holder) == (True, False, PauseHolder.OPERATOR)


async def test_the_usual_time_is_a_week_and_after_a_restore_a_month(shop: FakeShop) -> None:
    """A backup may be old."""
    now = shop.clock.now()

    assert usual_since(now, after_restore=False) == now - timedelta(days=7)
    assert usual_since(now, after_restore=True) == now - timedelta(days=30)


async def paused(shop: FakeShop, *, by: str) -> None:
    """Buying waits for older books to be brought in line, since a reconciliation began that did not end."""
    pause = Pause(holder=PauseHolder.RESTORE, by=by, reason="older books", since=shop.clock.now())
    await shop.shop.switches.pause(pause, finding=None)


@pytest.mark.parametrize(
    ("terms", "is_paused"),
    [
        ({"after_restore": True}, False),
        ({"after_restore": True, "dry_run": True}, True),
        ({"after_restore": False}, True),
    ],
)
async def test_buying_goes_on_only_after_a_restore_was_reconciled_in_earnest(
    shop: FakeShop, terms: dict[str, bool], *, is_paused: bool
) -> None:
    """I1: whoever only looks, or looks at a week, has not made up for what was forgotten."""
    await paused(shop, by="shell:bob")
    await shop.place(coin=None)
    shop.clock.advance(HOUR)

    report = await reconciled(shop, **terms)

    assert report.is_clean
    assert report.paused is is_paused
    assert (await shop.shop.switches.buying()).is_held_by(PauseHolder.RESTORE, shop.clock.now()) is is_paused


async def test_whoever_put_older_books_back_is_told_that_buying_is_paused(shop: FakeShop) -> None:
    """By whom, and until when; the report is of the time that was asked for."""
    order = await delivered(shop)
    shop.vault.damage(order.held[0].storage_ref)

    report = await reconciled(shop, after_restore=True)

    told = next(row.finding for row in shop.storage.database.findings.values() if row.finding.order_id is None)
    assert (told.reason, told.subject, told.blocking) == (FindingReason.BUYING_PAUSED, PauseHolder.RESTORE, False)
    assert (report.paused, report.since) == (True, shop.clock.now() - timedelta(days=7))


async def test_money_at_stake_stands_in_the_finding(shop: FakeShop) -> None:
    """Of an order that we have, and of one that we do not: what was charged."""
    order = await delivered(shop)
    (name,) = await shop.bought(order.id)
    truth = await shop.supplier.status(name)
    dearer = attrs.evolve(truth, charged=Money.of("6.50", "EUR"))
    shop.supplier_says(purchases_between=(dearer, foreign("o9-1")))

    await reconciled(shop, since=timedelta(days=1))

    amounts = {row.finding.subject: row.finding.amount for row in shop.storage.database.findings.values()}
    assert amounts == {f"{name}/cost": "6.50 EUR", "THEIRS-o9-1": "5.00 EUR"}
