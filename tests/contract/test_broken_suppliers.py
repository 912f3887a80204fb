"""The supplier's suite fails suppliers that break a promise: a suite that lets everything pass proves nothing."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial

import attrs
import pytest

from bitloot_core.order.reservations import DEAD_WORDS, PurchaseItem
from bitloot_core.ports.inbox import VerifiedWebhook
from bitloot_core.ports.supplier import Purchase, ReturnedKey, SupplierKey
from bitloot_core.testing import supplier_events
from bitloot_core.testing.contracts.fake_supplier_world import FakeSupplierWorld
from bitloot_core.testing.contracts.supplier import SupplierContract
from bitloot_core.testing.supplier import FakeSupplier
from bitloot_core.values.errors import PortError, Rejected, Unavailable, Unknown
from bitloot_core.values.ids import ExternalRef, SupplierOrderId

SUITE = SupplierContract()


class TakesSilenceForANo(FakeSupplier):
    """Says "refused" where nobody knows."""

    async def reserve(self, items: tuple[PurchaseItem, ...], *, ref: ExternalRef) -> Purchase:
        """Buy, and believe the worst."""
        try:
            return await super().reserve(items, ref=ref)
        except Unknown as exc:
            raise Rejected("supplier", "no answer") from exc


class AsksTwice(FakeSupplier):
    """Repeats a purchase by itself when no answer came, at a supplier that sells again."""

    async def reserve(self, items: tuple[PurchaseItem, ...], *, ref: ExternalRef) -> Purchase:
        """Buy once more after a silence."""
        self.accepts_repeats = True
        try:
            return await super().reserve(items, ref=ref)
        except Unknown:
            return await super().reserve(items, ref=ref)


class TakesTroubleForNothing(FakeSupplier):
    """Finds nothing when it cannot look."""

    async def find(self, ref: ExternalRef) -> tuple[Purchase, ...]:
        """Look, and shrug."""
        try:
            return await super().find(ref)
        except PortError:
            return ()


class FindsByTheBeginning(FakeSupplier):
    """Takes `o1-10` for `o1-1`."""

    async def find(self, ref: ExternalRef) -> tuple[Purchase, ...]:
        """Compare no further than our text goes."""
        self._strike_before("find")
        return tuple(purchase for purchase in self.purchases if purchase.ref.startswith(ref))


class HidesTheSurplus(FakeSupplier):
    """Shows one purchase for each reference."""

    async def find(self, ref: ExternalRef) -> tuple[Purchase, ...]:
        """Show the newest."""
        return (await super().find(ref))[-1:]


class ListsOnePage(FakeSupplier):
    """Takes the first page for the list."""

    async def purchases_between(self, since: datetime, until: datetime) -> tuple[Purchase, ...]:
        """List what fits on it."""
        return (await super().purchases_between(since, until))[:100]


class ListsWhatItLikes(FakeSupplier):
    """Thinks that nobody asks for purchases that came to nothing."""

    async def purchases_between(self, since: datetime, until: datetime) -> tuple[Purchase, ...]:
        """List what is alive."""
        return tuple(one for one in await super().purchases_between(since, until) if one.word not in DEAD_WORDS)


class ListsOneForEach(FakeSupplier):
    """Keeps its list by reference."""

    async def purchases_between(self, since: datetime, until: datetime) -> tuple[Purchase, ...]:
        """List the newest under each."""
        return tuple({one.ref: one for one in await super().purchases_between(since, until)}.values())


class ListsEverything(FakeSupplier):
    """Does not look at the dates."""

    async def purchases_between(self, since: datetime, until: datetime) -> tuple[Purchase, ...]:
        """List all that it ever sold."""
        await super().purchases_between(since, until)
        return self.purchases


class ListsNothingInTrouble(FakeSupplier):
    """Has an empty list where it has none."""

    async def purchases_between(self, since: datetime, until: datetime) -> tuple[Purchase, ...]:
        """List what can be had."""
        try:
            return await super().purchases_between(since, until)
        except PortError:
            return ()


class ReadsOnePage(FakeSupplier):
    """Does not turn the page."""

    async def keys_of(self, supplier_order_id: SupplierOrderId) -> tuple[SupplierKey, ...]:
        """Read what the first page shows."""
        return (await super().keys_of(supplier_order_id))[:25]


class CountsAKeyTwice(FakeSupplier):
    """Does not notice that pages overlap."""

    async def keys_of(self, supplier_order_id: SupplierOrderId) -> tuple[SupplierKey, ...]:
        """Read the last key again."""
        keys = await super().keys_of(supplier_order_id)
        return keys + keys[-1:]


class ForgetsTheProduct(FakeSupplier):
    """Gives each key the product of the first line."""

    async def keys_of(self, supplier_order_id: SupplierOrderId) -> tuple[SupplierKey, ...]:
        """Mix them up."""
        keys = await super().keys_of(supplier_order_id)
        return tuple(attrs.evolve(key, product_id=keys[0].product_id) for key in keys)


class ForgetsWhatEventsSay(FakeSupplier):
    """Does not know a key again that came in an event."""

    async def keys_of(self, supplier_order_id: SupplierOrderId) -> tuple[SupplierKey, ...]:
        """List them without those names."""
        return tuple(attrs.evolve(key, event_ids=()) for key in await super().keys_of(supplier_order_id))


class CallsEveryKeyTheSame(FakeSupplier):
    """Takes any key for the one that came in an event."""

    async def keys_of(self, supplier_order_id: SupplierOrderId) -> tuple[SupplierKey, ...]:
        """Give each the names of all."""
        keys = await super().keys_of(supplier_order_id)
        names = tuple(name for key in keys for name in key.event_ids)
        return tuple(attrs.evolve(key, event_ids=names) for key in keys)


class ReportsTheCap(FakeSupplier):
    """Writes down what we would have paid."""

    async def reserve(self, items: tuple[PurchaseItem, ...], *, ref: ExternalRef) -> Purchase:
        """Buy, and report the price that was sent."""
        purchase = await super().reserve(items, ref=ref)
        (item,) = items
        return attrs.evolve(purchase, charged=item.max_cost * item.quantity)


class ReturnsAgain(FakeSupplier):
    """Takes a second "no" for a "yes"."""

    async def return_keys(self, supplier_order_id: SupplierOrderId) -> tuple[ReturnedKey, ...]:
        """Give back nothing, gladly."""
        try:
            return await super().return_keys(supplier_order_id)
        except Rejected:
            return ()


class BelievesAnybody(FakeSupplier):
    """Does not look at the signature."""

    def verify_event(self, headers: Mapping[str, str], body: bytes) -> VerifiedWebhook:
        """Sign it ourselves."""
        return super().verify_event(*supplier_events.signed(body))


class ForgetsToWait(FakeSupplier):
    """Loses the word on how long to wait."""

    async def reserve(self, items: tuple[PurchaseItem, ...], *, ref: ExternalRef) -> Purchase:
        """Buy, or say that it is not possible now."""
        try:
            return await super().reserve(items, ref=ref)
        except Unavailable as exc:
            raise Unavailable("supplier", exc.reason) from exc


def broken_by(accident: str) -> Callable[[FakeSupplierWorld], Awaitable[None]]:
    """The promise about a purchase in doubt, for one accident."""
    return partial(SUITE.test_a_purchase_without_a_usable_answer_is_in_doubt_and_can_be_found, accident=accident)


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (TakesSilenceForANo, broken_by("answer lost")),
        (TakesSilenceForANo, SUITE.test_a_late_effect_is_found_late),
        (TakesSilenceForANo, SUITE.test_a_repeated_reference_does_not_buy_again),
        (AsksTwice, broken_by("slow")),
        (AsksTwice, SUITE.test_a_repeated_reference_does_not_buy_again),
        (TakesTroubleForNothing, partial(SUITE.test_half_an_answer_to_a_read_is_none, read="find")),
        (TakesTroubleForNothing, SUITE.test_a_supplier_that_cannot_be_reached_did_nothing),
        (FindsByTheBeginning, SUITE.test_a_reference_finds_its_own_purchase_only),
        (HidesTheSurplus, SUITE.test_a_surplus_purchase_is_shown_with_the_first),
        (ListsOnePage, SUITE.test_every_purchase_is_listed_once),
        (ListsWhatItLikes, SUITE.test_every_purchase_is_listed_once),
        (ListsOneForEach, SUITE.test_a_surplus_purchase_is_listed_with_the_first),
        (ListsEverything, SUITE.test_a_list_has_the_purchases_of_its_time),
        (ListsNothingInTrouble, partial(SUITE.test_a_list_that_does_not_arrive_is_none, accident="failed")),
        (ListsNothingInTrouble, SUITE.test_a_supplier_that_is_busy_says_how_long),
        (ReadsOnePage, SUITE.test_every_key_of_the_largest_purchase_is_shown_once),
        (CountsAKeyTwice, SUITE.test_every_key_of_the_largest_purchase_is_shown_once),
        (CountsAKeyTwice, SUITE.test_keys_come_one_by_one),
        (ForgetsTheProduct, SUITE.test_every_key_of_the_largest_purchase_is_shown_once),
        (ForgetsWhatEventsSay, SUITE.test_a_key_has_one_name_in_an_event_and_in_the_list),
        (CallsEveryKeyTheSame, SUITE.test_a_key_has_one_name_in_an_event_and_in_the_list),
        (ReportsTheCap, SUITE.test_the_cap_is_no_price),
        (ReturnsAgain, SUITE.test_keys_go_back_once),
        (BelievesAnybody, SUITE.test_a_forged_event_is_refused),
        (BelievesAnybody, SUITE.test_a_signature_belongs_to_its_body),
        (ForgetsToWait, SUITE.test_a_call_that_is_turned_away_had_no_effect),
    ],
)
async def test_the_suite_fails_it(
    broken: type[FakeSupplier], promise: Callable[[FakeSupplierWorld], Awaitable[None]]
) -> None:
    """Each broken supplier fails the promise that it breaks, and an honest one keeps it."""
    await promise(FakeSupplierWorld())

    with pytest.raises((AssertionError, PortError, ValueError, pytest.fail.Exception)):
        await promise(FakeSupplierWorld(kind=broken))
