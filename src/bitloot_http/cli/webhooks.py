"""
`bitloot webhooks`: what the vendors told us, and the same once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bitloot_http.cli.options import AsJson, Cursor, Limit
from bitloot_http.cli.person import person

if TYPE_CHECKING:
    from bitloot_core.usecases.shop import Shop

commands = typer.Typer(help="What the vendors told us.", no_args_is_help=True)
WebhookArgument = Annotated[int, typer.Argument(metavar="ID", min=1, help="The webhook's number in the list.")]


@commands.command("list")
def list_webhooks(
    *,
    source: Annotated[str | None, typer.Option(help="Only those of `nowpayments` or `kinguin`.")] = None,
    status: Annotated[
        str | None, typer.Option(help="Only those `pending`, `processed`, `ignored` or `failed`.")
    ] = None,
    order: Annotated[str | None, typer.Option(help="Only those about this order.")] = None,
    limit: Limit = 25,
    cursor: Cursor = None,
    as_json: AsJson = False,
) -> None:
    """List webhooks, newest first. Forged ones are not among them: they were never stored."""
    from bitloot_core.ports.queries import Slice, WebhookFilter
    from bitloot_http.cli.output import show, show_json
    from bitloot_http.cli.running import run_with_shop
    from bitloot_http.cli.tables import webhooks_table
    from bitloot_http.wire.webhooks import WebhookList, WebhookView

    async def work(shop: Shop) -> None:
        which = WebhookFilter(source=source, status=status, order_id=order)
        page = await shop.queries.webhooks(which, Slice(limit=limit, cursor=cursor))
        if as_json:
            rows = tuple(WebhookView.of(row) for row in page.items)
            show_json(WebhookList(items=rows, next_cursor=page.next_cursor))
        else:
            show(webhooks_table(page, shop.clock.now()))

    run_with_shop(work)


@commands.command("show")
def show_webhook(webhook_id: WebhookArgument, as_json: AsJson = False) -> None:
    """Show one webhook with its body, in which nothing that can be a key is readable."""
    import msgspec

    from bitloot_core.ports.queries import Slice, WebhookFilter
    from bitloot_core.values.ids import WebhookId
    from bitloot_http.cli.output import show, show_json
    from bitloot_http.cli.running import run_with_shop
    from bitloot_http.cli.tables import webhook_lines
    from bitloot_http.wire.webhooks import WebhookDetailView

    async def work(shop: Shop) -> None:
        stored = await shop.inbox.get(WebhookId(webhook_id))
        page = await shop.queries.webhooks(WebhookFilter(id=stored.id), Slice(limit=1))
        view = WebhookDetailView.of_stored(page.items[0], stored)
        if as_json:
            show_json(view)
        else:
            body = msgspec.json.format(msgspec.json.encode(view.payload), indent=2).decode()
            show(webhook_lines(stored, body, shop.clock.now()))

    run_with_shop(work)


@commands.command("replay")
def replay(webhook_id: WebhookArgument) -> None:
    """Run a stored webhook again, through the same idempotent path: it moves no money and buys nothing."""
    from bitloot_core.usecases.replay_webhook import replay_webhook
    from bitloot_core.values.ids import WebhookId
    from bitloot_http.cli.running import run_with_shop

    async def work(shop: Shop) -> None:
        await replay_webhook(shop, WebhookId(webhook_id), by=person(), reason="asked for at the command line")
        typer.echo(f"Webhook {webhook_id} is run again by the next worker that looks.")

    run_with_shop(work)


@commands.command("replay-many")
def replay_many(
    *,
    source: Annotated[str | None, typer.Option(help="Only those of `nowpayments` or `kinguin`.")] = None,
    kind: Annotated[str | None, typer.Option("--type", help="Only those on this subject of the sender's.")] = None,
    status: Annotated[
        str | None, typer.Option(help="Only those `pending`, `processed`, `ignored` or `failed`.")
    ] = None,
    order: Annotated[str | None, typer.Option(help="Only those about this order.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why; with it they do run, without it is only said.")] = None,
    limit: Limit = 25,
    cursor: Cursor = None,
    as_json: AsJson = False,
) -> None:
    """
    Say what running webhooks again would do, newest first, and with --reason do it; a page at a time.

    It moves no money and buys nothing. What says nothing, and what is older than bodies are kept, is left out.
    """
    from bitloot_core.ports.queries import Slice, WebhookFilter
    from bitloot_core.usecases.replay_webhooks import plan_replays, replay_webhooks
    from bitloot_http.cli.backlog_tables import replays_table
    from bitloot_http.cli.output import show, show_json
    from bitloot_http.cli.running import run_with_shop
    from bitloot_http.wire.actions import ReplaysView

    which = WebhookFilter(source=source, type=kind, status=status, order_id=order)
    part = Slice(limit=limit, cursor=cursor)

    async def work(shop: Shop) -> None:
        if reason is None:
            found = await plan_replays(shop, which, part)
        else:
            found = await replay_webhooks(shop, which, part, by=person(), reason=reason)
        if as_json:
            show_json(ReplaysView.of(found, dry_run=reason is None))
        else:
            show(replays_table(found, dry_run=reason is None))

    run_with_shop(work)
