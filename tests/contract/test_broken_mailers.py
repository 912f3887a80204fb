"""The mailer's suite fails mailers that break a promise."""

from collections.abc import Awaitable, Callable, Sequence

import attrs
import pytest

from bitloot_core.ports.mailer import Mail
from bitloot_core.testing.contracts.mailer import ArrivedMail, MailerContract
from bitloot_core.testing.mailer import FakeMailer, SentMail
from bitloot_core.values.errors import Unavailable, Unknown

SUITE = MailerContract()


class NewNameForEachTry(FakeMailer):
    """Makes a Message-ID by chance."""

    async def send(self, mail: Mail, *, key: str) -> None:
        """Accept it under another name."""
        await super().send(mail, key=f"{key} {len(self.sent)}")


class BelievesTheAddress(FakeMailer):
    """Puts whatever it gets into the header."""

    async def send(self, mail: Mail, *, key: str) -> None:
        """Accept anything."""
        self.sent.append(SentMail(key=key, mail=mail))


class SaysItWent(FakeMailer):
    """Takes a lost answer, or none, for a yes."""

    async def send(self, mail: Mail, *, key: str) -> None:
        """Swallow what goes wrong."""
        try:
            await super().send(mail, key=key)
        except (Unavailable, Unknown):
            return


@attrs.define
class World:
    """The verbs that the chosen promises need."""

    mailer: FakeMailer

    async def arrived(self) -> Sequence[ArrivedMail]:
        """What was accepted."""
        return [
            ArrivedMail(to=sent.mail.to, message_id=sent.key, text=sent.mail.link.reveal()) for sent in self.mailer.sent
        ]

    async def lose_next_answer(self) -> None:
        """Given a mail without an answer."""
        self.mailer.faults.after("send", Unknown("mailer", "no answer"))

    async def go_down(self) -> None:
        """Given that the next mail is not accepted."""
        self.mailer.faults.before("send", Unavailable("mailer", "it is down"))

    async def come_back(self) -> None:
        """Nothing to undo."""


async def no_header_in_the_address(world: World) -> None:
    """The promise, for one address."""
    await SUITE.test_an_address_cannot_carry_a_header(world, "buyer@example.com\r\nBcc: thief@example.com")


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (NewNameForEachTry, SUITE.test_a_repeat_can_be_told_from_a_second_mail),
        (NewNameForEachTry, SUITE.test_a_lost_answer_is_unknown_and_may_be_repeated),
        (BelievesTheAddress, no_header_in_the_address),
        (SaysItWent, SUITE.test_a_peer_that_is_down_is_a_passing_error),
        (SaysItWent, SUITE.test_a_lost_answer_is_unknown_and_may_be_repeated),
    ],
)
async def test_the_suite_fails_it(broken: type[FakeMailer], promise: Callable[[World], Awaitable[None]]) -> None:
    """Each broken mailer fails the promise that it breaks, and an honest one keeps it."""
    await promise(World(FakeMailer()))

    with pytest.raises((AssertionError, pytest.fail.Exception)):
        await promise(World(broken()))
