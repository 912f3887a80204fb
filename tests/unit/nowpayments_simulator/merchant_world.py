"""A merchant's client of the simulator's API."""

from typing import Any

import aiohttp
import attrs

from bitloot_adapters.nowpayments_simulator import DEFAULT_LOGIN

API_KEY = "api-key-of-the-shop"


@attrs.frozen
class Client:
    """A merchant's client that reads status and JSON."""

    session: aiohttp.ClientSession
    base_url: str

    async def get(self, path: str, *, key: str = API_KEY, token: str = "", **query: str) -> tuple[int, Any]:
        """GET with a key and perhaps a login."""
        headers = {"x-api-key": key} | ({"Authorization": f"Bearer {token}"} if token else {})
        async with self.session.get(self.base_url + path, params=query, headers=headers) as answer:
            return answer.status, await answer.json()

    async def post(self, path: str, body: object = None, *, key: str = API_KEY) -> tuple[int, Any]:
        """POST with a key."""
        async with self.session.post(self.base_url + path, json=body, headers={"x-api-key": key}) as answer:
            return answer.status, await answer.json()

    async def log_in(self) -> str:
        """A bearer token."""
        _, body = await self.post("/auth", dict(zip(("email", "password"), DEFAULT_LOGIN, strict=True)))
        return str(body["token"])
