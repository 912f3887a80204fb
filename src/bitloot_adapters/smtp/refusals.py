"""
What a mail server's answers mean to the caller.

Of an answer only its numbers are kept: the text behind them can repeat the buyer's address, or, where a filter of links
says no, the link.
"""

from __future__ import annotations

import enum
import re
import ssl
from typing import NoReturn

from aiosmtplib import (
    SMTPConnectError,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from bitloot_core.values.errors import PortError, Rejected, Unavailable, Unknown

PORT = "mailer"
_PASSING = range(400, 500)
_FINAL = range(500, 600)
_LOGIN_NEEDED = 530
_ENHANCED = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}\b")


class Step(enum.Enum):
    """How far a conversation has come; the value completes "the mail server refuses ..."."""

    CONNECT = "the connection"
    ENCRYPT = "to encrypt"
    LOG_IN = "the login"
    SENDER = "the sender"
    RECIPIENT = "the recipient"
    CONTENT = "the message"


_TO_DO = {
    Step.LOG_IN: "check user and password in SMTP_URL",
    Step.SENDER: "check MAIL_FROM, and whether the account may send under it",
}


def raise_meaning(step: Step, error: Exception) -> NoReturn:
    """
    Raise what an error means at this step.

    Raises:
        Unavailable: nothing was handed over; what the operator can mend is named.
        Rejected: this recipient or this message is refused for good.
        Unknown: the message was handed over, or part of it, and no answer came.
    """
    if isinstance(error, SMTPResponseException) and error.code in (*_PASSING, *_FINAL):
        # The cause is left out: it holds the answer's text.
        raise _answered(step, error.code, error.message) from None
    if step is Step.CONTENT:
        hidden = isinstance(error, SMTPResponseException)
        raise Unknown(PORT, f"no answer to the message ({type(error).__name__})") from None if hidden else error
    if step is Step.RECIPIENT and isinstance(error, ValueError):
        # The text repeats the address.
        raise Rejected(PORT, "the buyer's address cannot be used", code="mail-refused") from None
    cause = error.__cause__ if isinstance(error, SMTPConnectError) and error.__cause__ else error
    raise _unanswered(step, cause) from cause


def _answered(step: Step, code: int, text: str) -> PortError:
    enhanced = _ENHANCED.match(text)
    numbers = f"{code} {enhanced[0]}" if enhanced else str(code)
    if code in _PASSING:
        return Unavailable(PORT, f"the mail server refuses {step.value} for now ({numbers})")
    if code == _LOGIN_NEEDED and step is not Step.LOG_IN:
        return Unavailable(PORT, f"the mail server asks for a login ({numbers}): put user and password into SMTP_URL")
    if step in {Step.RECIPIENT, Step.CONTENT}:
        return Rejected(PORT, f"the mail server refuses {step.value} ({numbers})", code="mail-refused")
    return Unavailable(PORT, f"the mail server refuses {step.value} ({numbers}): {_TO_DO.get(step, 'check SMTP_URL')}")


def _unanswered(step: Step, error: BaseException) -> Unavailable:
    kind = type(error).__name__
    match error:
        case ssl.SSLCertVerificationError():
            return Unavailable(
                PORT,
                f"the mail server's certificate is not trusted ({error.verify_message}): SMTP_URL must name the server "
                "as its certificate does; a private authority goes into the file that SSL_CERT_FILE names",
            )
        case ssl.SSLError():
            return Unavailable(PORT, f"no encrypted connection ({kind}): check scheme and port in SMTP_URL")
        case SMTPServerDisconnected() | SMTPTimeoutError() | OSError():
            return Unavailable(PORT, f"the mail server cannot be reached or hung up at {step.value} ({kind})")
        case SMTPException() if step is Step.LOG_IN and not isinstance(error, SMTPResponseException):
            return Unavailable(PORT, "the mail server offers no way to log in that we know: check the port in SMTP_URL")
        case _:
            return Unavailable(PORT, f"the mail server cannot be understood at {step.value} ({kind})")
