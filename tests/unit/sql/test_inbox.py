"""Webhooks are stored together, and stand or fall alone."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import attrs
import pytest
from sqlalchemy import text
from sqlalchemy.engine import Connection

from bitloot_adapters._shared.envelope import PayloadSealer
from bitloot_adapters.sql import inbox_rows
from bitloot_adapters.sql.inbox import SqlInbox
from bitloot_adapters.sql.inbox_rows import Arrival
from bitloot_adapters.sql.sqlite import SqliteDatabase
from bitloot_adapters.sql.storage import SqlStorage
from bitloot_core.ports.inbox import VerifiedWebhook
from bitloot_core.testing.orders import PLACED_AT
from bitloot_core.testing.samples import a_webhook
from bitloot_core.values.errors import Unavailable

CANARY = b"CANARY-7F3A9"


def webhooks(count: int, *, prefix: str = "w") -> list[VerifiedWebhook]:
    """So many different webhooks."""
    return [a_webhook(f"{prefix}{n}".encode(), external_id=f"{prefix}{n}") for n in range(count)]


def receive_all(inbox: SqlInbox, arriving: list[VerifiedWebhook]) -> "asyncio.Future[list[Any]]":
    """All of them at the same moment; what they are answered, or what is raised."""
    return asyncio.gather(*(inbox.receive(one, now=PLACED_AT) for one in arriving), return_exceptions=True)


async def test_those_that_arrive_together_are_stored_together(storage: SqlStorage, commits: Any) -> None:
    """Sixty webhooks at one moment take a commit or two, and each has its own row and job."""
    answers = await receive_all(storage.inbox, webhooks(60))

    assert len({answer.id for answer in answers}) == len({answer.job_id for answer in answers}) == 60
    assert commits.count <= 2
    assert len(await storage.jobs.due(now=PLACED_AT, limit=100)) == 60


async def test_equal_ones_in_a_batch_are_one_row(storage: SqlStorage) -> None:
    """Of equal deliveries at one moment exactly one is new; the row counts them all."""
    one, other = webhooks(2)

    answers = await receive_all(storage.inbox, [one, other, one, one])

    assert [answer.duplicate for answer in answers] == [False, False, True, True]
    assert len({answers[0].id, answers[2].id, answers[3].id}) == 1
    assert (await storage.inbox.get(answers[0].id)).deliveries == 3
    assert len(await storage.jobs.due(now=PLACED_AT, limit=10)) == 2


async def test_more_than_a_batch_is_stored(storage: SqlStorage) -> None:
    """Several batches follow one another until nobody waits."""
    answers = await receive_all(storage.inbox, webhooks(300))

    assert len({answer.id for answer in answers}) == 300


@pytest.mark.parametrize("at_once", [1, 2, 3, 16])
async def test_nobody_is_forgotten(storage: SqlStorage, at_once: int) -> None:
    """Senders that send one after the other, for a while, are all answered: none falls between two batches."""
    rest = iter(webhooks(800))

    async def send() -> int:
        """Send until nothing is left; how many were sent."""
        return len([await storage.inbox.receive(one, now=PLACED_AT) for one in rest])

    assert sum(await asyncio.gather(*(send() for _ in range(at_once)))) == 800


async def test_a_bad_row_turns_nobody_else_away(
    storage: SqlStorage, monkeypatch: pytest.MonkeyPatch, commits: Any
) -> None:
    """A row that the database refuses is refused alone: its neighbours are stored in the second try."""
    honest = Arrival.of

    def without_headers(webhook: VerifiedWebhook, sealed: bytes, **times: Any) -> Arrival:
        """One of them without the headers that a row must have."""
        made = honest(webhook, sealed, **times)
        columns = tuple(None if isinstance(value, str) and value.startswith("{") else value for value in made.columns)
        return attrs.evolve(made, columns=columns) if webhook.external_id == "w3" else made

    monkeypatch.setattr(inbox_rows.Arrival, "of", without_headers)

    answers = await receive_all(storage.inbox, webhooks(8))

    assert [n for n, answer in enumerate(answers) if isinstance(answer, Unavailable)] == [3]
    assert len({answer.id for answer in answers if not isinstance(answer, Unavailable)}) == 7


async def test_a_nul_is_no_bad_row(storage: SqlStorage) -> None:
    """A NUL or half a character in the sender's words is replaced, so that every database takes it."""
    strange = attrs.evolve(
        a_webhook(b"\x00\xff"), type="a\x00b" * 40, external_id="\ud800", headers={"user-agent": "\x00"}
    )

    answer = await storage.inbox.receive(strange, now=PLACED_AT)

    stored = (await storage.inbox.get(answer.id)).webhook
    assert (b"\x00\xff", ("a\ufffdb" * 40)[:64], "\ufffd", {"user-agent": "\ufffd"}) == (
        stored.body,
        stored.type,
        stored.external_id,
        stored.headers,
    )


async def test_a_body_is_never_in_clear_on_the_disk(storage: SqlStorage, path: Path) -> None:
    """Neither the file nor its log holds the body of a webhook, which can hold a product key."""
    body = b'{"key":"' + CANARY + b'"}'

    answer = await storage.inbox.receive(a_webhook(body), now=PLACED_AT)

    assert (await storage.inbox.get(answer.id)).webhook.body == body
    files = list(path.parent.glob(f"{path.name}*"))
    assert path.with_name(f"{path.name}-wal") in files
    assert not any(CANARY in file.read_bytes() for file in files)


async def test_a_body_opens_in_its_own_row_only(storage: SqlStorage) -> None:
    """A sealed body that was moved to another row does not open there."""
    one, other = await receive_all(storage.inbox, webhooks(2))
    swap = text("UPDATE webhook_logs SET sealed = (SELECT sealed FROM webhook_logs WHERE id = :a) WHERE id = :b")
    await storage.database.write(lambda c: c.execute(swap, {"a": one.id, "b": other.id}).rowcount)

    with pytest.raises(Exception, match="does not open"):
        await storage.inbox.get(other.id)


async def test_too_many_are_turned_away(database: SqliteDatabase, sealer: PayloadSealer) -> None:
    """The queue is bounded: whoever comes when it is full is told at once to try again, and the rest is stored."""
    inbox = SqlInbox(database, sealer, most_waiting=10)

    answers = await receive_all(inbox, webhooks(15))

    assert [Unavailable] * 5 == [type(answer) for answer in answers[10:]]
    assert not any(isinstance(answer, Exception) for answer in answers[:10])


async def test_a_slow_database_is_not_waited_for(database: SqliteDatabase, sealer: PayloadSealer) -> None:
    """A sender hears 503 before it gives up; that the webhook may be stored later does no harm."""
    inbox = SqlInbox(database, sealer, patience_seconds=0.05)
    go = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(_: Connection) -> None:
        """Keep the writer until the test says go."""
        asyncio.run_coroutine_threadsafe(go.wait(), loop).result(timeout=10)

    busy = asyncio.create_task(database.write(slow))

    with pytest.raises(Unavailable):
        await inbox.receive(a_webhook(), now=PLACED_AT)

    go.set()
    await busy
    again = await SqlInbox(database, sealer).receive(a_webhook(), now=PLACED_AT)
    assert again.duplicate


async def test_a_commit_without_an_answer_is_a_503(storage: SqlStorage, commits: Any) -> None:
    """Not known to be stored is not stored; the repeat finds the row and wakes its job."""
    commits.fail_after()
    with pytest.raises(Unavailable):
        await storage.inbox.receive(a_webhook(), now=PLACED_AT)

    again = await storage.inbox.receive(a_webhook(), now=PLACED_AT)

    assert again.duplicate
    assert (again.job_id,) == await storage.jobs.due(now=PLACED_AT, limit=10)


async def test_a_closed_database_turns_all_away(storage: SqlStorage) -> None:
    """During a shutdown every waiter hears of it; none waits for ever."""
    await storage.database.close()

    answers = await receive_all(storage.inbox, webhooks(70))

    assert {Unavailable} == {type(answer) for answer in answers}


async def test_old_bodies_are_pruned_in_batches(storage: SqlStorage) -> None:
    """A body that is older than bodies are kept is removed; the row stays and says so."""
    answer = await storage.inbox.receive(a_webhook(), now=PLACED_AT)

    assert await storage.inbox.prune_bodies(before=PLACED_AT) == 0
    assert await storage.inbox.prune_bodies(before=PLACED_AT.replace(year=2027)) == 1
    assert await storage.inbox.prune_bodies(before=PLACED_AT.replace(year=2027)) == 0
    assert (await storage.inbox.get(answer.id)).webhook.body == b""


def test_the_dedupe_key_is_the_sample_builders() -> None:
    """Equal bodies are equal deliveries in these tests."""
    assert hashlib.sha256(b"w0").hexdigest() == webhooks(1)[0].dedupe_key
