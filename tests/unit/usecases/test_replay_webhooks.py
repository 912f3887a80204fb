"""Running many webhooks again: first said, then done, one line of the audit for each, and nothing moves by it."""

import attrs
import pytest

from bitloot_core.order.actions import Action
from bitloot_core.ports.audit import ActFilter
from bitloot_core.ports.inbox import VerifiedWebhook
from bitloot_core.ports.queries import Slice, WebhookFilter
from bitloot_core.testing import supplier_events
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.receive_webhook import receive_webhook
from bitloot_core.usecases.replay_webhook import replay_webhook
from bitloot_core.usecases.replay_webhooks import Replay, ReplayOutcome, plan_replays, replay_webhooks
from bitloot_core.values.errors import InvalidInput, NotFound, Refused
from bitloot_core.values.ids import JobId, OrderId, WebhookId

ALL = WebhookFilter()
BY = {"by": "admin:ann", "reason": "the worker was down"}


async def delivered(shop: FakeShop) -> OrderId:
    """An order that was paid and delivered: one webhook of each sender is processed."""
    order = await shop.place()
    await shop.fulfil(order.id)
    return order.id


async def heard(shop: FakeShop, body: bytes) -> WebhookId:
    """An authentic event of the supplier with this body."""
    webhook: VerifiedWebhook = shop.supplier.verify_event(*supplier_events.signed(body))
    return (await receive_webhook(shop.shop, webhook)).id


async def replayed(shop: FakeShop) -> list[str]:
    """What the audit says was run again, oldest first."""
    rows = (await shop.shop.audit.acts(ActFilter(action=Action.REPLAY), Slice())).items
    return [row.act.subject for row in reversed(rows)]


def outcomes(items: tuple[Replay, ...]) -> list[tuple[WebhookId, ReplayOutcome]]:
    """What comes of each."""
    return [(one.id, one.outcome) for one in items]


async def test_a_plan_says_what_is_looked_at_again(shop: FakeShop) -> None:
    """Newest first, each with its order, in a sentence."""
    await delivered(shop)

    planned = await plan_replays(shop.shop, ALL, Slice())

    assert [(one.order_id, one.outcome, one.about) for one in planned.items] == [
        ("order1", ReplayOutcome.RUNS, "purchase FAKE1 is looked at at the supplier"),
        ("order1", ReplayOutcome.RUNS, "payment 5000000001 is read back at the gateway"),
    ]
    assert planned.next_cursor is None


async def test_a_plan_changes_nothing(shop: FakeShop) -> None:
    """No job, no line of the audit, no ring."""
    await delivered(shop)
    before = (dict(shop.storage.database.jobs), dict(shop.storage.database.webhooks))

    await plan_replays(shop.shop, ALL, Slice())

    assert before == (shop.storage.database.jobs, shop.storage.database.webhooks)
    assert await replayed(shop) == []


async def test_what_is_run_again_has_its_job_its_line_and_its_ring(shop: FakeShop) -> None:
    """And nothing is bought or paid by it (I12)."""
    before = await shop.order(await delivered(shop))
    bought = await shop.bought(before.id)

    done = await replay_webhooks(shop.shop, ALL, Slice(), **BY)
    waiting = shop.living()
    await shop.work()

    assert await replayed(shop) == [f"webhook:{one.id}" for one in done.items]
    assert {"kinguin.webhook:2", "nowpayments.ipn:1"} <= set(waiting)
    assert before == await shop.order(before.id)
    assert bought == await shop.bought(before.id)


async def test_what_speaks_of_nothing_is_left_out(shop: FakeShop) -> None:
    """It would be ignored again; a person is told so, and no line of the audit says that it ran."""
    silent = await heard(shop, b"[]")

    done = await replay_webhooks(shop.shop, ALL, Slice(), **BY)

    assert outcomes(done.items) == [(silent, ReplayOutcome.SAYS_NOTHING)]
    assert await replayed(shop) == []


async def test_a_notice_without_a_payment_is_left_out(shop: FakeShop) -> None:
    """The gateway's garbage, too."""
    notice = shop.gateway.signed(b"{}")
    received = await receive_webhook(shop.shop, shop.gateway.verify_notice(notice.headers, notice.body))

    planned = await plan_replays(shop.shop, ALL, Slice())

    assert outcomes(planned.items) == [(received.id, ReplayOutcome.SAYS_NOTHING)]


async def test_what_is_older_than_bodies_are_kept_is_left_out(shop: FakeShop) -> None:
    """There is nothing to read any more."""
    await delivered(shop)
    shop.storage.inbox.prune(WebhookId(1))

    done = await replay_webhooks(shop.shop, ALL, Slice(), **BY)

    assert outcomes(done.items) == [(2, ReplayOutcome.RUNS), (1, ReplayOutcome.BODY_PRUNED)]
    assert await replayed(shop) == ["webhook:2"]


async def test_one_that_does_not_open_holds_no_other_up(shop: FakeShop) -> None:
    """A page with a damaged body among them runs the rest, and says of that one that it does not open."""
    order_id = await delivered(shop)
    shop.storage.inbox.spoil(WebhookId(2))
    row = (await shop.shop.queries.webhooks(WebhookFilter(id=WebhookId(2)), Slice())).items[0]

    planned = await plan_replays(shop.shop, ALL, Slice())
    done = await replay_webhooks(shop.shop, ALL, Slice(), **BY)

    assert planned == done
    assert outcomes(done.items) == [(2, ReplayOutcome.UNREADABLE), (1, ReplayOutcome.RUNS)]
    assert [one.order_id for one in done.items] == [row.order_id, order_id]
    assert await replayed(shop) == ["webhook:1"]


async def test_a_body_that_goes_between_plan_and_run_stops_nothing(shop: FakeShop) -> None:
    """The page goes on with the others, and says what became of this one."""
    await delivered(shop)

    async def prunes_first(webhook_id: WebhookId, **given: object) -> JobId:
        """The body goes first."""
        if webhook_id == 2:
            shop.storage.inbox.prune(webhook_id)
        return await shop.storage.inbox.replay(webhook_id, **given)  # type: ignore[arg-type]  # handed on as they came

    overtaken = attrs.evolve(shop.shop, inbox=Overridden(shop.storage.inbox, replay=prunes_first))

    done = await replay_webhooks(overtaken, ALL, Slice(), **BY)

    assert outcomes(done.items) == [(2, ReplayOutcome.BODY_PRUNED), (1, ReplayOutcome.RUNS)]
    assert done.items[0].about == ""
    assert await replayed(shop) == ["webhook:1"]


async def test_one_page_is_run_at_a_time(shop: FakeShop) -> None:
    """The cursor leads to the rest, and each webhook is on one page."""
    await delivered(shop)
    await delivered(shop)

    first = await replay_webhooks(shop.shop, ALL, Slice(limit=3), **BY)
    second = await replay_webhooks(shop.shop, ALL, Slice(limit=3, cursor=first.next_cursor), **BY)

    assert [one.id for one in (*first.items, *second.items)] == [4, 3, 2, 1]
    assert second.next_cursor is None


async def test_a_made_up_cursor_is_refused(shop: FakeShop) -> None:
    """And nothing runs."""
    await delivered(shop)

    with pytest.raises(InvalidInput):
        await replay_webhooks(shop.shop, ALL, Slice(cursor="of nobody"), **BY)

    assert await replayed(shop) == []


async def test_a_webhook_that_was_never_stored_cannot_run_again(shop: FakeShop) -> None:
    """A forged one was not; nor does a pruned one."""
    await delivered(shop)
    shop.storage.inbox.prune(WebhookId(1))

    with pytest.raises(NotFound):
        await replay_webhook(shop.shop, WebhookId(99), **BY)
    with pytest.raises(Refused) as caught:
        await replay_webhook(shop.shop, WebhookId(1), **BY)

    assert caught.value.code == "body-pruned"
