"""The whole of it: a service, its vendors, a buyer, and the books; and what must hold between them at rest."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import attrs

from harness.books import Books
from harness.buyer import OFTEN_SECONDS, Buyer, Placed
from harness.databases import SqliteStock, Stock
from harness.mailbox import Arrivals, Mailbox, written_to
from harness.service import BITLOOT, SERVE, ServiceProcess
from harness.surroundings import Surroundings, surroundings
from harness.vendors import CANARY, PRODUCTS_CSV, Vendors, open_vendors
from harness.waiting import eventually

_COMMAND_SECONDS = 60


@attrs.frozen(kw_only=True)
class System:
    """What a test holds in its hands."""

    place: Surroundings
    service: ServiceProcess
    vendors: Vendors
    buyer: Buyer
    books: Books
    session: aiohttp.ClientSession

    @property
    def admin_token(self) -> str:
        """Opens the admin API."""
        return self.place.settings["ADMIN_TOKEN"]

    async def deliver(self, placed: Placed) -> list[str]:
        """Pay an order and go all the way to its keys."""
        await self.vendors.gateway.pay(placed.payment_id)
        return await self.deliver_paid(placed)

    async def deliver_paid(self, placed: Placed, *, every: float = OFTEN_SECONDS) -> list[str]:
        """Go on from a paid order to its keys."""
        try:
            await self.buyer.sees(placed, "fulfilled", every=every)
        except AssertionError as late:
            raise AssertionError(f"{late}; {self.books.live_jobs(placed.order_id)}") from None
        return await self.buyer.reveal(await self.buyer.mail(placed, every=every))

    async def at_rest(self) -> None:
        """Wait until nothing is left to do: no webhook on its way, no job that is due."""
        await self.vendors.kinguin.webhooks.settled()
        async with asyncio.timeout(30):
            await self.vendors.gateway.idle()
        try:
            await eventually(lambda: not self.books.jobs_due(), "no job is due", every=0.1)
        except AssertionError as late:
            raise AssertionError(f"{late}: {self.books.jobs_due()}") from None

    def check(self, delivered: Iterable[tuple[Placed, Sequence[str]]] = ()) -> None:
        """
        Hold the books of the shop against those of its vendors. At rest only.

        Args:
            delivered: orders, and the keys that their buyers saw.
        """
        check_purchases(self)
        check_webhooks(self)
        assert self.books.forgotten_orders() == []
        assert self.books.files_with([CANARY]) == []
        for placed, keys in delivered:
            check_delivery(self, placed, keys)


def check_purchases(system: System) -> None:
    """Nothing was bought twice (I1); each key that was bought is held, by one unit (I2)."""
    purchases = system.vendors.kinguin.purchases
    bought = Counter(purchase.external_id for purchase in purchases)
    assert [ref for ref, times in bought.items() if times > 1] == []
    held = Counter(unit["supplier_key_id"] for unit in system.books.units_held())
    assert [key_id for key_id, times in held.items() if times > 1] == []
    assert sum(quantity for purchase in purchases for _, quantity in purchase.products) == len(held)


def check_money(system: System) -> None:
    """
    All that was paid and all that was charged is in the ledger, once (I6); nothing is held that was not paid (I3).

    Where each payment was made once and in full.
    """
    kinds = Counter(entry["kind"] for entry in system.books.rows("SELECT kind FROM ledger"))
    paid = [payment for payment in system.vendors.gateway.payments if payment.status == "finished"]
    assert kinds == Counter(received=len(paid), charged=len(system.vendors.kinguin.purchases))
    unpaid = system.books.rows(
        "SELECT order_id FROM units WHERE status = 'held' AND NOT EXISTS "
        "(SELECT 1 FROM ledger WHERE ledger.order_id = units.order_id AND kind = 'received')"
    )
    assert unpaid == []


def check_webhooks(system: System) -> None:
    """Each webhook that was acknowledged is in the log and was dealt with (I5)."""
    logged = {(row["source"], row["dedupe_key"]): row["status"] for row in system.books.webhooks()}
    assert [key for key, status in logged.items() if status not in {"processed", "ignored"}] == []
    events = {hashlib.sha256(body).hexdigest() for body in system.vendors.acknowledged_events()}
    assert events <= {key for source, key in logged if source == "kinguin"}
    notices = system.vendors.acknowledged_notices()
    assert len(notices) <= sum(source == "nowpayments" for source, _ in logged)


def check_delivery(system: System, placed: Placed, keys: Sequence[str]) -> None:
    """What the buyer saw is what the supplier delivered, unit for unit, and each look was written down (I9)."""
    assert system.vendors.delivered_for(placed.order_id) == sorted(keys)
    units = [unit["unit_id"] for unit in system.books.units_held(placed.order_id)]
    assert len(units) == len(keys)
    assert set(units) <= {access["unit_id"] for access in system.books.accesses(placed.order_id)}


@asynccontextmanager
async def open_system(
    folder: Path,
    stocked: Path | Stock,
    *,
    program: Sequence[str] = SERVE,
    start: bool = True,
    arrivals: Arrivals | None = None,
    **changes: str,
) -> AsyncIterator[System]:
    """
    Open a service with its vendors in a folder of its own.

    Args:
        stocked: a SQLite file with products, copied in; or what gives out databases of another kind.
        program: what is started as the service.
        start: start it now.
        arrivals: where the mails arrive, if not in the shop's own folder.
        changes: settings that differ.
    """
    stock = SqliteStock(stocked) if isinstance(stocked, Path) else stocked
    with stock.fresh(folder) as database, surroundings(folder, DATABASE_URL=database.url, **changes) as planned:
        async with open_vendors(planned) as (vendors, addresses), aiohttp.ClientSession() as session:
            place = attrs.evolve(planned, settings={**planned.settings, **addresses, **changes})
            system = System(
                place=place,
                service=ServiceProcess(place, program),
                vendors=vendors,
                buyer=Buyer(session, place.url, Mailbox(arrivals or written_to(place.mail), place.url)),
                books=Books(place, database),
                session=session,
            )
            if start:
                await system.service.start()
            try:
                yield system
            finally:
                if system.service.is_alive:
                    await system.service.kill()


def make_stocked_database(folder: Path) -> Path:
    """Make a SQLite file of this version with products in it."""
    with surroundings(folder) as place:
        put_products_into(place)
        return place.database


def put_products_into(place: Surroundings) -> None:
    """Make the tables of a database and put products into them, by the commands that an operator uses."""
    products = place.folder / "products.csv"
    products.write_text(PRODUCTS_CSV, encoding="utf-8")
    for command in (("db", "upgrade"), ("products", "import", str(products))):
        subprocess.run(
            [*BITLOOT, *command], env=place.environ, cwd=place.folder, check=True, capture_output=True,
            timeout=_COMMAND_SECONDS,
        )  # fmt: skip
