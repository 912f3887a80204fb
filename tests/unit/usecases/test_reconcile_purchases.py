"""The supplier's list is set against our orders: each purchase under a reference of ours belongs to exactly one."""

from datetime import timedelta

import attrs
import pytest
from reconciling import delivered, foreign, open_ones, reasons, reconciled

from bitloot_core.order.discrepancies import Amiss, Behind
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import JobName, JobRequest
from bitloot_core.order.order import Order
from bitloot_core.order.policy import Policy
from bitloot_core.order.reservations import CompletedReservation, PlacedReservation, SupplierWord
from bitloot_core.order.status import Status, shown_status
from bitloot_core.order.units import Unit
from bitloot_core.ports.supplier import Purchase
from bitloot_core.testing.order_states import every_state
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.compare_purchases import compare_purchase, wanted_of
from bitloot_core.usecases.reconcile import Report
from bitloot_core.values.errors import NotFound
from bitloot_core.values.ids import SupplierOrderId, SupplierProductId
from bitloot_core.values.money import Money

HOUR = timedelta(hours=1)


async def test_a_purchase_of_just_now_is_under_way(shop: FakeShop) -> None:
    """Whoever made it is writing it down at this moment."""
    shop.supplier.lose_next_answer()
    await shop.buy()

    assert (await reconciled(shop)).is_clean


async def test_a_purchase_of_an_order_that_we_do_not_have_is_told(shop: FakeShop) -> None:
    """With the money; what was refunded costs nobody anything, and references of others are theirs."""
    shop.clock.advance(HOUR)
    listed = (
        foreign("gone7f-1"),
        foreign("back7f-1", word=SupplierWord.REFUNDED),
        foreign("Their-Shop-7"),
        foreign("AL2FEEHOO2OHF"),
    )
    shop.supplier_says(purchases_between=listed)

    report = await reconciled(shop, since=HOUR)

    assert (report.purchases, report.others) == (2, 2)
    assert [(one.subject, getattr(one, "amount", None)) for one in report.found] == [("THEIRS-gone7f-1", "5.00 EUR")]
    assert open_ones(shop) == [(FindingReason.FORGOTTEN_PURCHASE, "THEIRS-gone7f-1")]


async def test_a_purchase_that_an_order_never_planned_is_told_on_it(shop: FakeShop) -> None:
    """And is settled by itself once it is taken over."""
    order = await shop.place()
    shop.clock.advance(HOUR)
    shop.supplier_says(purchases_between=(foreign(f"{order.id}-1"),), find=(foreign(f"{order.id}-1"),))

    report = await reconciled(shop, since=2 * HOUR)
    told = (await shop.order(order.id)).findings
    await shop.pay(order.id)

    assert reasons(report) == [FindingReason.FORGOTTEN_PURCHASE]
    assert [(one.reason, one.subject) for one in told] == [(FindingReason.FORGOTTEN_PURCHASE, f"THEIRS-{order.id}-1")]
    assert (await shop.order(order.id)).findings == ()
    assert await shop.bought(order.id) == (f"THEIRS-{order.id}-1",)


async def listed_as(shop: FakeShop, order: Order, **changed: object) -> Report:
    """Reconcile with a supplier that lists the order's purchase otherwise."""
    (name,) = await shop.bought(order.id)
    truth = await shop.supplier.status(name)
    shop.supplier_says(purchases_between=(attrs.evolve(truth, **changed),))
    return await reconciled(shop, since=timedelta(days=1))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"charged": Money.of("6.50", "EUR")}, FindingReason.SUPPLIER_MISMATCH),
        ({"quantities": {SupplierProductId("other"): 1}}, FindingReason.SUPPLIER_MISMATCH),
        ({"word": SupplierWord.CANCELLED}, FindingReason.SUPPLIER_CANCELLED),
        ({"word": SupplierWord.REFUNDED}, FindingReason.SUPPLIER_CANCELLED),
        ({"supplier_order_id": SupplierOrderId("SECOND")}, FindingReason.SURPLUS_PURCHASE),
    ],
)
async def test_a_delivered_purchase_that_is_listed_otherwise_is_told_once(
    shop: FakeShop, changed: dict[str, object], reason: FindingReason
) -> None:
    """Another cost, other contents, another word, another name: nobody else looks at it any more."""
    order = await delivered(shop)

    first, second = await listed_as(shop, order, **changed), await listed_as(shop, order, **changed)

    assert reasons(first) == [reason]
    assert first.found == second.found
    assert [one.reason for one in (await shop.order(order.id)).findings] == [reason]
    assert shown_status(await shop.order(order.id)) is Status.FULFILLED


async def test_a_second_purchase_that_was_refunded_is_no_matter(shop: FakeShop) -> None:
    """It cost nothing in the end."""
    order = await delivered(shop)

    report = await listed_as(shop, order, supplier_order_id=SupplierOrderId("SECOND"), word=SupplierWord.REFUNDED)

    assert report.is_clean


@pytest.mark.parametrize("word", [SupplierWord.CANCELLED, SupplierWord.REFUNDED])
async def test_a_purchase_on_its_way_that_fell_is_looked_at_at_once(shop: FakeShop, word: SupplierWord) -> None:
    """The poll would find out within half an hour."""
    order = await shop.buy()
    shop.clock.advance(HOUR)

    report = await listed_as(shop, order, word=word)

    (behind,) = report.found
    assert isinstance(behind, Behind)
    assert isinstance(behind.remedy, JobRequest)
    assert behind.remedy.name is JobName.CHECK_RESERVATION


async def test_a_purchase_on_its_way_is_our_own_polls_business(shop: FakeShop) -> None:
    """How far it is changes all the time."""
    order = await shop.buy()
    shop.clock.advance(HOUR)

    assert (await listed_as(shop, order, word=SupplierWord.COMPLETED)).is_clean


@pytest.mark.parametrize(
    ("word", "found"),
    [(SupplierWord.COMPLETED, [FindingReason.SUPPLIER_STATUS]), (SupplierWord.REFUNDED, [])],
)
async def test_a_purchase_that_fell_and_rose_again_is_told(
    shop: FakeShop, word: SupplierWord, found: list[FindingReason]
) -> None:
    """It may bring keys that nobody collects."""
    order = await shop.buy()
    (name,) = await shop.bought(order.id)
    shop.supplier.cancel(name)
    await shop.pass_time(HOUR)

    report = await listed_as(shop, order, word=word)

    assert reasons(report) == found


async def test_a_purchase_for_one_that_was_refused_is_surplus(shop: FakeShop) -> None:
    """The supplier said no, and sold it all the same."""
    shop.supplier.has_left("0.00")
    order = await shop.buy()
    shop.clock.advance(HOUR)
    shop.supplier_says(purchases_between=(foreign(f"{order.id}-1"),))

    assert reasons(await reconciled(shop, since=2 * HOUR)) == [FindingReason.SURPLUS_PURCHASE]


async def test_a_purchase_that_the_supplier_lost_is_told(shop: FakeShop) -> None:
    """It is not in the list, and nobody knows it by its name."""
    await delivered(shop)

    async def nobody(name: SupplierOrderId) -> Purchase:
        """Know none."""
        raise NotFound("supplier order", name)

    shop.supplier_says(purchases_between=())
    shop.shop = attrs.evolve(shop.shop, supplier=Overridden(shop.shop.supplier, status=nobody))

    report = await reconciled(shop)

    assert reasons(report) == [FindingReason.SUPPLIER_MISMATCH]
    assert "does not know purchase" in report.found[0].text


async def test_a_purchase_beside_the_list_is_asked_for_by_its_name(shop: FakeShop) -> None:
    """The supplier's clock and ours differ: it stands on another day there."""
    await delivered(shop)
    await shop.buy()
    shop.supplier_says(purchases_between=())

    report = await reconciled(shop)

    assert (report.is_clean, report.purchases) == (True, 0)


async def test_a_purchase_that_fell_is_asked_for_too(shop: FakeShop) -> None:
    """Its time does not tell when it was made."""
    order = await shop.buy()
    (name,) = await shop.bought(order.id)
    shop.supplier.cancel(name)
    await shop.pass_time(HOUR)
    shop.supplier_says(purchases_between=())

    assert (await reconciled(shop)).is_clean


async def test_a_list_is_read_a_day_at_a_time(shop: FakeShop) -> None:
    """No purchase between two days is missed, and none is counted twice."""
    spans = []
    order = await delivered(shop)
    (name,) = await shop.bought(order.id)
    truth = await shop.supplier.status(name)

    async def on_every_day(since: object, until: object) -> tuple[Purchase, ...]:
        """The same purchase, on the edge of all of them."""
        spans.append((since, until))
        return (truth,)

    shop.shop = attrs.evolve(shop.shop, supplier=Overridden(shop.supplier, purchases_between=on_every_day))

    report = await reconciled(shop, since=timedelta(days=3))

    assert len(spans) == 3
    assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]]
    assert report.purchases == 1


def test_a_purchase_whose_keys_we_gave_back_is_no_news() -> None:
    """The supplier calls it refunded because we asked for it."""
    order = every_state()["unit-returned"]
    (placed,) = order.reservations
    assert isinstance(placed, PlacedReservation)
    done = CompletedReservation(
        plan=placed.plan,
        supplier_order_id=placed.supplier_order_id,
        charged=placed.charged,
        placed_at=placed.placed_at,
        completed_at=placed.placed_at,
    )
    listed = attrs.evolve(
        foreign(placed.plan.ref, word=SupplierWord.REFUNDED),
        supplier_order_id=placed.supplier_order_id,
        charged=placed.charged,
        quantities=wanted_of(placed.plan),
    )

    def found(units: tuple[Unit, ...]) -> list[FindingReason | str]:
        """What is told of the purchase of an order with these units."""
        kept = attrs.evolve(order, units=units, reservations=(done,))
        told = compare_purchase(kept, listed, now=order.created_at, policy=Policy())
        return [one.reason for one in told if isinstance(one, Amiss)]

    assert found(order.units) == []
    assert found(tuple(unit for unit in order.units if unit in order.held)) == [FindingReason.SUPPLIER_CANCELLED]
