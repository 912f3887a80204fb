"""One order for one product, as the tests of the simulator's faults place it and look for it."""

from typing import Any, Final

import aiohttp

PLACE_ORDER: Final = "POST /v2/order"


def order(external_id: str = "o-1") -> dict[str, Any]:
    """An order request."""
    return {"products": [{"productId": "p-1", "qty": 1, "price": 5}], "orderExternalId": external_id}


async def buy(client: aiohttp.ClientSession, external_id: str = "o-1") -> tuple[int, Any]:
    """Place an order."""
    async with client.post("v2/order", json=order(external_id)) as answer:
        return answer.status, await answer.json()


async def found(client: aiohttp.ClientSession, external_id: str = "o-1") -> int:
    """How many orders the search finds under a reference."""
    async with client.get("v1/order", params={"orderExternalId": external_id}) as answer:
        body = await answer.json()
        count: int = body["item_count"]
        return count
