"""
`bitloot orders`: what was ordered, what became of it, and another try.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bitloot_http.cli.options import AsJson, Cursor, Limit, OrderIdArgument
from bitloot_http.cli.person import person

if TYPE_CHECKING:
    from bitloot_core.usecases.shop import Shop

commands = typer.Typer(help="What was ordered, and what became of it.", no_args_is_help=True)


@commands.command("list")
def list_orders(
    *,
    status: Annotated[str | None, typer.Option(help="Only those with this status.")] = None,
    email: Annotated[str | None, typer.Option(help="Only those of this buyer.")] = None,
    limit: Limit = 25,
    cursor: Cursor = None,
    as_json: AsJson = False,
) -> None:
    """List orders, newest first."""
    from bitloot_core.ports.queries import OrderFilter, Slice
    from bitloot_http.cli.output import show, show_json
    from bitloot_http.cli.running import run_with_shop
    from bitloot_http.cli.tables import orders_table
    from bitloot_http.wire.admin import OrderList, OrderRowView

    _check_status(status)

    async def work(shop: Shop) -> None:
        page = await shop.queries.orders(OrderFilter(status=status, email=email), Slice(limit=limit, cursor=cursor))
        if as_json:
            rows = tuple(OrderRowView.of(row) for row in page.items)
            show_json(OrderList(items=rows, next_cursor=page.next_cursor))
        else:
            show(orders_table(page, shop.clock.now()))

    run_with_shop(work)


@commands.command("show")
def show_order(order_id: OrderIdArgument, as_json: AsJson = False) -> None:
    """Show everything about one order: its payments, purchases, timeline, jobs and webhooks; never a key."""
    from bitloot_core.ports.queries import ReservationFilter, Slice
    from bitloot_core.values.ids import OrderId
    from bitloot_http.cli.output import show, show_json
    from bitloot_http.cli.running import run_with_shop
    from bitloot_http.cli.tables import order_lines
    from bitloot_http.wire.admin import AdminOrderView

    async def work(shop: Shop) -> None:
        dossier = await shop.queries.dossier(OrderId(order_id))
        page = await shop.queries.reservations(ReservationFilter(order_id=order_id), Slice(limit=100))
        if as_json:
            show_json(AdminOrderView.of_dossier(dossier, page.items))
        else:
            show(order_lines(dossier, page.items, shop.clock.now()))

    run_with_shop(work)


@commands.command("retry")
def retry(
    order_id: OrderIdArgument,
    reason: Annotated[str, typer.Option(help="Why; kept in the order's timeline.")] = "asked for at the command line",
) -> None:
    """Try whatever is stuck in an order once more. Safe to repeat: nothing is bought twice."""
    from bitloot_core.order.status import shown_status
    from bitloot_core.usecases.close_order import retry_order
    from bitloot_core.values.ids import OrderId
    from bitloot_http.cli.running import run_with_shop

    async def work(shop: Shop) -> None:
        order = await retry_order(shop, OrderId(order_id), by=person(), reason=reason)
        typer.echo(f"Order {order.id} is {shown_status(order)}; it is tried again at once.")

    run_with_shop(work)


@commands.command("forget")
def forget(
    order_id: Annotated[str | None, typer.Argument(metavar="[ORDER]", help="The order's id.")] = None,
    email: Annotated[str | None, typer.Option(help="Instead of one order: all of this buyer.")] = None,
    reason: Annotated[str, typer.Option(help="Why; kept in the order's timeline.")] = "the buyer asked for it",
    as_json: AsJson = False,
) -> None:
    """
    Erase who bought, where nobody has to write to them any more; order, payments and audit stay. Cannot be undone.

    Exit 1 if an order had to be left: it is not over, a finding is open, or a mail is still to be sent. Safe to repeat.
    """
    if (order_id is None) == (email is None):
        raise typer.BadParameter("give the id of an order, or --email and an address", param_hint="ORDER")
    from bitloot_core.usecases.forget_buyer import Forgotten, forget_buyer, forget_everywhere
    from bitloot_core.values.ids import OrderId
    from bitloot_http.cli.failures import Failure
    from bitloot_http.cli.output import show_json
    from bitloot_http.cli.running import run_with_shop
    from bitloot_http.cli.views import ForgottenView

    async def work(shop: Shop) -> None:
        if order_id is not None:
            await forget_buyer(shop, OrderId(order_id), by=person(), reason=reason)
            done = [Forgotten(order_id=OrderId(order_id), refusal=None)]
        else:
            everywhere = forget_everywhere(shop, email or "", by=person(), reason=reason)
            done = [one async for one in everywhere]
        left = [one for one in done if one.refusal is not None]
        if as_json:
            show_json(ForgottenView.of(done))
        for one in () if as_json else done:
            typer.echo(f"Order {one.order_id}: {'forgotten' if one.refusal is None else f'left, {one.refusal}'}.")
        if not done:
            raise Failure("There is no order of this buyer.")
        if left:
            raise Failure(f"{len(left)} of {len(done)} had to be left; try again when they are over.")

    run_with_shop(work)


def _check_status(text: str | None) -> None:
    from bitloot_core.order.status import Status

    if text is not None and text not in set(Status):
        raise typer.BadParameter(f"one of {', '.join(Status)}", param_hint="--status")
