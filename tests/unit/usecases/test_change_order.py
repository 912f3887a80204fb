"""One change gathers everything that follows from what happened, and the store takes all of it or nothing."""

import attrs
import pytest

from bitloot_core.order import commands as c
from bitloot_core.order import events as e
from bitloot_core.order.jobs import JobName
from bitloot_core.order.ledger import LedgerKind
from bitloot_core.order.policy import Policy
from bitloot_core.ports.store import Change, Committed
from bitloot_core.testing.milestones import bought, milestones
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.shop import FakeShop
from bitloot_core.testing.story import a_reading, read
from bitloot_core.usecases.change_order import change_of, change_order, commit, decide_all, placing
from bitloot_core.values.errors import StaleOrder

PLACES = milestones()
PAID = PLACES["paid"]
POLICY = Policy()
CLAIM, BOUGHT = c.ClaimPurchase(number=1), bought()


def test_all_that_follows_from_several_commands_is_one_change() -> None:
    """Events, jobs, money, and that a claim must stay within the limits, of each of them; at one time."""
    change = decide_all(PAID.order, (CLAIM, BOUGHT), now=PAID.now, policy=POLICY)

    assert [type(event) for event in change.events] == [e.ReservationClaimed, e.ReservationPlaced]
    assert [job.name for job in change.jobs] == [JobName.CHECK_RESERVATION]
    assert [entry.kind for entry in change.ledger] == [LedgerKind.CHARGED]
    assert (change.before, change.budget, change.at) == (PAID.order, POLICY.budget, PAID.now)
    assert change.after == PAID.when(CLAIM, BOUGHT).order


def test_money_of_an_earlier_command_is_not_lost_to_a_later_one() -> None:
    """The last of them moved none."""
    waiting = PLACES["waiting"]

    change = decide_all(waiting.order, (read(a_reading(waiting.order)), CLAIM), now=waiting.now, policy=POLICY)

    assert [entry.kind for entry in change.ledger] == [LedgerKind.RECEIVED]
    assert JobName.RESERVE in [job.name for job in change.jobs]


def test_a_claim_asks_for_room_whatever_happens_with_it() -> None:
    """I8, S1: also where it is not the last event."""
    claimed = e.ReservationClaimed(at=PAID.now, number=1)
    doubted = e.ReservationDoubted(at=PAID.now, number=1)

    change = change_of(PAID.order, (claimed, doubted), at=PAID.now, policy=POLICY)

    assert change.budget == POLICY.budget
    assert change_of(PAID.order, (), at=PAID.now, policy=POLICY).budget is None


def test_a_new_order_is_written_with_all_that_happened_to_it() -> None:
    """Its first payment was asked for in the same breath; its time runs from the first write on."""
    order = PLACES["created"].order
    event = e.OrderPlaced(
        at=order.created_at, order_id=order.id, buyer=order.buyer, lines=order.lines, expires_at=order.expires_at
    )
    intended = e.PaymentIntended(at=order.created_at, attempt=1, coin="btc")
    retried = e.OrderRetried(at=order.created_at, by="admin:ann", reason="because")

    change = placing(event, (intended, retried), policy=POLICY)

    assert change.events == (event, intended, retried)
    assert change.before is None
    assert change.after is not None
    assert [one.attempt for one in change.after.payments] == [1]
    assert [job.name for job in change.jobs] == [JobName.EXPIRE, JobName.EXPIRE]


async def test_a_change_without_an_order_has_none_to_return(shop: FakeShop) -> None:
    """Whoever asks for it has made a mistake."""
    with pytest.raises(ValueError, match="has none to return"):
        await commit(shop.shop, Change(at=PAID.now))


async def test_whoever_is_never_quick_enough_is_told_of_which_order(shop: FakeShop) -> None:
    """After so many tries somebody else must be at fault."""
    order = await shop.place()

    async def moved(change: Change) -> Committed:
        """A store on which others are always quicker."""
        raise StaleOrder("another")

    busy = attrs.evolve(shop.shop, orders=Overridden(shop.storage.store, commit=moved))

    with pytest.raises(StaleOrder, match=order.id):
        await change_order(busy, order.id, c.CancelOrder(by="admin:ann", reason="asked for"))


async def test_the_order_is_returned_as_the_store_has_it(shop: FakeShop) -> None:
    """With its new version, so that the next write is not stale."""
    order = await shop.place()

    after = await change_order(shop.shop, order.id, c.CancelOrder(by="admin:ann", reason="asked for"))

    assert after == await shop.order(order.id)
    assert after.version == order.version + 1
