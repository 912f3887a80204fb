"""A shop with all that there can be in it; in each field that a stranger fills stands what would like to run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, TypeVar

import attrs

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import JobName
from bitloot_core.order.order import Order, Refunded
from bitloot_core.order.status import Status, shown_status
from bitloot_core.ports.acts import StaffAct
from bitloot_core.ports.inbox import Source, WebhookStatus
from bitloot_core.ports.store import KeyAccess
from bitloot_core.testing.memory.database import StoredJob
from bitloot_core.testing.order_states import every_state
from bitloot_core.testing.orders import PLACED_AT, a_finding, held, placed, reserved, settled, with_finding
from bitloot_core.testing.samples import a_change, a_product, a_webhook
from bitloot_core.testing.shop import FakeShop
from bitloot_core.values.ids import JobId, OrderId, SupplierProductId, WebhookId, unit_id

T = TypeVar("T")
RAN = "ranOfAStranger"
"""What a script of a stranger would set, if it ran."""
XSS = f"\"'><script>{RAN}=1</script><img src=x onerror={RAN}=1><svg onload={RAN}=1>{{{{7*7}}}}"
UNBROKEN = "W" * 120
"""Text that no line can be broken at."""
_OF_STRANGERS = frozenset({"title", "text", "reason", "note"})


async def fill(fakes: FakeShop) -> dict[str, OrderId]:
    """Put everything in; an order of each status that one can show, and one with each reason for a finding."""
    await fakes.offer(attrs.evolve(a_product(), title=XSS), attrs.evolve(a_product("long"), title=UNBROKEN))
    for name, words in (("hostile", XSS), ("longest", UNBROKEN)):
        fakes.supplier.in_stock(SupplierProductId(name), 3)
        fakes.supplier.says_of(SupplierProductId(name), f"Game {words}")
    known: dict[str, OrderId] = {}
    for number, order in enumerate(_orders(), start=1):
        await fakes.storage.store.commit(a_change(order, at=fakes.clock.now()))
        known[f"order {number}"] = known[shown_status(order)] = order.id
    assert {str(status) for status in Status} <= set(known)
    known["findings"] = OrderId("all-findings")
    _findings_without_an_order(fakes)
    await _webhooks(fakes, known["fulfilled"])
    _jobs(fakes, known["fulfilled"])
    _audits(fakes, known["fulfilled"])
    return known


def _orders() -> Iterator[Order]:
    for number, order in enumerate(every_state().values(), start=1):
        yield _renamed(order, f"stranger{number}")
    bought = held(reserved(settled(placed("to-give-back"))), units=1)
    yield attrs.evolve(bought, closing=Refunded(at=PLACED_AT, by="admin:ann", reason=XSS))
    order = placed("all-findings", email=f"{UNBROKEN[:60]}@example.com")
    for reason in FindingReason:
        finding = a_finding(order, reason=reason, subject=f"about {reason}", blocking=True)
        order = with_finding(order, attrs.evolve(finding, text=f"{XSS} {UNBROKEN}"))
    yield order


def _renamed(value: T, name: str, field: str = "") -> T:
    """The same under another name, so that all states can stand in one shop; and a stranger has filled its fields."""
    found: Any = value
    match found:
        case str() if not isinstance(found, Enum):
            found = found.replace("o1", name).replace("going-back", f"back-{name}")
            return found + XSS if field in _OF_STRANGERS else found  # type: ignore[no-any-return]  # a string, as before
        case tuple():
            return tuple(_renamed(one, name) for one in found)  # type: ignore[return-value]  # a tuple, as before
        case _ if attrs.has(type(found)):
            return attrs.evolve(
                found,
                **{
                    one.alias: _renamed(getattr(found, one.name), name, one.name)
                    for one in attrs.fields(type(found))
                    if one.init and one.alias
                },
            )
    return value


def _findings_without_an_order(fakes: FakeShop) -> None:
    database = fakes.storage.database
    for number, reason in enumerate(FindingReason):
        finding = attrs.evolve(
            a_finding(placed(f"loose{number}"), reason=reason, blocking=False), order_id=None, text=XSS
        )
        database.open_finding(finding)
        if number % 2:
            database.resolve_finding(finding.id, at=fakes.clock.now(), by="admin:ann", how=XSS)


async def _webhooks(fakes: FakeShop, order_id: OrderId) -> None:
    database, now = fakes.storage.database, fakes.clock.now()
    for number, status in enumerate((*WebhookStatus, *WebhookStatus)):
        body = json.dumps({"n": number, XSS: [XSS, UNBROKEN], "key": {"serial": XSS}}).encode()
        webhook = a_webhook(body, source=tuple(Source)[number % 2], subject=XSS[:64], external_id=XSS)
        received = await fakes.storage.inbox.receive(attrs.evolve(webhook, headers={"x-name": XSS}), now=now)
        stored = database.webhooks[received.id]
        database.webhooks[received.id] = attrs.evolve(
            stored, status=status, order_id=order_id, result=f"{XSS} {UNBROKEN}", processed_at=now
        )
    unreadable = await fakes.storage.inbox.receive(a_webhook(XSS.encode(), external_id=None), now=now)
    database.pruned.add(WebhookId(unreadable.id - 1))
    fakes.storage.inbox.spoil(WebhookId(unreadable.id - 2))


def _jobs(fakes: FakeShop, order_id: OrderId) -> None:
    database, now = fakes.storage.database, fakes.clock.now()
    first = max(database.jobs, default=0) + 1
    names = [(name, status) for name in JobName for status in ("ready", "running", "done", "dead")]
    for number, (name, status) in enumerate(names, start=first):
        database.jobs[JobId(number)] = StoredJob(
            id=JobId(number),
            name=str(name),
            ref=f"stranger/{number}",
            order_id=order_id,
            status=status,
            due_at=_around(now, number),
            created_at=now,
            attempts=number,
            last_error=f"{XSS} {UNBROKEN}",
        )


def _around(now: datetime, number: int) -> datetime:
    return now + timedelta(minutes=number % 7 - 3)


def _audits(fakes: FakeShop, order_id: OrderId) -> None:
    database, now = fakes.storage.database, fakes.clock.now()
    for actor in ("link", "admin:ann"):
        database.add_access(
            KeyAccess(
                order_id=order_id,
                unit_id=unit_id(1, 1),
                actor=actor,
                address="2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
                agent=f"{XSS}{UNBROKEN}",
                reason=XSS,
                at=now,
            )
        )
        database.acts.append(
            StaffAct(at=now, actor=actor, action="refund", order_id=order_id, subject=XSS, reason=f"{XSS} {UNBROKEN}")
        )
