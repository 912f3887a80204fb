"""
Giving keys back: asked for by a person, told to the supplier by a worker, once for each purchase.

The supplier takes one return for each purchase and credits a second one nothing, so telling it again is harmless; what
came of an answer that was lost shows in what the purchase still lists.
"""

from __future__ import annotations

from collections.abc import Sequence

from bitloot_core.order.commands import OpenFinding, OrderCommand
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Order
from bitloot_core.order.reservations import SupplierWord, supplier_order_of
from bitloot_core.order.returns import AskedReturn
from bitloot_core.order.staff_commands import RecordReturn, RecordReturnRefusal
from bitloot_core.ports.jobs import Done
from bitloot_core.ports.supplier import ReturnedKey, ReturnOutcome
from bitloot_core.usecases.work import Work
from bitloot_core.values.errors import NotFound, Rejected
from bitloot_core.values.ids import OrderId, SupplierKeyId, SupplierOrderId, is_event_key_id

_OVER = frozenset({SupplierWord.COMPLETED, SupplierWord.REFUNDED})


async def give_back(work: Work, ref: str) -> None:
    """
    Tell the supplier, and write down what it took.

    Raises:
        Unknown: no usable answer. The next try is answered by what came of this one; a supplier that never gives an
            answer is no snooze, which nobody would ever hear of, but an error like any other.
    """
    order_id, _, name = ref.partition("/")
    order = await work.shop.orders.get(OrderId(order_id))
    purchase = SupplierOrderId(name)
    if not isinstance(order.return_of(purchase), AskedReturn):
        await work.end(Done())
        return
    try:
        answer = await work.shop.supplier.return_keys(purchase)
    except Rejected as refusal:
        await work.finish(order, await _after_refusal(work, order, purchase, refusal))
    else:
        await work.finish(order, *_outcome(purchase, answer))


def _outcome(purchase: SupplierOrderId, answer: Sequence[ReturnedKey]) -> tuple[OrderCommand, ...]:
    keys = tuple(one.id for one in answer if one.outcome is ReturnOutcome.RETURNED)
    pending = sum(one.outcome is ReturnOutcome.PENDING for one in answer)
    kept = len(answer) - len(keys) - pending
    if not keys and not pending:
        text = "none of its keys was taken"
        return (RecordReturnRefusal(supplier_order_id=purchase, code="nothing-to-return", reason=text),)
    done = RecordReturn(supplier_order_id=purchase, keys=keys, pending=pending)
    if not kept:
        return (done,)
    text = f"The supplier took {len(keys) + pending} key(s) of {purchase} back, and {kept} not."
    told = OpenFinding(reason=FindingReason.RETURN_REFUSED, subject=purchase, text=text, blocking=False)
    return (done, told)


async def _after_refusal(
    work: Work, order: Order, purchase: SupplierOrderId, refusal: Rejected
) -> RecordReturn | RecordReturnRefusal:
    """
    An earlier try may have gone through: then what we hold of the purchase is listed no more.

    Of a purchase that is still under way, and of which we hold nothing, no key is downloaded only to look: once it was
    seen, it may not go back any more.
    """
    refused = RecordReturnRefusal(supplier_order_id=purchase, code=refusal.code, reason=refusal.reason)
    held = _held(order, purchase)
    try:
        is_over = (await work.shop.supplier.status(purchase)).word in _OVER
        if not held and not is_over:
            return refused
        listed = {key.id for key in await work.shop.supplier.keys_of(purchase)}
    except NotFound:
        return refused
    gone = tuple(key for key in held if key not in listed)
    is_gone = bool(gone) if held else not listed
    return RecordReturn(supplier_order_id=purchase, keys=gone, pending=0) if is_gone else refused


def _held(order: Order, purchase: SupplierOrderId) -> tuple[SupplierKeyId, ...]:
    """What we hold of a purchase, by the supplier's own names."""
    numbers = {res.plan.number for res in order.reservations if supplier_order_of(res) == purchase}
    keys = (unit.supplier_key_id for unit in order.held if unit.reservation in numbers)
    return tuple(key for key in keys if not is_event_key_id(key))
