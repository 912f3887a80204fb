"""
What the reconciliation makes of each difference between our books and theirs, word for word (`differences.txt`).

`place | difference | ...`: for a person the order, why, about what, how heavy, the money at stake and the words; for
the program what it does by itself. What is no difference has no line.
"""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import attrs
import pytest
from conforming import misfits

from bitloot_core.order import commands as c
from bitloot_core.order.discrepancies import Amiss, Behind, Discrepancy, Side
from bitloot_core.order.jobs import JobRequest
from bitloot_core.order.ledger import LedgerEntry, LedgerKind
from bitloot_core.order.reservations import BOUGHT, SupplierWord
from bitloot_core.ports.supplier import Purchase
from bitloot_core.testing.milestones import COST, PAYMENT, bought, milestones
from bitloot_core.testing.orders import DUE, PLACED_AT, an_invoice, placed
from bitloot_core.testing.story import Story, a_reading, read
from bitloot_core.usecases.compare_payments import compare_ledger, compare_payment, named
from bitloot_core.usecases.compare_purchases import compare_purchase, lost_at_supplier
from bitloot_core.values.ids import ExternalRef, OrderId, SupplierOrderId, SupplierProductId
from bitloot_core.values.money import Money
from bitloot_core.values.reading import PaymentReading, PaymentWord

KNOWN = Path(__file__).with_name("differences.txt").read_text(encoding="utf-8").splitlines()
PLACES = milestones()
WAITING = PLACES["waiting"]
ACCEPTED = PLACES["created, in review"].when(c.AcceptPayment(gateway_id=PAYMENT, by="admin:ann", reason="it is ours"))
OURS = Purchase(
    supplier_order_id=SupplierOrderId("bought-1"),
    ref=ExternalRef("o1-1"),
    word=SupplierWord.PROCESSING,
    charged=COST,
    quantities={SupplierProductId("supplier-game"): 2},
    created_at=PLACED_AT,
)
LISTED = {
    "as it is": OURS,
    "dearer": attrs.evolve(OURS, charged=Money.of("18.00", "EUR")),
    "other contents": attrs.evolve(OURS, quantities={SupplierProductId("supplier-game"): 1}),
    "completed": attrs.evolve(OURS, word=SupplierWord.COMPLETED),
    "cancelled": attrs.evolve(OURS, word=SupplierWord.CANCELLED),
    "refunded": attrs.evolve(OURS, word=SupplierWord.REFUNDED),
    "a second one": attrs.evolve(OURS, supplier_order_id=SupplierOrderId("second")),
    "a second one, refunded": attrs.evolve(
        OURS, supplier_order_id=SupplierOrderId("second"), word=SupplierWord.REFUNDED
    ),
    "never planned": attrs.evolve(OURS, ref=ExternalRef("o1-9")),
}
BUYING = (
    *("paid", "paid, claimed", "paid, in doubt", "paid, no stock"),
    *("fulfilling", "fulfilling, fallen", "fulfilled", "refunded, going back"),
)
PAYMENTS = {
    **{place: PLACES[place] for place in ("waiting", "waiting, stray", "underpaid", "failed", "created, in review")},
    **{place: PLACES[place] for place in ("paid", "paid, sent back", "cancelled, paid late")},
    "paid, let count": ACCEPTED,
}
SAID = {
    "waiting": (PaymentWord.WAITING, Decimal(0)),
    "on its way": (PaymentWord.SENDING, Decimal(0)),
    "finished": (PaymentWord.FINISHED, DUE.amount),
    "half of it": (PaymentWord.PARTIALLY_PAID, DUE.amount / 2),
    "twice": (PaymentWord.FINISHED, DUE.amount * 2),
    "sent back": (PaymentWord.REFUNDED, DUE.amount),
    "expired": (PaymentWord.EXPIRED, Decimal(0)),
}


def of_purchases() -> Iterator[tuple[str, Story, tuple[Discrepancy, ...]]]:
    """Each purchase that the supplier may list, beside an order that buys, or has bought."""
    for place in BUYING:
        story = PLACES[place]
        now, policy = story.now, story.policy
        for difference, listed in LISTED.items():
            yield f"{place} | {difference}", story, compare_purchase(story.order, listed, now=now, policy=policy)
        for res in story.order.reservations:
            if isinstance(res, BOUGHT):
                yield f"{place} | not known there", story, (lost_at_supplier(story.order, res),)
    yield "no order | as it is", WAITING, compare_purchase(None, OURS, now=WAITING.now, policy=WAITING.policy)


def of_payments() -> Iterator[tuple[str, Story, tuple[Discrepancy, ...]]]:
    """Whatever the gateway may say of each payment, or that it does not know it."""
    for place, story in PAYMENTS.items():
        (*_, payment) = named(story.order.payments)
        now, policy = story.now, story.policy
        readings: dict[str, PaymentReading | None] = {
            difference: attrs.evolve(
                a_reading(story.order, word, paid=paid, gateway_id=gateway_id_in(story)),
                parent_id=PAYMENT if "stray" in place else None,
            )
            for difference, (word, paid) in SAID.items()
        }
        other_coin = attrs.evolve(a_reading(story.order, gateway_id=gateway_id_in(story)), coin="eth")
        for difference, reading in {**readings, "another coin": other_coin, "not known there": None}.items():
            yield (
                f"{place} | {difference}",
                story,
                compare_payment(story.order, payment, reading, now=now, policy=policy),
            )


def gateway_id_in(story: Story) -> str:
    """The newest payment, as the gateway names it."""
    return "stray" if len(story.order.payments) > 1 else PAYMENT


def line(found: Discrepancy) -> str:
    """A difference, as `differences.txt` has it."""
    match found:
        case Amiss():
            weight = "blocking" if found.blocking else "beside"
            what = f"{found.side} | {found.order_id} | {found.reason} | {found.subject} | {weight} | {found.amount}"
        case Behind(remedy=JobRequest() as job):
            what = f"{found.side} | {found.order_id} | does {job.name} {job.ref} of {job.order_id} | {found.subject}"
        case Behind(remedy=reading):
            what = f"{found.side} | {found.order_id} | takes in {reading.word} | {found.subject}"
    return f"{what} | {found.text}"


def test_every_difference_is_told_word_for_word() -> None:
    """To whom, about what, how heavy, with what money at stake; or what is done about it, and now."""
    every = [*of_purchases(), *of_payments()]

    assert [f"{case} | {line(one)}" for case, _, found in every for one in found] == KNOWN
    jobs = [(one.remedy, story) for _, story, found in every for one in found if isinstance(one, Behind)]
    assert all(job.due_at == story.now for job, story in jobs if isinstance(job, JobRequest))


def test_a_difference_is_of_its_types() -> None:
    """Down to the last field."""
    every = (one for _, _, found in (*of_purchases(), *of_payments()) for one in found)

    assert [wrong for one in every for wrong in misfits(one, type(one), type(one).__name__)] == []


def entry(kind: LedgerKind, name: str, amount: Decimal, currency: str) -> LedgerEntry:
    """A line of the ledger."""
    return LedgerEntry(
        order_id=OrderId("o1"), kind=kind, external_id=name, amount=amount, currency=currency, at=PLACED_AT
    )


CAME = entry(LedgerKind.RECEIVED, PAYMENT, DUE.amount, DUE.coin)
CHARGED = entry(LedgerKind.CHARGED, "bought-1", COST.amount, "EUR")
LEDGERS = MappingProxyType(
    {
        "all of it": ((CAME, CHARGED), []),
        "nothing": ((), [(f"ledger:{PAYMENT}", str(DUE)), ("ledger:bought-1", str(COST))]),
        "of another kind": (
            (attrs.evolve(CAME, kind=LedgerKind.REFUNDED), attrs.evolve(CHARGED, kind=LedgerKind.RETURNED)),
            [(f"ledger:{PAYMENT}", str(DUE)), ("ledger:bought-1", str(COST))],
        ),
        "in another currency": (
            (attrs.evolve(CAME, currency="eth"), attrs.evolve(CHARGED, currency="USD")),
            [(f"ledger:{PAYMENT}", str(DUE)), ("ledger:bought-1", str(COST))],
        ),
        "under another name": (
            (attrs.evolve(CAME, external_id="other"), attrs.evolve(CHARGED, external_id="other")),
            [(f"ledger:{PAYMENT}", str(DUE)), ("ledger:bought-1", str(COST))],
        ),
        "in two parts": (
            (
                attrs.evolve(CAME, amount=DUE.amount / 2),
                attrs.evolve(CAME, external_id=f"{PAYMENT}+{DUE}", amount=DUE.amount / 2),
                CHARGED,
            ),
            [],
        ),
    }
)


@pytest.mark.parametrize("has", LEDGERS)
def test_a_ledger_has_what_the_order_has(has: str) -> None:
    """To the last digit, each under its own name, kind and currency."""
    entries, missing = LEDGERS[has]

    found = compare_ledger(PLACES["fulfilling"].order, entries)

    assert [(one.subject, one.amount) for one in found] == missing
    assert {(one.side, one.order_id) for one in found} <= {(Side.PAYMENTS, "o1")}


def test_what_brought_nothing_hides_nothing() -> None:
    """Neither a payment nor a purchase that came to nothing ends the search for what the ledger lacks."""
    order = attrs.evolve(placed(), id=OrderId("o1"))
    story = Story(order=order).when(
        c.IntendPayment(coin="eth"),
        c.RecordPaymentRefusal(attempt=1, code="below-minimum", reason="too small"),
        c.IntendPayment(coin=DUE.coin),
        c.RecordInvoice(attempt=2, invoice=an_invoice(order, 2)),
    )
    story = story.when(read(a_reading(order, gateway_id="pay-o1-2")), c.ClaimPurchase(number=1))
    story = story.when(c.RecordPurchaseRefusal(number=1, code="out-of-stock", reason="nothing left"))
    story = story.when(c.RetryOrder(by="admin:ann", reason="again"), c.ClaimPurchase(number=2), bought(2))

    assert [one.subject for one in compare_ledger(story.order, ())] == ["ledger:pay-o1-2", "ledger:bought-2"]
