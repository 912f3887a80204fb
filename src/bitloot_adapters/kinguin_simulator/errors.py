"""
The refusals of the simulated API and the envelope that they travel in.

Kinds and the envelope's fields are documented; for kinds whose HTTP status the documentation leaves open, the status
given here is this simulator's choice (422 for "understood but not possible", 409 for a lock), so that a client that
branches on anything but `kind` and the class of the status shows itself.

Source: Kinguin ESA documentation, state July 2025, "Errors codes" and "Authorization".
"""

from __future__ import annotations

from http import HTTPStatus

import attrs

STATUS_OF_KIND: dict[str, int] = {
    "ConstraintViolation": 400,
    "Error": 500,
    "HttpClient": 404,
    "Http": 400,
    "Authorization": 401,
    "InsufficientBalance": 422,
    "OrderFailed": 422,
    "Preorder": 422,
    "ProductUnavailable": 422,
    "OrderNotFound": 404,
    "ResourceLock": 409,
    "OrderNotSupported": 422,
    "NoKeysToReturn": 422,
}


@attrs.frozen(kw_only=True)
class Refusal(Exception):  # the API refuses; that is an answer, not a fault of the program
    """
    An answer that is not 2xx and carries the documented error object.

    Args:
        kind: one of `STATUS_OF_KIND`.
        status: the HTTP status.
        detail: prose for people; None leaves the field out, as `OrderFailed` sometimes does.
        property_path: which property of the payload is at fault, or None.
        invalid_value: the offending value, shown beside `property_path`.
    """

    kind: str
    status: int
    detail: str | None = None
    property_path: str | None = None
    invalid_value: object = None

    def envelope(self, *, path: str, method: str, trace: str, timestamp: str) -> dict[str, object]:
        """
        Return the JSON body of the answer.

        The refusal of an API key is shorter than all others: that is how the documentation shows it.
        """
        if self.kind == "Authorization":
            return {"kind": self.kind, "status": self.status, "detail": self.detail, "type": "Unauthorized"}
        body: dict[str, object] = {"kind": self.kind, "status": self.status, "title": HTTPStatus(self.status).phrase}
        if self.detail is not None:
            body["detail"] = self.detail
        body |= {"path": path, "method": method, "trace": trace, "timestamp": timestamp}
        if self.property_path is not None:
            body |= {"propertyPath": self.property_path, "invalidValue": self.invalid_value}
        return body


def refuse(kind: str, detail: str) -> Refusal:
    """
    Return the refusal of that kind with its usual status.
    """
    return Refusal(kind=kind, status=STATUS_OF_KIND[kind], detail=detail)


def violation(property_path: str, invalid_value: object, rule: str, *, status: int = 400) -> Refusal:
    """
    Return the `ConstraintViolation` that names the property at fault.
    """
    return Refusal(
        kind="ConstraintViolation",
        status=status,
        detail=f'Invalid "{property_path}" property. {rule}',
        property_path=property_path,
        invalid_value=invalid_value,
    )


def unauthorized() -> Refusal:
    """
    Return the refusal of a missing or wrong API key.
    """
    return refuse("Authorization", "Invalid authentication data.")
