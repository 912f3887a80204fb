"""
`bitloot vault rotate`, killed at each request to the bucket and at each commit while the shop goes on selling.

**Source:** reliability.md, section 2, the row "KEK rotation mid-way": each object is independent, and both master keys
are loaded until nothing is left under the old one.
"""

import asyncio
import base64
import json
import secrets
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import attrs
import pytest

from harness.fault_proxy import open_fault_proxy
from harness.graveyard import Graveyard, boundaries
from harness.postgres_stock import PostgresStock
from harness.production import Production, open_production
from harness.readdressed import Behind
from harness.s3_proxy import open_s3_proxy
from harness.service import BITLOOT, SERVE, ServiceProcess

MOST_RUNS = 1_000
FURTHEST = 40
"""Each kill may leave a copy, which the next run passes by: so there are ever more boundaries of the same kind."""
_COMMITS = {b"COMMIT": "commit"}


def with_keys(shop: Production, *keys: str) -> ServiceProcess:
    """The same shop with other master keys."""
    place = shop.system.place
    changed = attrs.evolve(place, settings={**place.settings, "VAULT_KEYS": ",".join(keys)})
    return ServiceProcess(changed, (*SERVE, "--with-worker"))


class Rotation:
    """
    The command, run as often as it takes.

    Args:
        environ: with both master keys, and its own way to everything.
        folder: of the boundaries that it was killed at.
        mode: see `Graveyard`.
    """

    def __init__(self, environ: dict[str, str], folder: Path, mode: str) -> None:
        self._environ = environ
        self._mode = mode
        self._process: asyncio.subprocess.Process | None = None
        self._graveyard = Graveyard(folder, self._kill, most=1, furthest=FURTHEST)

    def witness(self, boundary: str) -> bool:
        """See it come to a boundary; true if that was its end."""
        return self._graveyard.pass_by(boundary)

    async def run(self) -> dict[str, Any] | None:
        """Run it once; what it says at the end, or None if it was killed or asks to be given again."""
        self._graveyard.order(self._mode)
        self._process = await asyncio.create_subprocess_exec(
            *BITLOOT, "vault", "rotate", "--json", env=self._environ, stdout=PIPE, stderr=PIPE
        )
        said, why = await self._process.communicate()
        code = self._process.returncode
        assert code is not None
        if code < 0:
            return None
        told: dict[str, Any] = json.loads(said)
        assert not any(kind["stuck"] for kind in told["kinds"]), said
        if code == 0:
            return told
        # On a busy machine the bucket can be too slow for it: then it says so, and an operator gives it again.
        assert b"the store is too slow" in why, why
        return None

    def _kill(self, _: str) -> None:
        assert self._process is not None
        self._process.kill()


async def test_a_rotation_that_is_killed_everywhere_loses_no_key(
    tmp_path: Path, postgres_stock: PostgresStock, s3: str, request: pytest.FixtureRequest
) -> None:
    """Begun again each time, it comes to its end; then everything opens without the old master key."""
    mode = "arm" if request.config.getoption("full") else "arm new"
    graves = tmp_path / "graveyard"
    graves.mkdir()
    port = urlsplit(postgres_stock.server.url_of("any")).port or 0
    async with (
        aiohttp.ClientSession(auto_decompress=False) as session,
        open_fault_proxy(port) as plain_way,
        open_fault_proxy(port) as way,
        open_s3_proxy(s3, session) as bucket,
        open_production(tmp_path / "shop", Behind(postgres_stock, plain_way), s3, workers=0) as shop,
    ):
        old = shop.system.place.settings["VAULT_KEYS"]
        new = f"new:{base64.b64encode(secrets.token_bytes(32)).decode()}"
        orders = [await shop.paid(quantity=6) for _ in range(3)]
        await shop.come_through(*orders)
        await shop.system.service.stop()
        beside = with_keys(shop, new, old)
        await beside.start()
        address = urlsplit(shop.system.place.settings["DATABASE_URL"])
        rotation = Rotation(
            {
                **shop.system.place.environ,
                "VAULT_KEYS": f"{new},{old}",
                "R2_ENDPOINT": bucket.url,
                "DATABASE_URL": address._replace(
                    netloc=address.netloc.replace(str(plain_way.port), str(way.port))
                ).geturl(),
            },
            graves,
            mode,
        )
        way.watched = _COMMITS
        way.witness = bucket.witness = rotation.witness

        told = None
        for _ in range(MOST_RUNS):
            told = await rotation.run()
            if told is not None:
                break
            if len(orders) < 5:
                orders.append(await shop.paid())
        assert told is not None
        await shop.come_through(*orders)
        last = await rotation.run()
        assert last is not None
        await beside.stop()
        alone = with_keys(shop, new)
        await alone.start()
        seen = [await shop.system.buyer.reveal(await shop.system.buyer.mail(placed)) for placed in orders]
        await alone.stop()

        assert seen == [shop.system.vendors.delivered_for(placed.order_id) for placed in orders]
        killed = boundaries(graves)
        print(f"\nkilled at {len(killed)} boundaries")  # noqa: T201 - shown with -s
        assert {name.partition(" #")[0] for name in killed} >= {
            "before bucket: GET",
            "after bucket: GET",
            "before bucket: PUT",
            "after bucket: PUT",
            "before bucket: DELETE",
            "after bucket: DELETE",
            "before commit",
            "after commit",
        }
