"""Mails: a link, never a key; the right one, and not one too many."""

from datetime import timedelta

import attrs
import pytest

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import JobName, MailKind
from bitloot_core.order.order import NoLink
from bitloot_core.testing.samples import a_job
from bitloot_core.testing.shop import BUYER, FakeShop
from bitloot_core.usecases.close_order import record_refund
from bitloot_core.usecases.resend_link import resend_link
from bitloot_core.usecases.run_job import due_jobs, run_job
from bitloot_core.usecases.send_mail import compose
from bitloot_core.usecases.staff_actions import park_order
from bitloot_core.values.errors import Rejected, Unavailable, Unknown


def kinds(shop: FakeShop) -> list[MailKind]:
    """The mails that went out."""
    return [sent.mail.kind for sent in shop.mailer.sent]


async def test_one_mail_goes_out_when_all_keys_are_held(shop: FakeShop) -> None:
    """To the address on the order, with the link and what was bought. **Source:** incidents.md, F46."""
    order = await shop.place(11)

    await shop.fulfil(order.id)
    await shop.pass_time(timedelta(days=1))

    (mail,) = shop.mailer.to(BUYER)
    assert (mail.kind, mail.titles, mail.ready, mail.owed) == (MailKind.DELIVERY, ("11 x The game of the year",), 11, 0)
    assert mail.link.reveal().startswith("http://shop.test/delivery/link")


async def test_no_mail_holds_a_key(shop: FakeShop) -> None:
    """I7: whoever reads the mailbox reads no key."""
    order = await shop.place()
    await shop.fulfil(order.id)

    (sent,) = shop.mailer.sent

    assert b"FAKE-SERIAL" not in repr(attrs.asdict(sent)).encode() + sent.mail.link.reveal().encode()


async def test_a_part_that_waits_longer_than_a_quarter_of_an_hour_is_mailed(shop: FakeShop) -> None:
    """**Source:** design, "Rules": a "partly ready" mail after 15 minutes, and one when all are there."""
    order = await shop.place(3)
    await shop.pay(order.id)
    await shop.deliver(order.id, 1)
    await shop.pass_time(timedelta(minutes=15))
    assert kinds(shop) == []
    await shop.pass_time(timedelta(minutes=1))
    assert [(sent.mail.ready, sent.mail.owed) for sent in shop.mailer.sent] == [(1, 2)]

    await shop.deliver(order.id)
    await shop.pass_time(timedelta(hours=1))

    assert kinds(shop) == [MailKind.PARTLY, MailKind.DELIVERY]
    assert len(await shop.reveal()) == 3


async def test_a_part_that_is_soon_followed_by_the_rest_is_not_mailed(shop: FakeShop) -> None:
    """One mail is enough."""
    order = await shop.place(3)
    await shop.pay(order.id)
    await shop.deliver(order.id, 2)
    await shop.pass_time(timedelta(minutes=1))
    await shop.deliver(order.id)

    await shop.pass_time(timedelta(days=1))

    assert kinds(shop) == [MailKind.DELIVERY]


async def test_keys_that_come_at_once_make_one_promise_of_a_mail(shop: FakeShop) -> None:
    """Two of three in one look: still one "partly ready" mail."""
    order = await shop.place(3)
    await shop.pay(order.id)
    await shop.deliver(order.id, 2)

    await shop.pass_time(timedelta(hours=2))

    assert kinds(shop) == [MailKind.PARTLY]


async def test_a_fresh_link_is_mailed_and_takes_the_place_of_an_unsent_one(shop: FakeShop) -> None:
    """A mail with a link that is revoked already would only confuse."""
    order = await shop.place()
    shop.mailer.faults.before("send", Unavailable("mailer", "away"))
    await shop.fulfil(order.id)
    assert kinds(shop) == []

    await resend_link(shop.shop, order.id, by="buyer")
    await shop.pass_time(timedelta(hours=1))

    assert kinds(shop) == [MailKind.DELIVERY]
    assert len(await shop.reveal()) == 1


async def test_a_fresh_link_to_a_part_says_so(shop: FakeShop) -> None:
    """The mail tells how much is still to come."""
    order = await shop.place(3)
    await shop.pay(order.id)
    await shop.deliver(order.id, 1)
    await shop.pass_time(timedelta(minutes=1))

    await resend_link(shop.shop, order.id, by="buyer")
    await shop.work()

    assert [(sent.mail.kind, sent.mail.ready, sent.mail.owed) for sent in shop.mailer.sent] == [(MailKind.PARTLY, 1, 2)]


async def test_a_mail_whose_answer_is_lost_is_sent_again_as_the_same_mail(shop: FakeShop) -> None:
    """At least once: the same key, the same link, the same words."""
    order = await shop.place()
    shop.mailer.faults.after("send", Unknown("mailer", "no answer"))

    await shop.fulfil(order.id)
    await shop.pass_time(timedelta(minutes=1))

    first, second = shop.mailer.sent
    assert first == second


async def test_a_mail_that_is_refused_for_good_goes_to_a_person(shop: FakeShop) -> None:
    """The order is fulfilled all the same; a fresh link settles the finding."""
    order = await shop.place()
    shop.mailer.faults.before("send", Rejected("mailer", "no such mailbox", code="mail-refused"))
    await shop.fulfil(order.id)
    told = (await shop.order(order.id)).findings

    await resend_link(shop.shop, order.id, by="admin:ann")
    await shop.work()

    assert [one.reason for one in told] == [FindingReason.MAIL_REFUSED]
    assert (await shop.order(order.id)).findings == ()
    assert kinds(shop) == [MailKind.DELIVERY]


async def test_a_mailer_that_is_away_for_hours_is_waited_for(shop: FakeShop) -> None:
    """I11: a person is told, and the mail goes out by itself when the mailer is back."""
    order = await shop.place()
    shop.mailer.faults.before("send", *(Unavailable("mailer", "away") for _ in range(40)))

    await shop.fulfil(order.id)
    await shop.pass_time(timedelta(days=1))

    assert kinds(shop) == [MailKind.DELIVERY]
    assert [one.reason for one in (await shop.order(order.id)).findings] == [FindingReason.OUT_OF_REACH]


@pytest.mark.parametrize("when", ["unsent", "partly"])
async def test_no_mail_goes_out_after_a_refund(shop: FakeShop, when: str) -> None:
    """I3: there is nothing to open any more."""
    order = await shop.place(2)
    shop.mailer.faults.before("send", Unavailable("mailer", "away"))
    await shop.pay(order.id)
    await shop.deliver(order.id, None if when == "unsent" else 1)
    await shop.pass_time(timedelta(seconds=15))

    await record_refund(shop.shop, order.id, by="admin:ann", reason="asked for")
    await shop.pass_time(timedelta(hours=1))

    assert kinds(shop) == []


async def test_an_order_without_a_link_has_nothing_to_mail(shop: FakeShop) -> None:
    """Composing for it is a mistake of the caller."""
    order = await shop.place()
    assert isinstance(order.link, NoLink)

    with pytest.raises(TypeError):
        compose(shop.shop, order, MailKind.DELIVERY)


async def test_a_fresh_link_for_keys_that_came_long_after_the_first(shop: FakeShop) -> None:
    """A preorder's key comes months later: the mail must not carry a link that expired long ago."""
    order = await shop.place(2)
    await shop.pay(order.id)
    await shop.deliver(order.id, 1)
    await shop.pass_time(timedelta(days=60))

    await shop.deliver(order.id)
    await shop.pass_time(timedelta(hours=1))

    assert kinds(shop) == [MailKind.PARTLY, MailKind.DELIVERY]
    assert len(await shop.reveal()) == 2


async def test_a_mail_of_an_order_that_was_put_aside_waits(shop: FakeShop) -> None:
    """For as long as the rarest look takes; taking the order up again brings it forward."""
    order = await shop.place()
    await shop.pay(order.id)
    await shop.deliver(order.id)
    for supplier_order_id in await shop.bought(order.id):
        await shop.hear(supplier_order_id)
    (job_id,) = await due_jobs(shop.shop, 1)
    await run_job(shop.shop, job_id)
    await park_order(shop.shop, order.id, by="admin:ann", reason="looks odd")

    await shop.work()

    job = next(one for one in shop.storage.database.jobs.values() if one.name == "send-mail" and one.status == "ready")
    assert (shop.mailer.sent, job.due_at - shop.clock.now()) == ([], timedelta(minutes=30))


async def test_a_mail_about_a_part_has_nothing_to_say_once_all_is_there(shop: FakeShop) -> None:
    """The job may have been asked for again by hand: one mail about all is enough."""
    order = await shop.place()
    await shop.fulfil(order.id)
    again = a_job(f"{order.id}/partly/first", name=JobName.SEND_MAIL, order_id=order.id)
    await shop.storage.jobs.ask(again, now=shop.clock.now())

    await shop.work()

    assert kinds(shop) == [MailKind.DELIVERY]
