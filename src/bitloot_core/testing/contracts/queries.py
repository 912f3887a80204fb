"""
The suite of the port `Queries`: every row is found, once, whoever writes meanwhile.

Of the unhappy five, the malformed one is a cursor without sense. The others do not apply to reads.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest

from bitloot_core.order.buying import Pause, PauseHolder
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import JobName
from bitloot_core.order.status import shown_status
from bitloot_core.ports.jobs import Done, JobOutcome
from bitloot_core.ports.queries import OrderFilter, OrderRow, Page, ReservationFilter, Slice, WebhookFilter
from bitloot_core.testing.contracts.queries_webhooks import WebhookListContract
from bitloot_core.testing.contracts.storage import StorageWorld, claim, only, place, rewrite, walk
from bitloot_core.testing.order_states import every_state
from bitloot_core.testing.orders import a_finding, held, placed, reserved, settled, with_finding
from bitloot_core.testing.samples import a_job
from bitloot_core.values.errors import InvalidInput, NotFound
from bitloot_core.values.ids import OrderId
from bitloot_core.values.money import Money

MINUTE = timedelta(minutes=1)
TAGS = {
    "reservation-planned": "planned",
    "reservation-claimed": "claimed",
    "reservation-doubtful": "in-doubt",
    "reservation-placed-processing": "placed",
    "reservation-completed": "completed",
    "reservation-refused": "refused",
    "reservation-fallen": "fallen",
}
BAD_CURSORS = ("x", "", "~", "0", "\x00", "'; --", "2026-01-05", "bm9uc2Vuc2U", "{}", "9" * 300, "ü")


async def some_orders(world: StorageWorld, count: int, *, first: int = 0) -> list[OrderId]:
    """Place so many orders, each with a purchase, three of them in each minute; oldest first."""
    ids = []
    for number in range(first, first + count):
        at = world.clock.now()
        order = await place(world, reserved(settled(placed(f"o{number:03}", at=at))))
        ids.append(order.id)
        if number % 3 == 2:
            world.clock.advance(MINUTE)
    return ids


class QueriesContract(WebhookListContract):
    """What every implementation of the admin's reads must do. The fixture `world` gives an empty shop."""

    async def test_an_order_row_tells_its_order(self, world: StorageWorld) -> None:
        """Its status as shown, its buyer, what it costs, how much is still owed, when it came and when it changed."""
        before = await place(world, placed(quantity=3, email="ann@example.com", at=world.clock.now()))
        world.clock.advance(MINUTE)
        await rewrite(world, before, held(reserved(settled(before)), units=1))

        page = await world.queries.orders(OrderFilter(), Slice())

        expected = OrderRow(
            id=before.id,
            status="fulfilling",
            email="ann@example.com",
            total=Money.of("38.97", "EUR"),
            units=3,
            owed=2,
            created_at=before.created_at,
            updated_at=world.clock.now(),
        )
        assert Page(items=(expected,), next_cursor=None) == page

    @pytest.mark.parametrize("state", sorted(every_state()))
    async def test_an_order_is_found_by_the_status_that_it_shows(self, world: StorageWorld, state: str) -> None:
        """Whatever state it is in, `attention` included; and not by another."""
        order = await place(world, every_state()[state])
        shown = shown_status(order)

        found = await world.queries.orders(OrderFilter(status=shown), Slice())
        other = await world.queries.orders(OrderFilter(status="failed" if shown != "failed" else "paid"), Slice())

        assert [(order.id, shown)] == [(row.id, row.status) for row in found.items]
        assert other.items == ()

    @pytest.mark.parametrize("state", sorted(every_state()))
    async def test_the_undelivered_are_those_that_are_paid_and_owed_a_key(
        self, world: StorageWorld, state: str
    ) -> None:
        """In whatever state an order is: neither what nobody paid for, nor what has come to rest."""
        order = await place(world, every_state()[state])
        await place(world, placed("another"))

        found = await world.queries.orders(OrderFilter(undelivered=True), Slice())

        waits = order.is_settled and bool(order.owed) and not order.at_rest
        assert [order.id] * waits == [row.id for row in found.items]

    async def test_orders_are_filtered(self, world: StorageWorld) -> None:
        """By address, id and purchase; filters that are given together must all fit."""
        await place(world, placed("o1", email="ann@example.com"))
        await place(world, reserved(settled(placed("o2", email="bob@example.com")), supplier_order_id="K2"))

        async def found(**fields: Any) -> list[str]:
            return [row.id for row in (await world.queries.orders(OrderFilter(**fields), Slice())).items]

        assert await found(email="ann@example.com") == ["o1"]
        assert await found(order_id="o2") == ["o2"]
        assert await found(supplier_order_id="K2") == ["o2"]
        assert await found(supplier_order_id="K2", email="bob@example.com") == ["o2"]
        assert await found(supplier_order_id="K2", email="ann@example.com") == []
        assert await found(email="%") == []

    async def test_an_order_is_found_by_a_key_of_its_own(self, world: StorageWorld) -> None:
        """By the supplier's name of it, also when it was replaced; never by that of another order's."""
        first = await place(world, held(reserved(settled(placed("o1"))), supplier_key_id="sold-1"))
        await place(world, held(reserved(settled(placed("o2"))), supplier_key_id="sold-2"))

        async def found(name: str) -> list[str]:
            return [row.id for row in (await world.queries.orders(OrderFilter(supplier_key_id=name), Slice())).items]

        assert [first.id] == await found("sold-1")
        assert await found("sold-3") == []

    async def test_times_bound_a_list(self, world: StorageWorld) -> None:
        """From the first bound on, and up to but without the second."""
        start = world.clock.now()
        ids = await some_orders(world, 9)

        rows = await walk(
            lambda part: world.queries.orders(OrderFilter(), part),
            Slice(since=start + MINUTE, until=start + 2 * MINUTE),
        )

        assert sorted(ids[3:6]) == sorted(row.id for row in rows)

    @pytest.mark.parametrize("limit", [1, 2, 3, 10, 100])
    async def test_pages_neither_skip_nor_repeat(self, world: StorageWorld, limit: int) -> None:
        """Every page size leads through the same rows, newest first, also where several have the same time."""
        ids = await some_orders(world, 10)

        orders = await walk(lambda part: world.queries.orders(OrderFilter(), part), Slice(limit=limit))
        bought = await walk(lambda part: world.queries.reservations(ReservationFilter(), part), Slice(limit=limit))

        assert sorted(ids) == sorted(row.id for row in orders)
        assert sorted(f"{order_id}-1" for order_id in ids) == sorted(row.id for row in bought)
        assert sorted((row.created_at for row in orders), reverse=True) == [row.created_at for row in orders]
        assert sorted((row.created_at for row in bought), reverse=True) == [row.created_at for row in bought]

    async def test_rows_that_come_meanwhile_shift_nothing(self, world: StorageWorld) -> None:
        """Who reads page by page while orders come in gets each of the older ones once, and none twice."""
        world.clock.advance(MINUTE)
        ids = await some_orders(world, 9)
        first = await world.queries.orders(OrderFilter(), Slice(limit=4))
        assert first.next_cursor is not None
        newer = await some_orders(world, 6, first=100)

        rest = await walk(
            lambda part: world.queries.orders(OrderFilter(), part), Slice(limit=2, cursor=first.next_cursor)
        )

        seen = [row.id for row in (*first.items, *rest)]
        assert sorted(ids) == sorted(set(seen) - set(newer))
        assert len(set(seen)) == len(seen)

    @pytest.mark.parametrize("cursor", BAD_CURSORS)
    async def test_a_cursor_without_sense_is_told(self, world: StorageWorld, cursor: str) -> None:
        """What no page gave out is the reader's mistake, not a first page and not a crash."""
        part = Slice(cursor=cursor)

        with pytest.raises(InvalidInput) as of_orders:
            await world.queries.orders(OrderFilter(), part)
        with pytest.raises(InvalidInput) as of_reservations:
            await world.queries.reservations(ReservationFilter(), part)
        with pytest.raises(InvalidInput) as of_webhooks:
            await world.queries.webhooks(WebhookFilter(), part)

        assert {"cursor"} == {told.value.field for told in (of_orders, of_reservations, of_webhooks)}

    @pytest.mark.parametrize("state", TAGS)
    async def test_a_reservation_row_tells_its_purchase(self, world: StorageWorld, state: str) -> None:
        """In each of its states, with the word for that state, and found by it."""
        order = await place(world, every_state()[state])

        row = only((await world.queries.reservations(ReservationFilter(status=TAGS[state]), Slice())).items)

        reservation = only(order.reservations)
        assert (reservation.plan.ref, order.id, order.email) == (row.id, row.order_id, row.email)
        assert (TAGS[state], 1, shown_status(order)) == (row.status, row.attempt, row.order_status)
        assert row.next_at is None

    async def test_a_placed_reservation_has_a_name_and_a_cost(self, world: StorageWorld) -> None:
        """The supplier's name and word, and what we were charged; found by that name and by its order."""
        order = await place(world, reserved(settled(placed()), supplier_order_id="K1"))
        await place(world, reserved(settled(placed("o2"))))

        row = only((await world.queries.reservations(ReservationFilter(supplier_order_id="K1"), Slice())).items)
        same = only((await world.queries.reservations(ReservationFilter(order_id=order.id), Slice())).items)

        assert ("K1", "processing", Money.of("8.50", "EUR")) == (row.supplier_order_id, row.supplier_status, row.cost)
        assert row == same

    async def test_a_reservation_row_tells_its_next_look(self, world: StorageWorld) -> None:
        """When the living job on it is due, and nothing once that is over."""
        order = await place(world, reserved(settled(placed())))
        ref = order.reservations[0].plan.ref
        request = a_job(ref, name=JobName.CHECK_RESERVATION, order_id=order.id, due_at=world.clock.now() + MINUTE)
        job_id = await world.jobs.ask(request, now=world.clock.now())

        waiting = only((await world.queries.reservations(ReservationFilter(), Slice())).items)
        world.clock.advance(MINUTE)
        job = await claim(world, job_id)
        await world.jobs.end(JobOutcome(lease=job.lease, end=Done()), now=world.clock.now())
        over = only((await world.queries.reservations(ReservationFilter(), Slice())).items)

        assert (request.due_at, None) == (waiting.next_at, over.next_at)

    async def test_a_reservation_row_tells_what_it_waits_for(self, world: StorageWorld) -> None:
        """One that is to be bought names the pause in buying that was there first; one that was bought names none."""
        planned = await place(world, every_state()["reservation-planned"])
        await place(world, reserved(settled(placed("o2"))))
        second = Pause(holder=PauseHolder.OPERATOR, by="ann", reason="wait", since=world.clock.now())
        first = attrs.evolve(second, holder=PauseHolder.RESTORE, since=world.clock.now() - MINUTE)
        await world.switches.pause(second)
        await world.switches.pause(first)

        rows = (await world.queries.reservations(ReservationFilter(), Slice())).items

        assert {planned.id: first, "o2": None} == {row.order_id: row.pause for row in rows}

    async def test_a_dossier_is_about_one_order(self, world: StorageWorld) -> None:
        """The order as the store gives it, with its own jobs, findings and events, and nothing of another's."""
        order = await place(world, with_finding(placed("o1")))
        other = await place(world, with_finding(placed("o2")))
        for one in (order, other):
            await world.jobs.ask(a_job(f"{one.id}-1", order_id=one.id), now=world.clock.now())

        dossier = await world.queries.dossier(order.id)

        assert order == dossier.order
        assert [f"{order.id}-1"] == [job.ref for job in dossier.jobs]
        assert [a_finding(placed("o1"))] == [row.finding for row in dossier.findings]
        assert FindingReason.PAYMENT_SURPLUS is dossier.findings[0].finding.reason

    async def test_the_timeline_has_a_buyers_side(self, world: StorageWorld) -> None:
        """Each event has a sentence for the operator; what is the staff's business has none for the buyer."""
        order = await place(world, with_finding(placed()))

        seen = (await world.queries.dossier(order.id)).timeline

        assert all(row.text for row in seen)
        assert [row.public_text is not None for row in seen] == [True, False]

    async def test_an_unknown_order_has_no_dossier(self, world: StorageWorld) -> None:
        """It is not found; and it has no accesses."""
        with pytest.raises(NotFound):
            await world.queries.dossier(OrderId("nobody"))
        assert await world.queries.accesses(OrderId("nobody")) == ()
