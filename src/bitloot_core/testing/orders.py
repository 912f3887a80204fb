"""
Orders in every state that they can have, built in one line each.

Each builder takes an order and gives it back one step further: `settled(opened(placed()))`. They set parts directly,
without `decide`, so that a test of the store needs no state machine, and a test of the state machine no store. Names
that are unique across the shop (payments, purchases, supplier keys, links) are derived from the order's id.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import attrs

from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.order import Buyer, Fulfilled, Line, LiveLink, Order
from bitloot_core.order.payments import (
    Invoice,
    OpenPayment,
    Payment,
    Receipt,
    SettledPayment,
    VoidPayment,
    VoidReason,
)
from bitloot_core.order.reservations import (
    PlacedReservation,
    Plan,
    PurchaseItem,
    Reservation,
    SupplierWord,
)
from bitloot_core.order.units import HeldUnit, OwedUnit, Unit
from bitloot_core.values.ids import (
    FindingId,
    GatewayPaymentId,
    LinkId,
    OrderId,
    ProductId,
    StorageRef,
    SupplierKeyId,
    SupplierOrderId,
    SupplierProductId,
    external_ref,
    unit_id,
)
from bitloot_core.values.money import CoinAmount, Money
from bitloot_core.values.reading import PaymentWord

PLACED_AT = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
"""When the orders of this module were placed; each later step is a minute or more after it."""
COIN = "btc"
DUE = CoinAmount(amount=Decimal("0.00012345"), coin=COIN)
NOTHING = CoinAmount(amount=Decimal(0), coin=COIN)


def a_line(
    number: int = 1, *, quantity: int = 1, product: str = "game", price: str = "12.99", max_cost: str = "10.00"
) -> Line:
    """One line; prices are in EUR."""
    return Line(
        number=number,
        product_id=ProductId(product),
        supplier_product_id=SupplierProductId(f"supplier-{product}"),
        title=f"The {product} of the year",
        quantity=quantity,
        unit_price=Money.of(price, "EUR"),
        max_cost=Money.of(max_cost, "EUR"),
    )


def placed(
    order_id: str = "o1",
    *,
    quantity: int = 1,
    lines: tuple[Line, ...] = (),
    email: str = "buyer@example.com",
    at: datetime = PLACED_AT,
) -> Order:
    """An order that nobody has paid, of `quantity` units of one product, or of these lines."""
    wanted = lines or (a_line(quantity=quantity),)
    return Order(
        id=OrderId(order_id),
        buyer=Buyer(email=email),
        lines=wanted,
        units=tuple(
            OwedUnit(id=unit_id(line.number, number), line=line.number)
            for line in wanted
            for number in range(1, line.quantity + 1)
        ),
        created_at=at,
        expires_at=at + timedelta(minutes=60),
    )


def an_invoice(order: Order, attempt: int = 1, *, gateway_id: str | None = None, coin: str = COIN) -> Invoice:
    """What the gateway asks for an order, in its attempt."""
    return Invoice(
        gateway_id=GatewayPaymentId(gateway_id or f"pay-{order.id}-{attempt}"),
        price=order.total,
        due=CoinAmount(amount=DUE.amount, coin=coin),
        address=f"address-of-{order.id}",
        extra_id=None,
        expires_at=order.created_at + timedelta(minutes=20),
        void_at=order.created_at + timedelta(days=7),
    )


def a_receipt(order: Order, *, by: str = "gateway") -> Receipt:
    """Money for an order that counts."""
    return Receipt(received=DUE, settled_at=order.created_at + timedelta(minutes=5), accepted_by=by)


def with_payment(order: Order, payment: Payment) -> Order:
    """The order with this payment, in the place of an earlier state of the same attempt."""
    others = tuple(one for one in order.payments if one.attempt != payment.attempt)
    return attrs.evolve(order, payments=tuple(sorted((*others, payment), key=lambda one: one.attempt)))


def opened(
    order: Order, *, attempt: int = 1, gateway_id: str | None = None, word: PaymentWord = PaymentWord.WAITING
) -> Order:
    """The gateway has opened a payment and waits for coins."""
    invoice = an_invoice(order, attempt, gateway_id=gateway_id)
    return with_payment(order, OpenPayment(attempt=attempt, invoice=invoice, progress=word, told_at=order.created_at))


def settled(order: Order, *, attempt: int = 1, gateway_id: str | None = None) -> Order:
    """Paid."""
    invoice = an_invoice(order, attempt, gateway_id=gateway_id)
    return with_payment(order, SettledPayment(attempt=attempt, invoice=invoice, receipt=a_receipt(order)))


def voided(order: Order, *, attempt: int = 1, why: VoidReason = VoidReason.EXPIRED) -> Order:
    """The payment ended without money for us."""
    return with_payment(
        order,
        VoidPayment(
            attempt=attempt,
            invoice=an_invoice(order, attempt),
            why=why,
            received=NOTHING,
            ended_at=order.created_at + timedelta(days=7),
        ),
    )


def a_plan(order: Order, number: int = 1, *, attempt: int = 1) -> Plan:
    """A purchase of everything that the order still lacks."""
    return Plan(
        number=number,
        ref=external_ref(order.id, number),
        attempt=attempt,
        items=tuple(
            PurchaseItem(
                line=line.number,
                units=tuple(unit.id for unit in order.unbought if unit.line == line.number),
                supplier_product_id=line.supplier_product_id,
                max_cost=line.max_cost,
                key_type=line.key_type,
                release_date=line.release_date,
            )
            for line in order.lines
        ),
    )


def with_reservation(order: Order, reservation: Reservation) -> Order:
    """The order with this reservation, in the place of an earlier state of the same number."""
    others = tuple(one for one in order.reservations if one.plan.number != reservation.plan.number)
    return attrs.evolve(order, reservations=tuple(sorted((*others, reservation), key=lambda one: one.plan.number)))


def reserved(order: Order, *, supplier_order_id: str | None = None) -> Order:
    """Everything that the order lacks is bought; the supplier works on it."""
    plan = a_plan(order, number=len(order.reservations) + 1)
    return with_reservation(order, a_placed_reservation(order, plan, supplier_order_id))


def a_placed_reservation(order: Order, plan: Plan, supplier_order_id: str | None = None) -> PlacedReservation:
    """The purchase of a plan, named and charged by the supplier."""
    return PlacedReservation(
        plan=plan,
        supplier_order_id=SupplierOrderId(supplier_order_id or f"bought-{plan.ref}"),
        charged=Money.of("8.50", "EUR"),
        placed_at=order.created_at + timedelta(minutes=6),
        word=SupplierWord.PROCESSING,
    )


def a_held_unit(order: Order, unit: Unit, *, reservation: int = 1, supplier_key_id: str | None = None) -> HeldUnit:
    """The unit with its key in the vault."""
    return HeldUnit(
        id=unit.id,
        line=unit.line,
        storage_ref=StorageRef(f"sealed-{order.id}-{unit.id}"),
        supplier_key_id=SupplierKeyId(supplier_key_id or f"key-{order.id}-{unit.id}"),
        reservation=reservation,
        held_at=order.created_at + timedelta(minutes=7),
    )


def held(order: Order, *, units: int | None = None, supplier_key_id: str | None = None) -> Order:
    """The first so many units have their key in the vault; all of them, unless said otherwise."""
    count = len(order.units) if units is None else units
    first = tuple(a_held_unit(order, unit, supplier_key_id=supplier_key_id) for unit in order.units[:count])
    return attrs.evolve(order, units=(*first, *order.units[count:]))


def with_unit(order: Order, unit: Unit) -> Order:
    """The order with this unit, in the place of an earlier state of it, or after the others."""
    if order.unit(unit.id) is None:
        return attrs.evolve(order, units=(*order.units, unit))
    return attrs.evolve(order, units=tuple(unit if one.id == unit.id else one for one in order.units))


def linked(order: Order, *, link_id: str | None = None, expires: timedelta = timedelta(days=14)) -> Order:
    """A delivery link is out; an earlier one is revoked by it."""
    issued_at = order.created_at + timedelta(minutes=8)
    link = LiveLink(id=LinkId(link_id or f"link{order.id}"), issued_at=issued_at, expires_at=issued_at + expires)
    return attrs.evolve(order, link=link)


def fulfilled(order: Order) -> Order:
    """All keys are held, and the buyer has a link."""
    return attrs.evolve(linked(held(order)), closing=Fulfilled(at=order.created_at + timedelta(minutes=8)))


def a_finding(
    order: Order,
    *,
    reason: FindingReason = FindingReason.PAYMENT_SURPLUS,
    subject: str = "pay-1",
    blocking: bool = True,
) -> Finding:
    """What a person must look at on this order, numbered after those before it."""
    return Finding(
        id=FindingId(f"{order.id}.f{order.findings_opened + 1}"),
        order_id=order.id,
        reason=reason,
        subject=subject,
        text="More arrived than was due.",
        amount="0.1 btc",
        blocking=blocking,
        opened_at=order.created_at + timedelta(minutes=9),
    )


def with_finding(order: Order, finding: Finding | None = None) -> Order:
    """The order with an open finding."""
    one = finding or a_finding(order)
    return attrs.evolve(order, findings=(*order.findings, one), findings_opened=order.findings_opened + 1)
