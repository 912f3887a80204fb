"""What every mailer must do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import attrs
import pytest

from bitloot_core.order.jobs import MailKind
from bitloot_core.ports.mailer import Mail, Mailer
from bitloot_core.values.errors import PortError, Rejected, Unavailable, Unknown
from bitloot_core.values.ids import OrderId
from bitloot_core.values.secret import Secret

LINK = "https://shop.example/delivery/CANARY" + "7" * 60
MAIL = Mail(
    kind=MailKind.DELIVERY,
    order_id=OrderId("order7f3k"),
    to="buyer@example.com",
    link=Secret(LINK),
    titles=("2 x Half-Life <3> & Co", "1 x Ведьмак 3"),
    ready=3,
    owed=0,
)
BAD_ADDRESSES = (
    "",
    "nobody",
    "@example.com",
    "buyer@",
    "buyer@example.com\r\nBcc: thief@example.com",
    "buyer@example.com\nBcc: thief@example.com",
    "buyer@example.com\0",
    "buyer @example.com",
)


@attrs.frozen(kw_only=True)
class ArrivedMail:
    """
    A mail as the buyer's mail program has it.

    Attributes:
        message_id: what tells a repeat from a second mail.
        text: everything that the buyer can read, decoded.
    """

    to: str
    message_id: str
    text: str = attrs.field(repr=False)


class MailerWorld(Protocol):
    """A mailer, and the mailbox behind it. A verb that a real server cannot do skips, and says so."""

    @property
    def mailer(self) -> Mailer:
        """The port."""
        ...

    async def arrived(self) -> Sequence[ArrivedMail]:
        """What is in the mailbox, oldest first; where a repeat replaces the first mail, once."""
        ...

    async def refuse_the_buyer(self) -> None:
        """Given a mailbox that does not exist: whoever brings the mail says no for good."""
        ...

    async def lose_next_answer(self) -> None:
        """Given that the next mail is taken, but the answer never comes."""
        ...

    async def be_slow(self) -> None:
        """Given a peer that does not answer in time."""
        ...

    async def go_down(self) -> None:
        """Given a peer that cannot be reached."""
        ...

    async def come_back(self) -> None:
        """Given that it can be reached again."""
        ...


class MailerContract:
    """
    The promises of `Mailer`.

    The unhappy five: the retried key, the answer lost after acceptance, the slow peer, the malformed body (an address
    that would end a header) and the failure at the commit point (a peer that is down when the mail is handed over).
    """

    @pytest.fixture
    async def world(self) -> MailerWorld:
        """The mailer under test."""
        raise NotImplementedError

    async def test_a_mail_arrives_with_its_link_in_one_piece(self, world: MailerWorld) -> None:
        """The buyer finds the link and what was bought."""
        await world.mailer.send(MAIL, key="order7f3k/delivery/1")

        (arrived,) = await world.arrived()
        assert arrived.to == MAIL.to
        assert LINK in arrived.text
        for title in MAIL.titles:
            assert title in arrived.text

    async def test_a_repeat_can_be_told_from_a_second_mail(self, world: MailerWorld) -> None:
        """The same key carries the same Message-ID, another key another one."""
        for key in ("a", "a", "b"):
            await world.mailer.send(MAIL, key=key)

        arrived = [mail.message_id for mail in await world.arrived()]
        assert len(set(arrived)) == 2

    async def test_a_lost_answer_is_unknown_and_may_be_repeated(self, world: MailerWorld) -> None:
        """The mail may be on its way; a repeat does no harm, because it says that it is one."""
        await world.lose_next_answer()

        with pytest.raises(Unknown):
            await world.mailer.send(MAIL, key="a")
        await world.mailer.send(MAIL, key="a")

        assert len({mail.message_id for mail in await world.arrived()}) == 1

    async def test_a_peer_that_is_down_is_a_passing_error(self, world: MailerWorld) -> None:
        """Nothing was sent, and later it goes."""
        await world.go_down()

        with pytest.raises(Unavailable) as caught:
            await world.mailer.send(MAIL, key="a")

        assert "CANARY" not in str(caught.value)
        await world.come_back()
        await world.mailer.send(MAIL, key="a")
        assert len(await world.arrived()) == 1

    async def test_a_slow_peer_is_not_waited_for(self, world: MailerWorld) -> None:
        """The worker gets its lease back: the mail was not accepted, or nobody knows."""
        await world.be_slow()

        with pytest.raises((Unavailable, Unknown)):
            await world.mailer.send(MAIL, key="a")

    async def test_a_refusal_is_final_and_has_a_code(self, world: MailerWorld) -> None:
        """A mailbox that does not exist is for the operator, not for another try."""
        await world.refuse_the_buyer()

        with pytest.raises(Rejected) as caught:
            await world.mailer.send(MAIL, key="a")

        assert caught.value.code == "mail-refused"
        assert "CANARY" not in str(caught.value)

    @pytest.mark.parametrize("address", BAD_ADDRESSES)
    async def test_an_address_cannot_carry_a_header(self, world: MailerWorld, address: str) -> None:
        """What is no address is refused before anything leaves, and not repeated in the error."""
        with pytest.raises(Rejected) as caught:
            await world.mailer.send(attrs.evolve(MAIL, to=address), key="a")

        assert caught.value.code == "mail-refused"
        assert "thief" not in str(caught.value)
        assert not await world.arrived()

    async def test_a_title_cannot_carry_a_header(self, world: MailerWorld) -> None:
        """Titles come from a supplier's catalogue; a line break in one stays in the text."""
        sly = attrs.evolve(MAIL, titles=("Game\r\nBcc: thief@example.com\r\n\r\nHello",))

        await world.mailer.send(sly, key="a")

        (arrived,) = await world.arrived()
        assert arrived.to == MAIL.to
        assert LINK in arrived.text

    async def test_errors_say_whose_they_are(self, world: MailerWorld) -> None:
        """The operator reads which port failed."""
        await world.go_down()

        with pytest.raises(PortError) as caught:
            await world.mailer.send(MAIL, key="a")

        assert caught.value.port == "mailer"
