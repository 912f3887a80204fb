"""
What a session is good for at a given time: a visit, or nothing.

**Source:** OWASP Session Management and CSRF Cheat Sheets; ASVS 7.2 and 7.3.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

import attrs

from bitloot_core.values.secret import Secret
from bitloot_http.access import Staff
from bitloot_http.accounts.books import KnownSession

IDLE = timedelta(minutes=15)
"""A session that is not used for so long has ended."""
ABSOLUTE = timedelta(hours=8)
"""No session lasts longer, used or not."""
HALFWAY = timedelta(minutes=5)
"""How long the second factor may take after the password."""
PROOF = timedelta(minutes=5)
"""How long a secret that was given covers what needs one."""
NOTED = timedelta(minutes=1)
"""A use is noted at most this often: each note is a commit."""
PASSWORD, FULL = "password", "full"
"""The stages of a session."""
_ID_BYTES = 32
_FORM = b"bitloot console form"


@attrs.frozen(kw_only=True)
class Visit:
    """
    Somebody of the staff, looking at the console.

    Attributes:
        form_token: every form carries it.
        is_proved: whether a secret was given within the last minutes.
    """

    staff: Staff
    session: KnownSession
    form_token: str
    is_proved: bool


@attrs.frozen(kw_only=True)
class Client:
    """
    Who asks, as far as we can tell.

    Attributes:
        bucket: whose tries these are: the address, or for IPv6 its network.
    """

    address: str
    bucket: str
    agent: str


def new_session_id() -> Secret:
    """What a browser is given to hold: 32 random bytes."""
    return Secret(secrets.token_urlsafe(_ID_BYTES))


def digest_of(session_id: Secret) -> str:
    """The hash under which a session is kept."""
    return hashlib.sha256(session_id.reveal().encode()).hexdigest()


def form_token_of(session_id: Secret) -> str:
    """
    The token of the forms of a session: nobody has it who does not have the cookie, and no cookie follows from it.
    """
    mac = hmac.digest(session_id.reveal().encode(), _FORM, "sha256")
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def is_form_token(session_id: Secret, token: str) -> bool:
    """Whether a form was ours, for this very session; compared in constant time."""
    return hmac.compare_digest(form_token_of(session_id).encode(), token.encode())


def is_good(session: KnownSession, now: datetime) -> bool:
    """Whether a session has not ended by itself."""
    if session.stage != FULL:
        return now < session.begun_at + HALFWAY
    return now < session.begun_at + ABSOLUTE and now < session.seen_at + IDLE


def is_proved(session: KnownSession, now: datetime) -> bool:
    """Whether a secret was given within the last minutes."""
    return now < session.proved_at + PROOF


def ends_at(session: KnownSession) -> datetime:
    """When it ends if nobody uses it."""
    return min(session.begun_at + ABSOLUTE, session.seen_at + IDLE)
