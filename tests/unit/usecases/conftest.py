"""A shop on fakes with something to sell; whatever is said to one of its ports must be of the type that it asks for."""

from collections.abc import Iterator
from traceback import walk_tb

import attrs
import pytest
from conforming import Listener

from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases import run_job
from bitloot_core.usecases.shop import Shop
from bitloot_core.usecases.work import Work
from bitloot_core.values.errors import BitlootError

PORTS = frozenset(type(getattr(FakeShop().shop, field.name)) for field in attrs.fields(Shop))
LISTENER = Listener(PORTS, deaf={"MemoryJobs.ask"})  # tests ask for jobs that only another version knows
LONG_LIVES = ("test_against_a_model", "test_crashes", "test_whole_life", "test_restored")
"""Where so much is said that to hear it all takes longer than to live it; nothing else is said there."""


@pytest.fixture(scope="module", autouse=True)
def listener(request: pytest.FixtureRequest) -> Iterator[Listener | None]:
    """Hears what is said in this module."""
    if request.module.__name__.endswith(LONG_LIVES):
        yield None
        return
    with pytest.MonkeyPatch.context() as patch:
        LISTENER.listen(patch)
        yield LISTENER


@pytest.fixture(autouse=True)
def what_is_said_to_ports_is_of_its_type(listener: Listener | None) -> Iterator[None]:
    """In each test of a use case: who, why, when and what, down to the last field of what is written."""
    LISTENER.forget()

    yield

    assert listener is None or listener.wrong == []


OURS = ("bitloot_core/usecases/", "bitloot_core/order/", "bitloot_core/values/")


def is_our_fault(error: Exception) -> bool:
    """
    Whether an error that nobody expected came out of the core itself, and not out of what stands around it.

    A job's reference that cannot be read is a `ValueError`; tests make such jobs.
    """
    innermost = list(walk_tb(error.__traceback__))[-1][0].f_code.co_filename
    return not isinstance(error, BitlootError | ValueError) and any(part in innermost for part in OURS)


@pytest.fixture(autouse=True)
def no_job_fails_by_a_fault_of_ours_or_is_left_undone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """I8, I10: a job would be tried again and again, or wait for its lease to run out, and nobody would see why."""
    wrong: list[str] = []
    fail, try_ = run_job._fail, run_job._try  # noqa: SLF001 - where every job comes by

    async def failed(work: Work, error: Exception) -> None:
        """Look at what went wrong."""
        if is_our_fault(error):
            wrong.append(f"{work.job.name} fails: {error!r}")
        await fail(work, error)

    async def tried(work: Work) -> None:
        """Look at what became of the job."""
        await try_(work)
        row = work.shop.jobs._database.jobs[work.job.lease.job_id]  # type: ignore[attr-defined]  # noqa: SLF001
        if (row.status, row.token) == ("running", work.job.lease.token):
            wrong.append(f"{work.job.name} {work.job.ref} has no end")

    monkeypatch.setattr(run_job, "_fail", failed)
    monkeypatch.setattr(run_job, "_try", tried)

    yield

    assert wrong == []


@pytest.fixture
async def shop() -> FakeShop:
    """It sells `game` and `other`, and the supplier has plenty of both."""
    shop = FakeShop()
    await shop.offer(a_product("game"), a_product("other"))
    return shop
