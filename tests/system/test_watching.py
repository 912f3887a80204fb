"""Those who watch a shop: what `/metrics` tells Prometheus, in the service and in each worker, and when it is ready."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from functools import partial
from pathlib import Path

import aiohttp
import attrs
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from harness.ports import HOST, kept_pair, kept_port
from harness.redis_server import RedisServer, find_redis_server, open_redis
from harness.service import WORK, ServiceProcess
from harness.system import System, open_system
from harness.waiting import eventually


@attrs.frozen(kw_only=True)
class Watched:
    """A service over Redis, a worker beside it, and where each is watched."""

    system: System
    redis: RedisServer
    worker_url: str


@pytest.fixture
async def watched(tmp_path: Path, stocked: Path) -> AsyncIterator[Watched]:
    """A service that only rings, and one worker that tells how it is."""
    if find_redis_server() is None:
        pytest.skip("no redis-server")
    for name in ("redis", "shop"):
        (tmp_path / name).mkdir()
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(open_redis(tmp_path / "redis"))
        system = await stack.enter_async_context(open_system(tmp_path / "shop", stocked, REDIS_URL=redis.url))
        port = stack.enter_context(kept_port())
        worker = ServiceProcess(system.place, (*WORK, "--port", str(port)), ready=b"working")
        await worker.start()
        stack.push_async_callback(worker.stop)
        yield Watched(system=system, redis=redis, worker_url=f"http://{HOST}:{port}")


async def scraped(system: System, url: str) -> dict[str, Metric]:
    """What Prometheus reads at an address."""
    async with system.session.get(f"{url}/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4"
        return {one.name: one for one in text_string_to_metric_families(await answer.text())}


def counted(exposed: dict[str, Metric], sample: str, **labels: str) -> float:
    """The sum of the samples of a name that bear these labels."""
    return sum(
        one.value
        for metric in exposed.values()
        for one in metric.samples
        if one.name == sample and labels.items() <= one.labels.items()
    )


async def test_a_running_shop_tells_prometheus_what_it_did_and_how_it_stands(tmp_path: Path, stocked: Path) -> None:
    """One order from its placing to its keys, and one that waits for its money."""
    async with open_system(tmp_path, stocked) as system:
        placed = await system.buyer.place()
        await system.deliver(placed)
        await system.buyer.place()
        await system.buyer.ask("POST", "/payments/ipn", {}, headers={"x-nowpayments-sig": "f" * 128})
        await system.at_rest()
        url = system.place.url

        async def is_read_anew() -> dict[str, Metric]:
            """The figures are at most some seconds old, and the balance is asked for in the background."""
            found = await scraped(system, url)
            is_new = counted(found, "bitloot_orders", status="fulfilled") == 1
            return found if is_new and "bitloot_supplier_balance" in found else {}

        exposed = await eventually(is_read_anew, "the figures are those of now", every=0.2)

    assert counted(exposed, "bitloot_http_requests_total", route="/orders", status="201") == 2
    assert counted(exposed, "bitloot_webhooks_total", source="nowpayments", verdict="forged") == 1
    assert counted(exposed, "bitloot_webhooks_total", source="nowpayments", verdict="stored") >= 1
    assert counted(exposed, "bitloot_order_events_total", event="OrderFulfilled") == 1
    assert counted(exposed, "bitloot_jobs_total", name="reserve", outcome="done") == 1
    assert counted(exposed, "bitloot_job_seconds_count", name="reserve") == 1
    assert counted(exposed, "bitloot_calls_total", port="supplier", operation="reserve", outcome="ok") == 1
    assert counted(exposed, "bitloot_calls_total", port="mailer", outcome="ok") == 1
    assert counted(exposed, "bitloot_paid_to_delivered_seconds_count") == 1
    assert counted(exposed, "bitloot_figures_known") == 1
    assert counted(exposed, "bitloot_orders", status="waiting") == 1
    assert counted(exposed, "bitloot_orders_undelivered") == 0
    assert counted(exposed, "bitloot_queue_jobs", state="dead") == 0
    assert counted(exposed, "bitloot_findings_open") == 0
    assert 0 < counted(exposed, "bitloot_supplier_balance", currency="EUR") <= 1_000_000
    assert "bitloot_jobs_in_hand" in exposed
    assert counted(exposed, "process_resident_memory_bytes") > 0


async def test_a_worker_of_its_own_counts_its_own_jobs(watched: Watched) -> None:
    """The service counts requests and webhooks, the worker jobs and calls; both see the same shop."""
    placed = await watched.system.buyer.place()
    await watched.system.deliver(placed)
    await watched.system.at_rest()

    service = await scraped(watched.system, watched.system.place.url)
    worker = await scraped(watched.system, watched.worker_url)

    assert counted(service, "bitloot_webhooks_total") > counted(worker, "bitloot_webhooks_total") == 0
    assert counted(worker, "bitloot_jobs_total", outcome="done") > counted(service, "bitloot_jobs_total") == 0
    assert counted(worker, "bitloot_calls_total", port="supplier", operation="reserve") == 1
    assert counted(worker, "bitloot_figures_known") == counted(service, "bitloot_figures_known") == 1
    assert "bitloot_jobs_in_hand" in worker
    assert "bitloot_jobs_in_hand" not in service


async def test_a_redis_that_goes_away_is_named_by_every_process(watched: Watched) -> None:
    """Ready with it, not ready without it, and ready again; nothing else is complained of."""
    urls = (watched.system.place.url, watched.worker_url)
    for url in urls:
        status, checks = await ready(watched.system, url)
        assert (status, set(checks.values())) == (200, {"ok"})
        assert set(checks) == {"database", "migrations", "vault", "backlog", "redis"}

    watched.redis.kill()
    for url in urls:
        await eventually(partial(is_in_the_way, watched.system, url, {"redis"}), "it is missed", every=0.2)
    await watched.redis.start()

    for url in urls:
        await eventually(partial(is_in_the_way, watched.system, url, set()), "it is well again", every=0.2)


async def test_a_database_that_takes_no_write_is_not_ready(tmp_path: Path, stocked: Path) -> None:
    """Reading is not enough: somebody holds the file, and it is named; when they let go, all is well."""
    async with open_system(tmp_path, stocked) as system:
        url = system.place.url
        with closing(sqlite3.connect(system.place.database, isolation_level=None)) as held:
            held.execute("BEGIN IMMEDIATE")
            await eventually(partial(is_in_the_way, system, url, {"database"}), "it is named", every=0.2)
        await eventually(partial(is_in_the_way, system, url, set()), "it is well again", every=0.2)


async def test_a_vault_that_cannot_be_read_is_not_ready(tmp_path: Path, stocked: Path) -> None:
    """The folder is no folder any more: its disk did not come up, say."""
    async with open_system(tmp_path, stocked) as system:
        url = system.place.url
        await eventually(partial(is_in_the_way, system, url, set()), "it is well", every=0.2)
        system.place.vault.rename(tmp_path / "elsewhere")
        system.place.vault.write_text("no folder")

        await eventually(partial(is_in_the_way, system, url, {"vault"}), "it is named", every=0.2)


async def test_several_workers_are_watched_each_at_a_port_of_its_own(tmp_path: Path, stocked: Path) -> None:
    """The second answers one above the first."""
    if find_redis_server() is None:
        pytest.skip("no redis-server")
    for name in ("redis", "shop"):
        (tmp_path / name).mkdir()
    async with (
        open_redis(tmp_path / "redis") as redis,
        open_system(tmp_path / "shop", stocked, REDIS_URL=redis.url, start=False) as system,
    ):
        with kept_pair() as first:
            workers = ServiceProcess(system.place, (*WORK, "--processes", "2", "--port", str(first)), ready=b"working")
            await workers.start()
            for port in (first, first + 1):
                await eventually(partial(is_live, system, port), f"a worker answers on {port}")
            await workers.stop()

        assert not await is_live(system, first)


async def ready(system: System, url: str) -> tuple[int, dict[str, str]]:
    """Whether the process at an address can do its work, and what is in the way."""
    async with system.session.get(f"{url}/health/ready") as answer:
        return answer.status, (await answer.json())["checks"]


async def is_in_the_way(system: System, url: str, names: set[str]) -> bool:
    """Whether just these things are told to be in the way, with the status that goes with it."""
    status, checks = await ready(system, url)
    return (503 if names else 200, names) == (status, {name for name, says in checks.items() if says != "ok"})


async def is_live(system: System, port: int) -> bool:
    """Whether a process answers on a port."""
    try:
        async with system.session.get(f"http://{HOST}:{port}/health/live") as answer:
            return answer.status == 200
    except aiohttp.ClientConnectionError:
        return False
