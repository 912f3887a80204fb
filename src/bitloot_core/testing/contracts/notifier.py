"""What every doorbell must do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import pytest

from bitloot_core.ports.notifier import JobNotifier
from bitloot_core.values.ids import JobId


class NotifierWorld(Protocol):
    """A doorbell, and a worker that listens to it."""

    @property
    def notifier(self) -> JobNotifier:
        """The port."""
        ...

    async def heard(self, count: int) -> Sequence[JobId]:
        """Wait until the worker has heard as many rings, or fail after a deadline; the jobs in any order."""
        ...

    async def go_down(self) -> None:
        """Given a queue that cannot be reached."""
        ...

    async def be_slow(self) -> None:
        """Given a queue that does not answer."""
        ...

    async def come_back(self) -> None:
        """Given that it can be reached again, and answers."""
        ...


class JobNotifierContract:
    """
    The promises of `JobNotifier`.

    Of the unhappy five there are the retried key (a job rung for twice), the slow peer, and the failure at the commit
    point (a queue that is down after the commit that made the job due). The answer lost after acceptance looks like the
    slow peer from here, and a ring has no body that could be malformed.
    """

    @pytest.fixture
    async def world(self) -> NotifierWorld:
        """The doorbell under test."""
        raise NotImplementedError

    async def test_a_worker_hears_each_ring(self, world: NotifierWorld) -> None:
        """The ids arrive as they are, none of them lost while all is well."""
        await world.notifier.ring([JobId(7), JobId(8)])
        await world.notifier.ring([JobId(2**62)])

        assert sorted(await world.heard(3)) == [7, 8, 2**62]

    async def test_a_job_may_be_rung_for_again(self, world: NotifierWorld) -> None:
        """A job that was woken while it ran is rung for a second time; whoever has nothing to do finds no claim."""
        await world.notifier.ring([JobId(7)])
        await world.heard(1)

        await world.notifier.ring([JobId(7)])

        assert set(await world.heard(2)) == {7}

    async def test_nothing_due_rings_nobody(self, world: NotifierWorld) -> None:
        """No jobs, no ring, no error."""
        await world.notifier.ring([])
        await world.notifier.ring([JobId(1)])

        assert list(await world.heard(1)) == [1]

    async def test_a_queue_that_is_down_is_nobodys_error(self, world: NotifierWorld) -> None:
        """The job is committed by then: the ring is lost, the caller goes on, and later rings are heard."""
        await world.go_down()

        await world.notifier.ring([JobId(1), JobId(2)])

        await world.come_back()
        await world.notifier.ring([JobId(3)])
        assert 3 in await world.heard(1)

    async def test_a_slow_queue_holds_nobody_up(self, world: NotifierWorld) -> None:
        """The ring ends by itself; a webhook waits for its answer behind it."""
        await world.be_slow()

        await world.notifier.ring([JobId(1), JobId(2), JobId(3)])

        await world.come_back()
        await world.notifier.ring([JobId(4)])
        assert 4 in await world.heard(1)
