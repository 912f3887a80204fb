"""
`bitloot orders ...`: what a person decides about an order, beside another try.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from bitloot_http.cli.options import OrderIdArgument

if TYPE_CHECKING:
    from bitloot_core.order.order import Order
    from bitloot_core.usecases.shop import Shop
    from bitloot_core.values.ids import OrderId

commands = typer.Typer()
Reason: TypeAlias = Annotated[str, typer.Option(help="Why; kept for ever, in the timeline and in the audit.")]
Decision: TypeAlias = "Callable[[Shop, OrderId, str], Awaitable[Order]]"


@commands.command("accept-payment")
def accept(
    order_id: OrderIdArgument,
    payment: Annotated[str, typer.Option(metavar="PAYMENT", help="The gateway's name of it.")],
    reason: Reason,
) -> None:
    """Let a short, strange or late payment count: the keys are bought at once."""

    async def decide(shop: Shop, order: OrderId, by: str) -> Order:
        from bitloot_core.usecases.close_order import accept_payment
        from bitloot_core.values.ids import GatewayPaymentId

        return await accept_payment(shop, order, GatewayPaymentId(payment), by=by, reason=reason)

    _carry_out(order_id, decide)


@commands.command("refund")
def refund(order_id: OrderIdArgument, reason: Reason) -> None:
    """Note that the buyer has the money back. Final: no key goes out any more. It sends no money."""

    async def decide(shop: Shop, order: OrderId, by: str) -> Order:
        from bitloot_core.usecases.close_order import record_refund

        return await record_refund(shop, order, by=by, reason=reason)

    _carry_out(order_id, decide)


@commands.command("cancel")
def cancel(order_id: OrderIdArgument, reason: Reason) -> None:
    """Call an order off that no money came for."""

    async def decide(shop: Shop, order: OrderId, by: str) -> Order:
        from bitloot_core.usecases.close_order import cancel_order

        return await cancel_order(shop, order, by=by, reason=reason)

    _carry_out(order_id, decide)


@commands.command("resend")
def resend(order_id: OrderIdArgument, reason: Reason) -> None:
    """Mail a fresh delivery link to the address on the order; the earlier ones are revoked."""

    async def decide(shop: Shop, order: OrderId, by: str) -> Order:
        from bitloot_core.usecases.resend_link import resend_link

        return await resend_link(shop, order, by=by, reason=reason)

    _carry_out(order_id, decide)


@commands.command("rebuy")
def rebuy(order_id: OrderIdArgument, reason: Reason) -> None:
    """Buy anew what refused and cancelled purchases left."""

    async def decide(shop: Shop, order: OrderId, by: str) -> Order:
        from bitloot_core.usecases import staff_actions

        return await staff_actions.rebuy(shop, order, by=by, reason=reason)

    _carry_out(order_id, decide)


@commands.command("replace-key")
def replace(
    *,
    order_id: OrderIdArgument,
    unit: Annotated[str, typer.Option(metavar="UNIT", help="Whose key is bad, such as 1.1.")],
    from_supplier: Annotated[
        bool, typer.Option("--from-supplier", help="The supplier puts another key into the same purchase.")
    ] = False,
    reason: Reason,
) -> None:
    """Quarantine a bad key for ever, and get another one, which is bought unless the supplier replaces it."""

    async def decide(shop: Shop, order: OrderId, by: str) -> Order:
        from bitloot_core.usecases.staff_actions import replace_key
        from bitloot_core.values.ids import UnitId

        return await replace_key(shop, order, UnitId(unit), from_supplier=from_supplier, by=by, reason=reason)

    _carry_out(order_id, decide)


@commands.command("return-keys")
def give_back(
    order_id: OrderIdArgument,
    purchase: Annotated[str, typer.Option(metavar="PURCHASE", help="The supplier's name of it.")],
    reason: Reason,
) -> None:
    """Give the keys of a purchase back to the supplier: once, within a day of the first, after a refund."""

    async def decide(shop: Shop, order: OrderId, by: str) -> Order:
        from bitloot_core.usecases.staff_actions import return_keys
        from bitloot_core.values.ids import SupplierOrderId

        return await return_keys(shop, order, SupplierOrderId(purchase), by=by, reason=reason)

    _carry_out(order_id, decide)


@commands.command("park")
def park(order_id: OrderIdArgument, reason: Reason) -> None:
    """Put an order aside: nothing is bought or mailed for it until it is taken up again."""

    async def decide(shop: Shop, order: OrderId, by: str) -> Order:
        from bitloot_core.usecases.staff_actions import park_order

        return await park_order(shop, order, by=by, reason=reason)

    _carry_out(order_id, decide)


@commands.command("unpark")
def unpark(order_id: OrderIdArgument, reason: Reason) -> None:
    """Take an order up again: what waits is done at once."""

    async def decide(shop: Shop, order: OrderId, by: str) -> Order:
        from bitloot_core.usecases.staff_actions import unpark_order

        return await unpark_order(shop, order, by=by, reason=reason)

    _carry_out(order_id, decide)


def _carry_out(order_id: str, decide: Decision) -> None:
    from bitloot_core.order.status import shown_status
    from bitloot_core.values.ids import OrderId
    from bitloot_http.cli.person import person
    from bitloot_http.cli.running import run_with_shop

    async def work(shop: Shop) -> None:
        order = await decide(shop, OrderId(order_id), person())
        typer.echo(f"Order {order.id} is {shown_status(order)}.")

    run_with_shop(work)
