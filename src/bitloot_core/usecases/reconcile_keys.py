"""
Setting our own books against what lies outside. So far: sealed keys that nobody holds.

A worker that dies between sealing a key and writing that it is held leaves a sealed object without a unit. The key is
not lost (the supplier shows it again, and it is sealed again), but the object would lie in the vault for ever.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import attrs

from bitloot_core.ports.vault import StoredObject
from bitloot_core.usecases.shop import Shop

PATIENCE = timedelta(hours=24)
"""An object this young may belong to a write that is still under way."""
_BATCH = 100


@attrs.frozen(kw_only=True)
class Reconciliation:
    """
    What was found.

    Attributes:
        orphans: the sealed objects, older than `PATIENCE`, that no unit of any order names.
        discarded: whether they are gone now.
    """

    orphans: tuple[StoredObject, ...]
    discarded: bool


async def survey(shop: Shop) -> Reconciliation:
    """
    Look, and change nothing.

    Raises:
        Unavailable: the vault cannot be read now.
    """
    found = [one async for batch in _orphans(shop) for one in batch]
    return Reconciliation(orphans=tuple(found), discarded=False)


async def reconcile(shop: Shop) -> Reconciliation:
    """
    Remove what `survey` finds. Idempotent.

    Not right after a backup was restored: a store that has forgotten orders takes their sealed keys for orphans.
    Collect those keys again first, and look with `survey`.

    Raises:
        Unavailable: the vault cannot be asked now; what was removed before stays removed.
    """
    found: list[StoredObject] = []
    async for batch in _orphans(shop):
        await shop.vault.discard([one.ref for one in batch])
        found += batch
    return Reconciliation(orphans=tuple(found), discarded=True)


async def _orphans(shop: Shop) -> AsyncIterator[tuple[StoredObject, ...]]:
    """The orphans in batches, so that a large vault costs few queries and no memory."""
    async for batch in _old_objects(shop, before=shop.clock.now() - PATIENCE):
        alone = set(await shop.orders.orphans_among([one.ref for one in batch]))
        if alone:
            yield tuple(one for one in batch if one.ref in alone)


async def _old_objects(shop: Shop, *, before: datetime) -> AsyncIterator[list[StoredObject]]:
    batch: list[StoredObject] = []
    async for one in shop.vault.stored():
        if one.saved_at < before:
            batch.append(one)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
