"""
Our units beside the vault: every key that is held has its object, and every object has its unit.

A worker that dies between sealing a key and writing that it is held leaves a sealed object without a unit. The key is
not lost (the supplier shows it again, and it is sealed again), but the object would lie in the vault for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs

from bitloot_core.order.discrepancies import Amiss, Side
from bitloot_core.order.findings import FindingReason
from bitloot_core.ports.books import HeldKey
from bitloot_core.ports.vault import StoredObject
from bitloot_core.usecases.reconcile_desk import Desk
from bitloot_core.usecases.sealing import unreadable
from bitloot_core.values.errors import Corrupt, NotFound
from bitloot_core.values.ids import StorageRef
from bitloot_core.values.keys import KeyOwner

PATIENCE = timedelta(hours=24)
"""An object this young may belong to a write that is still under way."""
_AT_ONCE = 100
_ALL_OF = 200
_ONE_IN = 100
"""Of a small vault every key is opened, of a large one every hundredth, by lot."""


@attrs.define(kw_only=True)
class KeysSeen:
    """
    What was seen of the vault.

    Attributes:
        objects: how many lie in it.
        held: how many keys our units hold.
        opened: how many of those were opened, and thrown away.
        orphans: the objects, older than `PATIENCE`, that no unit of any order names.
    """

    objects: int = 0
    held: int = 0
    opened: int = 0
    orphans: list[StoredObject] = attrs.field(factory=list)


async def reconcile_keys(desk: Desk, *, expected: int) -> KeysSeen:
    """
    Go through the vault and through all units that hold a key.

    Args:
        expected: about how many keys are held.

    Raises:
        Unavailable: the vault cannot be asked now.
    """
    seen, started = KeysSeen(), desk.shop.clock.now()
    lie_there = await _go_through_vault(desk, seen, before=started - PATIENCE)
    after: StorageRef | None = None
    while page := await desk.shop.books.keys(after=after, limit=_AT_ONCE):
        for key in page:
            seen.held += 1
            # What was sealed while we went through the vault may not have been shown.
            is_there = hash(key.storage_ref) in lie_there or key.held_at >= started
            if not is_there or _is_drawn(desk, expected):
                seen.opened += await _open(desk, key)
        desk.show(Side.KEYS, done=seen.held, of=expected)
        after = page[-1].storage_ref
    return seen


async def _go_through_vault(desk: Desk, seen: KeysSeen, *, before: datetime) -> set[int]:
    """
    Note what lies there, and clear orphans away.

    Returns:
        The hashes of the names: a vault may hold more of them than memory holds texts.
    """
    lie_there: set[int] = set()
    old: list[StoredObject] = []
    async for one in desk.shop.vault.stored():
        lie_there.add(hash(one.ref))
        if one.saved_at < before:
            old.append(one)
        if len(old) == _AT_ONCE:
            await _clear_orphans(desk, seen, old)
            old = []
    await _clear_orphans(desk, seen, old)
    seen.objects = len(lie_there)
    return lie_there


async def _clear_orphans(desk: Desk, seen: KeysSeen, old: Sequence[StoredObject]) -> None:
    """Remove the old objects that no unit names, unless they are to stay."""
    alone = set(await desk.shop.orders.orphans_among([one.ref for one in old])) if old else set()
    orphans = [one for one in old if one.ref in alone]
    if orphans and desk.terms.discards:
        await desk.shop.vault.discard([one.ref for one in orphans])
    seen.orphans += orphans


def _is_drawn(desk: Desk, expected: int) -> bool:
    return desk.terms.deep or expected <= _ALL_OF or desk.shop.ids.fraction() < 1 / _ONE_IN


async def _open(desk: Desk, key: HeldKey) -> bool:
    """Open a key and throw it away; nobody sees it, so no audit row is written."""
    owner = KeyOwner(order_id=key.order_id, unit_id=key.unit_id, supplier_key_id=key.supplier_key_id)
    try:
        await desk.patiently(lambda: desk.shop.vault.open_keys([(key.storage_ref, owner)]))
    except (Corrupt, NotFound):
        await desk.take(_unreadable(key))
        return False
    return True


def _unreadable(key: HeldKey) -> Amiss:
    return Amiss(
        side=Side.KEYS,
        order_id=key.order_id,
        reason=FindingReason.KEY_UNREADABLE,
        subject=key.unit_id,
        text=unreadable(key.unit_id, key.storage_ref),
        blocking=True,
    )
