"""Which mail server, read from one setting."""

import pytest

from bitloot_adapters.smtp import Encryption, Login, SmtpServer
from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.secret import Secret


@pytest.mark.parametrize(
    ("text", "host", "port", "encryption"),
    [
        ("smtp://shop:secret@mail.example", "mail.example", 587, Encryption.REQUIRED),
        ("smtp://shop:secret@mail.example:2525", "mail.example", 2525, Encryption.REQUIRED),
        ("smtp://shop:secret@127.0.0.1:2525", "127.0.0.1", 2525, Encryption.OFFERED),
        ("smtp://shop:secret@localhost", "localhost", 587, Encryption.OFFERED),
        ("smtp://shop:secret@[::1]:25", "::1", 25, Encryption.OFFERED),
        ("smtp://mail.example:25", "mail.example", 25, Encryption.OFFERED),
        ("smtp://mail.example:25/", "mail.example", 25, Encryption.OFFERED),
        ("smtp://mail.example?starttls=required", "mail.example", 587, Encryption.REQUIRED),
        ("smtps://shop:secret@mail.example", "mail.example", 465, Encryption.IMPLICIT),
        ("smtps://localhost:4650", "localhost", 4650, Encryption.IMPLICIT),
    ],
)
def test_the_setting_decides_about_encryption(text: str, host: str, port: int, encryption: Encryption) -> None:
    """A password leaves the machine encrypted only; without one, encryption is taken where it is offered."""
    server = SmtpServer.parse(text)

    assert (host, port, encryption) == (server.host, server.port, server.encryption)


def test_a_login_is_unescaped() -> None:
    """User names are often mail addresses, and passwords hold anything."""
    server = SmtpServer.parse("smtp://shop%40example.com:p%2Fw%25%3A%C3%BC@mail.example")

    assert server.login == Login(user="shop@example.com", password=Secret("p/w%:ü"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mail.example",
        "http://shop:CANARY@mail.example",
        "smtp://",
        "smtp://:CANARY@mail.example",
        "smtp://CANARY@mail.example",
        "smtp://shop:@mail.example",
        "smtp://shop:CAN/ARY@mail.example",
        "smtp://shop:CAN#ARY@mail.example",
        "smtp://shop:CAN?ARY@mail.example",
        "smtp://shop:CANARY%FF@mail.example",
        "smtp://shop:CANARY@mail.example:70000",
        "smtp://shop:CANARY@mail.example:0",
        "smtp://shop:CANARY@[mail.example",
        "smtp://shop:CANARY@mail.example/folder",
        "smtp://shop:CANARY@mail.example?starttls=never",
    ],
)
def test_what_cannot_be_read_is_refused_without_being_repeated(text: str) -> None:
    """The variable is named, its value is not: it can hold a password."""
    with pytest.raises(InvalidInput, match="SMTP_URL") as caught:
        SmtpServer.parse(text)

    for part in ("CANARY", "CAN", "ARY", "mail.example"):
        assert part not in str(caught.value).replace("SMTP_URL must be smtp://user:password@host:port", "")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_a_password_is_not_shown() -> None:
    """A server can be printed."""
    server = SmtpServer.parse("smtp://shop:CANARY@mail.example")

    assert "CANARY" not in repr(server)
