"""The table is as narrow as `decide`: each of its steps is taken on some order, and none that is not in it."""

import itertools
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import attrs

from bitloot_core.order import commands as c
from bitloot_core.order import staff_commands as sc
from bitloot_core.order.decide import decide
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import JobName
from bitloot_core.order.order import Expired, Order, StillOpen
from bitloot_core.order.payments import (
    DoubtfulPayment,
    IntendedPayment,
    OpenPayment,
    Payment,
    RefusedPayment,
    ReviewedPayment,
    ShortPayment,
    StrayPayment,
    VoidPayment,
    VoidReason,
)
from bitloot_core.order.policy import Policy
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.reservations import SupplierWord
from bitloot_core.order.returns import AskedReturn
from bitloot_core.order.status import Status, status_of
from bitloot_core.order.transitions import TRANSITIONS, evolve, evolve_all
from bitloot_core.testing.milestones import bought, hold, key_for, milestones
from bitloot_core.testing.orders import COIN, DUE, NOTHING, a_finding, an_invoice, placed, with_finding
from bitloot_core.testing.story import Story, a_reading, read
from bitloot_core.values.errors import NotFound
from bitloot_core.values.ids import LinkId, SupplierOrderId
from bitloot_core.values.money import CoinAmount
from bitloot_core.values.reading import PaymentWord as Word

POLICY = Policy()
START = placed(quantity=2)
SOME = CoinAmount(amount=DUE.amount / 2, coin=COIN)
BY = {"by": "admin:ann", "reason": "because"}
SURPLUS = SupplierOrderId("surplus")
Step = tuple[Status, type, Status]


def payments(order: Order, attempt: int) -> Iterator[Payment]:
    """Each state that an attempt can be in while nothing has settled."""
    invoice, at = an_invoice(order, attempt), order.created_at
    yield IntendedPayment(attempt=attempt, coin=COIN, intended_at=at)
    yield DoubtfulPayment(attempt=attempt, coin=COIN, intended_at=at)
    yield RefusedPayment(attempt=attempt, coin=COIN, code="below-minimum", reason="too small", refused_at=at)
    for word in (Word.WAITING, Word.CONFIRMING):
        yield OpenPayment(attempt=attempt, invoice=invoice, progress=word, told_at=None)
    yield ShortPayment(attempt=attempt, invoice=invoice, received=SOME)
    for received in (SOME, NOTHING):
        yield ReviewedPayment(attempt=attempt, invoice=invoice, received=received, reasons=("coin",))
        yield StrayPayment(
            attempt=attempt,
            gateway_id=invoice.gateway_id,
            parent_id=None,
            received=received,
            word=Word.FINISHED,
            reasons=("parent",),
        )
        for why in VoidReason:
            yield VoidPayment(attempt=attempt, invoice=invoice, why=why, received=received, ended_at=at)


def can_be_expired(payment: Payment) -> bool:
    """Whether a payment can be on an order whose time ran out: money on its way, or here, opens the order again."""
    match payment:
        case OpenPayment():
            return payment.progress is Word.WAITING
        case ShortPayment():
            return False
        case ReviewedPayment():
            return not payment.received.amount
        case _:
            return True


def unpaid_orders() -> Iterator[tuple[Order, int]]:
    """Every order with up to two unsettled payments, open and expired, and the attempt that something happens to."""
    yield START, 0
    firsts, seconds = tuple(payments(START, 1)), tuple(payments(START, 2))
    for parts in (*((one,) for one in firsts), *itertools.product(firsts, seconds)):
        yield attrs.evolve(START, payments=parts), 1
        if all(can_be_expired(one) for one in parts):
            yield attrs.evolve(START, payments=parts, closing=Expired(at=START.expires_at)), 1


def places() -> Iterator[Order]:
    """Each place that an order can come to, and some on the way of a second purchase, and of a late refund."""
    stories = milestones()
    again = stories["fulfilling, fallen"].when(c.RetryOrder(**BY))
    claimed = again.when(c.ClaimPurchase(number=2))
    late = stories["paid, claimed"].when(c.RecordRefund(**BY))
    owed = stories["fulfilled, bad key"]
    sent = owed.when(c.ClaimPurchase(number=2))
    bad = (sent, sent.when(bought(2)), sent.when(c.RecordPurchaseRefusal(number=2, code="out-of-stock", reason="none")))
    yield from (story.order for story in (*stories.values(), again, claimed, late, *bad))


def paid_orders() -> Iterator[tuple[Order, int]]:
    """Each place that an order can come to once it was paid or called off, with a second payment in each state."""
    for order in places():
        if status_of(order) not in {Status.CREATED, Status.WAITING, Status.CONFIRMING, Status.UNDERPAID}:
            number = len(order.payments) + 1
            for payment in payments(START, number):
                if isinstance(order.closing, StillOpen) or can_be_expired(payment):
                    yield attrs.evolve(order, payments=(*order.payments, payment)), number


def about_payments(order: Order, attempt: int) -> Iterator[c.OrderCommand]:
    """All that can be said of one attempt, and what a buyer or a person makes of it."""
    invoice = an_invoice(START, attempt)
    yield c.RecordInvoice(attempt=attempt, invoice=invoice)
    yield c.RecordPaymentDoubt(attempt=attempt)
    yield c.RecordPaymentRefusal(attempt=attempt, code="below-minimum", reason="too small")
    yield c.AcceptPayment(gateway_id=invoice.gateway_id, **BY)
    yield from (c.IntendPayment(coin="eth"), c.RecordRefund(**BY))
    for word, paid in itertools.product(Word, (Decimal(0), SOME.amount, DUE.amount)):
        yield read(a_reading(order, word, paid=paid, gateway_id=invoice.gateway_id))


def about_orders(order: Order) -> Iterator[c.OrderCommand]:
    """All else that can be asked."""
    story = Story(order=order, now=order.expires_at)
    yield from (c.ExpireOrder(), c.CancelOrder(**BY), c.RecordRefund(**BY))
    yield c.RetryOrder(**BY)
    for word in (Word.FINISHED, Word.REFUNDED, Word.EXPIRED):
        yield from (read(a_reading(order, word, gateway_id=name)) for name in ("pay-o1-1", "unknown"))
    for number in (1, 2):
        yield from (c.ClaimPurchase(number=number), bought(number), c.RecordPurchaseDoubt(number=number))
        yield c.ReleasePurchase(number=number)
        yield c.RecordPurchaseRefusal(number=number, code="out-of-stock", reason="none")
        yield from (c.RecordSupplierWord(number=number, word=word) for word in SupplierWord)
    yield from (hold(story, key_for("1.1")), hold(story, key_for("1.1"), key_for("1.2")))
    yield hold(story, key_for("1.3"), number=2)
    yield c.IssueLink(link_id=LinkId("l9"), expires_at=story.now + timedelta(days=9), by="order")
    finding = a_finding(order)
    yield c.OpenFinding(reason=finding.reason, subject=finding.subject, text=finding.text, blocking=True)
    yield from (c.ResolveFinding(finding_id=one.id, **BY) for one in order.findings)


def by_staff(order: Order) -> Iterator[c.OrderCommand]:
    """All that a person of the staff can ask beside the ends of an order, and what comes of it."""
    yield from (sc.Rebuy(**BY), sc.ParkOrder(**BY), sc.UnparkOrder(**BY))
    yield sc.RetryJob(name=JobName.RESERVE, ref="o1-1", **BY)
    for unit, from_supplier in itertools.product(order.units, (True, False)):
        yield sc.ReplaceKey(unit_id=unit.id, from_supplier=from_supplier, **BY)
    yield sc.ReturnKeys(supplier_order_id=SURPLUS, **BY)
    yield sc.RecordReturn(supplier_order_id=SURPLUS, keys=(), pending=1)
    yield sc.RecordReturnRefusal(supplier_order_id=SURPLUS, code="too-late", reason="a day is over")


def with_a_finding(order: Order) -> Order:
    """The order with something to resolve on it."""
    finding = a_finding(order)
    return attrs.evolve(order, findings=(*order.findings, finding), findings_opened=order.findings_opened + 1)


def with_a_surplus(order: Order) -> Order:
    """The order with a purchase that it does not need, and that nobody has asked to give back."""
    return with_finding(order, a_finding(order, reason=FindingReason.SURPLUS_PURCHASE, subject=SURPLUS, blocking=False))


def with_a_return(order: Order) -> Order:
    """The order with a purchase that is on its way back."""
    return attrs.evolve(order, returns=(AskedReturn(supplier_order_id=SURPLUS, asked_at=order.created_at),))


def put_aside(order: Order) -> Order:
    """The order, put aside where that can be."""
    if status_of(order) in {Status.REFUNDED, Status.CANCELLED}:
        return order
    return evolve_all(order, decide(order, sc.ParkOrder(**BY), now=order.expires_at, policy=POLICY))


def steps(order: Order, command: c.OrderCommand) -> Iterator[Step]:
    """The steps that a command leads to, in time and, for another try of a payment, before it."""
    for now in (order.expires_at - timedelta(minutes=1), order.expires_at + timedelta(minutes=20)):
        try:
            events = decide(order, command, now=now, policy=POLICY)
        except (TransitionRefused, NotFound):
            continue
        current = order
        for event in events:
            after = evolve(current, event)
            yield status_of(current), type(event), status_of(after)
            current = after


def test_each_step_of_the_table_is_taken_and_no_other() -> None:
    """I8: deciding everything on every order finds each row of the table, and none beside."""
    found: set[Step] = set()
    for order, attempt in itertools.chain(unpaid_orders(), paid_orders()):
        for command in about_payments(order, attempt):
            found.update(steps(order, command))
    for order in places():
        found.update(steps(order, c.ForgetBuyer(**BY)))
        told = with_a_finding(order)
        for command in (*about_orders(told), *by_staff(told)):
            found.update(steps(told, command))
        for changed in (with_a_surplus(order), with_a_return(order), put_aside(order)):
            for command in by_staff(changed):
                found.update(steps(changed, command))

    expected = {
        (status, event, after) for status, row in TRANSITIONS.items() for event, all_ in row.items() for after in all_
    }
    assert expected == found
