"""What has an effect goes over a connection that nobody can have closed."""

import asyncio

import aiohttp

from bitloot_adapters._shared.http_caller import HttpCaller

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n{}"


class ClosesWhileIdle:
    """A vendor that has closed a connection while it lay idle: it answers one request on each, and no second one."""

    def __init__(self) -> None:
        """Nobody has called yet."""
        self.connections = 0

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Promise to keep the connection, and hang up on whoever believes it."""
        self.connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await writer.drain()
        await reader.read(1 << 16)
        writer.close()


async def test_an_act_goes_over_a_connection_of_its_own() -> None:
    """I1: one that was closed while idle would leave a purchase in doubt that never left the house."""
    vendor = ClosesWhileIdle()
    async with (
        await asyncio.start_server(vendor.meet, "127.0.0.1", 0) as server,
        aiohttp.ClientSession() as kept,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as fresh,
    ):
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        caller = HttpCaller(session=kept, fresh_session=fresh, base_url=url, headers={}, port="supplier")

        for _ in range(2):
            await caller.read("/v1/order")
            await caller.act("/v2/order")

    assert vendor.connections == 4
