"""
From an error to the problem that a client is told: RFC 9457, with a stable code and the request's id.

One table decides (`problem_kinds`); an error that is not in it is unexpected, and of such a one only the request's id
goes out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import attrs
import msgspec
from aiohttp import web

from bitloot_core.values.errors import (
    AlreadyTaken,
    BitlootError,
    Corrupt,
    InvalidInput,
    NotFound,
    Refused,
    Rejected,
    SignatureInvalid,
    StaleOrder,
    Unavailable,
    Unknown,
)
from bitloot_http.invalid_body import InvalidBody
from bitloot_http.problem_kinds import KINDS, ProblemKind
from bitloot_http.shapes import shape

MEDIA_TYPE = "application/problem+json"
_SOON = timedelta(seconds=5)
_OF_STATUS = {
    400: "malformed-request",
    404: "not-found",
    405: "method-not-allowed",
    413: "body-too-large",
    415: "unsupported-media-type",
}
"""What aiohttp itself refuses."""


class HttpRefusal(BitlootError):
    """
    The edge itself refuses a request.

    Args:
        code: one of `KINDS`.
        detail: a sentence for the sender, without anything secret.
        headers: what the answer must carry.
    """

    def __init__(self, code: str, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.headers = dict(headers or {})


@attrs.frozen(kw_only=True)
class FieldProblem:
    """What is wrong with one field."""

    field: str
    code: str
    detail: str


@attrs.frozen(kw_only=True)
class ProblemView:
    """What went wrong (RFC 9457)."""

    type: str = attrs.field(metadata=shape("Where the kind of problem is described.", form="uri-reference"))
    title: str = attrs.field(metadata=shape("The kind of problem, in words."))
    status: int
    code: str = attrs.field(metadata=shape("The kind of problem, for programs; stable."))
    detail: str = attrs.field(metadata=shape("What exactly is wrong this time."))
    request_id: str = attrs.field(metadata=shape("The name of this request in our log."))
    errors: tuple[FieldProblem, ...] = attrs.field(metadata=shape("All fields that are wrong."))


@attrs.frozen(kw_only=True)
class Problem:
    """
    What a client is told.

    Attributes:
        code: the stable word.
        kind: its row of the table.
        detail: what exactly is wrong this time.
        errors: each field that is wrong.
        headers: what the answer must carry (`Retry-After`, `Allow`, `WWW-Authenticate`).
    """

    code: str
    kind: ProblemKind
    detail: str
    errors: tuple[FieldProblem, ...] = ()
    headers: Mapping[str, str] = attrs.field(factory=dict)

    def to_json(self, request_id: str) -> bytes:
        """Write it as problem+json."""
        shown: dict[str, Any] = {
            "type": f"/docs#{self.code}",
            "title": self.kind.title,
            "status": self.kind.status,
            "code": self.code,
            "detail": self.detail,
            "requestId": request_id,
            "errors": [attrs.asdict(error) for error in self.errors],
        }
        return msgspec.json.encode(shown)


UNEXPECTED = Problem(code="unexpected", kind=KINDS["unexpected"], detail="The request's id leads us to the reason.")


def problem_of(error: BaseException) -> Problem:
    """Say what a client is told about an error."""
    match error:
        case HttpRefusal():
            return _of(error.code, str(error), headers=error.headers)
        case InvalidBody():
            return _of(error.code, str(error), errors=tuple(_field(one) for one in error.problems))
        case InvalidInput():
            code = "invalid-cursor" if error.field == "cursor" else error.code
            return _of(code, str(error), otherwise="invalid-field", errors=(_field(error),))
        case NotFound():
            return _of(f"{error.kind}-not-found", f"There is no {error.kind} of this name.", otherwise="not-found")
        case Refused():
            return _of(error.code, error.reason, otherwise="refused-by-state")
        case SignatureInvalid():
            return _of("signature-invalid", "The signature is missing or wrong.")
        case AlreadyTaken():
            return _of("refused-by-state", "Another order holds what this one would take.")
        case StaleOrder():
            return _of("busy", "Others were quicker every time.", headers=_after(_SOON))
        case Unavailable():
            return _of(
                "unavailable",
                f"The {error.port} is away.",
                headers=_after(_SOON if error.retry_after is None else error.retry_after),
            )
        case Unknown():
            return _of("unknown-outcome", f"The {error.port} gave no usable answer.", headers=_after(_SOON))
        case Rejected():
            return _of("unavailable", f"The {error.port} refused.", headers=_after(_SOON))
        case Corrupt():
            return _of("key-unreadable", "What was read back is not what was written.", headers=_after(_SOON))
        case web.HTTPException():
            return _of_aiohttp(error)
        case _:
            return UNEXPECTED


def _of(
    code: str,
    detail: str,
    *,
    otherwise: str = "unexpected",
    errors: tuple[FieldProblem, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> Problem:
    known = KINDS.get(code)
    if known is None:
        generic = KINDS[otherwise]
        # A refusal of the core that the table does not list keeps its own word, under the general status and title.
        return Problem(code=otherwise if code == "invalid" else code, kind=generic, detail=detail, errors=errors)
    return Problem(code=code, kind=known, detail=detail, errors=errors, headers=dict(headers or {}))


def _field(error: InvalidInput) -> FieldProblem:
    code = "invalid-field" if error.code == "invalid" else error.code
    return FieldProblem(field=error.field, code=code, detail=error.reason)


def _after(pause: timedelta) -> Mapping[str, str]:
    return {"Retry-After": str(max(1, math.ceil(pause.total_seconds())))}


def _of_aiohttp(error: web.HTTPException) -> Problem:
    code = _OF_STATUS.get(error.status)
    if code is None:
        return UNEXPECTED
    kept = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    return _of(code, KINDS[code].title + ".", headers=kept)
