"""
The yardstick of `bench_ingest`: an aiohttp handler that reads the body, checks one HMAC-SHA512, and answers.

Arguments: the secret, and the event loop: `asyncio`, as aiohttp comes, or `uvloop`, which our service runs on.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import sys

import uvloop
from aiohttp import web


def build(secret: bytes) -> web.Application:
    """The least that any receiver of signed webhooks does."""

    async def receive(request: web.Request) -> web.Response:
        """Check and answer."""
        body = await request.read()
        claimed = request.headers.get("x-nowpayments-sig") or request.headers.get("X-KINGUIN-SIGNATURE", "")
        expected = hmac.new(secret, body, hashlib.sha512).hexdigest()
        return web.Response(status=200 if hmac.compare_digest(claimed, expected) else 401)

    app = web.Application()
    app.router.add_post("/payments/ipn", receive)
    app.router.add_post("/kinguin/webhooks", receive)
    return app


async def main(secret: bytes) -> None:
    """Serve on a free port until the end."""
    runner = web.AppRunner(build(secret), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=512).start()
    print(f"listening on {runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if sys.argv[2] == "uvloop" else None) as runner:
        runner.run(main(sys.argv[1].encode()))
