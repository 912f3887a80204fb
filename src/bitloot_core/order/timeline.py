"""
The timeline in words: one sentence for the operator, and one for the buyer where it is the buyer's business.

A buyer's sentence never holds a product key, a link, a supplier's identifier or a cost.
"""

from __future__ import annotations

from typing import assert_never

import attrs

from bitloot_core.order import events as e
from bitloot_core.order import staff_events as s
from bitloot_core.values.reading import PaymentWord


@attrs.frozen(kw_only=True)
class Sentences:
    """
    What happened, told twice.

    Attributes:
        text: for the operator.
        public_text: for the buyer; None for what is none of the buyer's business.
    """

    text: str
    public_text: str | None


def describe(event: e.OrderEvent) -> Sentences:
    """Put an event into words."""
    match event:
        case (
            e.PaymentIntended()
            | e.PaymentDoubted()
            | e.PaymentRefused()
            | e.PaymentOpened()
            | e.PaymentProgressed()
            | e.PaymentFellShort()
            | e.PaymentHeldForReview()
            | e.StrayPaymentSeen()
            | e.PaymentSettled()
            | e.PaymentReturned()
            | e.PaymentVoided()
        ):
            return _of_payment(event)
        case (
            e.ReservationPlanned()
            | e.ReservationClaimed()
            | e.ReservationReleased()
            | e.ReservationDoubted()
            | e.ReservationPlaced()
            | e.ReservationRefused()
            | e.SupplierProgressed()
            | e.ReservationFell()
            | e.KeyHeld()
            | e.ReservationCompleted()
        ):
            return _of_purchase(event)
        case (
            s.UnitReplaced()
            | s.ReturnAsked()
            | s.KeysReturned()
            | s.ReturnRefused()
            | s.RebuyAsked()
            | s.OrderParked()
            | s.OrderUnparked()
            | s.JobAskedAgain()
        ):
            return _of_staff(event)
        case e.OrderPlaced():
            return _both("The order was placed.")
        case e.OrderFulfilled():
            return _both("All keys are ready.")
        case e.OrderExpired():
            return _both(
                "The time to pay ran out.", "The time to pay ran out. A payment that is still on its way counts."
            )
        case e.OrderCancelled():
            return _both(f"Cancelled by {event.by}: {event.reason}", "The order was cancelled.")
        case e.OrderRefunded():
            return _both(f"Refund recorded by {event.by}: {event.reason}", "The order was refunded.")
        case e.LinkIssued():
            return _both(
                f"A delivery link was made for {event.by}; it revokes the earlier ones.", "A delivery link was made."
            )
        case e.FindingOpened():
            return _staff(f"Needs a person ({event.finding.reason}): {event.finding.text}")
        case e.FindingResolved():
            return _staff(f"Finding {event.finding_id} resolved by {event.by}: {event.reason}")
        case e.OrderRetried():
            return _staff(f"Another try asked for by {event.by}: {event.reason}")
        case e.BuyerForgotten():
            return _staff(f"Who bought was erased by {event.by}: {event.reason}")
        case never:
            assert_never(never)


def _of_staff(event: s.StaffStep) -> Sentences:
    match event:
        case s.UnitReplaced():
            how = "another is bought" if event.in_purchase is None else f"another comes in purchase {event.in_purchase}"
            return _both(
                f"The key of unit {event.unit_id} was put in quarantine by {event.by}, {how} as unit "
                f"{event.replaced_by}: {event.reason}",
                "A key is being replaced.",
            )
        case s.ReturnAsked():
            return _staff(f"The keys of {event.supplier_order_id} are to go back, says {event.by}: {event.reason}")
        case s.KeysReturned():
            rest = f"; {event.pending} more as soon as they come" if event.pending else ""
            return _staff(f"The supplier took {len(event.keys)} key(s) of {event.supplier_order_id} back{rest}.")
        case s.ReturnRefused():
            return _staff(f"The supplier takes no key of {event.supplier_order_id} back ({event.code}): {event.reason}")
        case s.RebuyAsked():
            return _staff(f"Bought anew at the word of {event.by}: {event.reason}")
        case s.OrderParked():
            return _staff(f"Put aside by {event.by}: {event.reason}")
        case s.OrderUnparked():
            return _staff(f"Taken up again by {event.by}: {event.reason}")
        case s.JobAskedAgain():
            return _staff(f"Job {event.name} asked for once more by {event.by}: {event.reason}")
        case never:
            assert_never(never)


def _both(text: str, public: str | None = None) -> Sentences:
    return Sentences(text=text, public_text=public or text)


def _staff(text: str) -> Sentences:
    return Sentences(text=text, public_text=None)


_PROGRESS = {
    PaymentWord.WAITING: "The gateway waits for the payment.",
    PaymentWord.CONFIRMING: "The payment was seen on the network.",
    PaymentWord.CONFIRMED: "The network confirmed the payment.",
    PaymentWord.SENDING: "The payment is on its way to the shop.",
}


def _of_payment(
    event: e.PaymentIntended
    | e.PaymentDoubted
    | e.PaymentRefused
    | e.PaymentOpened
    | e.PaymentProgressed
    | e.PaymentFellShort
    | e.PaymentHeldForReview
    | e.StrayPaymentSeen
    | e.PaymentSettled
    | e.PaymentReturned
    | e.PaymentVoided,
) -> Sentences:
    match event:
        case e.PaymentIntended():
            return _staff(f"A payment in {event.coin} is being opened (attempt {event.attempt}).")
        case e.PaymentDoubted():
            return _staff(f"The gateway gave no usable answer (attempt {event.attempt}).")
        case e.PaymentRefused():
            return _both(f"The gateway refused: {event.reason}", "This payment could not be opened; try another coin.")
        case e.PaymentOpened():
            how = "Adopted" if event.adopted else "Opened"
            return _both(
                f"{how} payment {event.invoice.gateway_id}: {event.invoice.due} for {event.invoice.price}.",
                f"Waiting for {event.invoice.due}.",
            )
        case e.PaymentProgressed():
            return _both(_PROGRESS[event.word])
        case e.PaymentFellShort():
            return _both(
                f"Only {event.received} arrived.", f"Only {event.received} arrived; the shop will get in touch."
            )
        case e.PaymentHeldForReview():
            return _both(
                f"{event.received} arrived, but: {'; '.join(event.reasons)}.",
                "The payment is being looked at by a person.",
            )
        case e.StrayPaymentSeen():
            stray = event.stray
            return _both(
                f"{stray.received} came with payment {stray.gateway_id}, which we did not open.",
                "A further payment was seen; a person will look at it.",
            )
        case e.PaymentSettled():
            receipt = event.receipt
            return _both(f"Paid: {receipt.received}, accepted by {receipt.accepted_by}.", f"Paid: {receipt.received}.")
        case e.PaymentReturned():
            return _both("The gateway sent the payment back.")
        case e.PaymentVoided():
            ended = f"A payment is {event.why}."
            return _both(f"{ended} {event.received} had come on it." if event.received.amount else ended, ended)
        case never:
            assert_never(never)


def _of_purchase(
    event: e.ReservationPlanned
    | e.ReservationClaimed
    | e.ReservationReleased
    | e.ReservationDoubted
    | e.ReservationPlaced
    | e.ReservationRefused
    | e.SupplierProgressed
    | e.ReservationFell
    | e.KeyHeld
    | e.ReservationCompleted,
) -> Sentences:
    match event:
        case e.ReservationPlanned():
            units = len(event.plan.units)
            return _staff(f"Purchase {event.plan.ref} planned: {units} key{'s' if units > 1 else ''}.")
        case e.ReservationClaimed():
            return _staff(f"Purchase {event.number} is being sent.")
        case e.ReservationReleased():
            return _staff(f"Purchase {event.number} was not taken: the supplier could not be asked.")
        case e.ReservationDoubted():
            return _staff(f"Purchase {event.number} has no answer: it is looked up before anything is sent again.")
        case e.ReservationPlaced():
            return _both(
                f"Purchase {event.number} placed as {event.supplier_order_id}, charged {event.charged}.",
                "Your keys are being fetched.",
            )
        case e.ReservationRefused():
            return _staff(f"Purchase {event.number} refused ({event.code}): {event.reason}")
        case e.SupplierProgressed():
            return _staff(f"The supplier calls purchase {event.number} {event.word}.")
        case e.ReservationFell():
            return _staff(f"The supplier let purchase {event.number} fall: {event.word}.")
        case e.KeyHeld():
            return _both(f"Key {event.supplier_key_id} is held for unit {event.unit_id}.", "A key is ready.")
        case e.ReservationCompleted():
            return _staff(f"All keys of purchase {event.number} are held.")
        case never:
            assert_never(never)
