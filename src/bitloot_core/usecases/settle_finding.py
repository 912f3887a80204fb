"""
Saying that a finding is settled, whether it is about an order or about none.
"""

from __future__ import annotations

from bitloot_core.order.actions import Action
from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.ports.queries import FindingRow
from bitloot_core.ports.store import Change, SettledFinding
from bitloot_core.usecases.close_order import resolve_finding
from bitloot_core.usecases.deeds import Deed
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import Refused
from bitloot_core.values.ids import FindingId


async def settle_finding(shop: Shop, finding_id: FindingId, *, by: str, reason: str) -> FindingRow:
    """
    Settle a finding; what is still wrong is found again. Idempotent.

    Returns:
        The finding as it is then.

    Raises:
        NotFound: there is none.
        Refused: it is all that shows keys that are owed or money that waits (`still-owed`, `money-waits`), or that
            buying is paused (`still-paused`).
    """
    row = await shop.backlog.finding(finding_id)
    if row.resolved_at is None:
        if row.finding.order_id is not None:
            await resolve_finding(shop, row.finding.order_id, finding_id, by=by, reason=reason)
        else:
            await _settle_loose(shop, row.finding, by=by, reason=reason)
    return await shop.backlog.finding(finding_id)


async def _settle_loose(shop: Shop, finding: Finding, *, by: str, reason: str) -> None:
    await _refuse_while_paused(shop, finding)
    now = shop.clock.now()
    deed = Deed(action=Action.RESOLVE, by=by, reason=reason, subject=finding.id)
    settled = SettledFinding(id=finding.id, by=by, reason=reason, act=deed.done(at=now, order_id=None))
    await shop.orders.commit(Change(at=now, settled=(settled,)))


async def _refuse_while_paused(shop: Shop, finding: Finding) -> None:
    if finding.reason is not FindingReason.BUYING_PAUSED:
        return
    holders = {str(pause.holder) for pause in (await shop.switches.buying()).pauses}
    if finding.subject in holders:
        raise Refused("still-paused", "buying is still paused: let it go on, and this is settled with it")
