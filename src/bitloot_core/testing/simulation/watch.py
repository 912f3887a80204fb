"""
The checks after every step: each write, each purchase, each mail, each opened key, the moment it has happened.

What is checked here is known from outside the program: the books of the supplier and of the gateway, and what was seen
of the store before. No decision of the program is repeated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from bitloot_core.order.events import ReservationClaimed
from bitloot_core.order.jobs import JobName
from bitloot_core.order.order import Cancelled, Fulfilled, Order, Refunded
from bitloot_core.order.payments import OpenPayment, ReviewedPayment, ShortPayment, VoidPayment
from bitloot_core.order.reservations import (
    DEAD_WORDS,
    ClaimedReservation,
    DoubtfulReservation,
    PlacedReservation,
    PlannedReservation,
    Reservation,
)
from bitloot_core.order.status import Status, status_of
from bitloot_core.order.units import HeldUnit, OwedUnit
from bitloot_core.ports.inbox import Source
from bitloot_core.ports.jobs import JobOutcome, Retry
from bitloot_core.ports.mailer import Mail
from bitloot_core.ports.store import Change, Committed
from bitloot_core.ports.supplier import Purchase
from bitloot_core.testing.simulation.front_door import AGENT, NOBODY
from bitloot_core.testing.simulation.network import Call, run_through
from bitloot_core.testing.simulation.scene import POLICY, Scene
from bitloot_core.testing.simulation.stores import LIVING
from bitloot_core.testing.simulation.violation import Violation, hold
from bitloot_core.values.errors import BitlootError
from bitloot_core.values.ids import OrderId, SupplierKeyId, SupplierOrderId, UnitId, order_of
from bitloot_core.values.keys import KeyOwner

S = Status
MARK = b"FAKE-SERIAL"
"""What every serial of the fake supplier begins with."""
_MOVES: Mapping[Status, frozenset[Status]] = {
    S.PAID: frozenset({S.PAID, S.FULFILLING, S.FULFILLED, S.REFUNDED}),
    S.FULFILLING: frozenset({S.FULFILLING, S.FULFILLED, S.REFUNDED}),
    S.FULFILLED: frozenset({S.FULFILLED, S.REFUNDED}),
    S.REFUNDED: frozenset({S.REFUNDED}),
    S.CANCELLED: frozenset({S.CANCELLED, S.REFUNDED}),
}
"""Where an order may go from the words that it must not leave lightly, in one write; from the others, anywhere."""
_CLOCKS_DIFFER = timedelta(seconds=5)
_CLAIMS_LOST_TO_FAULTS = 12
"""A job that should have been given up may die, or fail to be written, a few times in a bad storm."""


_A_FAULT_OF_OURS = re.compile(r"[A-Z]\w+|.* cannot follow on order .*")
"""Of an error that is none of the library's a job tells the class alone; the other one is a broken state machine."""
STRANGE_JOBS = (("frobnicate", "o1"), (JobName.CHECK_PAYMENT, "nonsense"), (JobName.NOWPAYMENTS_IPN, "none"))
"""Jobs that another version of the program may have left, and that this one can make nothing of."""


def _is_strange(subject: str) -> bool:
    return subject in {f"{name}:{ref}" for name, ref in STRANGE_JOBS}


class Watch:
    """Looks at each step."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._versions: dict[OrderId, int] = {}
        self._holders: dict[SupplierKeyId, tuple[OrderId, UnitId]] = {}
        self._bought: dict[tuple[OrderId, UnitId], list[SupplierOrderId]] = {}
        self._forgotten: dict[OrderId, float] = {}

    def before(self, call: Call) -> None:
        """A call is about to have its effect."""
        if call.name == "vault.open_keys":
            self._opens(call.args[0])

    def after(self, call: Call, result: Any) -> None:
        """A call has had its effect."""
        match call.name:
            case "orders.commit":
                self._committed(call.args[0], result)
            case "supplier.reserve":
                self._sold(call, result)
            case "mailer.send":
                self._mailed(call)
            case "jobs.claim" if result is not None:
                most = POLICY.most_attempts + _CLAIMS_LOST_TO_FAULTS
                text = f"{result.name} {result.ref} was claimed {result.attempts} times"
                hold("I11", result.attempts <= most, text, result.order_id)
            case "jobs.end":
                self._ended(call.args[0], call.subject)
            case _:
                pass

    def answered(self, source: Source, body: bytes, status: int) -> None:
        """An authentic webhook was answered."""
        hold("I13", status != 401, f"an authentic webhook of {source} was turned away")
        if status == 200:
            self._scene.facts.acknowledged[source, body] = self._scene.loop.time()
            store, name = self._scene.store, sha256(body).hexdigest()
            known = store.status_of_webhook(source, name)
            hold("I5", known is not None, f"a webhook of {source} was acknowledged, and is not stored")
            lost = not self._scene.facts.robbed and store.is_lost(source, name)
            hold("I5", not lost, f"a webhook of {source} was acknowledged, and no job is about it")

    def turned_away(self, source: Source, body: bytes, status: int) -> None:
        """A forged webhook was answered."""
        hold("I13", status == 401, f"a forged webhook of {source} was answered with {status}")
        known = self._scene.store.status_of_webhook(source, sha256(body).hexdigest())
        hold("I13", known is None, f"a forged webhook of {source} was stored")

    def _ended(self, outcome: JobOutcome, subject: str) -> None:
        """A job has ended without touching an order: nothing but what it may meet outside can have gone wrong in it."""
        end = outcome.end
        crashed = isinstance(end, Retry) and _A_FAULT_OF_OURS.fullmatch(end.error) and not _is_strange(subject)
        hold("I8", not crashed, f"a job of {subject} failed with {getattr(end, 'error', '')}")
        self._rests(OrderId(subject))

    # ------------------------------------------------------------------------------------------------------ purchases

    def _sold(self, call: Call, purchase: Purchase) -> None:
        order_id, facts = order_of(purchase.ref), self._scene.facts
        if self._scene.loop.time() - call.sent_at > POLICY.supplier_quiet.total_seconds():
            facts.too_late.add(purchase.supplier_order_id)
        same = self._scene.supplier.purchases_of(purchase.ref)
        hold("I1", len(same) == 1, f"{purchase.ref} was bought {len(same)} times", order_id)
        order = self._scene.store.order(order_id)
        for unit_id in (unit for item in call.args[0] for unit in item.units):
            others = self._bought.setdefault((order_id, unit_id), [])
            alive = [one for one in others if self._word(one) not in DEAD_WORDS]
            hold("I1", not alive, f"unit {unit_id} is bought while {alive} is to bring it", order_id)
            held = order is not None and isinstance(order.unit(unit_id), HeldUnit)
            hold("I1", not held, f"unit {unit_id} is bought while its key is held", order_id)
            others.append(purchase.supplier_order_id)
        hold("I3", self._was_paid(order_id), f"{purchase.ref} was bought without money", order_id)
        self._within_the_cap(order_id)

    def _within_the_cap(self, order_id: OrderId) -> None:
        """Whether no more was charged today than a day may cost, or since a person let the shop go on."""
        cap, now = self._scene.weather.day_cap, self._scene.clock.now()
        if cap is None:
            return
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        since = max(midnight, self._scene.facts.lifted_at) + _CLOCKS_DIFFER
        books, late = self._scene.supplier, self._scene.facts.too_late
        counted = [one for one in books.purchases if one.created_at > since and one.supplier_order_id not in late]
        charged = sum(one.charged.amount for one in counted)
        back = sum(books.credited(one.supplier_order_id).amount for one in books.purchases)
        hold("S1", charged - back <= cap, f"{charged} EUR were spent since {since}, {cap} may be", order_id)

    def _word(self, supplier_order_id: SupplierOrderId) -> str:
        found: Purchase = run_through(self._scene.supplier.status(supplier_order_id))
        return found.word

    def _was_paid(self, order_id: OrderId) -> bool:
        """Whether, at some moment, enough money was there, or the operator let some count."""
        facts, gateway = self._scene.facts, self._scene.gateway
        for gateway_id in gateway.payments_of(order_id):
            if gateway_id in facts.accepted:
                return True
            due = run_through(gateway.payment(gateway_id)).pay_amount
            if facts.was_paid.get(gateway_id, Decimal(0)) >= due * (1 - POLICY.tolerance_percent / 100):
                return True
        return False

    # --------------------------------------------------------------------------------------------------------- writes

    def _committed(self, change: Change, committed: Committed) -> None:
        order = committed.order
        if order is None:
            if change.link_use is not None and change.before is not None:
                self._link_used(change.before.id, [access.unit_id for access in change.accesses])
            if change.before is not None:
                self._rests(change.before.id)
            return
        stored = self._scene.store.order(order.id)
        hold("I8", stored == order, f"{order.id} is not stored as it was written", order.id)
        last = self._versions.get(order.id, 0)
        hold("I8", order.version == last + 1, f"version {order.version} was written over version {last}", order.id)
        self._versions[order.id] = order.version
        claims = any(isinstance(event, ReservationClaimed) for event in change.events)
        hold("I3", order.is_settled or not claims, "a purchase was claimed, and no payment counts", order.id)
        if change.before is not None:
            self._moved(change.before, order)
            if order.email is None:
                self._forgotten.setdefault(order.id, self._scene.loop.time())
        self._keys_held(order)
        self._rests(order.id)

    def _moved(self, before: Order, after: Order) -> None:
        was, is_now = status_of(before), status_of(after)
        allowed = _MOVES.get(was)
        hold("I8", allowed is None or is_now in allowed, f"the order went from {was} to {is_now}", after.id)
        for unit in before.units:
            if isinstance(unit, HeldUnit):
                now = after.unit(unit.id)
                same = now is not None and not isinstance(now, OwedUnit) and now.storage_ref == unit.storage_ref
                kept = same and (not isinstance(now, HeldUnit) or now == unit)
                hold("I2", kept, f"the key of unit {unit.id} was exchanged", after.id)
        if is_now is not was:
            self._scene.history.add("shop", f"{was} -> {is_now}", after.id)
            if is_now is Status.FULFILLED:
                facts, passed = self._scene.facts, self._scene.loop.time()
                facts.recovered[after.id] = passed - facts.delivered.get(after.id, passed)
        for finding in after.findings:
            if finding not in before.findings:
                self._scene.history.add("shop", f"finding {finding.reason}: {finding.text}", after.id)

    def _keys_held(self, order: Order) -> None:
        for unit in order.held:
            place = (order.id, unit.id)
            if self._holders.setdefault(unit.supplier_key_id, place) != place:
                text = f"key {unit.supplier_key_id} is held by {self._holders[unit.supplier_key_id]} and by {place}"
                raise Violation("I2", text, order.id)

    def _link_used(self, order_id: OrderId, unit_ids: Sequence[UnitId]) -> None:
        """Keys are about to go out: right now, the order must be one that may have them."""
        order = self._scene.store.order(order_id)
        held = [] if order is None else [unit.id for unit in order.held]
        hold("I2", set(held).issuperset(unit_ids), f"of {unit_ids} only {held} are held, and may go out", order_id)
        refunded = order is None or isinstance(order.closing, Refunded)
        hold("I3", not refunded, "keys are opened after a refund", order_id)
        hold("I3", self._was_paid(order_id), "keys are opened without money", order_id)

    def _rests(self, order_id: OrderId) -> None:
        """Whatever has just been written, somebody looks after the order."""
        order = self._scene.store.order(order_id)
        if order is None or order.findings or order_id in self._scene.facts.robbed:
            return
        living = {(job.name, job.ref) for job in self._scene.store.jobs(order_id) if job.status in LIVING}
        for res in order.reservations:
            job = self._job_of(order, res)
            text = f"nobody looks after {res.plan.ref} ({type(res).__name__})"
            hold("I10", job is None or job in living, text, order_id)
        hold("I10", living or self.is_over(order), f"nobody looks after the order ({status_of(order)})", order_id)

    def _job_of(self, order: Order, res: Reservation) -> tuple[str, str] | None:
        """The job that must live while a reservation is in this state."""
        match res:
            case PlannedReservation() if isinstance(order.closing, Refunded):
                return None  # nothing was sent, and nothing will be
            case DoubtfulReservation() if isinstance(order.closing, Refunded):
                quiet_until = res.claimed_at + POLICY.supplier_quiet
                return None if quiet_until <= self._soon else (JobName.RESERVE, res.plan.ref)
            case PlannedReservation() | ClaimedReservation() | DoubtfulReservation():
                return JobName.RESERVE, res.plan.ref
            case PlacedReservation():
                return JobName.CHECK_RESERVATION, res.plan.ref
            case _:
                return None

    @property
    def _soon(self) -> datetime:
        """Now, by the clock that is the furthest ahead."""
        return self._scene.clock.now() + timedelta(seconds=5)

    def is_over(self, order: Order) -> bool:
        """Whether nothing need happen to an order any more."""
        if isinstance(order.closing, Fulfilled | Refunded):
            return True
        watched = (
            one.invoice.void_at + POLICY.payment_afterlife >= self._soon
            for one in order.payments
            if isinstance(one, OpenPayment | ShortPayment | ReviewedPayment | VoidPayment)
        )
        ended = status_of(order) in (Status.EXPIRED, Status.FAILED) or isinstance(order.closing, Cancelled)
        return ended and not any(watched)

    # ----------------------------------------------------------------------------------------------------------- keys

    def _opens(self, keys: list[tuple[str, KeyOwner]]) -> None:
        """Sealed keys are about to be opened: who asks must stand in the audit rows already."""
        agent = AGENT.get()
        if agent == NOBODY:
            return
        written = {owner.order_id: self._looked_at(owner.order_id, agent) for _, owner in keys}
        for _, owner in keys:
            text = f"unit {owner.unit_id} is opened for {agent!r} without an audit row"
            hold("I9", owner.unit_id in written[owner.order_id], text, owner.order_id)

    def _looked_at(self, order_id: OrderId, agent: str) -> Sequence[str]:
        """The units that a client looked at by the audit rows, which name no buyer who was forgotten."""
        store, order = self._scene.store, self._scene.store.order(order_id)
        rows = store.looked_at(order_id, agent)
        forgotten = order is not None and order.email is None
        return store.looked_at(order_id, "") if forgotten and not rows else rows

    def handed_out(self, order_id: OrderId, agent: str, serials: tuple[bytes, ...]) -> None:
        """Keys have gone out to a buyer."""
        rows = self._looked_at(order_id, agent)
        hold("I9", len(rows) >= len(serials), f"{len(serials)} keys went out, {len(rows)} rows were written", order_id)
        bought = self.serials_of(order_id)
        hold("I4", bought.issuperset(serials), "a key of another order went out", order_id)
        hold("I2", len(set(serials)) == len(serials), "one key went out for two units", order_id)

    def serials_of(self, order_id: OrderId) -> set[bytes]:
        """Every serial that the supplier ever delivered for an order."""
        books = self._scene.supplier
        purchases = (one for one in books.purchases if order_of(one.ref) == order_id)
        return {serial for one in purchases for serial in books.serials_of(one.supplier_order_id)}

    def _mailed(self, call: Call) -> None:
        mail: Mail = call.args[0]
        before = [one.key for one in self._scene.mailer.sent[:-1]]
        known = call.sent_at <= self._forgotten.get(mail.order_id, call.sent_at) or call.kwargs["key"] in before
        hold("I4", known, "a mail went to a buyer who was forgotten", mail.order_id)
        told = repr(mail).encode() + mail.link.reveal().encode()
        hold("I7", MARK not in told, "a key stands in a mail", mail.order_id)
        right = self._scene.facts.emails[mail.order_id] == mail.to
        hold("I4", right, f"a mail of {mail.order_id} went to {mail.to}", mail.order_id)
        token = mail.link.reveal().rpartition("/")[2]
        try:
            link_id = self._scene.template.links.verify(token)
        except BitlootError:
            raise Violation("I4", "a mail carries a link that is not ours", mail.order_id) from None
        made = {event.link_id for event in self._scene.store.timeline(mail.order_id) if hasattr(event, "link_id")}
        hold("I4", link_id in made, "a mail carries the link of another order", mail.order_id)
