"""What was foreseen ends in a sentence and an exit code."""

import errno

import pytest
from sqlalchemy.exc import OperationalError

from bitloot_core.values.errors import InvalidInput, NotFound, Refused, Unavailable
from bitloot_http.cli.failures import FAILED, NOT_ASKED_PROPERLY, failure_of


@pytest.mark.parametrize(
    ("error", "line", "code"),
    [
        (NotFound("order", "o1"), "No order o1.", FAILED),
        (Refused("nothing-to-retry", "the order is fulfilled"), "The order is fulfilled.", FAILED),
        (Unavailable("vault", "the folder refuses (EIO)"), "Vault: the folder refuses (EIO).", FAILED),
        (InvalidInput("cursor", "is none of ours"), "Cursor is none of ours.", NOT_ASKED_PROPERLY),
        (OSError(errno.EADDRINUSE, "Address in use"), "Address in use.", FAILED),
        (FileNotFoundError(errno.ENOENT, "No such file", "x.csv"), "No such file: x.csv.", FAILED),
    ],
)
def test_an_error_that_was_foreseen_is_told(error: Exception, line: str, code: int) -> None:
    """One sentence, and 2 only where the command was not asked properly."""
    failure = failure_of(error)

    assert failure is not None
    assert ((line,), code) == (failure.lines, failure.code)


def test_a_database_error_shows_no_value() -> None:
    """The statement's values can be somebody's address."""
    error = OperationalError("SELECT 1", {"email": "buyer@example.com"}, RuntimeError("disk I/O error"))

    failure = failure_of(error)

    assert failure is not None
    assert failure.lines == ("The database does not answer as it should (OperationalError).",)


def test_what_nobody_foresaw_is_not_dressed_up() -> None:
    """A mistake of ours keeps its traceback."""
    assert failure_of(KeyError("x")) is None
