"""Which mail server: read from one setting, with what it takes to get in."""

from __future__ import annotations

import enum
import ipaddress
from typing import Self
from urllib.parse import SplitResult, unquote, urlsplit

import attrs

from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.secret import Secret

SETTING = "SMTP_URL"
SUBMISSION_PORT = 587
"""**Source:** RFC 6409, section 3.1."""
IMPLICIT_TLS_PORT = 465
"""**Source:** RFC 8314, section 3.3."""
_FORM = "must be smtp://user:password@host:port or smtps://user:password@host:port"
_ESCAPED = "; in user and password, write % / ? # @ and : as %25 %2F %3F %23 %40 and %3A"


class Encryption(enum.Enum):
    """
    When a connection is encrypted.

    Attributes:
        IMPLICIT: from its first byte, with a certificate that we trust.
        REQUIRED: by STARTTLS before anything else is said, with a certificate that we trust.
        OFFERED: by STARTTLS if the server offers it, with any certificate: better than nothing, and no more than that.
    """

    IMPLICIT = "implicit"
    REQUIRED = "required"
    OFFERED = "offered"


@attrs.frozen(kw_only=True)
class Login:
    """The account that mails are handed in under."""

    user: str
    password: Secret


@attrs.frozen(kw_only=True)
class SmtpServer:
    """
    A mail server.

    >>> SmtpServer.parse("smtp://shop:p%40ss@mail.example")
    SmtpServer(host='mail.example', port=587, encryption=<Encryption.REQUIRED: 'required'>, \
login=Login(user='shop', password=Secret('***')))
    """

    host: str
    port: int
    encryption: Encryption
    login: Login | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read `smtp://user:password@host:port` or `smtps://...`.

        Without a port it is 587, with `smtps` 465. A password leaves this machine encrypted only, so `smtp` with a
        login means `REQUIRED`, save on loopback; `?starttls=required` asks for it without a login too.

        Raises:
            InvalidInput: it is not of this form; nothing that was read is repeated.
        """
        try:
            parts = urlsplit(text.strip())
            port = parts.port
        except ValueError:
            raise InvalidInput(SETTING, _FORM + _ESCAPED) from None
        host = parts.hostname
        if parts.scheme not in {"smtp", "smtps"} or not host or port == 0:
            raise InvalidInput(SETTING, _FORM + _ESCAPED)
        if parts.path not in {"", "/"} or parts.fragment or parts.query not in {"", "starttls=required"}:
            raise InvalidInput(SETTING, "holds more than a server; only ?starttls=required may follow it" + _ESCAPED)
        login = _login(parts)
        if parts.scheme == "smtps":
            return cls(host=host, port=port or IMPLICIT_TLS_PORT, encryption=Encryption.IMPLICIT, login=login)
        is_needed = bool(parts.query) or (login is not None and not is_loopback(host))
        encryption = Encryption.REQUIRED if is_needed else Encryption.OFFERED
        return cls(host=host, port=port or SUBMISSION_PORT, encryption=encryption, login=login)


def is_loopback(host: str) -> bool:
    """
    Whether a host is this machine, by its name alone; nothing is looked up.

    >>> is_loopback("127.0.0.1"), is_loopback("mail.example")
    (True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _login(parts: SplitResult) -> Login | None:
    if parts.username is None and parts.password is None:
        return None
    if not parts.username or not parts.password:
        raise InvalidInput(SETTING, "names a user or a password, and not both")
    try:
        user, password = (unquote(part, errors="strict") for part in (parts.username, parts.password))
    except UnicodeDecodeError:
        # The error's text holds what could not be decoded.
        raise InvalidInput(SETTING, "holds a user or a password that is not UTF-8" + _ESCAPED) from None
    return Login(user=user, password=Secret(password))
