"""The API of the staff about what waits: findings, jobs, the audit, the summary."""

from datetime import timedelta
from typing import Any

import pytest
from http_world import STAFF, World, bearer, problem

from bitloot_core.order.buying import Balance, Pause, PauseHolder
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import JobName
from bitloot_core.ports.jobs import Dead, JobOutcome
from bitloot_core.ports.store import Change
from bitloot_core.testing.contracts.audit import loose_finding
from bitloot_core.testing.samples import a_job
from bitloot_core.values.ids import GatewayPaymentId, JobId, SupplierProductId
from bitloot_core.values.money import Money

WHY = {"reason": "seen to"}


async def out_of_stock(world: World) -> dict[str, Any]:
    """An order that is paid, and that the supplier has nothing for."""
    world.fakes.supplier.in_stock(SupplierProductId("supplier-game"), 0)
    placed = await world.placed()
    world.fakes.gateway.pay(GatewayPaymentId(placed["payment"]["paymentId"]))
    await world.fakes.tell(GatewayPaymentId(placed["payment"]["paymentId"]))
    await world.fakes.work()
    return placed


async def given_dead_job(world: World) -> JobId:
    """A job that was given up."""
    shop, now = world.fakes.shop, world.fakes.clock.now()
    job_id = await shop.jobs.ask(a_job("7", name=JobName.NOWPAYMENTS_IPN, due_at=now), now=now)
    job = await shop.jobs.claim(job_id, now=now, lease=timedelta(minutes=2), token="t")
    assert job is not None
    await shop.jobs.end(JobOutcome(lease=job.lease, end=Dead(error="it failed", finding=None)), now=now)
    return job_id


async def got(world: World, path: str) -> Any:
    """What a path answers to the staff."""
    answer = await world.client.get(path, headers=STAFF)
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def test_findings_are_listed_with_what_can_be_done(world: World) -> None:
    """The reason, the money at stake and the likeliest actions; by status, reason and order."""
    placed = await out_of_stock(world)

    (row,) = (await got(world, "/admin/findings?status=open"))["items"]

    assert ("supplier-refused", placed["orderId"], "10.00 EUR") == (row["reason"], row["orderId"], row["amount"])
    assert (row["actions"], row["blocking"]) == (["rebuy", "refund", "park"], True)
    for query in ("status=resolved", "reason=parked", "orderId=nobody"):
        assert (await got(world, f"/admin/findings?{query}"))["items"] == []


async def test_a_finding_is_settled(world: World) -> None:
    """With who and why; twice is once, and it is in the audit."""
    now = world.fakes.clock.now()
    await world.fakes.shop.orders.commit(Change(at=now, findings=(loose_finding(),)))

    for _ in range(2):
        answer = await world.client.post("/admin/findings/f1/resolve", json=WHY, headers=STAFF)
        assert answer.status == 200, await answer.text()

    shown = await answer.json()
    assert (
        shown["status"],
        shown["resolvedBy"],
        shown["resolution"],
    ) == ("resolved", "admin:bootstrap", "seen to")
    assert [row["action"] for row in (await got(world, "/admin/audit"))["items"]] == ["resolve-finding"]


async def test_what_hides_owed_keys_is_refused(world: World) -> None:
    """Retry or refund instead."""
    await out_of_stock(world)
    (row,) = (await got(world, "/admin/findings"))["items"]

    answer = await world.client.post(f"/admin/findings/{row['id']}/resolve", json=WHY, headers=STAFF)

    assert await problem(answer) == (409, "still-owed")


async def test_a_pause_is_not_settled_by_hand(world: World) -> None:
    """It would hide that nothing is bought."""
    now = world.fakes.clock.now()
    told = loose_finding("operator", reason=FindingReason.BUYING_PAUSED)
    pause = Pause(holder=PauseHolder.OPERATOR, by="admin:ann", reason="prices", since=now)
    await world.fakes.shop.switches.pause(pause, finding=told)

    answer = await world.client.post("/admin/findings/operator/resolve", json=WHY, headers=STAFF)

    assert await problem(answer) == (409, "still-paused")


async def test_what_is_not_there_is_not_found(world: World) -> None:
    """A finding or a job of a name that nobody gave."""
    finding = await world.client.post("/admin/findings/nobody/resolve", json=WHY, headers=STAFF)
    job = await world.client.post("/admin/jobs/99/retry", json=WHY, headers=STAFF)

    assert await problem(finding) == (404, "finding-not-found")
    assert await problem(job) == (404, "job-not-found")


async def test_dead_letters_are_listed_and_done_again(world: World) -> None:
    """With their last error; what is done now is a new job."""
    job_id = await given_dead_job(world)

    (row,) = (await got(world, "/admin/jobs?status=dead"))["items"]
    answer = await world.client.post(f"/admin/jobs/{job_id}/retry", json=WHY, headers=STAFF)

    assert (job_id, "nowpayments.ipn", "7", "it failed") == (row["id"], row["name"], row["ref"], row["lastError"])
    assert answer.status == 202
    assert [(job["name"], job["ref"]) for job in (await got(world, "/admin/jobs?status=ready"))["items"]] == [
        ("nowpayments.ipn", "7")
    ]


async def test_a_job_that_is_done_is_not_done_again(world: World) -> None:
    """Ask for what it is about instead."""
    await world.delivered()
    done = (await got(world, "/admin/jobs?status=done"))["items"][0]

    answer = await world.client.post(f"/admin/jobs/{done['id']}/retry", json=WHY, headers=STAFF)

    assert await problem(answer) == (409, "job-done")


@pytest.mark.parametrize("path", ["/admin/findings/f1/resolve", "/admin/jobs/1/retry"])
@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x", "more": 1}])
async def test_whoever_acts_says_why(world: World, path: str, body: dict[str, Any]) -> None:
    """And nothing else."""
    answer = await world.client.post(path, json=body, headers=STAFF)

    assert answer.status == 422


async def test_only_who_may_operate_acts(world: World) -> None:
    """A reader reads."""
    world.tokens.give("reader", "read")

    for path in ("/admin/findings/f1/resolve", "/admin/jobs/1/retry", "/admin/webhook-logs/replay"):
        answer = await world.client.post(path, json=WHY, headers=bearer("reader"))
        assert await problem(answer) == (403, "scope-missing")
    for path in ("/admin/findings", "/admin/jobs", "/admin/audit", "/admin/summary"):
        assert (await world.client.get(path, headers=bearer("reader"))).status == 200


async def test_the_summary_tells_what_is_stuck(world: World) -> None:
    """What is paid and owed by age, the queue, findings, webhooks, margin and pauses."""
    await world.delivered()
    await out_of_stock(world)
    world.fakes.clock.advance(timedelta(minutes=10))
    now = world.fakes.clock.now()
    pause = Pause(holder=PauseHolder.OPERATOR, by="admin:ann", reason="prices", since=now)
    await world.fakes.shop.switches.pause(pause)

    shown = await got(world, "/admin/summary")

    assert {one["name"]: one["count"] for one in shown["orders"]} == {"attention": 1, "fulfilled": 1}
    assert [group["count"] for group in shown["undelivered"]["byAge"]] == [0, 1, 0, 0, 0]
    assert shown["undelivered"]["atStake"] == [{"amount": "12.99", "currency": "EUR"}]
    assert [(one["reason"], one["count"]) for one in shown["findings"]] == [("supplier-refused", 1)]
    assert shown["webhooks"]["successPercent"] == 100.0
    assert shown["money"]["margin"] == [{"amount": "7.99", "currency": "EUR"}]
    assert [one["holder"] for one in shown["pauses"]] == ["operator"]
    assert shown["queue"]["dead"] == 0


async def test_the_summary_tells_how_long_the_balance_lasts(world: World) -> None:
    """At the pace of the last week."""
    await world.delivered()
    balance = Balance(left=Money.of("50.00", "EUR"), at=world.fakes.clock.now() + timedelta(hours=1))
    await world.fakes.shop.switches.note_balance(balance)

    shown = await got(world, "/admin/summary")

    assert (shown["balance"]["left"], shown["balance"]["daysLeft"]) == ({"amount": "50.00", "currency": "EUR"}, 70.0)


async def test_a_new_shop_has_a_summary(world: World) -> None:
    """Nothing is divided by nothing."""
    shown = await got(world, "/admin/summary")

    assert (shown["orders"], shown["findings"], shown["pauses"]) == ([], [], [])
    assert shown["webhooks"]["successPercent"] is None
    assert shown["undelivered"]["oldestPaidAt"] is None
