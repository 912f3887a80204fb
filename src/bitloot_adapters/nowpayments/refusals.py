"""
NOWPayments' refusals, and what each of them means for us.

**Source:** NOWPayments API documentation (2026-04) and live answers. The envelope is
`{"status": false, "statusCode": 400, "code": "...", "message": "..."}`; pages of the proxy in front are HTML.
"""

from __future__ import annotations

import re

import attrs

from bitloot_adapters._shared.exact_json import NotJson
from bitloot_adapters._shared.http_caller import Answer
from bitloot_core.values.errors import NotFound, PortError, Rejected, Unavailable
from bitloot_core.values.ids import GatewayPaymentId

PORT = "payment gateway"

_CODE = re.compile(r"[A-Z_]{1,64}")
_CREATE = {
    "AMOUNT_MINIMAL_ERROR": "below-minimum",
    "AMOUNT_MAXIMAL_ERROR": "above-maximum",
    "CURRENCY_UNAVAILABLE": "unknown-coin",
    "INVALID_API_KEY": "unauthorised",
    "AUTH_REQUIRED": "unauthorised",
}
_CLAUSES = {
    "below-minimum": "takes no amount this small now",
    "above-maximum": "takes no amount this large now",
    "unknown-coin": "does not take this coin now",
    "unauthorised": "does not accept our API key",
    "rejected": "refused the payment",
}
# A general code with one of these texts means the same as the special one. The spelling is the vendor's.
_PHRASES = (
    ("not convertable", "unknown-coin"),
    ("less than minimal", "below-minimum"),
    ("too small", "below-minimum"),
)
_UNAUTHORISED = frozenset({401, 403})
_NOT_FOUND = 404


@attrs.frozen(kw_only=True)
class Refusal:
    """
    An answer that is not 2xx.

    Attributes:
        code: the API's word for it; empty if the answer is not the API's (a proxy's page).
        message: the API's text, to be searched only: it quotes what was sent.
    """

    status: int
    code: str = ""
    message: str = attrs.field(default="", repr=False)

    def __str__(self) -> str:
        return f"answered {self.status} {self.code or 'without an envelope'}"


def refusal_of(answer: Answer) -> Refusal:
    """Read a refusal; status and content type are looked at before the body is."""
    try:
        document = answer.json()
    except NotJson:
        return Refusal(status=answer.status)
    code = document.get("code") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(code, str) or _CODE.fullmatch(code) is None:
        return Refusal(status=answer.status)
    message = document.get("message")
    return Refusal(status=answer.status, code=code, message=message if isinstance(message, str) else "")


def of_creation(refusal: Refusal) -> PortError:
    """
    Say what the refusal of `POST /payment` means.

    An answer below 500 that is not the API's comes from the proxy in front of it: nothing was looked at, and it passes.
    """
    if not refusal.code:
        return Unavailable(PORT, str(refusal))
    code = _CREATE.get(refusal.code) or _said(refusal)
    if refusal.status in _UNAUTHORISED:
        code = "unauthorised"
    return Rejected(PORT, f"{_CLAUSES[code]} ({refusal.status} {refusal.code})", code=code)


def of_minimum(refusal: Refusal) -> PortError | None:
    """Say what the refusal of `GET /min-amount` means; None if the API only does not say a minimum."""
    if not refusal.code or refusal.status in _UNAUTHORISED:
        return Unavailable(PORT, str(refusal))
    if (_CREATE.get(refusal.code) or _said(refusal)) == "unknown-coin":
        return Rejected(PORT, f"{_CLAUSES['unknown-coin']} ({refusal.status} {refusal.code})", code="unknown-coin")
    return None


def of_read(refusal: Refusal, gateway_id: GatewayPaymentId) -> NotFound | Unavailable:
    """Say what the refusal of a read means; a 404 without the API's envelope is a wrong address, not an answer."""
    if refusal.status == _NOT_FOUND and refusal.code:
        return NotFound("payment", gateway_id)
    return of_listing(refusal)


def of_listing(refusal: Refusal) -> Unavailable:
    """Say what any other refusal of a read means: an operator may have to look, and until then it passes."""
    return Unavailable(PORT, str(refusal))


def _said(refusal: Refusal) -> str:
    text = refusal.message.lower()
    return next((code for phrase, code in _PHRASES if phrase in text), "rejected")
