"""Orders as the tests write them line by line."""

from typing import Any

import aiohttp

from bitloot_adapters.kinguin_simulator import Product


def line(product: Product, qty: int = 1, price: float = 5.79, **more: object) -> dict[str, object]:
    """One entry of an order request."""
    return {"productId": product.product_id, "qty": qty, "price": price, **more}


async def buy(client: aiohttp.ClientSession, *lines: object, **more: object) -> tuple[int, dict[str, Any]]:
    """Place an order and return the status and the JSON."""
    async with client.post("v2/order", json={"products": list(lines), **more}) as answer:
        return answer.status, await answer.json()


async def get(client: aiohttp.ClientSession, path: str, **query: str | int) -> tuple[int, Any]:
    """Read something and return the status and the JSON."""
    async with client.get(path, params=query) as answer:
        return answer.status, await answer.json()
