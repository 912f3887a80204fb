"""The real service without its worker, as it is where workers are processes of their own: a child of `bench_ingest`."""

from __future__ import annotations

import asyncio

import attrs

from bitloot_adapters.sql.admin_tokens import SqlAdminTokens
from bitloot_adapters.sql.staff import SqlStaff
from bitloot_core.usecases.shop import Shop
from bitloot_http.app import build_app
from bitloot_http.cli.running import run_loop
from bitloot_http.container import open_shop
from bitloot_http.environment import read_environment
from bitloot_http.logs import configure_logs
from bitloot_http.reading_settings import read_settings
from bitloot_http.serving import serving
from bitloot_http.settings import Settings


@attrs.frozen(kw_only=True)
class WebOnly:
    """What an application needs of a service. Nobody asks for a token here."""

    settings: Settings
    shop: Shop
    tokens: SqlAdminTokens | None = None
    staff: SqlStaff | None = None


async def main() -> None:
    """Serve until the end."""
    settings = read_settings(read_environment())
    configure_logs(settings.log_level)
    async with (
        open_shop(settings) as shop,
        serving(build_app(WebOnly(settings=settings, shop=shop)), host=settings.host, port=settings.port) as address,
    ):
        print(f"listening on {address}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    run_loop(main())
