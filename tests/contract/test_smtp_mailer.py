"""The mailer that speaks SMTP keeps the promises of the port, with a real server on loopback."""

import logging
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import attrs
import pytest

from bitloot_adapters._shared.mail_message import Sender
from bitloot_adapters.smtp import Encryption, Login, SmtpMailer, SmtpServer
from bitloot_core.testing.clock import ManualClock
from bitloot_core.testing.contracts.mailer import LINK, MAIL, ArrivedMail, MailerContract
from bitloot_core.values.errors import Rejected, Unavailable, Unknown
from bitloot_core.values.secret import Secret
from harness.certificate import ThrowAwayTls, throw_away_tls
from harness.mail_server import MailServer, TakenMail

SENDER = Sender(name="The Shop", address="shop@example.com")
LONG = timedelta(seconds=30)
SHORT = timedelta(seconds=0.3)
PASSWORD = "p@ss word/ü"


@attrs.define
class SmtpWorld:
    """A mail server, and a mailer that hands mails to it."""

    server: MailServer
    mailer: SmtpMailer

    async def arrived(self) -> Sequence[ArrivedMail]:
        """What the server took."""
        return [_arrived(mail) for mail in self.server.taken]

    async def refuse_the_buyer(self) -> None:
        """Given a mailbox that does not exist."""
        self.server.answers["RCPT"] = "550 5.1.1 <buyer@example.com>: no such user here"

    async def lose_next_answer(self) -> None:
        """Given that the connection is cut after the message."""
        self.server.drops_next_answer = True

    async def be_slow(self) -> None:
        """Given a server that looks into the message for ever."""
        self.server.is_slow = True
        self.mailer = mailer_for(self.server, deadline=SHORT)

    async def go_down(self) -> None:
        """Given that nobody listens."""
        await self.server.go_down()

    async def come_back(self) -> None:
        """Given that it listens again."""
        await self.server.come_back()


def mailer_for(
    server: MailServer,
    *,
    encryption: Encryption = Encryption.OFFERED,
    login: Login | None = None,
    tls: ThrowAwayTls | None = None,
    deadline: timedelta = LONG,
) -> SmtpMailer:
    """A mailer that hands mails to the server."""
    place = SmtpServer(host="127.0.0.1", port=server.port, encryption=encryption, login=login)
    return SmtpMailer(place, SENDER, clock=ManualClock(), deadline=deadline, trust=tls.trusting if tls else None)


def _arrived(mail: TakenMail) -> ArrivedMail:
    """A mail as the buyer's mail program has it."""
    body = mail.message.get_body(("plain",))
    assert body is not None
    return ArrivedMail(to=mail.message["To"], message_id=mail.message["Message-ID"], text=body.get_content())


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ThrowAwayTls:
    """A certificate for 127.0.0.1."""
    return throw_away_tls(tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    """A server that neither encrypts nor asks who is there."""
    async with MailServer().serve() as running:
        yield running


class TestSmtpMailer(MailerContract):
    """The suite, over SMTP."""

    @pytest.fixture
    async def world(self, server: MailServer) -> SmtpWorld:
        """A server with an empty mailbox."""
        return SmtpWorld(server, mailer_for(server))


class TestWhatIsSent:
    """What stands on the wire."""

    async def test_the_envelope_names_both_sides(self, server: MailServer) -> None:
        """Sender and recipient are those of the headers, and we greet as the sender's domain."""
        await mailer_for(server).send(MAIL, key="a")

        (mail,) = server.taken
        assert (mail.sender, mail.recipient) == ("shop@example.com", "buyer@example.com")
        assert mail.greeted_as == "example.com"
        assert mail.message["From"] == "The Shop <shop@example.com>"

    async def test_a_buyer_with_letters_of_their_own_gets_mail(self, server: MailServer) -> None:
        """A mailbox beyond ASCII is announced (SMTPUTF8), and a domain beyond it goes in its ASCII form."""
        await mailer_for(server).send(attrs.evolve(MAIL, to="jörg@bücher.example"), key="a")

        (mail,) = server.taken
        assert mail.recipient == "jörg@xn--bcher-kva.example"
        assert "SMTPUTF8" in mail.options

    async def test_such_a_buyer_is_refused_where_the_server_cannot(self) -> None:
        """It says so before anything is sent; another try would end the same."""
        async with MailServer(knows_unicode=False).serve() as old:
            with pytest.raises(Rejected) as caught:
                await mailer_for(old).send(attrs.evolve(MAIL, to="jörg@example.com"), key="a")

        assert caught.value.code == "mail-refused"
        assert not old.taken

    @pytest.mark.parametrize("address", ["a+b@example.com", "o'neil@example.com", "x.{y}|z=!#$%&*/?^`~@example.com"])
    async def test_a_strange_address_goes_as_it_is(self, server: MailServer, address: str) -> None:
        """The envelope repeats the address on the order to the letter."""
        await mailer_for(server).send(attrs.evolve(MAIL, to=address), key="a")

        assert address == server.taken[0].recipient

    async def test_a_line_that_is_a_dot_does_not_end_the_message(self, server: MailServer) -> None:
        """What follows would otherwise be read as commands."""
        sly = attrs.evolve(MAIL, titles=("x\r\n.\r\nMAIL FROM:<thief@example.com>",))

        await mailer_for(server).send(sly, key="a")

        (mail,) = server.taken
        assert LINK in _arrived(mail).text


class TestEncryption:
    """Who is spoken to in the clear, and who is not."""

    async def test_encryption_that_is_offered_is_taken(self, tls: ThrowAwayTls) -> None:
        """With any certificate: a relay of one's own rarely has one that others know."""
        async with MailServer(offers=tls.server).serve() as server:
            await mailer_for(server).send(MAIL, key="a")

        assert server.taken[0].is_encrypted

    async def test_encryption_that_is_required_comes_with_proof(self, tls: ThrowAwayTls) -> None:
        """A certificate that we trust is good."""
        async with MailServer(offers=tls.server).serve() as server:
            await mailer_for(server, encryption=Encryption.REQUIRED, tls=tls).send(MAIL, key="a")

        assert server.taken[0].is_encrypted

    @pytest.mark.parametrize("encryption", [Encryption.REQUIRED, Encryption.IMPLICIT])
    async def test_a_stranger_gets_neither_mail_nor_password(self, tls: ThrowAwayTls, encryption: Encryption) -> None:
        """A certificate that we do not trust stops us, and the operator reads what to look at."""
        is_implicit = encryption is Encryption.IMPLICIT
        spoken, offered = (tls.server, None) if is_implicit else (None, tls.server)
        async with MailServer(speaks=spoken, offers=offered, password=PASSWORD).serve() as server:
            mailer = mailer_for(server, encryption=encryption, login=Login(user="shop", password=Secret(PASSWORD)))

            with pytest.raises(Unavailable, match=r"not trusted .*SMTP_URL") as caught:
                await mailer.send(MAIL, key="a")

        assert not server.taken
        assert PASSWORD not in str(caught.value)

    async def test_a_server_that_takes_the_offer_away_gets_nothing(self, server: MailServer, tls: ThrowAwayTls) -> None:
        """Whoever cuts STARTTLS out of the greeting learns no password (RFC 3207, section 6)."""
        login = Login(user="shop", password=Secret(PASSWORD))
        mailer = mailer_for(server, encryption=Encryption.REQUIRED, login=login, tls=tls)

        with pytest.raises(Unavailable, match="offers no encryption"):
            await mailer.send(MAIL, key="a")

        assert not server.taken

    async def test_smtps_is_encrypted_from_the_first_byte(self, tls: ThrowAwayTls) -> None:
        """And proves itself."""
        async with MailServer(speaks=tls.server).serve() as server:
            await mailer_for(server, encryption=Encryption.IMPLICIT, tls=tls).send(MAIL, key="a")

        assert server.taken[0].is_encrypted

    async def test_smtps_on_the_wrong_port_says_so(self, server: MailServer, tls: ThrowAwayTls) -> None:
        """The commonest mistake: the port of the other scheme."""
        with pytest.raises(Unavailable, match="check scheme and port in SMTP_URL"):
            await mailer_for(server, encryption=Encryption.IMPLICIT, tls=tls).send(MAIL, key="a")


class TestLogin:
    """Who we say that we are."""

    async def test_the_account_logs_in(self, tls: ThrowAwayTls) -> None:
        """Under TLS, with whatever characters the password has."""
        async with MailServer(offers=tls.server, password=PASSWORD).serve() as server:
            login = Login(user="shop", password=Secret(PASSWORD))
            await mailer_for(server, encryption=Encryption.REQUIRED, login=login, tls=tls).send(MAIL, key="a")

        assert server.taken[0].user == "shop"

    async def test_a_wrong_password_is_the_operators(self, tls: ThrowAwayTls, caplog: pytest.LogCaptureFixture) -> None:
        """It waits for them, by name of the setting; neither password is said, and nor is the user."""
        caplog.set_level(logging.DEBUG, logger="bitloot_adapters")
        async with MailServer(offers=tls.server, password="another").serve() as server:
            login = Login(user="shop-account", password=Secret(PASSWORD))
            mailer = mailer_for(server, encryption=Encryption.REQUIRED, login=login, tls=tls)

            with pytest.raises(Unavailable, match=r"refuses the login \(535.*SMTP_URL") as caught:
                await mailer.send(MAIL, key="a")

        said = str(caught.value) + repr(caught.value) + repr(mailer) + caplog.text
        assert PASSWORD not in said
        assert not server.taken


class TestProbe:
    """Whether mails could go out now, without one that goes out."""

    async def test_it_goes_as_far_as_the_login(self, tls: ThrowAwayTls) -> None:
        """Encrypted and logged in; nothing is handed over."""
        async with MailServer(offers=tls.server, password=PASSWORD).serve() as server:
            login = Login(user="shop", password=Secret(PASSWORD))
            await mailer_for(server, encryption=Encryption.REQUIRED, login=login, tls=tls).probe()

            assert (server.connections, server.taken) == (1, [])

    async def test_a_wrong_password_is_found(self, tls: ThrowAwayTls) -> None:
        """Before the first buyer waits for a mail."""
        async with MailServer(offers=tls.server, password=PASSWORD).serve() as server:
            login = Login(user="shop", password=Secret("wrong"))
            with pytest.raises(Unavailable, match=r"refuses the login \(535") as caught:
                await mailer_for(server, encryption=Encryption.REQUIRED, login=login, tls=tls).probe()

            assert "wrong" not in str(caught.value)

    async def test_a_server_that_is_away_is_found(self, server: MailServer) -> None:
        """Named, and passing."""
        await server.go_down()

        with pytest.raises(Unavailable, match="cannot be reached"):
            await mailer_for(server).probe()


class TestAnswers:
    """What the server says, and what follows from it."""

    @pytest.mark.parametrize("command", ["EHLO", "MAIL", "RCPT", "DATA"])
    @pytest.mark.parametrize("answer", ["421 4.3.2 going down", "451 4.7.1 greylisted, come again"])
    async def test_a_4xx_is_passing(self, server: MailServer, command: str, answer: str) -> None:
        """Also behind the message: a server that says no has not taken it. Source: RFC 5321, section 4.2.1."""
        server.answers[command] = answer

        with pytest.raises(Unavailable, match=answer[:3]):
            await mailer_for(server).send(MAIL, key="a")

        server.answers.clear()
        await mailer_for(server).send(MAIL, key="a")
        assert len(server.taken) == 1

    @pytest.mark.parametrize("command", ["RCPT", "DATA"])
    async def test_a_5xx_on_recipient_or_message_is_final(self, server: MailServer, command: str) -> None:
        """The numbers are kept, the words are not: a filter repeats the link that it dislikes."""
        server.answers[command] = f"554 5.7.1 the address {LINK} is on a list"

        with pytest.raises(Rejected, match=r"\(554 5\.7\.1\)") as caught:
            await mailer_for(server).send(MAIL, key="a")

        assert caught.value.code == "mail-refused"
        assert "CANARY" not in repr(caught.value) + repr(caught.value.__cause__)

    async def test_a_sender_that_is_refused_is_the_operators(self, server: MailServer) -> None:
        """No mail would ever go, so they wait until MAIL_FROM is right."""
        server.answers["MAIL"] = "553 5.7.1 sender address rejected: not owned by user"

        with pytest.raises(Unavailable, match="MAIL_FROM"):
            await mailer_for(server).send(MAIL, key="a")

    async def test_a_server_that_wants_a_login_is_the_operators(self, server: MailServer) -> None:
        """It is no fault of the buyer's address."""
        server.answers["RCPT"] = "530 5.7.0 authentication required"

        with pytest.raises(Unavailable, match="asks for a login"):
            await mailer_for(server).send(MAIL, key="a")

    async def test_an_answer_that_is_none_leaves_it_open(self, server: MailServer) -> None:
        """Behind the message a number that we do not know may be a yes."""
        server.answers["DATA"] = "299 perhaps"

        with pytest.raises(Unknown):
            await mailer_for(server).send(MAIL, key="a")

    async def test_a_mail_whose_turn_never_comes_was_not_sent(self, server: MailServer) -> None:
        """All connections are in use until its time is over."""
        place = SmtpServer(host="127.0.0.1", port=server.port, encryption=Encryption.OFFERED, login=None)
        mailer = SmtpMailer(place, SENDER, clock=ManualClock(), deadline=SHORT, connections=0)

        with pytest.raises(Unavailable, match="too slow"):
            await mailer.send(MAIL, key="a")

        assert server.connections == 0

    async def test_the_link_is_not_logged(self, server: MailServer, caplog: pytest.LogCaptureFixture) -> None:
        """Nor is the buyer's address."""
        caplog.set_level(logging.DEBUG, logger="bitloot_adapters")
        mailer = mailer_for(server)

        await mailer.send(MAIL, key="a")

        assert "accepted" in caplog.text
        for secret in ("CANARY", "buyer@example.com"):
            assert secret not in caplog.text + repr(mailer)
