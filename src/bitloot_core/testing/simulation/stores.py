"""
The store that a simulated shop runs on: its ports, which processes use, and its contents, which checkers look at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import attrs

from bitloot_core.order.events import OrderEvent
from bitloot_core.order.findings import Finding
from bitloot_core.order.jobs import JobRequest
from bitloot_core.order.ledger import LedgerEntry
from bitloot_core.order.order import Order
from bitloot_core.ports.catalogue import Product
from bitloot_core.ports.inbox import Source, StoredWebhook, WebhookStatus
from bitloot_core.testing.memory import MemoryStorage
from bitloot_core.testing.memory.database import StoredJob
from bitloot_core.testing.simulation.network import Carried, Network, run_through
from bitloot_core.testing.simulation.process import Process
from bitloot_core.values.ids import OrderId

LIVING = ("ready", "running")
"""The words of jobs that are not over."""


@attrs.frozen(kw_only=True)
class JobSeen:
    """A job, as far as checkers care."""

    name: str
    ref: str
    order_id: OrderId | None
    status: str


class Store(Protocol):
    """
    One store, which outlives the processes of the shop.

    The looks are taken between two steps of the simulation, beside the ports and the network; they change nothing.
    """

    def ports(self, fakes: Mapping[str, object], process: Process, network: Network) -> Mapping[str, object]:
        """
        The storage ports as a process sees them: each call goes over the network.

        Args:
            fakes: those in memory, by their names in `Shop`; what the store does not have itself is taken from them.
        """
        ...

    def offer(self, products: Sequence[Product]) -> None:
        """Put products into the catalogue, before anything begins."""
        ...

    def ask(self, request: JobRequest, *, now: datetime) -> None:
        """Put a job into the queue, as some other program would."""
        ...

    def order(self, order_id: OrderId) -> Order | None:
        """One order."""
        ...

    def order_ids(self) -> tuple[OrderId, ...]:
        """Every order, in the order of their ids."""
        ...

    def timeline(self, order_id: OrderId) -> tuple[OrderEvent, ...]:
        """All that happened to an order."""
        ...

    def jobs(self, order_id: OrderId | None = None) -> Iterable[JobSeen]:
        """Every job that is not done, dead ones included; those of one order, or all."""
        ...

    def next_due(self) -> datetime | None:
        """When the next job is due, or free again."""
        ...

    def lose_job(self, name: str, ref: str) -> None:
        """Take a living job out of the table, as if it had never been asked for."""
        ...

    def findings(self) -> Sequence[Finding]:
        """Every finding, open and settled."""
        ...

    def open_findings(self) -> Sequence[Finding]:
        """Every open finding."""
        ...

    def webhooks(self) -> Sequence[StoredWebhook]:
        """Every webhook, oldest first."""
        ...

    def status_of_webhook(self, source: Source, dedupe_key: str) -> WebhookStatus | None:
        """How far one webhook is; None if it is not there."""
        ...

    def is_lost(self, source: Source, dedupe_key: str) -> bool:
        """Whether one webhook waits for being read, and no living job is about it."""
        ...

    def ledger(self) -> Sequence[LedgerEntry]:
        """Every entry, oldest first."""
        ...

    def looked_at(self, order_id: OrderId, agent: str) -> Sequence[str]:
        """The units of an order for which an audit row names this client, one for each row."""
        ...

    def at_rest(self) -> bytes:
        """All that lies in the store besides what is sealed, to be searched for what must not be there."""
        ...

    def fault(self) -> str | None:
        """What is broken in the store by its own account; None if nothing is."""
        ...


class MemoryStore:
    """
    The store in memory.

    Args:
        storage: what all processes share.
    """

    def __init__(self, storage: MemoryStorage) -> None:
        self._database = storage.database
        self._jobs = storage.jobs

    def ports(self, fakes: Mapping[str, object], process: Process, network: Network) -> Mapping[str, object]:
        """Each port of the storage, with a network before it."""
        return {name: Carried(name, port, process, network) for name, port in fakes.items()}

    def offer(self, products: Sequence[Product]) -> None:
        """Put products into the table."""
        self._database.products.update({product.id: product for product in products})

    def ask(self, request: JobRequest, *, now: datetime) -> None:
        """Put a job into the table."""
        run_through(self._jobs.ask(request, now=now))

    def order(self, order_id: OrderId) -> Order | None:
        """One order."""
        stored = self._database.orders.get(order_id)
        return stored.order if stored else None

    def order_ids(self) -> tuple[OrderId, ...]:
        """Every order."""
        return tuple(sorted(self._database.orders))

    def timeline(self, order_id: OrderId) -> tuple[OrderEvent, ...]:
        """All that happened to an order."""
        return self._database.orders[order_id].timeline

    def jobs(self, order_id: OrderId | None = None) -> Iterable[JobSeen]:
        """Every job that is not done."""
        if order_id is not None:
            living = (self._database.jobs[job_id] for job_id in self._database.living.values())
            return [_seen(job) for job in living if job.order_id == order_id]
        return [_seen(job) for job in self._database.jobs.values() if job.status != "done"]

    def next_due(self) -> datetime | None:
        """When the next job is due, or free again."""
        jobs, living = self._database.jobs, self._database.living
        return min((jobs[one].until or jobs[one].due_at for one in living.values()), default=None)

    def lose_job(self, name: str, ref: str) -> None:
        """Take a living job out of the tables."""
        del self._database.jobs[self._database.living.pop((name, ref))]

    def findings(self) -> Sequence[Finding]:
        """Every finding."""
        return [row.finding for row in self._database.findings.values()]

    def open_findings(self) -> Sequence[Finding]:
        """Every open finding."""
        return [row.finding for row in self._database.findings.values() if row.resolved_at is None]

    def webhooks(self) -> Sequence[StoredWebhook]:
        """Every webhook."""
        return list(self._database.webhooks.values())

    def status_of_webhook(self, source: Source, dedupe_key: str) -> WebhookStatus | None:
        """How far one webhook is."""
        webhook_id = self._database.received.get((source, dedupe_key))
        return None if webhook_id is None else self._database.webhooks[webhook_id].status

    def is_lost(self, source: Source, dedupe_key: str) -> bool:
        """Whether nobody will look at one webhook."""
        webhook_id = self._database.received[source, dedupe_key]
        waits = self._database.webhooks[webhook_id].status is WebhookStatus.PENDING
        return waits and (str(source.job), str(webhook_id)) not in self._database.living

    def ledger(self) -> Sequence[LedgerEntry]:
        """Every entry."""
        return list(self._database.ledger.values())

    def looked_at(self, order_id: OrderId, agent: str) -> Sequence[str]:
        """The units of an order for which an audit row names this client."""
        rows = self._database.accesses
        return [row.unit_id for row in rows if row.agent == agent and row.order_id == order_id]

    def at_rest(self) -> bytes:
        """Every table but the bodies of webhooks, which a real store seals."""
        tables = self._database
        told = (tables.orders, tables.names, tables.jobs, tables.links, tables.accesses, tables.findings, tables.ledger)
        hooks = [(hook.result, hook.webhook.type, hook.webhook.external_id) for hook in tables.webhooks.values()]
        return repr((told, hooks, tables.requests)).encode()

    def fault(self) -> str | None:
        """Nothing can be."""
        return None


def _seen(job: StoredJob) -> JobSeen:
    return JobSeen(name=job.name, ref=job.ref, order_id=job.order_id, status=job.status)


if TYPE_CHECKING:
    _: type[Store] = MemoryStore
