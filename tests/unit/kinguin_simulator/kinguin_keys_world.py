"""Orders of which the tests want to see the keys."""

from decimal import Decimal
from typing import Any

import aiohttp

from bitloot_adapters.kinguin_simulator import KinguinSimulator


async def bought(
    client: aiohttp.ClientSession, simulator: KinguinSimulator, qty: int = 3, **listing: Any
) -> dict[str, Any]:
    """An order of one new product."""
    product = simulator.add_product(price=Decimal(5), **listing)
    wholesale = {"offerId": product.offers[0].offer_id} if qty > 9 else {}
    body = {"products": [{"productId": product.product_id, "qty": qty, "price": 5, **wholesale}]}
    async with client.post("v2/order", json=body | {"orderExternalId": product.product_id}) as answer:
        assert answer.status == 201
        order: dict[str, Any] = await answer.json()
        return order


async def keys(client: aiohttp.ClientSession, order: dict[str, Any], **query: int) -> list[dict[str, Any]]:
    """The keys that can be downloaded now."""
    async with client.get(f"v2/order/{order['orderId']}/keys", params=query) as answer:
        assert answer.status == 200
        listed: list[dict[str, Any]] = await answer.json()
        return listed


async def shown(client: aiohttp.ClientSession, order: dict[str, Any]) -> dict[str, Any]:
    """The order object as it is now."""
    async with client.get(f"v1/order/{order['orderId']}") as answer:
        body: dict[str, Any] = await answer.json()
        return body


def states(order: dict[str, Any]) -> list[str]:
    """The statuses of the keys that an order object shows."""
    return [key["status"] for entry in order["products"] for key in entry.get("keys", ())]
