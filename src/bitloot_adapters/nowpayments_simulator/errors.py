"""
The refusals of the simulated API: one exception that carries the HTTP status and the envelope.

What lives here: the error table of the vendor. What must not: the decision when to refuse.

**Source**: NOWPayments API documentation (2026-04) and live answers;
where nobody has published a message, the function says so.
"""

from __future__ import annotations

from decimal import Decimal

from .canonical import JsonObject, js_number


class ApiError(Exception):
    """
    A request is refused with the vendor's JSON envelope.

    Args:
        status: the HTTP status, repeated in the envelope as `statusCode`.
        code: the vendor's code word.
        message: the vendor's text.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message

    def envelope(self) -> JsonObject:
        """The JSON body of the answer."""
        return {"status": False, "statusCode": self.status, "code": self.code, "message": self.message}


def invalid_api_key() -> ApiError:
    """Missing, wrong or revoked key: 403, never 401."""
    return ApiError(403, "INVALID_API_KEY", "Invalid api key")


def authorization_missing() -> ApiError:
    """No bearer token, or one that is no longer valid (the text for the latter is not published)."""
    return ApiError(401, "AUTH_REQUIRED", "Authorization header is empty (Bearer JWTtoken is required)")


def wrong_login() -> ApiError:
    """E-mail or password differ, in case or otherwise. Status and text are not published."""
    return ApiError(403, "ACCESS_DENIED", "Access denied")


def payment_not_found() -> ApiError:
    """No such payment, or one that was made with another API key."""
    return ApiError(404, "NOT_FOUND", "Payment not found")


def invoice_not_found() -> ApiError:
    """No such invoice. The text is not published."""
    return ApiError(404, "NOT_FOUND", "Invoice not found")


def path_not_found() -> ApiError:
    """No such call. The text is not published."""
    return ApiError(404, "NOT_FOUND", "Endpoint not found")


def invalid_request(message: str) -> ApiError:
    """A field is missing or of the wrong kind, or is none of the call's. Texts follow the two that are published."""
    return ApiError(400, "INVALID_REQUEST_PARAMS", message)


def below_minimum(amount: Decimal) -> ApiError:
    """The amount in the coin is printed as JavaScript prints it, `2.7e-7` included."""
    return ApiError(400, "AMOUNT_MINIMAL_ERROR", f"Crypto amount {js_number(amount)} is less than minimal")


def above_maximum(amount: Decimal) -> ApiError:
    """The cap of some coins (about 2000 USD). The text is not published."""
    return ApiError(400, "AMOUNT_MAXIMAL_ERROR", f"Crypto amount {js_number(amount)} is greater than maximal")


def not_convertible(source: str, target: str) -> ApiError:
    """A pair is switched off. The spelling of the word is the vendor's."""
    return ApiError(400, "BAD_REQUEST", f"Currency {source} is not convertable to {target} now")


def currency_unavailable(code: str) -> ApiError:
    """A currency that is not on the list. The text is not published."""
    return ApiError(400, "CURRENCY_UNAVAILABLE", f"Currency {code.upper()} was not found")


def internal_error() -> ApiError:
    """A passing fault of theirs (seen 2026-08, cleared on retry)."""
    return ApiError(500, "INTERNAL_ERROR", "Can not get estimate from TRX to USDCBSC")
