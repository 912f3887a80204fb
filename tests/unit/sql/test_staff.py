"""Accounts, sessions and tries: the same promises of the database and of the fake."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from fake_staff import FakeStaff

from bitloot_adapters._shared.envelope import MasterKeys, PayloadSealer
from bitloot_adapters.sql.opening import open_database
from bitloot_adapters.sql.staff import SqlStaff
from bitloot_adapters.sql.storage import SqlStorage
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_core.testing.orders import PLACED_AT
from bitloot_core.values.errors import AlreadyTaken, Corrupt
from bitloot_core.values.secret import Secret

CODE, OTHER_CODE = "ab" * 32, "cd" * 32
SECRET = Secret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
MINUTE = timedelta(minutes=1)
WINDOW = timedelta(minutes=15)


@pytest.fixture(params=["fake", "sqlite", "postgresql"])
async def staff(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    """The books, empty."""
    if request.param == "fake":
        yield FakeStaff()
        return
    is_file = request.param == "sqlite"
    url = f"sqlite:///{request.getfixturevalue('path')}" if is_file else request.getfixturevalue("postgres_url")
    database = open_database(DatabaseUrl.parse(url))
    yield SqlStaff.over(database, PayloadSealer(MasterKeys({"k1": bytes(32)})))
    await database.close()


async def given_user(staff: Any, name: str = "ann", **changes: Any) -> Any:
    """Given an account."""
    values = {
        "name": name,
        "password_hash": "argon2-text",
        "totp_secret": SECRET,
        "scopes": ["read", "keys"],
        "codes": [CODE, OTHER_CODE],
        "now": PLACED_AT,
    }
    await staff.users.create(**{**values, **changes})
    return await staff.users.find(name)


async def begin(staff: Any, user_id: int, id_sha256: str = "s1", stage: str = "full", instead_of: str = "") -> None:
    """Begin a session."""
    await staff.sessions.begin(
        id_sha256=id_sha256,
        user_id=user_id,
        stage=stage,
        address="192.0.2.7",
        agent="a browser",
        now=PLACED_AT,
        instead_of=instead_of,
    )


async def test_an_account_is_found_as_it_was_made(staff: Any) -> None:
    """With its hash, its secret in the clear again, its scopes, and all its codes."""
    user = await given_user(staff)

    assert (user.name, user.password_hash.reveal(), user.totp_secret) == ("ann", "argon2-text", SECRET)
    assert (frozenset({"read", "keys"}), 2, PLACED_AT, None) == (
        user.scopes,
        user.codes_left,
        user.created_at,
        user.disabled_at,
    )
    assert await staff.users.find("bob") is None
    assert "argon2-text" not in repr(user)
    assert SECRET.reveal() not in repr(user)


async def test_a_name_is_given_once(staff: Any) -> None:
    """Also that of a disabled account: a name in the audit means one person for ever."""
    first = await given_user(staff)
    await staff.users.disable(first.id, now=PLACED_AT)

    with pytest.raises(AlreadyTaken):
        await given_user(staff, password_hash="another")

    assert (await staff.users.find("ann")).password_hash.reveal() == "argon2-text"


async def test_all_accounts_are_listed_by_name(staff: Any) -> None:
    """Disabled ones, too."""
    for name in ("cy", "ann", "bob"):
        await given_user(staff, name)
    await staff.users.disable((await staff.users.find("bob")).id, now=PLACED_AT)

    assert [(user.name, user.disabled_at is not None) for user in await staff.users.all()] == [
        ("ann", False),
        ("bob", True),
        ("cy", False),
    ]


async def test_a_code_of_the_app_is_used_once(staff: Any) -> None:
    """Neither it nor an earlier one is taken again; the secret stays what it was."""
    user = await given_user(staff)

    used = [await staff.users.use_step(user.id, step) for step in (100, 100, 99, 101)]

    assert used == [True, False, False, True]
    assert (await staff.users.find("ann")).totp_secret == SECRET


async def test_a_recovery_code_is_used_once(staff: Any) -> None:
    """And only by the account that it was made for."""
    ann, bob = await given_user(staff), await given_user(staff, "bob", codes=[])

    used = [
        await staff.users.use_code(bob.id, CODE, now=PLACED_AT),
        await staff.users.use_code(ann.id, CODE, now=PLACED_AT),
        await staff.users.use_code(ann.id, CODE, now=PLACED_AT),
        await staff.users.use_code(ann.id, "ef" * 32, now=PLACED_AT),
    ]

    assert used == [False, True, False, False]
    assert (await staff.users.find("ann")).codes_left == 1


async def test_what_changes_an_account_ends_its_sessions(staff: Any) -> None:
    """Another password, another second factor, and disabling; a renewed hash of the same password does not."""
    user, other = await given_user(staff), await given_user(staff, "bob")

    async def left() -> int:
        """The sessions that are left, after one was begun anew."""
        return len(await staff.sessions.of_user(user.id))

    await begin(staff, other.id, "other")
    await begin(staff, user.id)
    await staff.users.renew_hash(user.id, "the same, harder")
    assert await left() == 1
    await staff.users.set_password(user.id, "new")
    assert await left() == 0
    await begin(staff, user.id)
    await staff.users.set_second_factor(user.id, "ann", Secret("A" * 32), [CODE])
    assert await left() == 0
    await begin(staff, user.id)
    await staff.users.disable(user.id, now=PLACED_AT)
    assert await left() == 0
    assert await staff.sessions.find("other") is not None
    now = await staff.users.find("ann")
    assert ("new", Secret("A" * 32), 1, PLACED_AT) == (
        now.password_hash.reveal(),
        now.totp_secret,
        now.codes_left,
        now.disabled_at,
    )


async def test_another_second_factor_begins_anew(staff: Any) -> None:
    """A step that was used under the old secret says nothing about the new one."""
    user = await given_user(staff)
    await staff.users.use_step(user.id, 100)

    await staff.users.set_second_factor(user.id, "ann", Secret("A" * 32), [])

    assert await staff.users.use_step(user.id, 100)


async def test_an_account_is_let_in_again(staff: Any) -> None:
    """Disabling twice keeps the first time; enabling takes it back."""
    user = await given_user(staff)
    await staff.users.disable(user.id, now=PLACED_AT)
    await staff.users.disable(user.id, now=PLACED_AT + MINUTE)
    assert (await staff.users.find("ann")).disabled_at == PLACED_AT

    await staff.users.enable(user.id)

    assert (await staff.users.find("ann")).disabled_at is None


async def test_a_session_is_found_by_its_hash(staff: Any) -> None:
    """With the name and the scopes that its account has now."""
    user = await given_user(staff)
    await begin(staff, user.id)

    session = await staff.sessions.find("s1")

    assert ("ann", user.scopes, "full", "192.0.2.7", "a browser") == (
        session.name,
        session.scopes,
        session.stage,
        session.address,
        session.agent,
    )
    assert (session.begun_at, session.seen_at, session.proved_at) == (PLACED_AT,) * 3
    assert await staff.sessions.find("s2") is None


async def test_a_session_takes_the_place_of_another(staff: Any) -> None:
    """The one that waited for the second factor is gone when the full one is there."""
    user = await given_user(staff)
    await begin(staff, user.id, "half", "password")

    await begin(staff, user.id, "whole", "full", instead_of="half")

    assert await staff.sessions.find("half") is None
    assert (await staff.sessions.find("whole")).stage == "full"


async def test_a_session_of_a_disabled_account_is_none(staff: Any) -> None:
    """Even one that was begun in the same moment."""
    user = await given_user(staff)
    await staff.users.disable(user.id, now=PLACED_AT)
    await begin(staff, user.id)

    assert await staff.sessions.find("s1") is None


async def test_use_and_proof_are_noted(staff: Any) -> None:
    """Each on its own."""
    user = await given_user(staff)
    await begin(staff, user.id)

    await staff.sessions.note_use("s1", now=PLACED_AT + MINUTE)
    await staff.sessions.note_proof("s1", now=PLACED_AT + 2 * MINUTE)

    session = await staff.sessions.find("s1")
    assert (
        session.begun_at,
        session.seen_at,
        session.proved_at,
    ) == (PLACED_AT, PLACED_AT + MINUTE, PLACED_AT + 2 * MINUTE)


async def test_sessions_end(staff: Any) -> None:
    """One, or all of an account; ending again changes nothing."""
    user, other = await given_user(staff), await given_user(staff, "bob")
    for id_sha256 in ("a", "b", "c"):
        await begin(staff, user.id, id_sha256)
    await begin(staff, other.id, "other")

    await staff.sessions.end("a")
    await staff.sessions.end("a")

    assert await staff.sessions.end_all(user.id) == 2
    assert await staff.sessions.end_all(user.id) == 0
    assert await staff.sessions.find("other") is not None


async def test_old_sessions_are_removed(staff: Any) -> None:
    """Those that began before a time, and no others."""
    user = await given_user(staff)
    await begin(staff, user.id)

    assert await staff.sessions.prune(before=PLACED_AT - MINUTE) == 0
    assert await staff.sessions.prune(before=PLACED_AT) == 1
    assert await staff.sessions.find("s1") is None


async def test_tries_are_counted_within_a_window(staff: Any) -> None:
    """From the first one on; when the window has passed, the next one begins another."""

    async def take(after: timedelta, *subjects: str) -> list[int]:
        """The counts, after one more try."""
        counted = await staff.tries.take(subjects, now=PLACED_AT + after, window=WINDOW)
        return [one.tries for one in counted]

    assert await take(timedelta(), "ann", "here") == [1, 1]
    assert await take(14 * MINUTE, "ann", "there") == [2, 1]
    assert await take(15 * MINUTE, "ann", "there") == [1, 2]


async def test_tries_at_the_same_time_are_all_counted(staff: Any) -> None:
    """Of ten that come at once, each sees another count: nobody slips through beside the others."""
    counted = await asyncio.gather(
        *(staff.tries.take(["ann", "here"], now=PLACED_AT, window=WINDOW) for _ in range(10))
    )

    assert sorted(one.tries for (one, _) in counted) == list(range(1, 11))


async def test_a_code_is_used_by_one_of_many(staff: Any) -> None:
    """Of ten that send the same code at once, one is let in."""
    user = await given_user(staff)

    steps = await asyncio.gather(*(staff.users.use_step(user.id, 100) for _ in range(10)))
    codes = await asyncio.gather(*(staff.users.use_code(user.id, CODE, now=PLACED_AT) for _ in range(10)))

    assert (steps.count(True), codes.count(True)) == (1, 1)


async def test_tries_are_given_back_and_forgotten(staff: Any) -> None:
    """One at a time and never below 0; or all of a subject."""
    for _ in range(3):
        await staff.tries.take(["ann", "bob"], now=PLACED_AT, window=WINDOW)

    await staff.tries.give_back(["ann", "nobody"])
    await staff.tries.clear("bob")

    counted = await staff.tries.take(["ann", "bob"], now=PLACED_AT, window=WINDOW)
    assert [one.tries for one in counted] == [3, 1]
    assert await staff.tries.prune(before=PLACED_AT) == 2


async def test_the_second_factor_is_sealed(storage: SqlStorage) -> None:
    """The secret does not stand in the database, and one that does not open says whose it is."""
    await given_user(storage.staff)

    await storage.database.write(
        lambda c: c.exec_driver_sql("UPDATE admin_users SET totp_sealed = zeroblob(99)").rowcount
    )

    with pytest.raises(Corrupt, match="ann"):
        await storage.staff.users.find("ann")


async def test_what_has_had_its_time_is_cleared_away(storage: SqlStorage) -> None:
    """Sessions and tries of yesterday, by the caretaker; those of today stay."""
    user = await given_user(storage.staff)
    await begin(storage.staff, user.id)
    await storage.staff.tries.take(["account:ann", "address:here"], now=PLACED_AT, window=WINDOW)

    early = await storage.staff.prune(now=PLACED_AT + timedelta(hours=23))
    late = [await storage.staff.prune(now=PLACED_AT + timedelta(hours=24)) for _ in range(2)]

    assert (early, late) == (0, [3, 0])
