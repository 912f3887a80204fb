"""
Identifiers, each a type of its own, so that one cannot stand where another is meant.

They are text at run time (`NewType`); the type checker keeps them apart. An order id handed to the supplier in place of
its own order id is a mistake that costs money, and one that a checker can see.
"""

from __future__ import annotations

import re
from typing import NewType

from bitloot_core.values.errors import InvalidInput

OrderId = NewType("OrderId", str)
ProductId = NewType("ProductId", str)
"""Our name of something that can be bought."""
SupplierProductId = NewType("SupplierProductId", str)
"""The supplier's name of the same thing."""
ExternalRef = NewType("ExternalRef", str)
"""Our name of one purchase, sent to the supplier: `<orderId>-<n>`."""
SupplierOrderId = NewType("SupplierOrderId", str)
"""The supplier's name of one purchase (Kinguin's `orderId`, the `kinguinReservationId` of our API)."""
SupplierKeyId = NewType("SupplierKeyId", str)
"""The supplier's name of one product key; unique across the whole shop."""
GatewayPaymentId = NewType("GatewayPaymentId", str)
"""The payment gateway's name of one payment."""
StorageRef = NewType("StorageRef", str)
"""Where a sealed product key lies in the vault; random, says nothing about the order."""
LinkId = NewType("LinkId", str)
UnitId = NewType("UnitId", str)
"""`<line>.<number>`, unique within its order."""
FindingId = NewType("FindingId", str)
AlertId = NewType("AlertId", str)
"""One message to the operator; says nothing, and has no dot, so that it can be part of what is signed."""
JobId = NewType("JobId", int)
WebhookId = NewType("WebhookId", int)

_IN_AN_EVENT = "event:"
_OURS = re.compile(r"[a-z0-9]{1,32}-[1-9][0-9]{0,5}")
_REF = re.compile(r"(?P<order>.+)-(?P<number>[1-9][0-9]*)")


def external_ref(order_id: OrderId, number: int) -> ExternalRef:
    """
    Name the purchase `number` of an order.

    >>> external_ref(OrderId("o-7f"), 2)
    'o-7f-2'
    """
    return ExternalRef(f"{order_id}-{number}")


def order_of(ref: ExternalRef) -> OrderId:
    """
    Read the order's id back out of one of our references.

    >>> order_of(ExternalRef("o-7f-2"))
    'o-7f'

    Raises:
        InvalidInput: the text is no reference of ours.
    """
    found = _REF.fullmatch(ref)
    if found is None:
        raise InvalidInput("externalRef", "is not of the form <orderId>-<n>")
    return OrderId(found["order"])


def is_our_ref(text: str) -> bool:
    """
    Whether a text has the form of our references: an id as `Ids.order_id` makes them, and a number.

    Others may buy on the same account under names of their own.

    >>> is_our_ref("01jx7f3k-2"), is_our_ref("AL2FEEHOO2OHF"), is_our_ref("Shop-7")
    (True, False, False)
    """
    return _OURS.fullmatch(text) is not None


def finding_id(order_id: OrderId, number: int) -> FindingId:
    """
    Name the finding `number` of an order.

    >>> finding_id(OrderId("o-7f"), 3)
    'o-7f.f3'
    """
    return FindingId(f"{order_id}.f{number}")


def event_key_id(fingerprint: str) -> SupplierKeyId:
    """
    Name a product key that came in a supplier's event, where the supplier's own id of it is not known.

    >>> event_key_id("9f2c")
    'event:9f2c'
    """
    return SupplierKeyId(f"{_IN_AN_EVENT}{fingerprint}")


def is_event_key_id(key_id: SupplierKeyId) -> bool:
    """
    Tell such a name from the supplier's own.

    >>> is_event_key_id(event_key_id("9f2c")), is_event_key_id(SupplierKeyId("67041c31"))
    (True, False)
    """
    return key_id.startswith(_IN_AN_EVENT)


def unit_id(line: int, number: int) -> UnitId:
    """
    Name one owed product key.

    >>> unit_id(1, 3)
    '1.3'
    """
    return UnitId(f"{line}.{number}")
