"""The mailer that writes files keeps the promises of the port."""

import asyncio
import logging
import stat
from collections.abc import Sequence
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import attrs
import pytest

from bitloot_adapters._shared.mail_message import Sender
from bitloot_adapters.mail_folder import FolderMailer
from bitloot_core.testing.clock import ManualClock
from bitloot_core.testing.contracts.mailer import MAIL, ArrivedMail, MailerContract
from bitloot_core.values.errors import InvalidInput, Unavailable


@attrs.define
class FolderMailerWorld:
    """A folder of mails."""

    folder: Path
    clock: ManualClock = attrs.field(factory=ManualClock)
    mailer: FolderMailer = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Make the folder."""
        sender = Sender(name="The Shop", address="shop@example.com")
        self.mailer = FolderMailer(self.folder, sender, clock=self.clock)

    async def arrived(self) -> Sequence[ArrivedMail]:
        """The files."""
        return [_arrived(path) for path in sorted(self.folder.glob("*.eml"))]

    async def refuse_the_buyer(self) -> None:
        """Not possible."""
        pytest.skip("a folder takes mail for everybody")

    async def lose_next_answer(self) -> None:
        """Not possible."""
        pytest.skip("a folder always answers")

    async def be_slow(self) -> None:
        """Not possible."""
        pytest.skip("a folder has no time limit of its own")

    async def go_down(self) -> None:
        """Given a disk that is not mounted."""
        self.folder.rename(self.folder.with_suffix(".away"))

    async def come_back(self) -> None:
        """Given that it is mounted again."""
        self.folder.with_suffix(".away").rename(self.folder)


def _arrived(path: Path) -> ArrivedMail:
    """A file as a mail program reads it."""
    message = message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain",))
    assert body is not None
    return ArrivedMail(to=message["To"], message_id=message["Message-ID"], text=body.get_content())


class TestFolderMailer(MailerContract):
    """The suite, on files."""

    @pytest.fixture
    async def world(self, tmp_path: Path) -> FolderMailerWorld:
        """A fresh folder."""
        return FolderMailerWorld(folder=tmp_path / "mail")

    async def test_a_repeat_replaces_the_file(self, world: FolderMailerWorld) -> None:
        """One mail is one file, however often the job ran."""
        for _ in range(3):
            await world.mailer.send(MAIL, key="order7f3k/delivery/1")

        (path,) = world.folder.iterdir()
        assert path.suffix == ".eml"
        assert "order7f3k" not in path.name

    async def test_a_mail_bears_the_time_of_the_clock(self, world: FolderMailerWorld) -> None:
        """Not that of the machine: a test can turn it."""
        await world.mailer.send(MAIL, key="a")

        (path,) = world.folder.iterdir()
        message = message_from_bytes(path.read_bytes(), policy=default)
        assert message["Date"].datetime == world.clock.now()

    async def test_nobody_else_may_read(self, world: FolderMailerWorld) -> None:
        """A mail holds a link that opens keys."""
        await world.mailer.send(MAIL, key="a")

        (path,) = world.folder.iterdir()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(world.folder.stat().st_mode) == 0o700

    async def test_many_mails_at_once_are_all_there(self, world: FolderMailerWorld) -> None:
        """Also where several have the same key: the last one stays, whole, and nothing is left over."""
        await asyncio.gather(*(world.mailer.send(MAIL, key=f"mail {number % 10}") for number in range(60)))

        assert len(await world.arrived()) == 10
        assert len(list(world.folder.iterdir())) == 10

    async def test_a_probe_leaves_nothing(self, world: FolderMailerWorld) -> None:
        """It says whether a mail could be written, and writes none."""
        await world.mailer.probe()

        assert list(world.folder.iterdir()) == []
        await world.go_down()
        with pytest.raises(Unavailable, match="ENOENT"):
            await world.mailer.probe()

    async def test_the_link_is_not_logged(self, world: FolderMailerWorld, caplog: pytest.LogCaptureFixture) -> None:
        """Neither the log nor the repr of mail and mailer show it."""
        caplog.set_level(logging.DEBUG)

        await world.mailer.send(MAIL, key="a")

        assert "CANARY" not in caplog.text + repr(world.mailer) + repr(MAIL)


def test_a_folder_that_cannot_be_made_is_a_mistake_in_the_settings(tmp_path: Path) -> None:
    """It is named by its variable when the service starts."""
    (tmp_path / "file").write_text("x")

    with pytest.raises(InvalidInput, match="MAIL_DIR"):
        FolderMailer(tmp_path / "file", Sender(name="", address="shop@example.com"), clock=ManualClock())
