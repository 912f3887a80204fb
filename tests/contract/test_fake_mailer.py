"""The fake mailer keeps the promises of the port."""

from collections.abc import Sequence

import attrs
import pytest

from bitloot_core.testing.contracts.mailer import MAIL, ArrivedMail, MailerContract
from bitloot_core.testing.mailer import FakeMailer
from bitloot_core.values.errors import Rejected, Unavailable, Unknown


@attrs.define
class FakeMailerWorld:
    """A fake mailer whose list is the mailbox."""

    mailer: FakeMailer = attrs.field(factory=FakeMailer)

    async def arrived(self) -> Sequence[ArrivedMail]:
        """What was accepted."""
        return [
            ArrivedMail(
                to=sent.mail.to, message_id=sent.key, text="\n".join([*sent.mail.titles, sent.mail.link.reveal()])
            )
            for sent in self.mailer.sent
        ]

    async def refuse_the_buyer(self) -> None:
        """Given a mailbox that does not exist."""
        self.mailer.faults.before("send", Rejected("mailer", "no such mailbox", code="mail-refused"))

    async def lose_next_answer(self) -> None:
        """Given a mail without an answer."""
        self.mailer.faults.after("send", Unknown("mailer", "no answer after the mail"))

    async def be_slow(self) -> None:
        """Given a peer that does not answer in time."""
        self.mailer.faults.before("send", Unavailable("mailer", "no answer in time"))

    async def go_down(self) -> None:
        """Given that the next mail is not accepted."""
        self.mailer.faults.before("send", Unavailable("mailer", "it is down"))

    async def come_back(self) -> None:
        """Nothing is left to undo: one mail was not accepted."""


class TestFakeMailer(MailerContract):
    """The suite, on the fake."""

    @pytest.fixture
    async def world(self) -> FakeMailerWorld:
        """A fresh fake."""
        return FakeMailerWorld()

    async def test_mails_are_found_by_their_address(self, world: FakeMailerWorld) -> None:
        """A test asks for the buyer's mails, in the order in which they went out."""
        other = attrs.evolve(MAIL, to="other@example.com")
        for mail in (MAIL, other, MAIL):
            await world.mailer.send(mail, key="a")

        assert world.mailer.to(MAIL.to) == (MAIL, MAIL)

    async def test_the_link_is_not_printed(self, world: FakeMailerWorld) -> None:
        """A failing test shows the list of mails; the link stays out of it."""
        await world.mailer.send(MAIL, key="a")

        assert "CANARY" not in repr(world.mailer.sent)
