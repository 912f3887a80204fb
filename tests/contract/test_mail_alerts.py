"""Alerts by mail keep the promises of a channel: over SMTP to a real server on loopback, and in a folder."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import attrs
import pytest

from bitloot_adapters._shared.mail_message import Sender
from bitloot_adapters.mail_folder import FolderMailer
from bitloot_adapters.smtp import Encryption, SmtpMailer, SmtpServer
from bitloot_core.ports.mailer import Notice
from bitloot_core.testing.clock import ManualClock
from bitloot_core.testing.contracts.alert_channel import ALERT, AlertChannelContract, ArrivedAlert
from bitloot_core.usecases.alert_by_mail import MailAlerts
from bitloot_core.values.errors import Rejected
from harness.mail_server import MailServer

SENDER = Sender(name="The Shop", address="shop@example.com")
TO = "operator-CANARY@example.com"
SHOP = "https://shop.example"
SHORT = timedelta(seconds=0.3)


def read(raw: bytes) -> ArrivedAlert:
    """A mail as the operator's mail program has it."""
    message = message_from_bytes(raw, policy=default)
    return ArrivedAlert(id=message["Message-ID"], text=f"{message['Subject']}\n{message.get_content()}")


def mailer_for(server: MailServer, *, deadline: timedelta = timedelta(seconds=30)) -> SmtpMailer:
    """A mailer that hands mails to the server."""
    place = SmtpServer(host="127.0.0.1", port=server.port, encryption=Encryption.OFFERED, login=None)
    return SmtpMailer(place, SENDER, clock=ManualClock(), deadline=deadline)


@attrs.define
class SmtpWorld:
    """A mail server, and alerts that are handed to it."""

    server: MailServer
    channel: MailAlerts

    async def arrived(self) -> Sequence[ArrivedAlert]:
        """What the server took."""
        return [read(mail.raw) for mail in self.server.taken]

    async def refuse(self) -> None:
        """Given a mailbox that does not exist."""
        self.server.answers["RCPT"] = f"550 5.1.1 <{TO}>: no such user here"

    async def lose_next_answer(self) -> None:
        """Given that the connection is cut after the message."""
        self.server.drops_next_answer = True

    async def be_slow(self) -> None:
        """Given a server that looks into the message for ever."""
        self.server.is_slow = True
        self.channel = MailAlerts(mailer_for(self.server, deadline=SHORT), to=TO, public_url=SHOP)

    async def go_down(self) -> None:
        """Given that nobody listens."""
        await self.server.go_down()

    async def come_back(self) -> None:
        """Given that it listens again."""
        await self.server.come_back()


class TestMailAlerts(AlertChannelContract):
    """The suite, over SMTP."""

    @pytest.fixture
    async def server(self) -> AsyncIterator[MailServer]:
        """A server that neither encrypts nor asks who is there."""
        async with MailServer().serve() as running:
            yield running

    @pytest.fixture
    async def world(self, server: MailServer) -> SmtpWorld:
        """A server with an empty mailbox."""
        return SmtpWorld(server, MailAlerts(mailer_for(server), to=TO, public_url=SHOP))

    async def test_it_goes_to_the_operator_alone(self, world: SmtpWorld) -> None:
        """As a machine's mail, so that no holiday note answers it."""
        await world.channel.send(ALERT)

        (mail,) = world.server.taken
        assert mail.recipient == TO
        assert (mail.message["To"], mail.message["Auto-Submitted"]) == (TO, "auto-generated")


@attrs.define
class FolderWorld:
    """A folder, and alerts that are written to it."""

    folder: Path
    channel: MailAlerts

    async def arrived(self) -> Sequence[ArrivedAlert]:
        """What lies in the folder; a repeat has replaced the first."""
        return [read(path.read_bytes()) for path in self.folder.glob("*.eml")]

    async def refuse(self) -> None:
        """No folder says no for good."""
        pytest.skip("a folder refuses nobody for good")

    async def lose_next_answer(self) -> None:
        """A file is written or not."""
        pytest.skip("a folder loses no answer")

    async def be_slow(self) -> None:
        """A disk is waited for."""
        pytest.skip("a folder is not slow")

    async def go_down(self) -> None:
        """Given that the folder is gone."""
        self.folder.rmdir()

    async def come_back(self) -> None:
        """Given that it is there again."""
        self.folder.mkdir()


class TestFolderAlerts(AlertChannelContract):
    """The suite, in a folder."""

    @pytest.fixture
    async def world(self, tmp_path: Path) -> FolderWorld:
        """An empty folder."""
        folder = tmp_path / "mail"
        mailer = FolderMailer(folder, SENDER, clock=ManualClock())
        return FolderWorld(folder, MailAlerts(mailer, to=TO, public_url=SHOP))


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    """A mail server."""
    async with MailServer().serve() as running:
        yield running


async def test_a_subject_cannot_carry_a_header(server: MailServer) -> None:
    """Nor end one, whatever letters it has."""
    sly = Notice(to=TO, subject="Hello\r\nBcc: thief@example.com\x00 Ведьмак", text="Hello")

    await mailer_for(server).send_notice(sly, key="a")

    (mail,) = server.taken
    assert mail.message["Bcc"] is None
    assert mail.message["Subject"] == "Hello Bcc: thief@example.com Ведьмак"


async def test_a_long_text_in_any_letters_arrives(server: MailServer) -> None:
    """Encoded for the way, and the same at the other end."""
    text = "Ведьмак " * 300

    await mailer_for(server).send_notice(Notice(to=TO, subject="x", text=text), key="a")

    assert server.taken[0].message.get_content().strip() == text.strip()


@pytest.mark.parametrize("address", ["", "nobody", "a@example.com\r\nBcc: thief@example.com"])
async def test_an_address_that_is_none_is_refused(server: MailServer, address: str) -> None:
    """Before anything leaves."""
    with pytest.raises(Rejected) as caught:
        await mailer_for(server).send_notice(Notice(to=address, subject="x", text="x"), key="a")

    assert "thief" not in str(caught.value)
    assert not server.taken
