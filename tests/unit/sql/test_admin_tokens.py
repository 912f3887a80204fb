"""Tokens of the admin API."""

from datetime import timedelta
from typing import Any

from bitloot_adapters.sql.storage import SqlStorage
from bitloot_core.testing.orders import PLACED_AT

HASH = "ab" * 32
LATER = PLACED_AT + timedelta(days=30)


async def test_a_token_is_found_by_its_hash(storage: SqlStorage) -> None:
    """Name, scopes and end come back; another hash finds nothing."""
    created = await storage.admin_tokens.create("ann", HASH, ["operate", "read"], LATER, now=PLACED_AT)

    assert created == await storage.admin_tokens.find(HASH)
    assert ("ann", {"read", "operate"}, LATER) == (created.name, created.scopes, created.expires_at)
    assert await storage.admin_tokens.find("cd" * 32) is None


async def test_creating_again_changes_nothing(storage: SqlStorage) -> None:
    """A repeat after a lost answer gives the token that is there."""
    first = await storage.admin_tokens.create("ann", HASH, ["read"], None, now=PLACED_AT)

    assert first == await storage.admin_tokens.create("bob", HASH, ["keys"], LATER, now=LATER)


async def test_a_token_ends(storage: SqlStorage) -> None:
    """It is good until just before its end, and one without an end stays good."""
    ends = await storage.admin_tokens.create("ann", HASH, ["read"], LATER, now=PLACED_AT)
    stays = await storage.admin_tokens.create("bob", "cd" * 32, ["read"], None, now=PLACED_AT)

    assert ends.is_good(LATER - timedelta(seconds=1))
    assert not ends.is_good(LATER)
    assert stays.is_good(LATER)


async def test_a_revoked_token_opens_nothing(storage: SqlStorage) -> None:
    """All tokens of a name are revoked, and only those."""
    await storage.admin_tokens.create("ann", HASH, ["read"], None, now=PLACED_AT)
    await storage.admin_tokens.create("bob", "cd" * 32, ["read"], None, now=PLACED_AT)

    assert await storage.admin_tokens.revoke("ann", now=PLACED_AT) == 1

    ann, bob = await storage.admin_tokens.find(HASH), await storage.admin_tokens.find("cd" * 32)
    assert ann is not None
    assert bob is not None
    assert (ann.is_good(PLACED_AT), bob.is_good(PLACED_AT)) == (False, True)
    assert await storage.admin_tokens.revoke("ann", now=PLACED_AT) == 0


async def test_a_use_is_noted_once_a_minute(storage: SqlStorage, commits: Any) -> None:
    """A page that asks ten times costs one commit."""
    token = await storage.admin_tokens.create("ann", HASH, ["read"], None, now=PLACED_AT)
    await storage.admin_tokens.note_use(token, now=PLACED_AT)
    before = commits.count

    for _ in range(10):
        used = await storage.admin_tokens.find(HASH)
        assert used is not None
        await storage.admin_tokens.note_use(used, now=PLACED_AT + timedelta(seconds=59))

    assert before == commits.count
    assert used.last_used_at == PLACED_AT
    await storage.admin_tokens.note_use(used, now=PLACED_AT + timedelta(minutes=1))
    again = await storage.admin_tokens.find(HASH)
    assert again is not None
    assert again.last_used_at == PLACED_AT + timedelta(minutes=1)
