"""What comes of a conversation that does not go as a mail server's should."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from bitloot_adapters._shared.mail_message import Sender
from bitloot_adapters.smtp import Encryption, Login, SmtpMailer, SmtpServer
from bitloot_core.testing.clock import ManualClock
from bitloot_core.testing.contracts.mailer import MAIL
from bitloot_core.values.errors import PortError, Unavailable, Unknown
from bitloot_core.values.secret import Secret

SENDER = Sender(name="", address="shop@example.com")
UP_TO_DATA = ("220 hello\r\n", "250 hello\r\n", "250 OK\r\n", "250 OK\r\n", "354 go on\r\n")
HANG_UP = ""


@asynccontextmanager
async def scripted(answers: Sequence[str]) -> AsyncIterator[int]:
    """A server that says its lines, whatever it hears, and hangs up after the last; yields its port."""
    over = asyncio.Event()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One conversation."""
        writer.write(answers[0].encode())
        for answer in answers[1:]:
            heard = await reader.readline()
            if answers[answers.index(answer) - 1].startswith("354"):
                while heard not in {b".\r\n", b""}:
                    heard = await reader.readline()
            writer.write(answer.encode())
        await writer.drain()
        writer.close()
        over.set()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
        await asyncio.wait_for(over.wait(), 10)
    finally:
        server.close()


async def outcome_of(
    port: int, *, login: Login | None = None, host: str = "127.0.0.1", deadline: timedelta = timedelta(seconds=10)
) -> PortError:
    """How sending ends; it does not end well."""
    server = SmtpServer(host=host, port=port, encryption=Encryption.OFFERED, login=login)
    with pytest.raises(PortError) as caught:
        await SmtpMailer(server, SENDER, clock=ManualClock(), deadline=deadline).send(MAIL, key="a")
    return caught.value


@pytest.mark.parametrize("said", [1, 2, 3])
async def test_a_server_that_hangs_up_before_the_message_has_taken_nothing(said: int) -> None:
    """Wherever it is, up to the recipient."""
    async with scripted((*UP_TO_DATA[:said], HANG_UP)) as port:
        outcome = await outcome_of(port)

    assert isinstance(outcome, Unavailable)


@pytest.mark.parametrize("said", [4, 5])
async def test_a_server_that_hangs_up_at_the_message_may_have_taken_it(said: int) -> None:
    """From the word DATA on nobody knows; a repeat has the same Message-ID."""
    async with scripted((*UP_TO_DATA[:said], HANG_UP)) as port:
        outcome = await outcome_of(port)

    assert isinstance(outcome, Unknown)


@pytest.mark.parametrize(
    "garbage", ["HTTP/1.1 400 Bad Request\r\n", "2x0 OK\r\n", "\x00\xff\r\n", "2" * 40_000 + "\r\n"]
)
@pytest.mark.parametrize("said", [0, 1, 2, 3, 4])
async def test_garbage_before_the_message_is_a_passing_error(said: int, garbage: str) -> None:
    """Another kind of server, or a broken one: nothing was handed over, and nothing of it is repeated."""
    async with scripted((*UP_TO_DATA[:said], garbage)) as port:
        outcome = await outcome_of(port)

    # From the word DATA on nobody knows.
    assert isinstance(outcome, Unknown if said == 4 else Unavailable)
    assert "HTTP" not in str(outcome)


async def test_garbage_after_the_message_leaves_it_open() -> None:
    """It may have been a yes."""
    async with scripted((*UP_TO_DATA, "garbage\r\n")) as port:
        outcome = await outcome_of(port)

    assert isinstance(outcome, Unknown)


@pytest.mark.parametrize("greeting", ["554 5.3.2 no service here\r\n", "421 too many connections\r\n"])
async def test_a_server_that_does_not_greet_is_a_passing_error(greeting: str) -> None:
    """Providers turn connections away for a while; an address without a server is the operator's to mend."""
    async with scripted((greeting,)) as port:
        outcome = await outcome_of(port)

    assert isinstance(outcome, Unavailable)
    assert greeting[:3] in str(outcome)


async def test_a_server_without_logins_is_the_operators() -> None:
    """The port of server-to-server mail knows no accounts."""
    async with scripted(UP_TO_DATA[:2]) as port:
        outcome = await outcome_of(port, login=Login(user="shop", password=Secret("CANARY")))

    assert isinstance(outcome, Unavailable)
    assert "no way to log in" in str(outcome)
    assert "CANARY" not in str(outcome)


async def test_a_name_that_nobody_knows_is_a_passing_error() -> None:
    """Name servers fail, and come back. Source: RFC 6761, section 6.4, reserves `.invalid`."""
    outcome = await outcome_of(25, host="mail.invalid")

    assert isinstance(outcome, Unavailable)


async def test_a_server_that_never_greets_is_not_waited_for() -> None:
    """The deadline is for the whole mail."""
    never = asyncio.Event()

    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Keep the line open."""
        await never.wait()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    try:
        outcome = await outcome_of(server.sockets[0].getsockname()[1], deadline=timedelta(seconds=0.2))
    finally:
        never.set()
        server.close()

    assert isinstance(outcome, Unavailable)
