"""What the tests of the reconciliation share."""

from collections.abc import Callable
from datetime import timedelta

from bitloot_core.order.discrepancies import Amiss
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Order
from bitloot_core.order.reservations import SupplierWord
from bitloot_core.ports.supplier import Purchase
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.reconcile import Report, reconcile
from bitloot_core.usecases.reconcile_desk import Progress, Terms
from bitloot_core.values.ids import ExternalRef, SupplierOrderId, SupplierProductId
from bitloot_core.values.money import Money

HOUR = timedelta(hours=1)


async def reconciled(
    shop: FakeShop,
    *,
    since: timedelta = timedelta(days=7),
    dry_run: bool = False,
    after_restore: bool = False,
    deep: bool = False,
    waited: list[timedelta] | None = None,
    watch: Callable[[Progress], None] = lambda _: None,
) -> Report:
    """Reconcile the last days; waits are noted, and not made."""

    async def rest(length: timedelta) -> None:
        """Note how long."""
        if waited is not None:
            waited.append(length)

    terms = Terms(
        since=shop.clock.now() - since, by="shell:ann", dry_run=dry_run, after_restore=after_restore, deep=deep
    )
    return await reconcile(shop.shop, terms, rest=rest, watch=watch)


async def delivered(shop: FakeShop, quantity: int = 1) -> Order:
    """An order that has its keys, an hour ago."""
    order = await shop.place(quantity)
    await shop.fulfil(order.id)
    await shop.pass_time(HOUR)
    return await shop.order(order.id)


def reasons(report: Report) -> list[FindingReason | str]:
    """What was found: why a person is needed, or that we are behind."""
    return [one.reason if isinstance(one, Amiss) else "behind" for one in report.found]


def open_ones(shop: FakeShop) -> list[tuple[FindingReason, str]]:
    """The open findings of the whole shop, by reason and subject."""
    rows = shop.storage.database.findings.values()
    return [(row.finding.reason, row.finding.subject) for row in rows if row.resolved_at is None]


def foreign(ref: str, *, charged: str = "5.00", word: SupplierWord = SupplierWord.COMPLETED) -> Purchase:
    """A purchase under another reference than we have."""
    return Purchase(
        supplier_order_id=SupplierOrderId(f"THEIRS-{ref}"),
        ref=ExternalRef(ref),
        word=word,
        charged=Money.of(charged, "EUR"),
        quantities={SupplierProductId("supplier-game"): 1},
        created_at=FakeShop().clock.now(),
    )
