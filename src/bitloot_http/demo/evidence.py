"""
The evidence: what is counted when all orders are over.

Nothing is believed that the service says of itself where somebody else can be asked: keys and purchases are counted at
the supplier, notices at the gateway, mails in the folder, and secrecy by looking into every file.
"""

from __future__ import annotations

import asyncio
import base64
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import attrs

from bitloot_adapters.kinguin_simulator import TEXT, KinguinSimulator
from bitloot_adapters.nowpayments_simulator import NowPaymentsSimulator
from bitloot_http.demo.board import Row
from bitloot_http.demo.clients import RevealedKey, Staff
from bitloot_http.demo.screenplay import Delivery
from bitloot_http.demo.stage import KEY_MARK, Stage

_REFUSED = 401


@attrs.frozen(kw_only=True)
class Evidence:
    """
    Figures, before anybody has judged them.

    Attributes:
        needed: keys that were ordered, by the supplier's product.
        bought: keys that the supplier was paid for, by product.
        purchases: how often the supplier was paid, by our reference.
        delivered: the keys that the supplier handed out.
        held: keys that the service holds.
        revealed: the keys that buyers have.
        accesses: rows of the audit.
        seconds: from the gateway's final word to the mail, an order each; preorders wait for their release and are out.
        leaks: files that hold a key in the clear.
    """

    placed: int
    paid: int
    through: int
    needed: Mapping[str, int]
    bought: Mapping[str, int]
    purchases: Mapping[str, int]
    delivered: tuple[str, ...] = attrs.field(repr=False)
    held: int
    revealed: tuple[str, ...] = attrs.field(repr=False)
    accesses: int
    webhooks: Webhooks
    findings: Mapping[str, int]
    expected_findings: int
    seconds: tuple[float, ...]
    files: int
    leaks: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Webhooks:
    """
    What became of the webhooks of both vendors.

    Attributes:
        taken: attempts that the service answered with 2xx: it must be able to show each of them.
        refused: attempts that it answered with 401.
        unanswered: attempts without a usable answer.
        lost: those that never left.
        stored: rows of the log.
        deliveries: what those rows count.
        statuses: the rows by status.
    """

    taken: int
    refused: int
    unanswered: int
    lost: int
    stored: int
    deliveries: int
    statuses: Mapping[str, int]


async def gather_evidence(
    stage: Stage, staff: Staff, rows: Sequence[Row], keys: Iterable[RevealedKey], *, lost_webhooks: int, expected: int
) -> Evidence:
    """
    Count everything.

    Args:
        keys: what buyers have.
        lost_webhooks: how many of the supplier's never left.
        expected: how many findings the screenplay leaves open.
    """
    placed = [row for row in rows if row.order_id]
    orders = [await staff.order(row.order_id) for row in placed]
    accesses = [await staff.accesses(row.order_id) for row in placed]
    open_findings = (finding for order in orders for finding in order["findings"] if finding["status"] == "open")
    files, leaks = await asyncio.to_thread(_look_for_keys, stage.folder, _traces_of(stage.kinguin))
    return Evidence(
        placed=len(placed),
        paid=sum(row.is_paid for row in placed),
        through=sum(row.is_over and not row.problem for row in rows),
        needed=await _needed(stage, rows),
        bought=_bought(stage.kinguin),
        purchases=Counter(purchase.external_id or "" for purchase in stage.kinguin.purchases),
        delivered=tuple(key.serial for order in stage.kinguin.orders() for key in order.delivered),
        held=sum(item["delivered"] for order in orders for item in order["items"]),
        revealed=tuple(key.value for key in keys),
        accesses=sum(accesses),
        webhooks=await _webhooks(stage.kinguin, stage.nowpayments, staff, lost_webhooks),
        findings=Counter(finding["reason"] for finding in open_findings),
        expected_findings=expected,
        seconds=tuple(
            row.seconds for row in rows if row.seconds is not None and row.scene.delivery is not Delivery.RELEASE
        ),
        files=files,
        leaks=leaks,
    )


async def _needed(stage: Stage, rows: Sequence[Row]) -> Mapping[str, int]:
    products = await stage.service.shop.catalogue.products()
    supplier_ids = {str(product.id): str(product.supplier_product_id) for product in products}
    needed: Counter[str] = Counter()
    for row in rows:
        for game, count in row.scene.cart:
            needed[supplier_ids[game.id]] += count
    return needed


def _bought(kinguin: KinguinSimulator) -> Mapping[str, int]:
    bought: Counter[str] = Counter()
    for purchase in kinguin.purchases:
        bought.update(dict(purchase.products))
    return bought


async def _webhooks(kinguin: KinguinSimulator, gateway: NowPaymentsSimulator, staff: Staff, lost: int) -> Webhooks:
    answers = [sent.status for sent in kinguin.webhooks.sent]
    answers += [sent.answer for sent in gateway.sent_notices if sent.attempt]
    dropped = sum(1 for sent in gateway.sent_notices if not sent.attempt)
    stored = [row async for row in staff.webhooks()]
    taken = sum(1 for status in answers if status is not None and status // 100 == 2)  # noqa: PLR2004 - the class 2xx
    refused = answers.count(_REFUSED)
    return Webhooks(
        taken=taken,
        refused=refused,
        unanswered=len(answers) - taken - refused,
        lost=lost + dropped,
        stored=len(stored),
        deliveries=sum(row["deliveries"] for row in stored),
        statuses=Counter(row["status"] for row in stored),
    )


def _traces_of(kinguin: KinguinSimulator) -> tuple[bytes, ...]:
    """What would be in a file if a key were: the mark of every text key, and each picture as it is and in base64."""
    pictures = [key.serial for order in kinguin.orders() for key in order.keys if key.media_type != TEXT]
    return (
        KEY_MARK.encode(),
        *(serial.encode() for serial in pictures),
        *(base64.b64decode(serial) for serial in pictures),
    )


def _look_for_keys(folder: Path, traces: Sequence[bytes]) -> tuple[int, tuple[str, ...]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    leaks = []
    for path in files:
        content = path.read_bytes()
        if any(trace in content for trace in traces):
            leaks.append(str(path.relative_to(folder)))
    return len(files), tuple(leaks)
