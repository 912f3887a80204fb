"""Whether a process can do its work, and which thing is in the way if not; asking often costs no more than one look."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import attrs
import pytest
from aiohttp.test_utils import TestClient, TestServer
from http_world import ENOUGH, FakeService, FakeTokens

from bitloot_core.order.jobs import JobName, JobRequest
from bitloot_core.testing.shop import FakeShop
from bitloot_core.values.errors import Unavailable
from bitloot_http.app import build_watch_app
from bitloot_http.metrics.counts import Counts
from bitloot_http.readiness import GOOD_FOR, LONGEST_WAIT, MOST_WAITING, Probe, Readiness, probes_of
from bitloot_http.reading_settings import read_settings

OTHERS = {"database", "migrations", "vault", "backlog"}


async def nothing() -> None:
    """What is asked goes well."""


async def current() -> str:
    """The tables are of this version."""
    return "current"


def looking(fakes: FakeShop, **changes: Any) -> Readiness:
    """Looks at a shop on fakes, with some of its probes changed."""
    probes = probes_of(fakes.shop, **{"write": nothing, "schema": current, **changes})
    return Readiness(probes, monotonic=fakes.clock.monotonic)


def answering(*, answer: Any) -> Callable[[], Awaitable[Any]]:
    """Answers so."""

    async def answers() -> Any:
        """As it was told."""
        if isinstance(answer, Exception):
            raise answer
        return answer

    return answers


async def a_job(fakes: FakeShop, ref: str) -> None:
    """A job that is due."""
    now = fakes.clock.now()
    await fakes.storage.jobs.ask(JobRequest(name=JobName.EXPIRE, ref=ref, order_id=None, due_at=now), now=now)


async def test_a_shop_at_rest_is_ready() -> None:
    """Each thing was looked at, and is well."""
    assert dict.fromkeys(OTHERS) == await looking(FakeShop()).checks()


@pytest.mark.parametrize(
    ("changes", "name", "says"),
    [
        ({"write": answering(answer=Unavailable("store", "the disk is full"))}, "database", "the disk is full"),
        ({"write": answering(answer=RuntimeError("hunter2"))}, "database", "RuntimeError"),
        ({"schema": answering(answer="behind")}, "migrations", "the tables are behind: run `bitloot db upgrade`"),
        ({"bell": answering(answer=False)}, "redis", "it does not answer: jobs are found later, none is lost"),
        ({"bell": answering(answer=True)}, "redis", None),
    ],
)
async def test_each_thing_is_told_by_its_name(changes: dict[str, Any], name: str, says: str | None) -> None:
    """With a few words that hold no secret; the others are well meanwhile."""
    found = dict(await looking(FakeShop(), **changes).checks())

    assert says == found.pop(name)
    assert all(wrong is None for wrong in found.values())


async def test_a_vault_that_cannot_be_listed_is_in_the_way() -> None:
    """A bucket that is away, a folder without rights."""
    fakes = FakeShop()
    fakes.vault.faults.before("stored", Unavailable("vault", "the bucket is away"))

    assert (await looking(fakes).checks())["vault"] == "the bucket is away"


async def test_too_many_due_jobs_are_in_the_way() -> None:
    """Workers that do not keep up."""
    fakes = FakeShop()
    for number in range(MOST_WAITING):
        await a_job(fakes, f"order-{number}")

    assert (await looking(fakes).checks())["backlog"] == "1000 jobs are due and wait"


async def test_one_job_that_nobody_takes_is_in_the_way() -> None:
    """A shop with few orders and no worker is not ready either."""
    fakes = FakeShop()
    readiness = looking(fakes)
    await a_job(fakes, "order")

    fakes.clock.advance(LONGEST_WAIT)
    patient = await readiness.checks()
    fakes.clock.advance(timedelta(minutes=1))
    enough = await readiness.checks()

    assert patient["backlog"] is None
    assert enough["backlog"] == "a job has been due for 16 minutes: is there a worker?"


async def test_a_job_that_waits_for_its_time_is_in_nobodys_way() -> None:
    """Put off is not late."""
    fakes = FakeShop()
    now = fakes.clock.now()
    later = JobRequest(name=JobName.EXPIRE, ref="order", order_id=None, due_at=now + LONGEST_WAIT * 3)
    await fakes.storage.jobs.ask(later, now=now)
    fakes.clock.advance(LONGEST_WAIT * 2)

    assert (await looking(fakes).checks())["backlog"] is None


async def test_what_was_seen_is_good_for_some_seconds() -> None:
    """Anybody may ask: that must not cost a write each time."""
    fakes, looks = FakeShop(), Looks()
    readiness = Readiness({"database": looks.probe}, monotonic=fakes.clock.monotonic)

    await readiness.checks()
    fakes.clock.advance(GOOD_FOR - timedelta(seconds=1))
    await readiness.checks()
    meanwhile = looks.count
    fakes.clock.advance(timedelta(seconds=1))
    await readiness.checks()

    assert (meanwhile, looks.count) == (1, 2)


async def test_many_who_ask_at_once_get_the_same_look() -> None:
    """Whoever goes away early takes nothing from the others."""
    fakes, looks = FakeShop(), Looks()
    looks.gate.clear()
    readiness = Readiness({"database": looks.probe}, monotonic=fakes.clock.monotonic)
    impatient, *others = (asyncio.ensure_future(readiness.checks()) for _ in range(10))
    await asyncio.wait(others, timeout=0)

    impatient.cancel()
    looks.gate.set()
    found = await asyncio.gather(*others)

    assert looks.count == 1
    assert found == [{"database": None}] * 9


async def test_closing_ends_a_look() -> None:
    """A service that stops waits for no probe."""
    fakes, looks = FakeShop(), Looks()
    looks.gate.clear()
    readiness = Readiness({"database": looks.probe}, monotonic=fakes.clock.monotonic)
    asking = asyncio.ensure_future(readiness.checks())
    await asyncio.wait({asking}, timeout=0)

    await asyncio.wait_for(readiness.close(), timeout=5)

    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_a_worker_is_watched_at_three_addresses_and_no_others() -> None:
    """It answers how it is and what it counts; no order can be placed there."""
    service = FakeService(settings=read_settings(ENOUGH), fakes=FakeShop(), tokens=FakeTokens())
    probes: dict[str, Probe] = {"database": answering(answer=None)}
    app = build_watch_app(service, probes=probes, counts=Counts(), in_hand=lambda: 4)
    async with TestClient(TestServer(app)) as client:
        statuses = [
            (await client.get(path)).status
            for path in ("/health/live", "/health/ready", "/metrics", "/products", "/docs", "/")
        ]
        text = await (await client.get("/metrics")).text()

    assert statuses == [200, 200, 200, 404, 404, 404]
    assert "bitloot_jobs_in_hand 4.0" in text


@attrs.define
class Looks:
    """A probe that counts how often it looks, and waits at a gate."""

    count: int = 0
    gate: asyncio.Event = attrs.field(factory=asyncio.Event)

    def __attrs_post_init__(self) -> None:
        """The gate is open at first."""
        self.gate.set()

    async def probe(self) -> str | None:
        """Well, once the gate is open."""
        self.count += 1
        await self.gate.wait()
        return None
