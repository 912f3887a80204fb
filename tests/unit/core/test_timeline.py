"""The timeline in words: one sentence for the operator, one for the buyer where it is the buyer's business."""

from datetime import timedelta
from typing import get_args

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitloot_core.order import commands as c
from bitloot_core.order import events as e
from bitloot_core.order import staff_events as s
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import JobName
from bitloot_core.order.payments import VoidReason
from bitloot_core.order.reservations import SupplierWord
from bitloot_core.order.timeline import Sentences, describe
from bitloot_core.testing.milestones import bought, hold, key_for, milestones
from bitloot_core.testing.orders import DUE, NOTHING, PLACED_AT, a_plan, a_receipt, an_invoice, placed
from bitloot_core.testing.story import Story, a_reading, read
from bitloot_core.values.ids import (
    FindingId,
    GatewayPaymentId,
    LinkId,
    StorageRef,
    SupplierKeyId,
    SupplierOrderId,
    UnitId,
)
from bitloot_core.values.money import Money
from bitloot_core.values.reading import PaymentWord

ORDER = placed(quantity=2)
SECRETS = {
    "supplier order": "SUPPLIERORDER",
    "supplier key": "SUPPLIERKEY",
    "storage ref": "STORAGEREF",
    "link": "LINKID",
    "cost": "77.31",
    "reason": "INTERNALREASON",
    "operator": "admin:OPERATOR",
    "gateway payment": "GATEWAYPAYMENT",
    "reference": "o1-1",
    "finding": "o1.f1",
}
"""What a buyer must not read, by what it is."""
BY = {"by": SECRETS["operator"], "reason": SECRETS["reason"]}
WORDS = (PaymentWord.WAITING, PaymentWord.CONFIRMING, PaymentWord.CONFIRMED, PaymentWord.SENDING)


def full_of_secrets() -> dict[str, e.OrderEvent]:
    """Each event, with everything in it that only the staff may read."""
    at, gateway = PLACED_AT, GatewayPaymentId(SECRETS["gateway payment"])
    stray = milestones()["waiting, stray"].order.payments[1]
    wrong = (SECRETS["reason"],)
    purchase, key = SupplierOrderId(SECRETS["supplier order"]), SupplierKeyId(SECRETS["supplier key"])
    told = c.OpenFinding(reason=FindingReason.DEAD_JOB, subject="s", text=SECRETS["reason"], blocking=True)
    finding = Story(order=ORDER).when(told).order.findings[0]
    events: tuple[e.OrderEvent, ...] = (
        e.OrderPlaced(at=at, order_id=ORDER.id, buyer=ORDER.buyer, lines=ORDER.lines, expires_at=ORDER.expires_at),
        e.PaymentIntended(at=at, attempt=1, coin="btc"),
        e.PaymentDoubted(at=at, attempt=1),
        e.PaymentRefused(at=at, attempt=1, code="below-minimum", reason=SECRETS["reason"]),
        e.PaymentOpened(at=at, attempt=1, invoice=an_invoice(ORDER, gateway_id=gateway), adopted=True),
        *(e.PaymentProgressed(at=at, attempt=1, word=word, told_at=None) for word in WORDS),
        e.PaymentFellShort(at=at, attempt=1, received=DUE),
        e.PaymentHeldForReview(at=at, attempt=1, received=DUE, reasons=wrong),
        e.StrayPaymentSeen(at=at, stray=attrs.evolve(stray, gateway_id=gateway, reasons=wrong)),
        e.PaymentSettled(at=at, attempt=1, receipt=a_receipt(ORDER, by=SECRETS["operator"])),
        e.PaymentReturned(at=at, attempt=1),
        *(e.PaymentVoided(at=at, attempt=1, why=why, received=NOTHING) for why in VoidReason),
        e.ReservationPlanned(at=at, plan=a_plan(ORDER)),
        e.ReservationPlanned(at=at, plan=a_plan(placed())),
        e.ReservationClaimed(at=at, number=1),
        e.ReservationReleased(at=at, number=1),
        e.ReservationDoubted(at=at, number=1),
        e.ReservationPlaced(
            at=at,
            number=1,
            supplier_order_id=SupplierOrderId(SECRETS["supplier order"]),
            charged=Money.of(SECRETS["cost"], "EUR"),
            word=SupplierWord.PROCESSING,
        ),
        e.ReservationRefused(at=at, number=1, code="out-of-stock", reason=SECRETS["reason"]),
        *(e.SupplierProgressed(at=at, number=1, word=word) for word in SupplierWord),
        e.ReservationFell(at=at, number=1, word=SupplierWord.REFUNDED),
        e.KeyHeld(
            at=at,
            unit_id=UnitId("1.1"),
            number=1,
            supplier_key_id=SupplierKeyId(SECRETS["supplier key"]),
            storage_ref=StorageRef(SECRETS["storage ref"]),
        ),
        e.ReservationCompleted(at=at, number=1),
        e.OrderFulfilled(at=at),
        e.OrderExpired(at=at),
        e.OrderCancelled(at=at, **BY),
        e.OrderRefunded(at=at, **BY),
        e.LinkIssued(at=at, link_id=LinkId(SECRETS["link"]), expires_at=at, by=SECRETS["operator"]),
        e.FindingOpened(at=at, finding=finding),
        e.FindingResolved(at=at, finding_id=FindingId("o1.f1"), **BY),
        e.OrderRetried(at=at, **BY),
        s.UnitReplaced(at=at, unit_id=UnitId("1.1"), replaced_by=UnitId("1.3"), in_purchase=None, **BY),
        s.UnitReplaced(at=at, unit_id=UnitId("1.1"), replaced_by=UnitId("1.3"), in_purchase=1, **BY),
        s.ReturnAsked(at=at, supplier_order_id=purchase, **BY),
        s.KeysReturned(at=at, supplier_order_id=purchase, keys=(key,), pending=0),
        s.KeysReturned(at=at, supplier_order_id=purchase, keys=(key,), pending=2),
        s.ReturnRefused(at=at, supplier_order_id=purchase, code="too-late", reason=SECRETS["reason"]),
        s.RebuyAsked(at=at, **BY),
        s.OrderParked(at=at, **BY),
        s.OrderUnparked(at=at, **BY),
        s.JobAskedAgain(at=at, name=JobName.RESERVE, ref=SECRETS["reference"], **BY),
        e.BuyerForgotten(at=at, **BY),
    )
    return {f"{type(event).__name__}-{number}": event for number, event in enumerate(events)}


EVENTS = full_of_secrets()
OF_NO_CONCERN = {
    e.PaymentIntended,
    e.PaymentDoubted,
    e.ReservationPlanned,
    e.ReservationClaimed,
    e.ReservationReleased,
    e.ReservationDoubted,
    e.ReservationRefused,
    e.SupplierProgressed,
    e.ReservationFell,
    e.ReservationCompleted,
    e.FindingOpened,
    e.FindingResolved,
    e.OrderRetried,
    s.ReturnAsked,
    s.KeysReturned,
    s.ReturnRefused,
    s.RebuyAsked,
    s.OrderParked,
    s.OrderUnparked,
    s.JobAskedAgain,
    e.BuyerForgotten,
}
"""What the buyer never hears of."""


def test_every_event_is_described() -> None:
    """An event without words would be a hole in the timeline."""
    assert set(get_args(e.OrderEvent)) == {type(event) for event in EVENTS.values()}


@pytest.mark.parametrize("name", EVENTS)
def test_each_event_has_a_sentence(name: str) -> None:
    """The operator's is always there; neither begins in the middle."""
    sentences = describe(EVENTS[name])

    assert not sentences.text[0].islower()
    assert sentences.public_text is None or sentences.public_text[0].isupper()


@pytest.mark.parametrize("name", EVENTS)
def test_a_buyer_reads_nothing_of_the_shops_own(name: str) -> None:
    """I7, F1: no supplier's identifier, storage ref, cost, link, reason or name of the staff."""
    public = describe(EVENTS[name]).public_text or ""

    assert [what for what, secret in SECRETS.items() if secret in public] == []


@pytest.mark.parametrize("name", EVENTS)
def test_a_buyer_hears_only_of_what_concerns_a_buyer(name: str) -> None:
    """How we buy is none of it."""
    silent = describe(EVENTS[name]).public_text is None

    assert (type(EVENTS[name]) in OF_NO_CONCERN) is silent


def test_one_key_is_not_two() -> None:
    """Sentences are read by people."""
    one, two = e.ReservationPlanned(at=PLACED_AT, plan=a_plan(placed())), EVENTS["ReservationPlanned-18"]

    assert describe(one).text == "Purchase o1-1 planned: 1 key."
    assert describe(two).text == "Purchase o1-1 planned: 2 keys."


def test_a_payment_that_ended_with_money_says_so_to_the_operator() -> None:
    """I6: what came is told beside the end."""
    ended = e.PaymentVoided(at=PLACED_AT, attempt=1, why=VoidReason.FAILED, received=DUE)

    assert Sentences(
        text="A payment is failed. 0.00012345 btc had come on it.", public_text="A payment is failed."
    ) == describe(ended)


@pytest.mark.parametrize(
    ("event", "text", "public_text"),
    [
        (
            e.PaymentVoided(at=PLACED_AT, attempt=1, why=VoidReason.EXPIRED, received=NOTHING),
            "A payment is expired.",
            "A payment is expired.",
        ),
        (
            e.PaymentFellShort(at=PLACED_AT, attempt=1, received=DUE),
            "Only 0.00012345 btc arrived.",
            "Only 0.00012345 btc arrived; the shop will get in touch.",
        ),
        (
            s.KeysReturned(
                at=PLACED_AT, supplier_order_id=SupplierOrderId("b1"), keys=(SupplierKeyId("k"),), pending=0
            ),
            "The supplier took 1 key(s) of b1 back.",
            None,
        ),
        (
            s.KeysReturned(at=PLACED_AT, supplier_order_id=SupplierOrderId("b1"), keys=(), pending=2),
            "The supplier took 0 key(s) of b1 back; 2 more as soon as they come.",
            None,
        ),
    ],
)
def test_a_sentence_says_what_there_is_and_no_more(event: e.OrderEvent, text: str, public_text: str | None) -> None:
    """No money that did not come, no keys that do not."""
    assert Sentences(text=text, public_text=public_text) == describe(event)


@pytest.mark.parametrize(
    ("in_purchase", "how"), [(None, "another is bought as unit 1.2"), (7, "another comes in purchase 7 as unit 1.2")]
)
def test_a_replacement_says_where_the_other_key_comes_from(in_purchase: int | None, how: str) -> None:
    """From a purchase of its own, or out of the first."""
    event = s.UnitReplaced(
        at=PLACED_AT,
        unit_id=UnitId("1.1"),
        replaced_by=UnitId("1.2"),
        in_purchase=in_purchase,
        by="admin:ann",
        reason="used up",
    )

    assert how in describe(event).text


def test_an_adopted_payment_is_told_as_such() -> None:
    """The operator must see that nobody heard the gateway's answer."""
    opened = e.PaymentOpened(at=PLACED_AT, attempt=1, invoice=an_invoice(ORDER))

    assert describe(opened).text.startswith("Opened payment pay-o1-1")
    assert describe(attrs.evolve(opened, adopted=True)).text.startswith("Adopted payment pay-o1-1")
    assert Sentences(
        text="Paid: 0.00012345 btc, accepted by gateway.", public_text="Paid: 0.00012345 btc."
    ) == describe(e.PaymentSettled(at=PLACED_AT, attempt=1, receipt=a_receipt(ORDER)))


names = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=4, max_size=12)
"""Names of a script that none of our sentences is written in."""


@given(names, names, names, names, st.integers(70_000, 90_000))
def test_whatever_others_call_things_a_buyer_does_not_read_it(
    purchase: str, key: str, storage: str, link: str, cents: int
) -> None:
    """I7: the buyer's timeline of a whole order holds none of the names that the supplier, vault and links use."""
    start = milestones()["waiting"]
    claimed = start.when(read(a_reading(start.order)), c.ClaimPurchase(number=1))
    placed_ = claimed.when(bought(name=purchase, charged=Money.from_minor(cents, "EUR")))
    sealed = attrs.evolve(key_for("1.1"), supplier_key_id=SupplierKeyId(key), storage_ref=StorageRef(storage))
    story = placed_.when(hold(placed_, sealed, link=link))
    fresh = c.IssueLink(link_id=LinkId(link), expires_at=story.now + timedelta(days=1), by="admin:ann")

    told = [describe(event).public_text or "" for event in story.when(fresh, c.RecordRefund(**BY)).events]

    cost = f"{cents / 100:.2f}"
    assert not any(secret in text for text in told for secret in (purchase, key, storage, link, cost))
