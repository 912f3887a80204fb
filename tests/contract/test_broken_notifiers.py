"""The doorbell's suite fails doorbells that break a promise."""

from collections.abc import Awaitable, Callable, Sequence

import attrs
import pytest

from bitloot_core.testing.contracts.notifier import JobNotifierContract
from bitloot_core.testing.notifier import FakeNotifier
from bitloot_core.values.ids import JobId

SUITE = JobNotifierContract()


class RingsForTheFirst(FakeNotifier):
    """Takes a batch for one job."""

    async def ring(self, job_ids: Sequence[JobId]) -> None:
        """Ring once."""
        await super().ring(job_ids[:1])


class RemembersForEver(FakeNotifier):
    """Rings once for each job of all times."""

    async def ring(self, job_ids: Sequence[JobId]) -> None:
        """Ring for those that are new."""
        await super().ring([job_id for job_id in job_ids if job_id not in self.rung])


class PassesTroubleOn(FakeNotifier):
    """Fails its caller."""

    async def ring(self, job_ids: Sequence[JobId]) -> None:
        """Raise."""
        assert not self.broken, "the queue is down"
        await super().ring(job_ids)


@attrs.define
class World:
    """The verbs that the chosen promises need."""

    notifier: FakeNotifier

    async def heard(self, count: int) -> Sequence[JobId]:
        """What was rung."""
        assert len(self.notifier.rung) >= count
        return self.notifier.rung

    async def go_down(self) -> None:
        """Given trouble."""
        self.notifier.broken = True

    async def come_back(self) -> None:
        """Given none."""
        self.notifier.broken = False


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (RingsForTheFirst, SUITE.test_a_worker_hears_each_ring),
        (RemembersForEver, SUITE.test_a_job_may_be_rung_for_again),
        (PassesTroubleOn, SUITE.test_a_queue_that_is_down_is_nobodys_error),
    ],
)
async def test_the_suite_fails_it(broken: type[FakeNotifier], promise: Callable[[World], Awaitable[None]]) -> None:
    """Each broken doorbell fails the promise that it breaks, and an honest one keeps it."""
    await promise(World(FakeNotifier()))

    with pytest.raises(AssertionError):
        await promise(World(broken()))
