"""Each action of the staff, sent ten times at once to the API, is done once: on SQLite and on PostgreSQL."""

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from aiohttp import ClientResponse

from bitloot_adapters.sql.migrate import upgrade
from bitloot_core.order.actions import Action
from bitloot_core.order.jobs import JobName
from bitloot_core.order.order import Order
from bitloot_core.ports.jobs import Dead, JobOutcome
from bitloot_core.ports.store import Change
from bitloot_core.testing.contracts.audit import loose_finding
from bitloot_core.testing.samples import a_job
from bitloot_core.testing.shop import FakeShop
from harness.api_on import ApiWorld, api_on
from harness.orders_to_press import fulfilled, given_back, parked, refused, short, unpaid

AT_ONCE = 10
WHY = {"reason": "asked for"}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with our tables and nothing in them."""
    path = tmp_path_factory.mktemp("sql") / "empty.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ApiWorld]:
    """A running application on each kind of database."""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    else:
        url = f"sqlite:///{shutil.copy(request.getfixturevalue('empty'), tmp_path / 'shop.db')}"
    async with api_on(url) as opened:
        yield opened


@attrs.frozen(kw_only=True)
class Case:
    """
    An action, and what ten presses come to.

    Attributes:
        given: the order that it is for.
        said: what is sent beside the reason.
        lines: how often the audit names it.
        purchases: how many there are in the end.
        mails: how many the buyer has got in the end.
    """

    given: Callable[[FakeShop], Awaitable[Order]]
    said: dict[str, Any] = attrs.field(factory=dict)
    lines: int = 1
    purchases: int = 1
    mails: int = 1


CASES = {
    Action.CANCEL: Case(given=unpaid, purchases=0, mails=0),
    Action.REFUND: Case(given=fulfilled),
    Action.ACCEPT_PAYMENT: Case(given=short, mails=0),
    Action.REBUY: Case(given=refused, mails=0),
    Action.RETRY: Case(given=refused, lines=AT_ONCE, mails=0),
    Action.REPLACE_KEY: Case(given=fulfilled, said={"unitId": "1.1"}, purchases=2),
    Action.RETURN_KEYS: Case(given=given_back),
    Action.PARK: Case(given=fulfilled),
    Action.UNPARK: Case(given=parked, mails=0),
    Action.FORGET: Case(given=given_back),
}


async def pressed_at_once(world: ApiWorld, path: str, body: dict[str, Any], headers: dict[str, str]) -> list[Any]:
    """The answers to ten that come together, all of them good."""

    async def press() -> Any:
        """One of the presses."""
        answer: ClientResponse = await world.client.post(path, json=body, headers=headers)
        assert answer.status == 200, await answer.text()
        return await answer.json()

    return list(await asyncio.gather(*(press() for _ in range(AT_ONCE))))


@pytest.mark.parametrize("action", CASES)
async def test_ten_requests_at_once_are_one(world: ApiWorld, action: str) -> None:
    """Each is answered with the same order, audit and timeline name it once, and nothing is bought or mailed twice."""
    case = CASES[Action(action)]
    order = await case.given(world.fakes)
    headers = await world.token("operate", "read")

    seen = await pressed_at_once(world, f"/admin/orders/{order.id}/{action}", {**WHY, **case.said}, headers)
    await world.fakes.work()

    assert [action] * case.lines == await world.acts()
    assert {one["status"] for one in seen} == {seen[0]["status"]}
    shown = await (await world.client.get(f"/admin/orders/{order.id}", headers=headers)).json()
    told = Counter((row["event"], row["text"]) for row in shown["timeline"] if "admin:ann" in row["text"])
    assert max(told.values()) == case.lines
    assert (case.purchases, case.mails) == (len(world.fakes.supplier.purchases), len(world.fakes.mailer.sent))


async def test_of_ten_fresh_links_one_is_good(world: ApiWorld) -> None:
    """Each press is a link of its own, and revokes the one before: the buyer's newest mail opens, and no other."""
    order = await fulfilled(world.fakes)
    headers = await world.token("operate")

    await pressed_at_once(world, f"/admin/orders/{order.id}/resend", WHY, headers)
    await world.fakes.work()

    first, newest = world.fakes.mailer.sent
    assert first.mail.link != newest.mail.link
    assert len(await world.fakes.reveal()) == 1


async def test_ten_looks_at_a_key_are_ten_rows(world: ApiWorld) -> None:
    """A look is no decision: each is written down (I9), and the chain of the audit holds."""
    order = await fulfilled(world.fakes)
    headers = await world.token("keys")

    seen = await pressed_at_once(world, f"/admin/orders/{order.id}/reveal", WHY, headers)

    assert {one["keys"][0]["value"] for one in seen} == {"FAKE-SERIAL-1-1"}
    verdict = await world.fakes.shop.audit.verify_accesses(None)
    assert (verdict.rows, verdict.broken_row) == (AT_ONCE, None)


async def test_a_finding_is_settled_once(world: ApiWorld) -> None:
    """By whoever comes first; the others see it settled."""
    now = world.fakes.clock.now()
    await world.fakes.shop.orders.commit(Change(at=now, findings=(loose_finding(),)))
    headers = await world.token("operate")

    seen = await pressed_at_once(world, "/admin/findings/f1/resolve", WHY, headers)

    assert {(one["status"], one["resolvedBy"]) for one in seen} == {("resolved", "admin:ann")}
    assert await world.acts() == [Action.RESOLVE]


async def test_a_dead_job_is_done_again_once(world: ApiWorld) -> None:
    """All ten ask for the same job, which is there once."""
    shop, now = world.fakes.shop, world.fakes.clock.now()
    job_id = await shop.jobs.ask(a_job("7", name=JobName.NOWPAYMENTS_IPN, due_at=now), now=now)
    job = await shop.jobs.claim(job_id, now=now, lease=timedelta(minutes=2), token="t")
    assert job is not None
    await shop.jobs.end(JobOutcome(lease=job.lease, end=Dead(error="it failed", finding=None)), now=now)
    headers = await world.token("operate", "read")

    answers = await asyncio.gather(
        *(world.client.post(f"/admin/jobs/{job_id}/retry", json=WHY, headers=headers) for _ in range(AT_ONCE))
    )

    assert {one.status for one in answers} == {202}
    ready = await (await world.client.get("/admin/jobs?status=ready", headers=headers)).json()
    assert [(one["name"], one["ref"]) for one in ready["items"]] == [("nowpayments.ipn", "7")]


async def test_a_replay_pressed_ten_times_moves_nothing(world: ApiWorld) -> None:
    """I12: the webhook's job is woken, the order stays as it is, and nothing is bought."""
    order = await fulfilled(world.fakes)
    before = await world.fakes.order(order.id)
    headers = await world.token("operate")

    answers = await asyncio.gather(
        *(world.client.post("/admin/webhook-logs/1/replay", json=WHY, headers=headers) for _ in range(AT_ONCE))
    )
    await world.fakes.work()

    assert {one.status for one in answers} == {202}
    assert before == await world.fakes.order(order.id)
    assert len(world.fakes.supplier.purchases) == 1


async def test_a_token_ends_and_can_be_ended(world: ApiWorld) -> None:
    """By its day, and at once by a command; the very next request is refused."""
    short_lived, lasting = await world.token("read", days=1), await world.token("read")

    async def status(headers: dict[str, str]) -> int:
        """What the token is answered now."""
        return (await world.client.get("/admin/orders", headers=headers)).status

    on_the_day = await status(short_lived), await status(lasting)
    world.fakes.clock.advance(timedelta(days=1))
    the_day_after = await status(short_lived), await status(lasting)
    await world.opened.kept.admin_tokens.revoke("ann", now=world.fakes.clock.now())

    assert on_the_day == (200, 200)
    assert the_day_after == (401, 200)
    assert (await status(short_lived), await status(lasting)) == (401, 401)
