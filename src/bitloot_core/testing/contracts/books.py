"""
The suite of the port `Books`: everything is gone through once, and what a person has answered is remembered.

Of the unhappy five, a retried key, a lost answer and a failure at the commit do not apply to a read; a slow peer and a
malformed body neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import attrs
import pytest

from bitloot_core.order.buying import Pause, PauseHolder
from bitloot_core.order.events import FindingResolved
from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.ledger import LedgerEntry, LedgerKind
from bitloot_core.order.order import Order
from bitloot_core.ports.books import Extent, HeldKey
from bitloot_core.ports.store import Change
from bitloot_core.testing.contracts.storage import StorageWorld, place
from bitloot_core.testing.order_states import every_state
from bitloot_core.testing.orders import PLACED_AT, a_finding, held, placed, reserved, settled, with_finding
from bitloot_core.testing.samples import a_change
from bitloot_core.values.ids import FindingId, OrderId, StorageRef

MINUTE = timedelta(minutes=1)
EVER = (PLACED_AT - timedelta(days=365), PLACED_AT + timedelta(days=365))


class BooksContract:
    """What our own books must do. The fixture `world` gives an empty store."""

    async def test_empty_books_have_no_extent(self, world: StorageWorld) -> None:
        """And no page."""
        assert Extent(orders=0, keys=0) == await world.books.extent(*EVER)
        assert await orders(world) == []
        assert await world.books.keys(after=None, limit=10) == ()

    async def test_the_extent_counts_orders_of_the_time_and_all_keys(self, world: StorageWorld) -> None:
        """Keys that are held, of whatever order; not those that went back."""
        await place(world, placed("early", at=PLACED_AT - MINUTE))
        await place(world, held(reserved(settled(placed("now", quantity=3))), units=2))
        await place(world, without_held("later", "unit-returned"))

        assert Extent(orders=2, keys=2) == await world.books.extent(PLACED_AT, PLACED_AT + MINUTE)

    @pytest.mark.parametrize("limit", [1, 2, 3, 100])
    async def test_every_order_is_on_one_page(self, world: StorageWorld, limit: int) -> None:
        """Those placed first first; orders of one moment follow their names."""
        for name, minute in (("d", 2), ("b", 1), ("c", 1), ("a", 0), ("e", 2)):
            await place(world, placed(name, at=PLACED_AT + minute * MINUTE))

        assert await orders(world, limit=limit) == ["a", "b", "c", "d", "e"]

    async def test_orders_of_other_times_are_left_out(self, world: StorageWorld) -> None:
        """The first moment is part of the time, the last is not."""
        for name, minute in (("before", -1), ("first", 0), ("last", 1), ("after", 2)):
            await place(world, placed(name, at=PLACED_AT + minute * MINUTE))

        assert await orders(world, PLACED_AT, PLACED_AT + MINUTE) == ["first"]

    async def test_orders_that_come_meanwhile_shift_nothing(self, world: StorageWorld) -> None:
        """Each is seen once, whatever is placed between two pages."""
        for name, minute in (("b", 1), ("d", 3)):
            await place(world, placed(name, at=PLACED_AT + minute * MINUTE))
        page = await world.books.orders(*EVER, after=None, limit=1)
        for name, minute in (("a", 0), ("c", 2)):
            await place(world, placed(name, at=PLACED_AT + minute * MINUTE))

        rest = await world.books.orders(*EVER, after=page.after, limit=10)

        assert (page.orders, rest.orders) == (("b",), ("c", "d"))

    async def test_the_ledger_of_an_order_comes_back(self, world: StorageWorld) -> None:
        """Its own entries, as they were written, the oldest first."""
        order, other = await place(world, placed("o1")), await place(world, placed("o2"))
        entries = (
            an_entry(order.id, LedgerKind.RECEIVED, "pay-1", "0.00012345", "btc"),
            an_entry(order.id, LedgerKind.CHARGED, "bought-1", "8.50", "EUR"),
        )
        for entry in (*entries, an_entry(other.id, LedgerKind.CHARGED, "bought-2", "1.00", "EUR")):
            await world.store.commit(Change(at=world.clock.now(), ledger=(entry,)))

        assert entries == await world.books.ledger_of(order.id)
        assert await world.books.ledger_of(OrderId("nobody")) == ()

    @pytest.mark.parametrize("limit", [1, 2, 100])
    async def test_every_held_key_is_on_one_page(self, world: StorageWorld, limit: int) -> None:
        """By the name of its object, with all that is needed to open it."""
        found = [await place(world, held(reserved(settled(placed(name, quantity=2))))) for name in ("o2", "o1", "o3")]
        await place(world, without_held("o4", "unit-replaced"))

        keys = await all_keys(world, limit=limit)

        wanted = [
            HeldKey(
                order_id=order.id,
                unit_id=unit.id,
                storage_ref=unit.storage_ref,
                supplier_key_id=unit.supplier_key_id,
                held_at=unit.held_at,
            )
            for order in found
            for unit in order.held
        ]
        assert sorted(wanted, key=lambda key: key.storage_ref) == keys

    @pytest.mark.parametrize("of", ["an order", "none"])
    async def test_what_a_person_answered_is_remembered(self, world: StorageWorld, of: str) -> None:
        """The same reason, subject and text, about the same order, or about none."""
        finding = await answered(world, of=of, by="admin:ann")

        again = attrs.evolve(finding, id=FindingId("another"), opened_at=PLACED_AT + MINUTE, blocking=False)

        assert await world.books.was_answered(again)

    @pytest.mark.parametrize(
        "other",
        [
            {"text": "Still more arrived."},
            {"subject": "pay-2"},
            {"reason": FindingReason.RECONCILIATION},
            {"order_id": OrderId("o2")},
        ],
    )
    async def test_another_question_was_not_answered(self, world: StorageWorld, other: dict[str, object]) -> None:
        """Another figure in its text makes it one."""
        finding = await answered(world, of="an order", by="admin:ann")

        assert not await world.books.was_answered(attrs.evolve(finding, **other))  # type: ignore[arg-type]  # one of its fields

    @pytest.mark.parametrize("by", ["system", "gateway"])
    async def test_what_came_right_by_itself_is_no_answer(self, world: StorageWorld, by: str) -> None:
        """If it is wrong again, somebody must know."""
        finding = await answered(world, of="an order", by=by)

        assert not await world.books.was_answered(finding)

    async def test_an_open_finding_has_no_answer(self, world: StorageWorld) -> None:
        """Nobody has looked yet."""
        order = await place(world, with_finding(placed()))

        assert not await world.books.was_answered(order.findings[0])


def without_held(order_id: str, state: str) -> Order:
    """An order in a state, without the units that hold a key."""
    order = every_state(order_id)[state]
    return attrs.evolve(order, units=tuple(unit for unit in order.units if unit not in order.held))


async def orders(
    world: StorageWorld, since: datetime = EVER[0], until: datetime = EVER[1], *, limit: int = 100
) -> Sequence[OrderId]:
    """The orders of a time, from all pages."""
    page = await world.books.orders(since, until, after=None, limit=limit)
    found = [*page.orders]
    while page.after is not None:
        page = await world.books.orders(since, until, after=page.after, limit=limit)
        assert page.orders, "a page that is announced is not empty"
        found += page.orders
    return found


async def all_keys(world: StorageWorld, *, limit: int) -> Sequence[HeldKey]:
    """The held keys, from all pages."""
    found: list[HeldKey] = []
    after: StorageRef | None = None
    while page := await world.books.keys(after=after, limit=limit):
        assert len(page) <= limit
        found += page
        after = page[-1].storage_ref
    return found


def an_entry(order_id: OrderId, kind: LedgerKind, external_id: str, amount: str, currency: str) -> LedgerEntry:
    """Money that was seen to move."""
    return LedgerEntry(
        order_id=order_id, kind=kind, external_id=external_id, amount=Decimal(amount), currency=currency, at=PLACED_AT
    )


async def answered(world: StorageWorld, *, of: str, by: str) -> Finding:
    """A finding that was opened and settled, about an order or about none."""
    if of == "none":
        return await _answered_about_none(world, by=by)
    before = await place(world, with_finding(placed()))
    (finding,) = before.findings
    resolved = FindingResolved(at=PLACED_AT, finding_id=finding.id, by=by, reason="settled")
    after = attrs.evolve(before, findings=())
    await world.store.commit(attrs.evolve(a_change(after, before=before), events=(resolved,)))
    return finding


async def _answered_about_none(world: StorageWorld, *, by: str) -> Finding:
    """One that goes with a pause, which somebody has lifted."""
    pause = Pause(holder=PauseHolder.RESTORE, by="shell:ann", reason="a backup was put back", since=PLACED_AT)
    finding = attrs.evolve(
        a_finding(placed("none"), reason=FindingReason.BUYING_PAUSED, subject=str(pause.holder)), order_id=None
    )
    kept = await world.switches.pause(pause, finding=finding)
    await world.switches.lift((kept,), by=by, at=PLACED_AT)
    return finding
