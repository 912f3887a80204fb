"""
Everything that a use case works with: the ports, and the shop's own rules.
"""

from __future__ import annotations

import attrs

from bitloot_core.order.policy import Policy
from bitloot_core.ports.alerts import AlertBook
from bitloot_core.ports.audit import Audit
from bitloot_core.ports.backlog import Backlog
from bitloot_core.ports.books import Books
from bitloot_core.ports.catalogue import Catalogue
from bitloot_core.ports.figures import Figures
from bitloot_core.ports.inbox import Inbox
from bitloot_core.ports.jobs import Jobs
from bitloot_core.ports.links import Links
from bitloot_core.ports.loose_ends import LooseEnds
from bitloot_core.ports.mailer import Mailer
from bitloot_core.ports.notifier import JobNotifier
from bitloot_core.ports.payment_gateway import PaymentGateway
from bitloot_core.ports.queries import Queries
from bitloot_core.ports.quotes import Quotes
from bitloot_core.ports.requests import Requests
from bitloot_core.ports.store import OrderStore
from bitloot_core.ports.supplier import Supplier
from bitloot_core.ports.supplier_catalogue import SupplierCatalogue
from bitloot_core.ports.switches import Switches
from bitloot_core.ports.system import Clock, Ids
from bitloot_core.ports.trends import Trends
from bitloot_core.ports.vault import Vault


@attrs.frozen(kw_only=True)
class Shop:
    """
    The ports that a shop is wired to; build it from your own adapters, or from the fakes of `bitloot_core.testing`.

    Attributes:
        policy: how patient, how tolerant, how often.
        public_url: where buyers reach the shop, without a slash at the end; delivery links begin with it.
    """

    orders: OrderStore
    inbox: Inbox
    jobs: Jobs
    requests: Requests
    catalogue: Catalogue
    quotes: Quotes
    queries: Queries
    switches: Switches
    loose_ends: LooseEnds
    books: Books
    backlog: Backlog
    figures: Figures
    audit: Audit
    trends: Trends
    alerts: AlertBook
    supplier: Supplier
    supplier_catalogue: SupplierCatalogue
    gateway: PaymentGateway
    vault: Vault
    links: Links
    mailer: Mailer
    notifier: JobNotifier
    clock: Clock
    ids: Ids
    policy: Policy
    public_url: str
