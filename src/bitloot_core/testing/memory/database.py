"""
What the fakes hold: tables of frozen rows, and the point at which a commit can be made to fail.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import attrs

from bitloot_core.order.alerts import Alert, Trouble
from bitloot_core.order.buying import Buying
from bitloot_core.order.events import OrderEvent
from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.ledger import LedgerEntry, LedgerKind
from bitloot_core.order.order import Order
from bitloot_core.ports.acts import StaffAct
from bitloot_core.ports.alerts import ChannelState
from bitloot_core.ports.catalogue import Product
from bitloot_core.ports.inbox import Source, StoredWebhook
from bitloot_core.ports.queries import FindingRow
from bitloot_core.ports.quotes import Quote
from bitloot_core.ports.store import KeyAccess
from bitloot_core.testing.faults import Faults
from bitloot_core.values.errors import Unknown
from bitloot_core.values.ids import (
    ExternalRef,
    FindingId,
    JobId,
    LinkId,
    OrderId,
    ProductId,
    SupplierProductId,
    WebhookId,
)


@attrs.frozen(kw_only=True)
class StoredOrder:
    """
    One order with what its parts do not say.

    Attributes:
        bought: when each reservation was first written, and when it last changed.
    """

    order: Order
    updated_at: datetime
    timeline: tuple[OrderEvent, ...]
    bought: dict[ExternalRef, tuple[datetime, datetime]]


@attrs.frozen(kw_only=True)
class StoredJob:
    """
    One job.

    Attributes:
        token: the lease's, while the job runs.
        until: when that lease runs out.
        wake: how often the job was asked for again.
    """

    id: JobId
    name: str
    ref: str
    order_id: OrderId | None
    status: str
    due_at: datetime
    created_at: datetime
    attempts: int = 0
    snoozes: int = 0
    wake: int = 0
    token: str | None = None
    until: datetime | None = None
    last_error: str | None = None


@attrs.frozen(kw_only=True)
class StoredLink:
    """One delivery link, good or not."""

    order_id: OrderId
    expires_at: datetime
    revoked: bool = False
    views: int = 0


@attrs.frozen(kw_only=True)
class StoredRequest:
    """One idempotency key; `taken_at` moves when a later try takes over from one that died."""

    body_hash: str
    order_id: OrderId
    begun_at: datetime
    taken_at: datetime
    response: bytes | None = None


@attrs.frozen(kw_only=True)
class StoredChannel:
    """
    One alert channel.

    Attributes:
        target: where it leads.
        under_way: the alert that is being sent.
        token, until: the lease, while somebody tries.
    """

    target: str
    state: ChannelState = attrs.field(factory=ChannelState)
    under_way: Alert | None = None
    token: str | None = None
    until: datetime | None = None


class MemoryDatabase:
    """
    The tables behind the fakes. Read them in a test as you like; write through the ports.

    Attributes:
        names: who holds a name that is unique across the shop, by what kind of name it is and the name.
        living: the one ready or running job of each (name, subject).
        received: the webhook of each (source, dedupe key).
        chain: a hash for each access, over it and the one before.
        pruned: the webhooks whose bodies are gone.
        spoilt: the webhooks whose bodies do not open.
        alert_channels: the channels of alerts by name.
        told: what each channel has told of, by its name and what it was.
        troubles: what was wrong with the service, and when it was last seen, by name.
        stale: when each product was last marked as changed, of those whose look is older.
        buying: the pauses, what a person lifted, and the balance as it was read last.
        faults: what shall go wrong, by the name of the write: `store.commit`, `jobs.claim`, `jobs.ask`, `jobs.end`,
            `inbox.receive`, `inbox.replay`, `rows.rotate`, `requests.begin`, `requests.answer`, `catalogue.put`,
            `quotes.mark`, `quotes.keep`, `switches.pause`, `switches.lift`, `switches.resume`,
            `switches.note_balance`, `alerts.note`, `alerts.issue`, `alerts.claim`, `alerts.end`, `alerts.open_again`,
            or `any`.
    """

    def __init__(self) -> None:
        self.orders: dict[OrderId, StoredOrder] = {}
        self.names: dict[tuple[str, str], OrderId] = {}
        self.jobs: dict[JobId, StoredJob] = {}
        self.living: dict[tuple[str, str], JobId] = {}
        self.webhooks: dict[WebhookId, StoredWebhook] = {}
        self.received: dict[tuple[Source, str], WebhookId] = {}
        self.pruned: set[WebhookId] = set()
        self.spoilt: set[WebhookId] = set()
        self.links: dict[LinkId, StoredLink] = {}
        self.newest_link: dict[OrderId, LinkId] = {}
        self.accesses: list[KeyAccess] = []
        self.chain: list[str] = []
        self.acts: list[StaffAct] = []
        self.findings: dict[FindingId, FindingRow] = {}
        self.open_findings: dict[tuple[OrderId | None, FindingReason, str], FindingId] = {}
        self.ledger: dict[tuple[LedgerKind, str], LedgerEntry] = {}
        self.products: dict[ProductId, Product] = {}
        self.quotes: dict[SupplierProductId, Quote] = {}
        self.stale: dict[SupplierProductId, datetime] = {}
        self.requests: dict[str, StoredRequest] = {}
        self.alert_channels: dict[str, StoredChannel] = {}
        self.told: set[tuple[str, str]] = set()
        self.troubles: dict[str, tuple[Trouble, datetime]] = {}
        self.buying = Buying()
        self.faults = Faults()

    def fail_next_commit(self, *, before: bool = False, after: bool = False, of: str = "any") -> None:
        """
        Let a write raise `Unknown` at its commit point, as a database does whose connection breaks there.

        Args:
            before: nothing of it is written.
            after: all of it is written, and yet it raises.
            of: which write, as in `faults`; the next one of any port, unless said otherwise.

        Raises:
            ValueError: neither or both of `before` and `after` are asked for.
        """
        if before == after:
            raise ValueError("ask for one of before=True and after=True")
        arm = self.faults.before if before else self.faults.after
        arm(of, Unknown("database", "the commit gave no answer"))

    @contextmanager
    def commit(self, write: str) -> Iterator[None]:
        """For the fakes: wrap one write, so that it can be made to fail. The body writes everything or raises."""
        for call in ("any", write):
            self.faults.strike_before(call)
        yield
        for call in ("any", write):
            self.faults.strike_after(call)

    def open_finding(self, finding: Finding) -> None:
        """For the fakes: keep a finding, unless the same reason on the same subject is open already."""
        same = (finding.order_id, finding.reason, finding.subject)
        known = self.findings.get(self.open_findings.get(same, finding.id))
        if known is None:
            self.open_findings[same] = finding.id
            self.findings[finding.id] = FindingRow(finding=finding, resolved_at=None, resolved_by=None)

    def resolve_finding(self, finding_id: FindingId, *, at: datetime, by: str, how: str) -> bool:
        """For the fakes: note who settled a finding; False if it is settled already, or if nobody opened it."""
        row = self.findings.get(finding_id)
        if row is None or row.resolved_at is not None:
            return False
        self.findings[finding_id] = attrs.evolve(row, resolved_at=at, resolved_by=by, resolution=how)
        self.open_findings.pop((row.finding.order_id, row.finding.reason, row.finding.subject), None)
        return True

    def add_access(self, access: KeyAccess) -> None:
        """For the fakes: keep an access, and chain it to the one before."""
        self.accesses.append(access)
        self.chain.append(chained(self.chain[-1] if self.chain else "", access))


def chained(last: str, access: KeyAccess) -> str:
    """A hash over an access and the hash before it; where it came from can be erased, and is not in it."""
    content = (last, access.order_id, access.unit_id, access.actor, access.reason, access.at.isoformat())
    return hashlib.sha256("\x00".join(content).encode()).hexdigest()
