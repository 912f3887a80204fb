"""Revealing: only through a good link, only what is paid for, and never before it is written down."""

from datetime import timedelta

import attrs
import pytest

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import NoLink, Order
from bitloot_core.order.policy import Policy
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.status import Status, shown_status
from bitloot_core.ports.store import Change, Committed
from bitloot_core.testing.memory import MemoryOrderStore
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.close_order import record_refund
from bitloot_core.usecases.resend_link import resend_link
from bitloot_core.usecases.reveal_keys import Visitor, look_at_link, reveal_keys
from bitloot_core.values.errors import Corrupt, NotFound, Refused, StaleOrder, Unavailable
from bitloot_core.values.ids import LinkId

VISITOR = Visitor(address="192.0.2.7", agent="a browser")


async def delivered(shop: FakeShop, quantity: int = 1) -> Order:
    """An order whose keys are held and whose link was mailed."""
    order = await shop.place(quantity)
    await shop.fulfil(order.id)
    return await shop.order(order.id)


async def partly_delivered(shop: FakeShop) -> Order:
    """An order of three with one key held, whose link was mailed."""
    order = await shop.place(3)
    await shop.pay(order.id)
    await shop.deliver(order.id, 1)
    await shop.pass_time(timedelta(minutes=20))
    return await shop.order(order.id)


async def refusal(shop: FakeShop, token: str) -> tuple[str, str]:
    """How both the page and the reveal refuse a token."""
    with pytest.raises(Refused) as looked:
        await look_at_link(shop.shop, token)
    with pytest.raises(Refused) as revealed:
        await reveal_keys(shop.shop, token, VISITOR)
    return looked.value.code, revealed.value.code


async def test_the_link_in_the_mail_reveals_the_keys(shop: FakeShop) -> None:
    """Each with its product and title, in the order of the lines."""
    await delivered(shop, 2)

    revealed = await reveal_keys(shop.shop, shop.token(), VISITOR)

    assert [(key.unit_id, key.product_id, key.title, key.material.content) for key in revealed.keys] == [
        ("1.1", "game", "The game of the year", b"FAKE-SERIAL-1-1"),
        ("1.2", "game", "The game of the year", b"FAKE-SERIAL-1-2"),
    ]


async def test_keys_can_be_revealed_as_soon_as_one_is_held(shop: FakeShop) -> None:
    """**Source:** design, "Rules": `fulfilling`, delivered > 0."""
    await partly_delivered(shop)

    view = await look_at_link(shop.shop, shop.token())

    assert (view.ready, view.owed) == (1, 2)
    assert len(await shop.reveal()) == 1


async def test_looking_at_the_page_consumes_nothing(shop: FakeShop) -> None:
    """Mail scanners open links: a hundred looks are no access and no view."""
    order = await delivered(shop)
    before = dict(shop.storage.database.links)

    for _ in range(100):
        view = await look_at_link(shop.shop, shop.token())

    assert (view.ready, view.owed) == (1, 0)
    assert shop.clock.now() + timedelta(days=14) == view.expires_at
    assert before == shop.storage.database.links
    assert shop.storage.database.accesses == []
    assert order == await shop.order(order.id)


async def test_each_access_to_each_key_is_written(shop: FakeShop) -> None:
    """I9: who, when, from where, with what; long texts are cut."""
    order = await delivered(shop, 2)

    await reveal_keys(shop.shop, shop.token(), Visitor(address="a" * 100, agent="b" * 1000))

    assert [(one.unit_id, one.actor) for one in shop.storage.database.accesses] == [("1.1", "link"), ("1.2", "link")]
    first = shop.storage.database.accesses[0]
    assert (order.id, shop.clock.now(), 64, 256) == (first.order_id, first.at, len(first.address), len(first.agent))


async def test_the_audit_row_stands_when_the_vault_fails(shop: FakeShop) -> None:
    """I9: written first; the buyer may come again."""
    await delivered(shop)
    shop.vault.faults.before("open_keys", Unavailable("vault", "away"))

    with pytest.raises(Unavailable):
        await shop.reveal()

    assert len(shop.storage.database.accesses) == 1
    assert len(await shop.reveal()) == 1
    assert len(shop.storage.database.accesses) == 2


async def test_nothing_is_opened_when_the_audit_row_cannot_be_written(shop: FakeShop) -> None:
    """I9: no row, no key."""
    await delivered(shop)
    shop.storage.store.fail_next_commit(before=True)
    shop.vault.faults.before("open_keys", AssertionError("the vault was asked"))

    with pytest.raises(Exception, match="the commit gave no answer"):
        await shop.reveal()

    assert shop.storage.database.accesses == []


@pytest.mark.parametrize("harm", ["damage", "lose"])
async def test_a_key_that_does_not_open_is_told(shop: FakeShop, harm: str) -> None:
    """I2: the buyer sees an error, and the operator which key it is; told once."""
    order = await delivered(shop, 3)
    getattr(shop.vault, harm)(order.held[1].storage_ref)

    for _ in range(2):
        with pytest.raises(Corrupt):
            await shop.reveal()

    told = (await shop.order(order.id)).findings
    assert [(one.reason, one.subject) for one in told] == [(FindingReason.KEY_UNREADABLE, "1.2")]


async def test_a_sealed_key_of_another_order_does_not_open(shop: FakeShop) -> None:
    """I4: whoever points an order at somebody else's object gets nothing."""
    first, second = await delivered(shop), await delivered(shop)
    stolen = attrs.evolve(second.held[0], storage_ref=first.held[0].storage_ref)
    rows = shop.storage.database.orders
    rows[second.id] = attrs.evolve(rows[second.id], order=attrs.evolve(second, units=(stolen,)))

    with pytest.raises(Corrupt):
        await shop.reveal()


@pytest.mark.parametrize("token", ["", "link1", "link1-0000", "x" * 5000, "ключ"])
async def test_a_forged_token_is_not_found(shop: FakeShop, token: str) -> None:
    """I4, I13: nothing says why."""
    await delivered(shop)

    with pytest.raises(NotFound):
        await look_at_link(shop.shop, token)
    with pytest.raises(NotFound):
        await reveal_keys(shop.shop, token, VISITOR)


async def test_a_token_of_ours_without_a_link_is_not_found(shop: FakeShop) -> None:
    """Signed by us, and never stored (a database restored from a backup, say)."""
    with pytest.raises(NotFound):
        await look_at_link(shop.shop, shop.links.issue(LinkId("link99")).reveal())


async def test_an_access_token_is_no_delivery_token(shop: FakeShop) -> None:
    """I4: seeing an order's status is not seeing its keys."""
    order = await delivered(shop)

    with pytest.raises(NotFound):
        await reveal_keys(shop.shop, shop.links.issue_access(order.id).reveal(), VISITOR)


async def test_a_fresh_link_revokes_the_earlier_one(shop: FakeShop) -> None:
    """Whoever read the first mail does not get in any more; the second mail opens."""
    order = await delivered(shop)
    first = shop.token()

    await resend_link(shop.shop, order.id, by="buyer")
    await shop.work()

    assert await refusal(shop, first) == ("link-revoked", "link-revoked")
    assert first != shop.token()
    assert len(await shop.reveal()) == 1


async def test_a_link_expires(shop: FakeShop) -> None:
    """After 14 days; a fresh one can be asked for."""
    order = await delivered(shop)
    await shop.pass_time(timedelta(days=14) - timedelta(seconds=1))
    assert len(await shop.reveal()) == 1

    await shop.pass_time(timedelta(seconds=1))
    assert await refusal(shop, shop.token()) == ("link-expired", "link-expired")
    await resend_link(shop.shop, order.id, by="buyer")
    await shop.work()

    assert len(await shop.reveal()) == 1


async def test_a_link_is_used_up() -> None:
    """The page can still be looked at; the keys cannot be opened any more, and the refused try is no access."""
    shop = FakeShop(policy=Policy(link_max_views=2))
    await shop.offer(a_product("game"))
    await delivered(shop)
    for _ in range(2):
        await shop.reveal()

    with pytest.raises(Refused) as caught:
        await shop.reveal()

    assert caught.value.code == "link-used-up"
    assert len(shop.storage.database.accesses) == 2
    assert (await look_at_link(shop.shop, shop.token())).ready == 1


async def test_a_refund_closes_the_link(shop: FakeShop) -> None:
    """I3: the money is back, so no key goes out."""
    order = await delivered(shop)

    await record_refund(shop.shop, order.id, by="admin:ann", reason="asked for")

    assert await refusal(shop, shop.token()) == ("not-revealable", "not-revealable")
    assert Status.REFUNDED is shown_status(await shop.order(order.id))


async def test_a_payment_that_is_sent_back_closes_the_link(shop: FakeShop) -> None:
    """I3: whether a key may go out depends on a payment that counts, never on the status word."""
    order = await delivered(shop)
    (gateway_id,) = shop.gateway.payments_of(order.id)
    shop.gateway.set_status(gateway_id, "refunded")
    await shop.tell(gateway_id)
    await shop.work()

    assert await refusal(shop, shop.token()) == ("not-revealable", "not-revealable")
    assert Status.FULFILLED is shown_status(await shop.order(order.id))


async def test_a_refund_between_the_look_and_the_audit_row_closes_the_link(shop: FakeShop) -> None:
    """I3: the write names the version that was read."""
    order = await delivered(shop)

    class Overtaken(MemoryOrderStore):
        """A store on which a person records the refund just before the buyer's write."""

        async def commit(self, change: Change) -> Committed:
            """Let the person go first, once."""
            if change.accesses and (await shop.order(order.id)).may_reveal:
                await record_refund(shop.shop, order.id, by="admin:ann", reason="asked for")
            return await super().commit(change)

    racing = attrs.evolve(shop.shop, orders=Overtaken(shop.storage.database))
    with pytest.raises(Refused) as caught:
        await reveal_keys(racing, shop.token(), VISITOR)

    assert caught.value.code == "not-revealable"
    assert shop.storage.database.accesses == []


async def test_an_order_that_never_stands_still_is_given_up(shop: FakeShop) -> None:
    """A write that loses again and again is a fault somewhere else."""
    await delivered(shop)

    class NeverFirst(MemoryOrderStore):
        """A store in which somebody else is always quicker."""

        async def commit(self, change: Change) -> Committed:
            """Lose."""
            raise StaleOrder("order1")

    with pytest.raises(StaleOrder):
        await reveal_keys(attrs.evolve(shop.shop, orders=NeverFirst(shop.storage.database)), shop.token(), VISITOR)


async def test_a_link_to_nothing_reveals_nothing(shop: FakeShop) -> None:
    """Every key went back to the supplier: there is a link, and nothing behind it."""
    order = await delivered(shop)
    rows = shop.storage.database.orders
    rows[order.id] = attrs.evolve(rows[order.id], order=attrs.evolve(order, units=()))

    with pytest.raises(Refused) as caught:
        await shop.reveal()

    assert caught.value.code == "nothing-ready"


async def test_a_link_is_made_only_where_there_is_something_to_open(shop: FakeShop) -> None:
    """Not before a key is held, and not on an unpaid order."""
    unpaid = await shop.place()
    paid = await shop.place()
    await shop.pay(paid.id)

    codes = []
    for order in (unpaid, paid):
        with pytest.raises(TransitionRefused) as caught:
            await resend_link(shop.shop, order.id, by="buyer")
        codes.append(caught.value.code)

    assert codes == ["not-revealable", "nothing-ready"]


@pytest.mark.parametrize(("length", "address", "agent"), [(64, 64, 64), (65, 64, 65), (257, 64, 256)])
async def test_what_a_visitor_says_of_itself_is_kept_to_a_length(
    shop: FakeShop, length: int, address: int, agent: int
) -> None:
    """I9: the row is there whatever stands in a header; nobody fills the audit with it."""
    await delivered(shop)

    revealed = await reveal_keys(shop.shop, shop.token(), Visitor(address="a" * length, agent="b" * length))

    (access,) = shop.storage.database.accesses
    assert (len(access.address), len(access.agent), access.reason) == (address, agent, "")
    assert revealed.order == await shop.order(revealed.order.id)


async def test_a_link_of_an_order_without_one_is_revoked(shop: FakeShop) -> None:
    """The books were put back to a time before it was made: it opens nothing."""
    order = await delivered(shop)
    database = shop.storage.database
    stored = database.orders[order.id]
    database.orders[order.id] = attrs.evolve(stored, order=attrs.evolve(stored.order, link=NoLink()))

    with pytest.raises(Refused) as refused:
        await shop.reveal()

    assert refused.value.code == "link-revoked"


@pytest.mark.parametrize("quantity", [1, 2])
async def test_a_key_that_does_not_open_holds_up_an_order_that_still_waits(shop: FakeShop, quantity: int) -> None:
    """A person looks before more is done for it; one that is delivered stays what it is."""
    order = await shop.buy(quantity)
    await shop.deliver(order.id, 1)
    await shop.pass_time(timedelta(minutes=20))
    shop.vault.damage((await shop.order(order.id)).held[0].storage_ref)

    with pytest.raises(Corrupt, match=r"^vault: "):
        await shop.reveal()

    (told,) = (await shop.order(order.id)).findings
    assert told.blocking is (quantity == 2)
