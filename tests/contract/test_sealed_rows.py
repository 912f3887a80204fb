"""The stores of sealed rows keep what is promised, and a broken one fails the suite."""

import hashlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from sqlalchemy import text
from sqlalchemy.engine import Connection, RootTransaction

from bitloot_adapters._shared.envelope import MasterKeys, PayloadSealer
from bitloot_adapters.sql.admin_users import SqlAdminUsers
from bitloot_adapters.sql.database import Database
from bitloot_adapters.sql.inbox import SqlInbox
from bitloot_adapters.sql.migrate import upgrade
from bitloot_adapters.sql.opening import open_database
from bitloot_adapters.sql.sealed_rows import BODIES, SECOND_FACTORS, SqlSealedRows
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_core.ports.sealed_rows import RotatedRows
from bitloot_core.ports.vault import Rotation
from bitloot_core.testing.clock import ManualClock
from bitloot_core.testing.contracts.sealed_rows import SealedRowsContract
from bitloot_core.testing.memory import MemoryDatabase, MemoryInbox, MemorySealedRows
from bitloot_core.testing.samples import a_webhook
from bitloot_core.values.ids import WebhookId
from bitloot_core.values.secret import Secret

OLD = hashlib.sha256(b"old master key").digest()
NEW = hashlib.sha256(b"new master key").digest()


@attrs.define
class MemoryRowsWorld:
    """The fakes."""

    rows: MemorySealedRows
    inbox: MemoryInbox
    database: MemoryDatabase
    clock: ManualClock = attrs.field(factory=ManualClock)

    async def add_master_key(self) -> None:
        """Given a new master key."""
        self.rows.add_master_key()

    async def drop_old_master_keys(self) -> None:
        """Given that the others are gone."""
        self.rows.drop_old_master_keys()

    async def damage(self, webhook_id: WebhookId) -> None:
        """Given a damaged body."""
        self.rows.damage(webhook_id)

    async def given_body_pruned(self, webhook_id: WebhookId) -> None:
        """Given a body that had its time."""
        self.inbox.prune(webhook_id)

    async def given_commit_fails_before(self) -> None:
        """Given a write without an effect."""
        self.database.fail_next_commit(before=True)

    async def given_commit_fails_after(self) -> None:
        """Given a write without an answer."""
        self.database.fail_next_commit(after=True)


def memory_world(bodies: type[MemorySealedRows] = MemorySealedRows) -> MemoryRowsWorld:
    """The fakes, or a broken one among them."""
    database = MemoryDatabase()
    return MemoryRowsWorld(bodies(database), MemoryInbox(database), database)


@attrs.define
class SqlRowsWorld:
    """The rows of a database of either kind."""

    url: DatabaseUrl
    database: Database = attrs.field(init=False)
    clock: ManualClock = attrs.field(factory=ManualClock)
    keys: dict[str, bytes] = attrs.field(factory=lambda: {"k1": OLD})
    fails: Callable[[RootTransaction], None] | None = None

    def __attrs_post_init__(self) -> None:
        """Open it."""
        self.database = open_database(self.url, commit=self._commit)

    @property
    def inbox(self) -> SqlInbox:
        """Of a process that was started with the master keys of the moment."""
        return SqlInbox(self.database, PayloadSealer(MasterKeys(self.keys)))

    @property
    def rows(self) -> SqlSealedRows:
        """The same."""
        return SqlSealedRows(self.database, PayloadSealer(MasterKeys(self.keys)), BODIES)

    async def add_master_key(self) -> None:
        """Given a new master key before the old one."""
        self.keys = {"k2": NEW, **self.keys}

    async def drop_old_master_keys(self) -> None:
        """Given the first one only."""
        newest = next(iter(self.keys))
        self.keys = {newest: self.keys[newest]}

    async def damage(self, webhook_id: WebhookId) -> None:
        """Given a bit of the wrap that fell over."""
        sealed = await self.database.read(lambda c: c.execute(text(_READ), {"id": webhook_id}).scalar_one())
        broken = bytearray(sealed)
        broken[60] ^= 1
        values = {"id": webhook_id, "sealed": bytes(broken)}
        await self.database.write(lambda c: c.execute(text(_WRITE), values).rowcount)

    async def given_body_pruned(self, webhook_id: WebhookId) -> None:
        """Given a body that had its time."""
        await self.database.write(lambda c: c.execute(text(_WRITE), {"id": webhook_id, "sealed": None}).rowcount)

    async def given_commit_fails_before(self) -> None:
        """Given a write without an effect."""

        def fail(_: RootTransaction) -> None:
            """Write nothing, and raise."""
            raise OSError("no answer")

        self.fails = fail

    async def given_commit_fails_after(self) -> None:
        """Given a write without an answer."""

        def fail(transaction: RootTransaction) -> None:
            """Write everything, and raise."""
            transaction.commit()
            raise OSError("no answer")

        self.fails = fail

    def _commit(self, transaction: RootTransaction) -> None:
        how, self.fails = self.fails or RootTransaction.commit, None
        how(transaction)


_READ = "SELECT sealed FROM webhook_logs WHERE id = :id"
_WRITE = "UPDATE webhook_logs SET sealed = :sealed WHERE id = :id"


class TestMemorySealedRows(SealedRowsContract):
    """The suite, on the fake."""

    @pytest.fixture
    async def world(self) -> MemoryRowsWorld:
        """Fresh fakes."""
        return memory_world()


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with our tables and nothing in them."""
    path = tmp_path_factory.mktemp("sql") / "empty.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> DatabaseUrl:
    """An empty database of this test's own, of either kind."""
    if request.param == "postgresql":
        return DatabaseUrl.parse(request.getfixturevalue("postgres_url"))
    return DatabaseUrl.parse(f"sqlite:///{shutil.copy(request.getfixturevalue('empty'), tmp_path / 'shop.db')}")


class TestSqlSealedRows(SealedRowsContract):
    """The suite, on SQLite and on PostgreSQL."""

    @pytest.fixture
    async def world(self, url: DatabaseUrl) -> AsyncIterator[SqlRowsWorld]:
        """A database of its own."""
        world = SqlRowsWorld(url)
        yield world
        await world.database.close()

    async def test_a_body_that_was_pruned_meanwhile_stays_gone(self, world: SqlRowsWorld) -> None:
        """Between the look and the write: nothing is put back, and nothing is said of it."""
        webhook_id = (await world.inbox.receive(a_webhook(), now=world.clock.now())).id
        await world.add_master_key()
        pruned_meanwhile = BetweenReadAndWrite(world.database, lambda: world.given_body_pruned(webhook_id))
        rows = SqlSealedRows(pruned_meanwhile, PayloadSealer(MasterKeys(world.keys)), BODIES)

        done = await rows.rotate(after=None, limit=10)

        assert done == RotatedRows(rotated=(), stuck=(), last=webhook_id)
        assert (await world.inbox.get(webhook_id)).webhook.body == b""

    async def test_the_second_factors_of_accounts_follow(self, world: SqlRowsWorld) -> None:
        """Also of somebody who does not log in for a year."""
        secret = Secret("JBSWY3DPEHPK3PXP")
        users = SqlAdminUsers(world.database, PayloadSealer(MasterKeys(world.keys)))
        await users.create(
            name="ann", password_hash="h", totp_secret=secret, scopes=["read"], codes=[], now=world.clock.now()
        )
        await world.add_master_key()
        rows = SqlSealedRows(world.database, PayloadSealer(MasterKeys(world.keys)), SECOND_FACTORS)

        done = await rows.rotate(after=None, limit=10)

        await world.drop_old_master_keys()
        found = await SqlAdminUsers(world.database, PayloadSealer(MasterKeys(world.keys))).find("ann")
        assert await rows.count() == 1
        assert [rotation for _, rotation in done.rotated] == [Rotation(before="k1", after="k2")]
        assert found is not None
        assert found.totp_secret.reveal() == secret.reveal()


class BetweenReadAndWrite:
    """A database in which something happens after a read."""

    def __init__(self, database: Database, happens: Callable[[], Awaitable[None]]) -> None:
        """Around a database."""
        self._database = database
        self._happens = happens

    async def read(self, work: Callable[[Connection], Any]) -> Any:
        """Read, and let it happen."""
        found = await self._database.read(work)
        await self._happens()
        return found

    def __getattr__(self, name: str) -> Any:
        """Everything else is the database's own."""
        return getattr(self._database, name)


class RotatesOnlyInWords(MemorySealedRows):
    """Says that it rotated."""

    async def rotate(self, *, after: int | None, limit: int) -> RotatedRows:
        """Forget it again."""
        before = dict(self._under)
        done = await super().rotate(after=after, limit=limit)
        self._under = before or self._under
        return done


class StopsAtTheFirstBadOne(MemorySealedRows):
    """Lets one damaged body hold the others up."""

    async def rotate(self, *, after: int | None, limit: int) -> RotatedRows:
        """Give up."""
        done = await super().rotate(after=after, limit=limit)
        return attrs.evolve(done, rotated=()) if done.stuck else done


class BeginsAnew(MemorySealedRows):
    """Forgets where it was."""

    async def rotate(self, *, after: int | None, limit: int) -> RotatedRows:
        """Always the first batch."""
        del after
        return await super().rotate(after=None, limit=limit)


SUITE = SealedRowsContract()


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (RotatesOnlyInWords, SUITE.test_a_second_run_writes_nothing),
        (StopsAtTheFirstBadOne, SUITE.test_a_damaged_body_is_named_and_holds_nobody_up),
        (BeginsAnew, SUITE.test_a_batch_begins_behind_the_one_before),
    ],
)
async def test_the_suite_fails_it(
    broken: type[MemorySealedRows], promise: Callable[[MemoryRowsWorld], Awaitable[None]]
) -> None:
    """Each broken store fails the promise that it breaks, and an honest one keeps it."""
    await promise(memory_world())

    with pytest.raises(AssertionError):
        await promise(memory_world(broken))
