"""What people read at the command line."""

import io
from datetime import UTC, datetime, timedelta

from rich.console import Console, RenderableType

from bitloot_core.ports.inbox import Source, StoredWebhook, VerifiedWebhook, WebhookStatus
from bitloot_core.ports.queries import OrderRow, Page, WebhookRow
from bitloot_core.values.ids import OrderId, WebhookId
from bitloot_core.values.money import Money
from bitloot_http.cli.tables import orders_table, products_table, webhook_lines, webhooks_table

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def shown(what: RenderableType) -> str:
    """What stands on a wide terminal without colours."""
    console = Console(file=io.StringIO(), width=200, markup=False, highlight=False)
    console.print(what)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def an_order(email: str = "buyer@example.com") -> OrderRow:
    """A row of the orders' list."""
    return OrderRow(
        id=OrderId("o1"),
        status="fulfilling",
        email=email,
        total=Money.of("29.98", "EUR"),
        units=2,
        owed=1,
        created_at=NOON - timedelta(hours=3, minutes=5),
        updated_at=NOON - timedelta(seconds=40),
    )


def a_webhook(external_id: str) -> WebhookRow:
    """A row of the webhooks' list."""
    return WebhookRow(
        id=WebhookId(7),
        source="kinguin",
        type="order.status",
        external_id=external_id,
        status="processed",
        deliveries=3,
        attempts=1,
        order_id=OrderId("o1"),
        result="the supplier says completed",
        received_at=NOON,
        processed_at=NOON,
    )


def test_an_order_tells_its_money_its_keys_and_its_age() -> None:
    """One line answers what an operator asks first."""
    text = shown(orders_table(Page(items=(an_order(),), next_cursor=None), NOON))

    for part in ("o1", "fulfilling", "29.98 EUR", "1/2", "3 h 5 min ago", "40 s ago"):
        assert part in text


def test_a_list_that_goes_on_tells_how() -> None:
    """The cursor of the next page can be copied from the end of the list."""
    assert "--cursor abc" in shown(orders_table(Page(items=(an_order(),), next_cursor="abc"), NOON))


def test_an_empty_list_says_so() -> None:
    """Nothing at all could as well be a failure."""
    assert "There are no such orders." in shown(orders_table(Page(items=(), next_cursor=None), NOON))
    assert "There are no products yet." in shown(products_table(()))


def test_text_from_outside_cannot_steer_the_terminal() -> None:
    """An escape sequence in a vendor's field is shown as a box, and markup as it is written."""
    text = shown(webhooks_table(Page(items=(a_webhook("\x1b]0;owned\x07[bold]x[/]"),), next_cursor=None), NOON))

    assert "\x1b" not in text
    assert "\x07" not in text
    assert "\ufffd]0;owned\ufffd[bold]x[/]" in text


def test_a_webhook_is_shown_with_what_came_of_it() -> None:
    """Source, status, count and result, and the body as it was prepared."""
    webhook = VerifiedWebhook(
        source=Source.KINGUIN,
        dedupe_key="ab",
        type="order.status",
        external_id="PHS1",
        scheme="hmac",
        body=b'{"key":"SECRET"}',
        headers={},
    )
    stored = StoredWebhook(
        id=WebhookId(7),
        webhook=webhook,
        status=WebhookStatus.PROCESSED,
        deliveries=3,
        order_id=OrderId("o1"),
        result="the supplier says completed",
        received_at=NOON,
        processed_at=NOON,
    )

    text = shown(webhook_lines(stored, '{"key": "***"}', NOON))

    assert "the supplier says completed" in text
    assert '{"key": "***"}' in text
    assert "SECRET" not in text
