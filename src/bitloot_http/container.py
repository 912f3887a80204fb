"""
The composition root: the one file that names the real adapters and the container.

What must be opened and closed (the session, the database, the doorbell) is opened here in order and handed to the
container, which only wires. What comes out is typed: a `Shop` for whoever decides, a `Service` for whoever runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import aiohttp
from dependency_injector import containers, providers

from bitloot_adapters._shared.envelope import KeySealer, MasterKeys, PayloadSealer
from bitloot_adapters._shared.http_caller import Deadlines
from bitloot_adapters._shared.mail_message import Sender
from bitloot_adapters.disk_vault import DiskVault, SealedFolder
from bitloot_adapters.hmac_links import HmacLinks
from bitloot_adapters.kinguin import KinguinSupplier
from bitloot_adapters.mail_folder import FolderMailer
from bitloot_adapters.nowpayments import NowPaymentsGateway, RateLimit
from bitloot_adapters.r2 import R2Deadlines, R2Vault, open_bucket
from bitloot_adapters.sql import migrate
from bitloot_adapters.sql.database import Database
from bitloot_adapters.sql.opening import open_database
from bitloot_adapters.sql.rate import SqlRateLimit
from bitloot_adapters.sql.sealed_rows import BODIES, SECOND_FACTORS, SqlSealedRows
from bitloot_adapters.sql.storage import SqlStorage
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_adapters.standard_webhooks import WebhookAlerts
from bitloot_adapters.system import SystemClock, SystemIds
from bitloot_adapters.taskiq import (
    EmbeddedBroker,
    RingListener,
    TaskiqNotifier,
    build_broker,
    build_redis_broker,
    register_run_job,
)
from bitloot_core.ports.notifier import JobNotifier
from bitloot_core.ports.system import Clock
from bitloot_core.ports.vault import Vault
from bitloot_core.usecases.shop import Shop
from bitloot_http.alert_channels import channels_of
from bitloot_http.alert_checks import alerter_of
from bitloot_http.background import keep_running
from bitloot_http.caretaker import DONE_JOBS_KEPT, Caretaker, Round
from bitloot_http.metrics.counts import Counts
from bitloot_http.metrics.watched import watched
from bitloot_http.readiness import probes_of
from bitloot_http.rotation import Kind, Sealed
from bitloot_http.service import BackRoom, Part, Seams, Service
from bitloot_http.settings import Settings
from bitloot_http.sweeper import LOOKS_A_SWEEP, Sweeper
from bitloot_http.unheard import Unheard
from bitloot_http.vendor_sessions import open_sessions
from bitloot_http.worker import Worker

if TYPE_CHECKING:
    from bitloot_adapters.r2.bucket import SealedBucket
    from bitloot_adapters.smtp import SmtpMailer
    from bitloot_adapters.taskiq.steady import SteadyStreamBroker

CONCURRENCY = 16
"""Jobs in hand at once: they mostly wait for vendors, so more than there are cores."""
GRACE = timedelta(seconds=20)
"""How long a process that is told to stop may finish what it has in hand."""
_SENDER = "BitLoot <shop@localhost>"


def _rate_limit(settings: Settings, database: Database, clock: SystemClock) -> RateLimit:
    return SqlRateLimit(
        database,
        name="nowpayments",
        per_second=settings.nowpayments_rate_per_second,
        port="payment gateway",
        now=clock.now,
    )


def _master_keys(settings: Settings) -> MasterKeys:
    return MasterKeys.parse(settings.vault_keys.reveal())


def _vault(settings: Settings, bucket: SealedBucket | None, sealer: KeySealer, clock: SystemClock) -> Vault:
    if bucket is None:
        return DiskVault(SealedFolder(settings.vault_dir), sealer)
    return R2Vault(bucket, sealer, clock=clock)


def _mailer(settings: Settings, clock: SystemClock) -> FolderMailer | SmtpMailer:
    sender = Sender.parse(settings.mail_from or _SENDER)
    if settings.smtp_url is None:
        return FolderMailer(settings.mail_dir, sender, clock=clock)
    from bitloot_adapters.smtp import SmtpMailer, SmtpServer

    server = SmtpServer.parse(settings.smtp_url.reveal())
    return SmtpMailer(server, sender, clock=clock, deadline=settings.call_deadline)


class _Wiring(containers.DeclarativeContainer):
    """Who gets what. Nothing is opened here."""

    settings = providers.Dependency(instance_of=Settings)
    database: providers.Dependency[Database] = providers.Dependency()
    session = providers.Dependency(instance_of=aiohttp.ClientSession)
    fresh_session = providers.Dependency(instance_of=aiohttp.ClientSession)
    notifier: providers.Dependency[JobNotifier] = providers.Dependency()
    bucket: providers.Dependency[SealedBucket | None] = providers.Dependency()

    clock = providers.Singleton(SystemClock)
    ids = providers.Singleton(SystemIds, clock)
    master_keys = providers.Singleton(_master_keys, settings)
    deadlines = providers.Singleton(Deadlines, total=settings.provided.call_deadline)

    sealer = providers.Singleton(PayloadSealer, master_keys)
    storage = providers.Singleton(SqlStorage.over, database, sealer)

    supplier = providers.Singleton(
        KinguinSupplier,
        session=session,
        fresh_session=fresh_session,
        api_key=settings.provided.kinguin_api_key,
        webhook_secret=settings.provided.kinguin_webhook_secret,
        event_secret=settings.provided.kinguin_event_secret,
        base_url=settings.provided.kinguin_base_url,
        deadlines=deadlines,
    )
    rate_limit = providers.Singleton(_rate_limit, settings, database, clock)
    gateway = providers.Singleton(
        NowPaymentsGateway,
        session=session,
        api_key=settings.provided.nowpayments_api_key,
        ipn_secrets=settings.provided.nowpayments_ipn_secret,
        ipn_callback_url=settings.provided.ipn_url,
        clock=clock,
        rate_limit=rate_limit,
        base_url=settings.provided.nowpayments_base,
        deadlines=deadlines,
    )
    vault = providers.Singleton(_vault, settings, bucket, providers.Singleton(KeySealer, master_keys), clock)
    links = providers.Singleton(HmacLinks, settings.provided.link_secrets)
    mailer = providers.Singleton(_mailer, settings, clock)
    webhook_alerts = providers.Factory(
        WebhookAlerts,
        session=fresh_session,
        url=settings.provided.alert_webhook_url,
        secrets=settings.provided.alert_webhook_secret,
        clock=clock,
        public_url=settings.provided.public_url,
        deadlines=deadlines,
    )
    channels = providers.Singleton(channels_of, settings, mailer, webhook_alerts.provider)
    shop = providers.Singleton(
        SqlStorage.shop_with,
        storage,
        supplier=supplier,
        supplier_catalogue=supplier.provided.catalogue,
        gateway=gateway,
        vault=vault,
        links=links,
        mailer=mailer,
        notifier=notifier,
        clock=clock,
        ids=ids,
        policy=settings.provided.policy,
        public_url=settings.provided.public_url,
    )


@asynccontextmanager
async def open_shop(settings: Settings) -> AsyncIterator[Shop]:
    """
    Open everything that decides, without a worker: for commands, and for a look from outside.

    Its doorbell rings in vain; the service that runs beside it finds the jobs by itself.

    Raises:
        InvalidInput: a setting cannot be used by this version.
    """
    async with open_back_room(settings) as room:
        yield room.shop


@asynccontextmanager
async def open_back_room(settings: Settings, seams: Seams | None = None) -> AsyncIterator[BackRoom]:
    """
    Open the same, and what only the commands of an operator work with.

    Raises:
        InvalidInput: a setting cannot be used by this version.
    """
    async with _opened(settings, seams or Seams()) as (wiring, _):
        wiring.notifier.override(providers.Object(Unheard()))
        storage, sealer, master_keys = wiring.storage(), wiring.sealer(), wiring.master_keys()
        columns = {Kind.WEBHOOK_BODY: BODIES, Kind.SECOND_FACTOR: SECOND_FACTORS}
        rows = {kind: SqlSealedRows(storage.database, sealer, column) for kind, column in columns.items()}
        sealed = Sealed(vault=wiring.vault(), rows=rows, master_keys=master_keys.ids)
        yield BackRoom(
            shop=wiring.shop(),
            tokens=storage.admin_tokens,
            staff=storage.staff,
            sealed=sealed,
            mail=wiring.mailer(),
            channels=wiring.channels(),
        )


@asynccontextmanager
async def open_service(
    settings: Settings, seams: Seams | None = None, *, part: Part = Part.ALL
) -> AsyncIterator[Service]:
    """
    Open a service, or the part of it that this process is; what is in hand at the end is finished within `GRACE`.

    Raises:
        InvalidInput: a setting cannot be used by this version.
    """
    async with _opened(settings, seams or Seams()) as (wiring, stack):
        bell = await _hang(settings, stack)
        wiring.notifier.override(providers.Object(TaskiqNotifier(bell)))
        counts = Counts()
        shop = watched(wiring.shop(), counts)
        storage = wiring.storage()
        worker = await _employ(shop, storage, settings, bell, stack) if part is Part.ALL else None
        if worker is not None:
            caretaker = Caretaker(_rounds(storage, shop.clock, settings))
            keep_running(stack, caretaker, Sweeper(shop, every=settings.relay * LOOKS_A_SWEEP))
        probes = probes_of(
            shop,
            write=lambda: storage.touch(now=shop.clock.now()),
            schema=lambda: storage.database.read(migrate.check_open),
            bell=None if isinstance(bell, EmbeddedBroker) else bell.answers,
        )
        keep_running(stack, alerter_of(settings, shop, probes, wiring.channels()))
        tokens, staff = storage.admin_tokens, storage.staff
        yield Service(
            settings=settings, shop=shop, worker=worker, tokens=tokens, staff=staff, probes=probes, counts=counts
        )


def _rounds(storage: SqlStorage, clock: Clock, settings: Settings) -> dict[str, Round]:
    """What is cleared away, and from which age on."""
    return {
        "bodies": lambda: storage.inbox.prune_bodies(before=clock.now() - settings.retention),
        "jobs": lambda: storage.jobs.prune_done(before=clock.now() - DONE_JOBS_KEPT),
        "requests": lambda: storage.requests.prune(now=clock.now()),
        "sessions": lambda: storage.staff.prune(now=clock.now()),
        "alerts": lambda: storage.alerts.prune(before=clock.now() - DONE_JOBS_KEPT),
    }


async def _hang(settings: Settings, stack: AsyncExitStack) -> EmbeddedBroker | SteadyStreamBroker:
    """Hang up the doorbell: between processes where there is a Redis, else within this one."""
    bell: EmbeddedBroker | SteadyStreamBroker
    if settings.redis_url is None:
        bell = build_broker(workers=CONCURRENCY, drain=GRACE)
    else:
        bell = build_redis_broker(settings.redis_url.reveal())
    await bell.startup()
    stack.push_async_callback(bell.shutdown)
    return bell


async def _employ(
    shop: Shop,
    storage: SqlStorage,
    settings: Settings,
    bell: EmbeddedBroker | SteadyStreamBroker,
    stack: AsyncExitStack,
) -> Worker:
    """Let somebody answer the doorbell. At the end: nothing new is taken, and what is in hand has `GRACE`."""
    worker = Worker(
        shop,
        concurrency=CONCURRENCY,
        look_every=settings.relay,
        gives_way=lambda: storage.inbox.is_crowded,
    )
    worker.start()
    stack.push_async_callback(worker.stop, grace=GRACE)
    if isinstance(bell, EmbeddedBroker):
        register_run_job(bell, worker.run)
    else:
        listener = RingListener(bell, worker.run, concurrency=CONCURRENCY)
        listener.start()
        # The worker has the grace: its jobs are shielded from the end of the listener.
        stack.push_async_callback(listener.stop, grace=timedelta(0))
    return worker


@asynccontextmanager
async def _opened(settings: Settings, seams: Seams) -> AsyncIterator[tuple[_Wiring, AsyncExitStack]]:
    async with AsyncExitStack() as stack:
        url = DatabaseUrl.parse(settings.database_url.reveal())
        database = open_database(url, pool_size=settings.database_pool_size, commit=seams.commit)
        stack.push_async_callback(database.close)
        sessions = await stack.enter_async_context(open_sessions(seams.traces, at_once=CONCURRENCY * 2))
        wiring = _Wiring(
            settings=settings,
            database=providers.Object(database),
            bucket=providers.Object(await _bucket(settings, stack)),
            session=sessions.kept,
            fresh_session=sessions.fresh,
        )
        yield wiring, stack


async def _bucket(settings: Settings, stack: AsyncExitStack) -> SealedBucket | None:
    """Open the bucket of the vault, if the keys lie in one."""
    account = settings.r2
    if account is None:
        return None
    return await stack.enter_async_context(
        open_bucket(
            endpoint=account.endpoint,
            bucket=account.bucket,
            access_key_id=account.access_key_id,
            secret_access_key=account.secret_access_key,
            deadlines=R2Deadlines(operation=min(R2Deadlines().operation, settings.call_deadline)),
        )
    )


async def upgrade_database(settings: Settings) -> None:
    """Bring the database to this version; makes a SQLite file that is not there. Idempotent."""
    await asyncio.to_thread(migrate.upgrade, settings.database_url.reveal())


async def database_state(settings: Settings) -> str:
    """How the database stands to this version: `empty`, `behind`, `current` or `unknown` (written by a newer one)."""
    return str(await asyncio.to_thread(migrate.check, settings.database_url.reveal()))


async def redis_answers(settings: Settings) -> bool:
    """Whether the Redis of the settings is there now; False without one."""
    if settings.redis_url is None:
        return False
    bell = build_redis_broker(settings.redis_url.reveal())
    try:
        return await bell.answers()
    finally:
        await bell.shutdown()
