"""
What every store of sealed rows must do. The rows here are webhooks, whose bodies are sealed: every store has them.
"""

from __future__ import annotations

from typing import Protocol

import pytest

from bitloot_core.ports.inbox import Inbox
from bitloot_core.ports.sealed_rows import RotatedRows, SealedRows
from bitloot_core.testing.clock import ManualClock
from bitloot_core.testing.contracts.storage import failure_of
from bitloot_core.testing.samples import a_webhook
from bitloot_core.values.errors import Unavailable, Unknown
from bitloot_core.values.ids import WebhookId


class SealedRowsWorld(Protocol):
    """An inbox and its bodies, under the master keys of the moment, and what can happen to them."""

    clock: ManualClock

    @property
    def inbox(self) -> Inbox:
        """Where webhooks come in."""
        ...

    @property
    def rows(self) -> SealedRows:
        """The rows that they became."""
        ...

    async def add_master_key(self) -> None:
        """Given a new master key that seals from now on; the earlier ones still open."""
        ...

    async def drop_old_master_keys(self) -> None:
        """Given that only the newest master key is left."""
        ...

    async def damage(self, webhook_id: WebhookId) -> None:
        """Given a body whose wrap is not as it was written."""
        ...

    async def given_body_pruned(self, webhook_id: WebhookId) -> None:
        """Given a body that is older than bodies are kept."""
        ...

    async def given_commit_fails_before(self) -> None:
        """Given that the next write raises at its commit point, and nothing of it is written."""
        ...

    async def given_commit_fails_after(self) -> None:
        """Given that the next write raises at its commit point although all of it is durable."""
        ...


class SealedRowsContract:
    """
    The promises of `SealedRows`.

    Of the unhappy five there are: the retried key (a batch that is rotated again), the answer lost after acceptance and
    the failure at the commit point, and the malformed body (a damaged wrap). There is no peer that could be slow.
    """

    @pytest.fixture
    async def world(self) -> SealedRowsWorld:
        """The bodies under test."""
        raise NotImplementedError

    async def test_no_body_is_an_answer(self, world: SealedRowsWorld) -> None:
        """An empty inbox has nothing to rotate."""
        assert await world.rows.count() == 0
        assert await world.rows.rotate(after=None, limit=10) == RotatedRows(rotated=(), stuck=(), last=None)

    async def test_after_a_rotation_the_old_master_key_may_go(self, world: SealedRowsWorld) -> None:
        """Every body opens as it was; one that came under the new key is left alone."""
        old = [await _received(world, number) for number in range(2)]
        await world.add_master_key()
        new = await _received(world, 2)

        done = await world.rows.rotate(after=None, limit=10)

        await world.drop_old_master_keys()
        rotations = dict(done.rotated)
        assert [rotations[one].is_written for one in (*old, new)] == [True, True, False]
        assert {rotation.after for rotation in rotations.values()} == {rotations[new].before}
        assert (done.stuck, done.last) == ((), new)
        bodies = [(await world.inbox.get(one)).webhook.body for one in (*old, new)]
        assert bodies == [_webhook_body(number) for number in range(3)]

    async def test_a_second_run_writes_nothing(self, world: SealedRowsWorld) -> None:
        """Whoever was interrupted begins again, and loses nothing but the time of a look."""
        await _received(world, 0)
        await world.add_master_key()
        await world.rows.rotate(after=None, limit=10)

        again = await world.rows.rotate(after=None, limit=10)

        assert [rotation.is_written for _, rotation in again.rotated] == [False]

    async def test_a_batch_begins_behind_the_one_before(self, world: SealedRowsWorld) -> None:
        """Each body is in one batch, in the order of their ids, and the end is told from a full batch."""
        ids = [await _received(world, number) for number in range(5)]
        batches, last = [], None
        for _ in range(4):
            batch = await world.rows.rotate(after=last, limit=2)
            batches.append([one for one, _ in batch.rotated])
            last = batch.last

        assert batches == [ids[:2], ids[2:4], ids[4:], []]
        assert last is None

    async def test_a_damaged_body_is_named_and_holds_nobody_up(self, world: SealedRowsWorld) -> None:
        """The others of its batch are rotated."""
        good, bad = await _received(world, 0), await _received(world, 1)
        await world.damage(bad)
        await world.add_master_key()

        done = await world.rows.rotate(after=None, limit=10)

        assert [one for one, _ in done.stuck] == [bad]
        assert [one for one, _ in done.rotated] == [good]
        assert done.last == bad

    async def test_a_body_under_a_dropped_master_key_says_which_it_was(self, world: SealedRowsWorld) -> None:
        """So that the operator can put the right one back."""
        stuck = await _received(world, 0)
        before = dict((await world.rows.rotate(after=None, limit=1)).rotated)[stuck].before
        await world.add_master_key()
        await world.drop_old_master_keys()

        done = await world.rows.rotate(after=None, limit=10)

        assert done.stuck == ((stuck, before),)
        assert done.rotated == ()

    async def test_a_pruned_body_needs_no_master_key(self, world: SealedRowsWorld) -> None:
        """It is not counted, not rotated, and does not come back."""
        kept, pruned = await _received(world, 0), await _received(world, 1)
        await world.given_body_pruned(pruned)
        await world.add_master_key()

        done = await world.rows.rotate(after=None, limit=10)

        assert await world.rows.count() == 1
        assert [one for one, _ in done.rotated] == [kept]
        assert (await world.inbox.get(pruned)).webhook.body == b""

    async def test_a_batch_that_was_not_written_is_rotated_by_a_repeat(self, world: SealedRowsWorld) -> None:
        """Nothing of it is under the new key before."""
        one = await _received(world, 0)
        await world.add_master_key()
        await world.given_commit_fails_before()

        assert isinstance(await failure_of(world.rows.rotate(after=None, limit=10)), Unavailable | Unknown)

        assert dict((await world.rows.rotate(after=None, limit=10)).rotated)[one].is_written

    async def test_a_batch_whose_answer_was_lost_is_found_rotated(self, world: SealedRowsWorld) -> None:
        """The repeat has nothing to write."""
        one = await _received(world, 0)
        await world.add_master_key()
        await world.given_commit_fails_after()

        assert isinstance(await failure_of(world.rows.rotate(after=None, limit=10)), Unavailable | Unknown)

        assert not dict((await world.rows.rotate(after=None, limit=10)).rotated)[one].is_written
        await world.drop_old_master_keys()
        assert (await world.inbox.get(one)).webhook.body == _webhook_body(0)


async def _received(world: SealedRowsWorld, number: int) -> WebhookId:
    webhook = a_webhook(_webhook_body(number))
    return (await world.inbox.receive(webhook, now=world.clock.now())).id


def _webhook_body(number: int) -> bytes:
    return b'{"payment_id":%d}' % number
