"""
Mails to the buyer: a link, never a key; the same link each time it is sent.
"""

from __future__ import annotations

from bitloot_core.order.commands import OpenFinding
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import FIRST, MailKind, split_ref
from bitloot_core.order.order import Fulfilled, LiveLink, Order
from bitloot_core.ports.jobs import Done
from bitloot_core.ports.mailer import Mail
from bitloot_core.usecases.shop import Shop
from bitloot_core.usecases.work import Work
from bitloot_core.values.errors import Rejected
from bitloot_core.values.ids import LinkId, OrderId
from bitloot_core.values.secret import Secret


async def send_mail(work: Work, ref: str) -> None:
    """
    Send one mail. At least once: a repeat is the same mail under the same key.
    """
    order_id, kind, edition = split_ref(ref, 3)
    order = await work.shop.orders.get(OrderId(order_id))
    if order.is_parked:
        await work.snooze(work.shop.policy.supplier_poll[-1])
        return
    if not _is_wanted(order, MailKind(kind), edition):
        await work.end(Done())
        return
    try:
        await work.shop.mailer.send(compose(work.shop, order, MailKind(kind)), key=ref)
    except Rejected as refusal:
        text = f"The mail to the buyer was refused for good: {refusal.reason}."
        told = OpenFinding(reason=FindingReason.MAIL_REFUSED, subject=kind, text=text, blocking=False)
        await work.finish(order, told)
        return
    await work.end(Done())


def compose(shop: Shop, order: Order, kind: MailKind) -> Mail:
    """Write the mail that carries the order's present link."""
    if not isinstance(order.link, LiveLink) or order.email is None:
        raise TypeError("an order without a link has nothing to mail, and one without an address nobody")
    return Mail(
        kind=kind,
        order_id=order.id,
        to=order.email,
        link=link_url(shop, order.link.id),
        titles=tuple(f"{line.quantity} x {line.title}" for line in order.lines),
        ready=len(order.held),
        owed=len(order.owed),
    )


def link_url(shop: Shop, link_id: LinkId) -> Secret:
    """The address of the delivery page, token included."""
    return Secret(f"{shop.public_url}/delivery/{shop.links.issue(link_id).reveal()}")


def _is_wanted(order: Order, kind: MailKind, edition: str) -> bool:
    """Whether there is still something to say: a newer link, a refund or the whole delivery makes a mail pointless."""
    if not isinstance(order.link, LiveLink) or not order.may_reveal or not order.held or order.email is None:
        return False
    if edition == FIRST:
        return kind is MailKind.PARTLY and not isinstance(order.closing, Fulfilled)
    return edition == order.link.id
