"""
The checks at rest: when faults are long over, the shop, the supplier, the gateway, the vault and the mail must agree.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.jobs import JobName, MailKind, payment_ref
from bitloot_core.order.ledger import LedgerEntry, LedgerKind
from bitloot_core.order.order import Fulfilled, Order, Refunded
from bitloot_core.order.payments import AcceptedStray, Named, ReturnedPayment, ReturnedStray, SettledPayment
from bitloot_core.order.reservations import CompletedReservation, PlacedReservation, Reservation, supplier_order_of
from bitloot_core.order.returns import AcceptedReturn
from bitloot_core.order.transitions import evolve_all, place
from bitloot_core.order.units import HeldUnit, OwedUnit, ReplacedUnit
from bitloot_core.ports.inbox import Source, WebhookStatus
from bitloot_core.ports.supplier import Purchase, SupplierKey
from bitloot_core.testing.simulation.network import run_through
from bitloot_core.testing.simulation.scene import Scene
from bitloot_core.testing.simulation.stores import LIVING
from bitloot_core.testing.simulation.violation import hold
from bitloot_core.testing.simulation.watch import MARK, STRANGE_JOBS, Watch
from bitloot_core.values.errors import BitlootError
from bitloot_core.values.ids import GatewayPaymentId, OrderId, order_of
from bitloot_core.values.keys import KeyMaterial, KeyOwner
from bitloot_core.values.reading import PROGRESS, PaymentReading

_TELLS_OF_A_PURCHASE = frozenset({FindingReason.SURPLUS_PURCHASE, FindingReason.SUPPLIER_MISMATCH})


class Rest:
    """
    Compares all books, once nothing moves any more.

    Args:
        watch: knows what was seen on the way.
    """

    def __init__(self, scene: Scene, watch: Watch) -> None:
        self._scene = scene
        self._watch = watch
        self._ledger: dict[tuple[LedgerKind, str], list[LedgerEntry]] = defaultdict(list)
        for entry in scene.store.ledger():
            self._ledger[entry.kind, entry.external_id.partition("+")[0]].append(entry)
        self._findings: dict[OrderId | None, list[Finding]] = defaultdict(list)
        for finding in scene.store.findings():
            self._findings[finding.order_id].append(finding)
        failed = (one.webhook for one in scene.store.webhooks() if one.status is WebhookStatus.FAILED)
        self._given_up = {webhook.body for webhook in failed}

    def check(self) -> None:
        """
        Compare everything.

        Raises:
            Violation: something does not agree.
        """
        self._webhooks()
        self._jobs()
        for order_id in self._scene.store.order_ids():
            order = self._scene.store.order(order_id)
            assert order is not None
            self._history(order)
            self._rests(order)
            self._money_of(order)
            self._keys_of(order)
            self._returns_of(order)
            self._mails_of(order)
        self._purchases()
        fault = self._scene.store.fault()
        hold("I9", fault is None, f"the store is broken: {fault}")
        hold("I7", MARK not in self._scene.store.at_rest(), "a key stands in the store in the clear")
        hold("I7", MARK.decode() not in self._scene.history.text(), "a key stands in the history in the clear")

    def _webhooks(self) -> None:
        scene = self._scene
        living = {job.ref for job in scene.store.jobs() if job.status in LIVING and job.name.count(".")}
        for stored in scene.store.webhooks():
            source, body = stored.webhook.source, stored.webhook.body
            hold("I13", (source, body) in scene.facts.authentic, f"webhook {stored.id} was never sent by {source}")
            open_ = stored.status is WebhookStatus.PENDING and str(stored.id) not in living
            hold("I5", not open_, f"webhook {stored.id} is pending, and no job is about it", stored.order_id)

    def _jobs(self) -> None:
        """Nothing is in hand, and what was given up is told; so is what nobody could make sense of."""
        told = {finding.subject for some in self._findings.values() for finding in some}
        for name, ref in STRANGE_JOBS:
            hold("I11", f"{name}:{ref}" in told, f"{name} {ref} makes no sense, and nobody was told")
        for job in self._scene.store.jobs():
            hold("I11", job.status != "running", f"{job.name} {job.ref} is still in hand", job.order_id)
            lost = job.status == "dead" and f"{job.name}:{job.ref}" not in told
            hold("I11", not lost, f"{job.name} {job.ref} is dead, and nobody was told", job.order_id)
        for order_id, some in self._findings.items():
            buried = [one.subject for one in some if "it was claimed" in one.text and not self._is_of_poison(one)]
            hold("I11", not buried, f"{buried} went down with another job's workers", order_id)

    def _is_of_poison(self, finding: Finding) -> bool:
        name, _, ref = finding.subject.partition(":")
        return name == JobName.SEND_MAIL and OrderId(ref.partition("/")[0]) in self._scene.facts.poisoned

    def _history(self, order: Order) -> None:
        first, *rest = self._scene.store.timeline(order.id)
        told = evolve_all(place(first), tuple(rest))  # type: ignore[arg-type]
        same = {name: getattr(told, name) == getattr(order, name) for name in ("payments", "reservations", "units")}
        wrong = [name for name, fits in same.items() if not fits]
        hold("I8", not wrong and told.closing == order.closing, f"its timeline tells of other {wrong}", order.id)

    def _rests(self, order: Order) -> None:
        over = self._watch.is_over(order) or order.findings
        living = [f"{job.name} {job.ref}" for job in self._scene.store.jobs(order.id) if job.status in LIVING]
        hold("I10", over, f"the order has not come to rest; it waits for {living}", order.id)

    # ---------------------------------------------------------------------------------------------------------- money

    def _money_of(self, order: Order) -> None:
        told = self._told_of(order.id)
        for gateway_id in self._scene.gateway.payments_of(order.id):
            truth: PaymentReading = run_through(self._scene.gateway.payment(gateway_id))
            is_watched = self._is_watched(order, order.payment_named(gateway_id))
            seen = truth.actually_paid if is_watched else told.get(gateway_id, Decimal(0))
            self._is_visible(order, gateway_id, seen, truth.actually_paid)

    def _is_watched(self, order: Order, known: Named | None) -> bool:
        """Whether the gateway is asked about a payment: it is ours, can bring more, and its job was not given up."""
        if known is None or isinstance(known, SettledPayment | AcceptedStray | ReturnedPayment | ReturnedStray):
            return False
        is_ours = known.attempt <= len(order.payments) and hasattr(known, "invoice")
        return is_ours and not self._is_given_up(order.id, JobName.CHECK_PAYMENT, payment_ref(order.id, known.attempt))

    def _is_given_up(self, order_id: OrderId, name: JobName, ref: str) -> bool:
        """Whether a person was told that a job was given up: it was in hand at each of too many deaths."""
        dead = (one.subject for one in self._findings[order_id] if one.reason is FindingReason.DEAD_JOB)
        return f"{name}:{ref}" in dead

    def _told_of(self, order_id: OrderId) -> dict[GatewayPaymentId, Decimal]:
        """
        How much was on each payment when a notice about it was last acknowledged; a notice is read back.

        Not those whose job was given up, because it was in hand at each of too many deaths: a person was told (I11).
        """
        told: dict[GatewayPaymentId, Decimal] = {}
        for source, body in self._scene.facts.acknowledged:
            if source is not Source.NOWPAYMENTS or body in self._given_up:
                continue
            fields = json.loads(body)
            if fields["order_ref"] == order_id and fields["word"] not in PROGRESS:
                gateway_id = GatewayPaymentId(fields["gateway_id"])
                truth: PaymentReading = run_through(self._scene.gateway.payment(gateway_id))
                paid = min(Decimal(fields["actually_paid"]), truth.actually_paid)
                told[gateway_id] = max(told.get(gateway_id, Decimal(0)), paid)
        return told

    def _is_visible(self, order: Order, gateway_id: GatewayPaymentId, seen: Decimal, truth: Decimal) -> None:
        booked = sum((one.amount for one in self._ledger[LedgerKind.RECEIVED, gateway_id]), start=Decimal(0))
        hold("I6", booked <= truth, f"{booked} is booked on {gateway_id}, {truth} came", order.id)
        surplus = any(
            one.reason is FindingReason.PAYMENT_SURPLUS and one.subject == gateway_id
            for one in self._findings[order.id]
        )
        visible = booked >= seen or surplus
        hold("I6", visible, f"{seen} came on {gateway_id}, {booked} is booked, and nobody is told", order.id)

    def _purchases(self) -> None:
        charged = {entry.external_id: entry for entry in self._scene.store.ledger() if entry.kind is LedgerKind.CHARGED}
        bought = {purchase.supplier_order_id: purchase for purchase in self._scene.supplier.purchases}
        for purchase in bought.values():
            if purchase.supplier_order_id not in self._scene.facts.too_late:
                self._is_known(purchase, charged.get(purchase.supplier_order_id))
        strange = sorted(charged.keys() - bought.keys())
        hold("I6", not strange, f"{strange} are booked, and were never bought")

    def _is_known(self, purchase: Purchase, entry: LedgerEntry | None) -> None:
        name, order_id = purchase.supplier_order_id, order_of(purchase.ref)
        if entry is None:
            told = any(
                one.reason in _TELLS_OF_A_PURCHASE and name in (one.subject, *one.text.split())
                for one in self._findings[order_id]
            ) or self._is_given_up(order_id, JobName.RESERVE, purchase.ref)
            hold("I6", told, f"purchase {name} is not in the books", order_id)
        else:
            right = (entry.amount, entry.currency) == (purchase.charged.amount, purchase.charged.currency)
            hold("I6", right, f"purchase {name} is booked with {entry.amount}, charged {purchase.charged}", order_id)

    # ----------------------------------------------------------------------------------------------------------- keys

    def _keys_of(self, order: Order) -> None:
        units = {unit.supplier_key_id: unit for unit in order.units if not isinstance(unit, OwedUnit)}
        for res in order.reservations:
            name = supplier_order_of(res)
            if name is None or not isinstance(res, PlacedReservation | CompletedReservation):
                continue
            for key in run_through(self._scene.supplier.keys_of(name)):
                held = next((units[one] for one in (key.id, *key.event_ids) if one in units), None)
                told = order.findings or isinstance(order.closing, Refunded)
                hold("I2", held is not None or told, f"key {key.id} was bought, and nobody holds it", order.id)
                if isinstance(held, HeldUnit):
                    self._is_sealed(order, held, key)
        if isinstance(order.closing, Fulfilled):
            told = order.findings or not order.owed
            hold("I2", told, "a fulfilled order owes keys, and nobody is told", order.id)

    def _returns_of(self, order: Order) -> None:
        """What went back is nobody's any more, and its money is in the books."""
        for res in order.reservations:
            name = supplier_order_of(res)
            if name is None or not self._scene.supplier.is_returning(name):
                continue
            accepted = order.return_of(name)
            if not isinstance(accepted, AcceptedReturn):
                hold("I6", order.findings, f"keys of {name} went back, and nobody knows", order.id)
                continue
            held = [unit.id for unit in order.held if unit.supplier_key_id in accepted.keys]
            hold("I2", not held, f"units {held} are held, and their keys of {name} went back", order.id)
            self._is_credited(order, res, accepted)

    def _is_credited(self, order: Order, res: Reservation, accepted: AcceptedReturn) -> None:
        name = accepted.supplier_order_id
        booked = sum(one.amount for one in self._ledger[LedgerKind.RETURNED, name])
        credited = self._scene.supplier.credited(name, accepted.keys).amount
        units = res.plan.units
        free = [unit.id for unit in order.units if unit.id not in units and isinstance(unit, ReplacedUnit)]
        is_told_apart = len(res.plan.items) == 1 and len(accepted.keys) <= len(units) and not free
        right = booked == credited if is_told_apart else booked in (0, credited)
        hold("I6", right, f"{credited} came back for keys of {name}, and {booked} is booked", order.id)

    def _is_sealed(self, order: Order, unit: HeldUnit, key: SupplierKey) -> None:
        owner = KeyOwner(order_id=order.id, unit_id=unit.id, supplier_key_id=unit.supplier_key_id)
        try:
            opened: Iterable[KeyMaterial] = run_through(self._scene.vault.open_keys([(unit.storage_ref, owner)]))
        except BitlootError as error:
            opened, why = (), f": {error}"
        else:
            why = ""
        hold("I2", tuple(opened) == (key.material,), f"the key of unit {unit.id} is not in the vault{why}", order.id)

    # ---------------------------------------------------------------------------------------------------------- mails

    def _mails_of(self, order: Order) -> None:
        sent = [one for one in self._scene.mailer.sent if one.mail.order_id == order.id]
        links: dict[str, str] = {}
        for one in sent:
            if one.mail.kind is MailKind.DELIVERY:
                same = links.setdefault(one.key, one.mail.link.reveal()) == one.mail.link.reveal()
                hold("I4", same, "a repeated mail carries another link", order.id)
        excused = any(
            one.reason is FindingReason.MAIL_REFUSED or one.subject.startswith(f"{JobName.SEND_MAIL}:{order.id}/")
            for one in (*self._findings[order.id], *self._findings[None])
        )
        if isinstance(order.closing, Fulfilled) and order.may_reveal and order.held:  # of a sole key replaced, nothing
            hold("I10", links or excused, "the order is fulfilled, and no mail was sent", order.id)
