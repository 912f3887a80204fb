"""
A mail server that is away, refuses, or takes a mail and dies before it says so: one mail where that can be known.

**Source:** issue 3, "The proof": SMTP down; reliability.md, section 2, the row "SMTP accepted, before `sent` commit":
one duplicate, with the same Message-ID, is allowed there.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from harness.buyer import Placed
from harness.production import Production, open_production
from harness.waiting import eventually

ORDERS = 3
IN_VAIN = 4
IN_THE_MIDDLE_BYTES = 1500
"""More than the greetings, less than a whole mail."""


@pytest.fixture
async def shop(tmp_path: Path, stocked: Path, s3: str) -> AsyncIterator[Production]:
    """A shop in the shape of production."""
    async with open_production(tmp_path, stocked, s3, workers=0) as opened:
        yield opened


async def fulfilled(shop: Production) -> Placed:
    """An order whose keys are all held."""
    placed = await shop.paid()
    await shop.system.buyer.sees(placed, "fulfilled")
    return placed


async def refuses(shop: Production) -> None:
    """Nobody listens."""
    await shop.post.refuse()


async def holds_still(shop: Production) -> None:
    """Connections stay open and nothing is said."""
    shop.post.hold_still()


async def cuts_in_the_middle(shop: Production) -> None:
    """The connection ends while the mail is on its way."""
    shop.post.cut_after = IN_THE_MIDDLE_BYTES


async def greets_with_421(shop: Production) -> None:
    """It is about to go down."""
    shop.mail.answers["EHLO"] = "421 going down"


async def puts_off_the_sender(shop: Production) -> None:
    """Too many mails at once."""
    shop.mail.answers["MAIL"] = "451 later"


async def puts_off_the_recipient(shop: Production) -> None:
    """Greylisting."""
    shop.mail.answers["RCPT"] = "450 4.2.0 greylisted"


async def puts_off_the_message(shop: Production) -> None:
    """Its disk is full."""
    shop.mail.answers["DATA"] = "452 4.3.1 no room"


async def heal(shop: Production) -> None:
    """All is well again."""
    shop.mail.answers.clear()
    await shop.post.pass_on()


@pytest.mark.parametrize(
    "fails",
    [
        refuses,
        holds_still,
        cuts_in_the_middle,
        greets_with_421,
        puts_off_the_sender,
        puts_off_the_recipient,
        puts_off_the_message,
    ],
)
async def test_mails_wait_for_a_server_that_is_away_and_come_once(
    shop: Production, fails: Callable[[Production], Awaitable[None]]
) -> None:
    """Orders are fulfilled all the same; when the server is back each buyer gets one mail."""
    await fails(shop)
    orders = [await fulfilled(shop) for _ in range(ORDERS)]
    tried = shop.post.connections
    if fails is not refuses:
        await eventually(lambda: shop.post.connections >= tried + IN_VAIN, "it was tried in vain")
    await eventually(lambda: _attempts(shop) >= IN_VAIN, "the mails were tried again")
    before = len(shop.mail.taken)

    await heal(shop)
    await shop.come_through(*orders)

    assert before == 0
    assert [len(shop.messages(one)) for one in orders] == [1] * ORDERS


def _attempts(shop: Production) -> int:
    """How often mails were tried, all together."""
    return sum(job["attempts"] for job in shop.system.books.rows("SELECT attempts FROM jobs WHERE name = 'send-mail'"))


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
async def test_a_mail_that_is_refused_for_good_is_told_and_not_tried_again(shop: Production, command: str) -> None:
    """A finding for the operator, who mends the cause and sends it again; the order is fulfilled all along."""
    shop.mail.answers[command] = "550 5.1.1 no such mailbox"
    placed = await fulfilled(shop)
    await eventually(shop.system.books.findings, "it is told")
    await shop.system.at_rest()
    reasons = [finding["reason"] for finding in shop.system.books.findings()]
    conversations = shop.post.connections

    await heal(shop)
    path = f"/admin/orders/{placed.order_id}/resend"
    resent = await shop.system.buyer.ask("POST", path, {"reason": "mended"}, token=shop.system.admin_token)
    await shop.come_through(placed)

    assert reasons == ["mail-refused"]
    assert resent is not None
    assert resent[0] == 200
    assert conversations + 1 == shop.post.connections
    assert len(shop.messages(placed)) == 1


async def test_a_mail_whose_acceptance_got_lost_is_sent_once_more_as_the_same_mail(shop: Production) -> None:
    """The server took it and died before it said so: the repeat bears the same Message-ID and the same link."""
    shop.mail.drops_next_answer = True

    placed = await fulfilled(shop)
    await eventually(lambda: len(shop.mail.taken) >= 2, "it was sent again")
    await shop.come_through(placed)

    assert len(shop.mail.taken) == 2
    assert len(set(shop.messages(placed))) == 1
    assert len({mail.link for mail in shop.system.buyer.mails(placed)}) == 1


async def test_a_server_that_takes_mails_and_never_says_so_is_not_flooded(shop: Production) -> None:
    """Each try ends in time and comes later than the one before; all that arrives is the same mail."""
    shop.mail.is_slow = True
    placed = await fulfilled(shop)
    await eventually(lambda: len(shop.mail.taken) >= 2, "it was sent again")

    shop.mail.is_slow = False
    await shop.come_through(placed)

    assert len(shop.mail.taken) <= 5
    assert len(set(shop.messages(placed))) == 1
