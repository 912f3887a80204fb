"""
The stage: both simulated vendors and the real service, each a server on loopback, and what they know of each other.
"""

from __future__ import annotations

import base64
import os
import random
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TextIO

import attrs

from bitloot_adapters.kinguin_simulator import PNG, TEXT, KinguinSimulator, Knobs
from bitloot_adapters.nowpayments_simulator import NowPaymentsSimulator, RetrySchedule
from bitloot_core.values.secret import Secret
from bitloot_http.app import build_app
from bitloot_http.container import open_service, upgrade_database
from bitloot_http.demo.catalogue import GAMES, products_csv
from bitloot_http.environment import parse_dotenv
from bitloot_http.logs import configure_logs
from bitloot_http.new_token import give_out_token
from bitloot_http.products_csv import parse_products
from bitloot_http.reading_settings import read_settings
from bitloot_http.service import Service
from bitloot_http.serving import address_of, free_port, serving
from bitloot_http.settings import Settings

HOST = "127.0.0.1"
KEY_MARK = "DEMO-"
"""Every text key begins with it, so that a leak can be searched for."""
STAFF = "demo"
CLOCKS: Mapping[str, str] = {
    "RELAY_SECONDS": "0.5",
    "RETRY_BASE_SECONDS": "0.3",
    "PAYMENT_POLL_SECONDS": "1,1,2,3,5",
    "SUPPLIER_POLL_SECONDS": "1,1,2,3,5",
    "SUPPLIER_QUIET_SECONDS": "8",
    "JOB_LEASE_SECONDS": "6",
}
"""Minutes become seconds, so that what a day would bring can be watched."""
_STEP_SECONDS = 0.35
_BALANCE = Decimal(1_000_000)
_STOCK = 100_000
_COVERING_PERCENT = Decimal("0.5")
_ENDING = timedelta(seconds=1)


@attrs.frozen(kw_only=True)
class Stage:
    """
    Everything that is running.

    Attributes:
        address: where the service is.
        folder: its database, vault, mails and log.
        token: of the admin API; may read.
    """

    address: str
    folder: Path
    settings: Settings
    service: Service
    kinguin: KinguinSimulator
    nowpayments: NowPaymentsSimulator
    token: Secret


@asynccontextmanager
async def open_stage(folder: Path, *, port: int, seed: int) -> AsyncIterator[Stage]:
    """
    Raise the curtain: start the vendors, then the service with settings that point to them.

    Args:
        folder: an empty one.
        port: where the service listens; 0 takes a free one.
        seed: the vendors' dice.

    Raises:
        OSError: the port is taken.
    """
    ipn_secret = secrets.token_hex(16)
    kinguin, nowpayments = _vendors(seed, ipn_secret)
    async with AsyncExitStack() as stack:
        listening = free_port(HOST, port)
        stack.callback(listening.close)
        address = address_of(HOST, listening.getsockname()[1])
        vendors = await stack.enter_async_context(AsyncExitStack())
        supplier = await vendors.enter_async_context(kinguin.serve())
        gateway = await vendors.enter_async_context(nowpayments.serve())
        webhook_secret = secrets.token_hex(16)
        kinguin.webhooks.configure(target=f"{address}/kinguin/webhooks", secret=webhook_secret)
        environ = {
            "PUBLIC_URL": address,
            "HOST": HOST,
            "PORT": str(listening.getsockname()[1]),
            "KINGUIN_BASE_URL": supplier.base_url,
            "KINGUIN_API_KEY": kinguin.api_key,
            "KINGUIN_WEBHOOK_SECRET": webhook_secret,
            "NOWPAYMENTS_BASE": gateway.base_url,
            "NOWPAYMENTS_API_KEY": "demo",
            "NOWPAYMENTS_IPN_SECRET": ipn_secret,
            **_ours(folder),
            **CLOCKS,
        }
        settings = _settings(folder, environ)
        configure_logs(settings.log_level, stream=stack.enter_context(_log(folder)), as_json=True)
        await upgrade_database(settings)
        service = await stack.enter_async_context(open_service(settings))
        # At the end the vendors go first: a call that they hold back by plan would hold the service back too.
        stack.push_async_callback(vendors.aclose)
        await _stock_up(kinguin, service)
        app = build_app(service, probes=service.probes, counts=service.counts, in_hand=lambda: service.in_hand)
        await stack.enter_async_context(serving(app, host=HOST, port=port, taken=listening, shutdown=_ENDING))
        now = service.shop.clock.now()
        token = await give_out_token(
            service.tokens, name=STAFF, scopes=("read",), expires_at=now + timedelta(days=1), now=now
        )
        yield Stage(
            address=address,
            folder=folder,
            settings=settings,
            service=service,
            kinguin=kinguin,
            nowpayments=nowpayments,
            token=token,
        )


def _vendors(seed: int, ipn_secret: str) -> tuple[KinguinSimulator, NowPaymentsSimulator]:
    kinguin = KinguinSimulator(
        rng=random.Random(seed),  # noqa: S311 - dice, not secrets
        api_key=secrets.token_hex(16),
        balance=_BALANCE,
        knobs=Knobs(
            delivery_delay=None,  # `mishaps` delivers, so that each webhook meets what the screenplay says
            latency=timedelta(milliseconds=15),
            latency_jitter=timedelta(milliseconds=40),
            serial_prefix=KEY_MARK,
        ),
    )
    kinguin.webhooks.with_key = True
    nowpayments = NowPaymentsSimulator(
        api_keys=("demo",),
        ipn_secret=ipn_secret,
        rng=random.Random(seed),  # noqa: S311 - dice, not secrets
        schedule=RetrySchedule(count=3, interval_seconds=0.6),
    )
    nowpayments.covering_percent = _COVERING_PERCENT
    nowpayments.configure(latency_seconds=0.02, step_delay_seconds=_STEP_SECONDS)
    return kinguin, nowpayments


def _ours(folder: Path) -> dict[str, str]:
    """The service's own settings, with secrets that nobody else has."""
    master_key = base64.b64encode(secrets.token_bytes(32)).decode()
    return {
        "DATABASE_URL": f"sqlite:///{folder / 'bitloot.db'}",
        "VAULT_DIR": str(folder / "vault"),
        "VAULT_KEYS": f"demo:{master_key}",
        "MAIL_DIR": str(folder / "mail"),
        "MAIL_FROM": "The Lantern Shop <shop@lantern.example>",
        "LINK_SECRET": secrets.token_hex(32),
        "NOWPAYMENTS_RATE_PER_SECOND": "0",
        "ORDERS_PER_MINUTE_PER_ADDRESS": "0",
        "LOG_LEVEL": "info",
    }


def _settings(folder: Path, environ: Mapping[str, str]) -> Settings:
    """Write the settings down, so that `bitloot` commands work in the folder, and read them as every process does."""
    text = "".join(f"{name}={value}\n" for name, value in environ.items())
    with os.fdopen(os.open(folder / ".env", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    return read_settings(parse_dotenv(text))


def _log(folder: Path) -> TextIO:
    return (folder / "service.log").open("w", encoding="utf-8", buffering=1)


async def _stock_up(kinguin: KinguinSimulator, service: Service) -> None:
    """List the games at the supplier, and import them as `bitloot products import` does."""
    today = service.shop.clock.now().astimezone(UTC).date()
    supplier_ids = {
        game.id: kinguin.add_product(
            name=f"{game.title} CD Key",
            price=game.cost,
            stock=_STOCK,
            media_type=PNG if game.is_picture else TEXT,
            preorder_until=today if game.is_preorder else None,
        ).product_id
        for game in GAMES
    }
    await service.shop.catalogue.put(parse_products(products_csv(supplier_ids, today).encode()))
