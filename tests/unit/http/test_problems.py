"""Each error of the core has its answer, and no answer tells more than it should."""

from datetime import timedelta

import pytest
from aiohttp import web

from bitloot_core.values.errors import (
    AlreadyTaken,
    BitlootError,
    Corrupt,
    InvalidInput,
    LeaseLost,
    NotFound,
    PortError,
    Refused,
    Rejected,
    SignatureInvalid,
    StaleOrder,
    Unavailable,
    Unknown,
)
from bitloot_http.problem_kinds import KINDS
from bitloot_http.problems import problem_of

ANSWERS: list[tuple[BaseException, int, str]] = [
    (InvalidInput("email", "is not one", code="invalid-email"), 422, "invalid-email"),
    (InvalidInput("x", "is wrong"), 422, "invalid-field"),
    (InvalidInput("x", "is wrong", code="of-tomorrow"), 422, "of-tomorrow"),
    (InvalidInput("cursor", "makes no sense"), 422, "invalid-cursor"),
    (NotFound("order", "o1"), 404, "order-not-found"),
    (NotFound("link", "secret-token"), 404, "link-not-found"),
    (NotFound("webhook", "7"), 404, "webhook-not-found"),
    (Refused("link-expired", "it has"), 410, "link-expired"),
    (Refused("link-revoked", "it is"), 410, "link-revoked"),
    (Refused("link-used-up", "it is"), 410, "link-used-up"),
    (Refused("nothing-to-retry", "at rest"), 409, "nothing-to-retry"),
    (SignatureInvalid("kinguin", "no header"), 401, "signature-invalid"),
    (AlreadyTaken("supplier key id", "k1", "o2"), 409, "refused-by-state"),
    (StaleOrder("o1"), 503, "busy"),
    (Unavailable("inbox", "full", retry_after=timedelta(seconds=0.2)), 503, "unavailable"),
    (Unknown("payment gateway", "no answer"), 503, "unknown-outcome"),
    (Rejected("payment gateway", "no"), 503, "unavailable"),
    (Corrupt("vault", "does not open"), 503, "key-unreadable"),
    (web.HTTPNotFound(), 404, "not-found"),
    (web.HTTPMethodNotAllowed("PUT", ["GET"]), 405, "method-not-allowed"),
    (web.HTTPRequestEntityTooLarge(1, 2), 413, "body-too-large"),
    (web.HTTPTeapot() if hasattr(web, "HTTPTeapot") else web.HTTPConflict(), 500, "unexpected"),
    (LeaseLost(1), 500, "unexpected"),
    (PortError("mailer", "x"), 500, "unexpected"),
    (BitlootError("x"), 500, "unexpected"),
    (KeyError("hunter2"), 500, "unexpected"),
]


@pytest.mark.parametrize(("error", "status", "code"), ANSWERS, ids=[repr(answer[0])[:50] for answer in ANSWERS])
def test_an_error_has_its_answer(error: BaseException, status: int, code: str) -> None:
    """Split by what the client should do."""
    problem = problem_of(error)

    assert (problem.kind.status, problem.code) == (status, code)
    assert ("Retry-After" in problem.headers) == (status == 503)


def test_a_retry_is_at_least_a_second_away() -> None:
    """`Retry-After: 0` is a loop."""
    assert problem_of(Unavailable("x", "y", retry_after=timedelta(0))).headers["Retry-After"] == "1"


def test_a_problem_does_not_repeat_names_that_may_be_tokens() -> None:
    """What was not found was named by the sender: they know."""
    assert "secret-token" not in problem_of(NotFound("link", "secret-token")).detail


@pytest.mark.parametrize("code", KINDS)
def test_every_kind_has_words_for_people(code: str) -> None:
    """A title without a full stop, an advice with one."""
    kind = KINDS[code]

    assert not kind.title.endswith(".")
    assert kind.advice.endswith(".")
