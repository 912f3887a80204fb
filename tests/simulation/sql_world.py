"""
The real SQL store in a simulation: SQLite in this process, on one connection, and every write in one breath.

Each process of the shop has ports of its own over a database of its own, which all reach the same tables: what a
process keeps in memory (the batches of its inbox, say) dies with it.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import create_engine, event, select
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import StaticPool

from bitloot_adapters._shared.envelope import MasterKeys, PayloadSealer
from bitloot_adapters.sql import order_rows
from bitloot_adapters.sql.columns import moment
from bitloot_adapters.sql.database import is_passing, unavailable
from bitloot_adapters.sql.mapping import load_finding
from bitloot_adapters.sql.migrate import upgrade
from bitloot_adapters.sql.storage import SqlStorage
from bitloot_adapters.sql.tables import FINDINGS
from bitloot_core.order.events import OrderEvent
from bitloot_core.order.findings import Finding
from bitloot_core.order.jobs import JobRequest
from bitloot_core.order.ledger import LedgerEntry, LedgerKind
from bitloot_core.order.order import Order
from bitloot_core.ports.catalogue import Product
from bitloot_core.ports.inbox import Source, StoredWebhook, WebhookStatus
from bitloot_core.testing.memory import MemoryStorage
from bitloot_core.testing.simulation.fates import WRITES
from bitloot_core.testing.simulation.network import DOING, Call, Carried, Network, note_subject, run_through
from bitloot_core.testing.simulation.process import SUBJECT, Process
from bitloot_core.testing.simulation.stores import JobSeen
from bitloot_core.values.errors import NotFound
from bitloot_core.values.ids import OrderId, WebhookId

T = TypeVar("T")
_SEALER = PayloadSealer(MasterKeys({"k1": bytes(32)}))
UNDONE: tuple[str, ...] = ()
"""What is taken away again from the tables: for those who break the store on purpose."""
_OF_SHOP = {"orders": "store"}
"""What `Shop` calls otherwise than `SqlStorage`."""
_JOBS = "SELECT name, ref, order_id, status FROM jobs "
_LOOKED_AT = (
    "SELECT unit_id FROM key_access JOIN key_access_origins ON access_id = key_access.id "
    "WHERE order_id = ? AND agent = ?"
)
_LOST = (
    "SELECT 1 FROM webhook_logs WHERE source = ? AND dedupe_key = ? AND status = ? AND NOT EXISTS (SELECT 1 FROM jobs "
    "WHERE jobs.name = ? AND jobs.ref = CAST(webhook_logs.id AS TEXT) AND jobs.status IN ('ready', 'running'))"
)
_NEXT_DUE = (
    "SELECT min(at) FROM (SELECT min(due_at) AS at FROM jobs WHERE status = 'ready' "
    "UNION ALL SELECT min(lease_until) FROM jobs WHERE status = 'running')"
)


@cache
def _tables() -> sqlite3.Connection:
    """An empty database as the migrations leave it, in memory."""
    empty = sqlite3.connect(":memory:")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        upgrade(f"sqlite:///{path}")
        with sqlite3.connect(path) as made:
            made.backup(empty)
        made.close()
    return empty


def _engine() -> Engine:
    """One connection to a database of its own in memory, with the tables and the rules of the real one."""
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, hide_parameters=True, connect_args={"isolation_level": None}
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _: object) -> None:
        _tables().backup(connection)
        connection.execute("PRAGMA foreign_keys=ON")
        for statement in UNDONE:
            connection.execute(statement)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


class Inline:
    """The tables, and work on them done at once."""

    def __init__(self) -> None:
        self._connection = _engine().connect()
        driver: Any = self._connection.connection.driver_connection
        self.driver: sqlite3.Connection = driver

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run work as one transaction."""
        try:
            with self._connection.begin():
                return work(self._connection)
        except Exception as error:
            if is_passing(error):
                raise unavailable(error) from error
            raise

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run work that changes nothing."""
        transaction = self._connection.begin()
        try:
            return work(self._connection)
        finally:
            transaction.rollback()


class DirectDatabase:
    """See `Database`: for looks from above, beside the network."""

    def __init__(self, inline: Inline) -> None:
        self._inline = inline

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run work as one transaction."""
        return self._inline.write(work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run work that only reads."""
        return self._inline.read(work)

    look = read

    async def close(self) -> None:
        """Nothing waits."""


class DistantDatabase:
    """See `Database`: as a process reaches it, over the network."""

    def __init__(self, inline: Inline, process: Process, network: Network) -> None:
        self._inline = inline
        self._process = process
        self._network = network

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run work as one transaction, somewhere else."""

        async def effect() -> T:
            """Write."""
            return self._inline.write(work)

        return await self._carry("store.write", effect)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run work that only reads, somewhere else."""

        async def effect() -> T:
            """Read."""
            return self._inline.read(work)

        return await self._carry("store.read", effect)

    look = read

    async def close(self) -> None:
        """Nothing is kept open."""

    async def _carry(self, name: str, effect: Callable[[], Coroutine[Any, Any, T]]) -> T:
        doing = DOING.get()
        fits = doing is not None and (doing.name in WRITES) == (name == "store.write")
        call = doing if doing is not None and fits else self._call(name)
        result: T = await self._network.carry(call, effect, remote=False)
        return result

    def _call(self, name: str) -> Call:
        now = self._process.loop.time()
        return Call(process=self._process, name=name, args=(), kwargs={}, subject=SUBJECT.get(), sent_at=now)


class Announced:
    """A storage port of a process, whose calls are known to the database below it."""

    def __init__(self, name: str, port: object, process: Process) -> None:
        self._name = name
        self._port = port
        self._process = process

    def __getattr__(self, method: str) -> Any:
        """The method, announced."""
        plain = getattr(self._port, method)
        if not iscoroutinefunction(plain):
            return plain
        name, process = f"{self._name}.{method}", self._process

        async def call(*args: Any, **kwargs: Any) -> Any:
            """Say what is being done, and do it."""
            now = process.loop.time()
            made = Call(process=process, name=name, args=args, kwargs=kwargs, subject=SUBJECT.get(), sent_at=now)
            token = DOING.set(made)
            try:
                result = await plain(*args, **kwargs)
            finally:
                DOING.reset(token)
            note_subject(name, result)
            return result

        self.__dict__[method] = call
        return call


class SqlStore:
    """See `Store`: the real SQL store, on SQLite."""

    def __init__(self, _: MemoryStorage) -> None:
        self._inline = Inline()
        self._direct = SqlStorage.over(DirectDatabase(self._inline), _SEALER)

    def ports(self, fakes: Mapping[str, object], process: Process, network: Network) -> Mapping[str, object]:
        """The ports that the SQL store has, over a database of this process; the fakes for the others."""
        own = SqlStorage.over(DistantDatabase(self._inline, process, network), _SEALER)
        ports: dict[str, object] = {}
        for name, fake in fakes.items():
            port = getattr(own, _OF_SHOP.get(name, name), None)
            ports[name] = Carried(name, fake, process, network) if port is None else Announced(name, port, process)
        return ports

    def offer(self, products: Sequence[Product]) -> None:
        """Put products into the table."""
        run_through(self._direct.catalogue.put(products))

    def ask(self, request: JobRequest, *, now: datetime) -> None:
        """Put a job into the table."""
        run_through(self._direct.jobs.ask(request, now=now))

    def order(self, order_id: OrderId) -> Order | None:
        """One order."""
        try:
            return self._inline.read(lambda connection: order_rows.get_order(connection, order_id))
        except NotFound:
            return None

    def order_ids(self) -> tuple[OrderId, ...]:
        """Every order."""
        return tuple(OrderId(row[0]) for row in self._rows("SELECT id FROM orders ORDER BY id"))

    def timeline(self, order_id: OrderId) -> tuple[OrderEvent, ...]:
        """All that happened to an order."""
        return tuple(event for _, event in self._inline.read(lambda c: order_rows.events_of(c, order_id)))

    def jobs(self, order_id: OrderId | None = None) -> Iterable[JobSeen]:
        """Every job that is not done."""
        if order_id is None:
            rows = self._rows(f"{_JOBS} WHERE status != 'done' ORDER BY id")
        else:
            rows = self._rows(f"{_JOBS} WHERE order_id = ? AND status IN ('ready', 'running')", order_id)
        return [
            JobSeen(name=name, ref=ref, order_id=None if of is None else OrderId(of), status=status)
            for name, ref, of, status in rows
        ]

    def next_due(self) -> datetime | None:
        """When the next job is due, or free again."""
        ((at,),) = self._rows(_NEXT_DUE)
        return None if at is None else moment(at)

    def lose_job(self, name: str, ref: str) -> None:
        """Take a living job out of the table."""
        self._rows("DELETE FROM jobs WHERE name = ? AND ref = ? AND status IN ('ready', 'running')", name, ref)

    def findings(self) -> Sequence[Finding]:
        """Every finding."""
        return [load_finding(row[0]) for row in self._rows("SELECT state FROM findings ORDER BY rowid")]

    def open_findings(self) -> Sequence[Finding]:
        """Every open finding."""
        rows = select(FINDINGS.c.state).where(FINDINGS.c.resolved_at.is_(None)).order_by(FINDINGS.c.id)
        return [load_finding(state) for state in self._inline.read(lambda c: c.execute(rows).scalars().all())]

    def webhooks(self) -> Sequence[StoredWebhook]:
        """Every webhook."""
        ids = self._rows("SELECT id FROM webhook_logs ORDER BY id")
        return [run_through(self._direct.inbox.get(WebhookId(row[0]))) for row in ids]

    def status_of_webhook(self, source: Source, dedupe_key: str) -> WebhookStatus | None:
        """How far one webhook is."""
        find = "SELECT status FROM webhook_logs WHERE source = ? AND dedupe_key = ?"
        rows = self._rows(find, str(source), dedupe_key)
        return WebhookStatus(rows[0][0]) if rows else None

    def is_lost(self, source: Source, dedupe_key: str) -> bool:
        """Whether nobody will look at one webhook."""
        return bool(self._rows(_LOST, str(source), dedupe_key, str(WebhookStatus.PENDING), str(source.job)))

    def ledger(self) -> Sequence[LedgerEntry]:
        """Every entry."""
        return [
            LedgerEntry(
                order_id=OrderId(row[0]),
                kind=LedgerKind(row[1]),
                external_id=row[2],
                amount=Decimal(row[3]),
                currency=row[4],
                at=moment(row[5]),
            )
            for row in self._rows("SELECT order_id, kind, external_id, amount, currency, at FROM ledger ORDER BY id")
        ]

    def looked_at(self, order_id: OrderId, agent: str) -> Sequence[str]:
        """The units of an order for which an audit row names this client."""
        return [row[0] for row in self._rows(_LOOKED_AT, order_id, agent)]

    def at_rest(self) -> bytes:
        """The whole file."""
        return self._inline.driver.serialize()

    def fault(self) -> str | None:
        """What the database itself finds: broken pages, rows without their order, a broken chain of audit rows."""
        whole = self._rows("PRAGMA integrity_check") == [("ok",)] and not self._rows("PRAGMA foreign_key_check")
        broken = run_through(self._direct.store.broken_audit_row())
        return None if whole and broken is None else f"whole: {whole}, first broken audit row: {broken}"

    def _rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        return self._inline.driver.execute(statement, values).fetchall()
