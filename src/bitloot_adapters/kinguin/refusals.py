"""
Kinguin's refusals, and what each of them means for a purchase.

**Source:** Kinguin ESA documentation (state July 2025), error codes; which of them can hide a purchase that was made is
from field reports, so whatever is not known to be definite counts as unknown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs

from bitloot_adapters._shared.exact_json import NotJson
from bitloot_adapters._shared.http_caller import Answer
from bitloot_core.values.errors import NotFound, PortError, Rejected, Unavailable, Unknown
from bitloot_core.values.ids import ExternalRef, SupplierOrderId

PORT = "supplier"
ORDER_NOT_FOUND = "OrderNotFound"

_PRINTABLE = re.compile(r"[\x20-\x7e]{1,64}")
_NOTHING_BOUGHT = {
    "Authorization": "unauthorised",
    "ProductUnavailable": "out-of-stock",
    "InsufficientBalance": "insufficient-balance",
    "Preorder": "preorder",
}
_NOTHING_RETURNED = frozenset({"NoKeysToReturn", "OrderNotSupported", ORDER_NOT_FOUND})


@attrs.frozen(kw_only=True)
class Refusal:
    """
    An answer that is not 2xx.

    Attributes:
        kind: the API's word for it; empty if the answer is not the API's (a gateway's page).
        property_path: the part of the request at fault, if the API names one.
        trace: the API's name of this answer, for a letter to its support.
    """

    status: int
    kind: str = ""
    property_path: str = ""
    trace: str = ""

    def __str__(self) -> str:
        parts = (str(self.status), self.kind or "not the API's JSON", self.property_path, self.trace)
        return "answered " + ", ".join(part for part in parts if part)


def refusal_of(answer: Answer) -> Refusal:
    """Read a refusal; its prose (`title`, `detail`) and the value that it quotes stay unread."""
    try:
        payload = answer.json()
    except NotJson:
        return Refusal(status=answer.status)
    if not isinstance(payload, dict):
        return Refusal(status=answer.status)
    return Refusal(
        status=answer.status,
        kind=_text(payload, "kind"),
        property_path=_text(payload, "propertyPath"),
        trace=_text(payload, "trace"),
    )


def of_purchase(refusal: Refusal, *, ref: ExternalRef) -> PortError:
    """
    Say what the refusal of `POST /v2/order` means.

    Only what is known to come before anything is bought is final. A reference that was seen before is not: the
    purchase under it may be ours. A violation that names no property could be about the reference: unknown too.

    **Source:** the refusal of a repeated `orderExternalId` (422 ConstraintViolation) and `OrderFailed` without a reason
    are field reports.
    """
    if refusal.kind in _NOTHING_BOUGHT:
        return Rejected(PORT, str(refusal), code=_NOTHING_BOUGHT[refusal.kind])
    if refusal.kind == "ConstraintViolation" and refusal.property_path:
        if "orderExternalId" in refusal.property_path:
            return Unknown(PORT, f"the reference {ref} was seen before")
        return Rejected(PORT, str(refusal), code="invalid-purchase")
    return Unknown(PORT, str(refusal))


def of_return(refusal: Refusal) -> PortError:
    """Say what the refusal of `POST /v2/order/{orderId}/keys/return` means."""
    if refusal.kind in _NOTHING_RETURNED:
        return Rejected(PORT, str(refusal), code="nothing-to-return")
    if refusal.kind == "Authorization":
        return Unavailable(PORT, str(refusal))
    return Unknown(PORT, str(refusal))


def of_read(refusal: Refusal, *, supplier_order_id: SupplierOrderId) -> NotFound | Unavailable:
    """Say what the refusal of a call about one order means; a 404 of another kind is a wrong address, not an answer."""
    if refusal.kind == ORDER_NOT_FOUND:
        return NotFound("supplier order", supplier_order_id)
    return Unavailable(PORT, str(refusal))


def _text(payload: Mapping[str, object], field: str) -> str:
    value = payload.get(field)
    return value if isinstance(value, str) and _PRINTABLE.fullmatch(value) else ""
