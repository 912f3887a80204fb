"""The commands about what waits, what the staff did, and what a person decides."""

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from typer.testing import Result

from bitloot_adapters._shared.envelope import MasterKeys, PayloadSealer
from bitloot_adapters.sql.storage import SqlStorage, open_storage
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import JobName
from bitloot_core.ports.jobs import Dead, JobOutcome
from bitloot_core.ports.store import Change
from bitloot_core.testing.contracts.audit import LOOK, loose_finding
from bitloot_core.testing.contracts.storage import LEASE
from bitloot_core.testing.orders import (
    PLACED_AT,
    fulfilled,
    opened,
    placed,
    reserved,
    settled,
)
from bitloot_core.testing.samples import a_change, a_job

Run = Callable[..., Result]
Work = Callable[[SqlStorage], Awaitable[object]]
Write = Callable[[Work], None]
WHY = ("--reason", "seen to")


@pytest.fixture
def write(run: Run, folder: Path) -> Write:
    """Write to the shop's database, as a service would."""
    run("db", "upgrade")

    def written(work: Work) -> None:
        """Open it, and do the work."""

        async def opened_and_done() -> None:
            """In a loop of its own."""
            keys = MasterKeys({"k1": bytes(32)})
            async with open_storage(f"sqlite:///{folder / 'bitloot.db'}", PayloadSealer(keys)) as storage:
                await work(storage)

        asyncio.run(opened_and_done())

    return written


def test_findings_are_listed_and_settled(run: Run, write: Write) -> None:
    """As a table and as JSON; then they are among the resolved ones, and the audit tells who did it."""
    write(lambda storage: storage.store.commit(Change(at=PLACED_AT, findings=(loose_finding(),))))

    listed = run("findings", "list")
    settled_ = run("findings", "resolve", "f1", *WHY)
    open_ones = run("findings", "list")
    resolved = json.loads(run("findings", "list", "--resolved", "--reason", "reconciliation", "--json").stdout)
    acts = json.loads(run("audit", "list", "--action", "resolve-finding", "--json").stdout)

    assert "reconciliation" in listed.stdout
    assert "8.50 EUR" in listed.stdout
    assert settled_.stdout.startswith("Finding f1 (reconciliation) is settled by shell:")
    assert "There are no such findings." in open_ones.stdout
    assert [(one["id"], one["resolution"]) for one in resolved["items"]] == [("f1", "seen to")]
    assert [(one["subject"], one["reason"]) for one in acts["items"]] == [("f1", "seen to")]
    assert "settled by shell:" in run("findings", "list", "--resolved").stdout


def test_dead_letters_are_listed_and_done_again(run: Run, write: Write) -> None:
    """With their last error."""

    async def bury(storage: SqlStorage) -> None:
        """A job that was given up."""
        job_id = await storage.jobs.ask(a_job("7", name=JobName.NOWPAYMENTS_IPN), now=PLACED_AT)
        job = await storage.jobs.claim(job_id, now=PLACED_AT, lease=LEASE, token="t")
        assert job is not None
        dead = Dead(error="it failed", finding=loose_finding("d1", reason=FindingReason.DEAD_JOB))
        await storage.jobs.end(JobOutcome(lease=job.lease, end=dead), now=PLACED_AT)

    write(bury)

    dead = run("jobs", "list", "--status", "dead")
    again = run("jobs", "retry", "1")
    ready = json.loads(run("jobs", "list", "--name", "nowpayments.ipn", "--json").stdout)
    table = run("jobs", "list")

    assert "it failed" in dead.stdout
    assert (again.exit_code, again.stdout) == (0, "Job 1 is done again by the next worker that looks.\n")
    assert [(job["ref"], job["status"]) for job in ready["items"]] == [("7", "ready")]
    assert "nowpayments.ipn" in table.stdout
    assert run("jobs", "list", "--status", "lost").exit_code == 2
    assert run("jobs", "retry", "99").exit_code == 1


def test_a_whole_audit_prints_its_head(run: Run, write: Write) -> None:
    """And takes it back later."""
    empty = run("audit", "verify")
    write(lambda storage: storage.store.commit(Change(at=PLACED_AT, accesses=(LOOK, LOOK))))

    whole = run("audit", "verify")
    head = whole.stdout.split()[-1]

    assert (empty.exit_code, empty.stdout) == (0, "The key audit is empty.\n")
    assert "2 in all" in whole.stdout
    assert head.endswith("@2")
    assert run("audit", "verify", "--head", head).exit_code == 0
    assert run("audit", "verify", "--head", "nonsense").exit_code == 2


@pytest.mark.parametrize(
    ("tampering", "told"),
    [
        ("UPDATE key_access SET actor = 'nobody' WHERE id = 2", "row 2 does not follow"),
        ("DELETE FROM key_access WHERE id = 3", "the head that was given is not in it any more"),
    ],
)
def test_tampering_exits_1(run: Run, write: Write, folder: Path, tampering: str, told: str) -> None:
    """A row that was written over, and one that was cut from the end."""
    write(lambda storage: storage.store.commit(Change(at=PLACED_AT, accesses=(LOOK, LOOK, LOOK))))
    head = run("audit", "verify").stdout.split()[-1]
    with sqlite3.connect(folder / "bitloot.db") as connection:
        for verb in ("update", "delete"):
            connection.execute(f"DROP TRIGGER key_access_no_{verb}")
        connection.execute("DELETE FROM key_access_origins WHERE access_id = 3")
        connection.execute(tampering)

    refused = run("audit", "verify", "--head", head)

    assert refused.exit_code == 1
    assert told in refused.stderr


def test_the_acts_of_the_staff_are_listed(run: Run, write: Write) -> None:
    """Who, what and why."""
    write(lambda storage: storage.store.commit(a_change(settled(placed()))))
    run("orders", "park", "o1", *WHY)

    table = run("audit", "list", "--order", "o1")

    assert "park" in table.stdout
    assert "seen to" in table.stdout
    assert "The staff has done nothing" in run("audit", "list", "--actor", "admin:nobody").stdout


def test_orders_are_decided_at_the_command_line(run: Run, write: Write) -> None:
    """Each decision answers the order as it is then, and is written down once."""

    async def stock(storage: SqlStorage) -> None:
        """One that waits, and one that is delivered."""
        await storage.store.commit(a_change(opened(placed("waits"))))
        await storage.store.commit(a_change(fulfilled(reserved(settled(placed("done"))))))

    write(stock)
    decisions = [
        ("cancel", "waits"),
        ("park", "done"),
        ("unpark", "done"),
        ("resend", "done"),
        ("replace-key", "done", "--unit", "1.1"),
        ("refund", "done"),
    ]

    answers = {words[0]: run("orders", *words, *WHY) for words in decisions}
    acts = json.loads(run("audit", "list", "--json").stdout)["items"]

    assert {0} == {one.exit_code for one in answers.values()}, {name: one.stderr for name, one in answers.items()}
    assert answers["cancel"].stdout == "Order waits is cancelled.\n"
    assert answers["refund"].stdout == "Order done is refunded.\n"
    assert [words[0] for words in decisions] == [act["action"] for act in reversed(acts)]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("rebuy", "o1"), "No purchase of it was refused or cancelled"),
        (("accept-payment", "o1", "--payment", "nobody"), "No such payment waits for a decision"),
        (("replace-key", "o1", "--unit", "9.9"), "No unit 9.9"),
        (("replace-key", "o1", "--unit", "1.1", "--from-supplier"), "No key is held"),
        (("return-keys", "o1", "--purchase", "nobody"), "No purchase nobody"),
    ],
)
def test_what_makes_no_sense_is_refused(run: Run, write: Write, words: tuple[str, ...], told: str) -> None:
    """With the reason, and exit 1."""
    write(lambda storage: storage.store.commit(a_change(reserved(settled(placed())))))

    refused = run("orders", *words, *WHY)

    assert refused.exit_code == 1
    assert told in refused.stderr


def test_tokens_are_listed_and_revoked(run: Run) -> None:
    """Never the token itself; a revoked one stays in the list."""
    token = run("admin", "create-token", "--name", "ann", "--scope", "read,keys", "--days", "3").stdout.strip()
    run("admin", "create-token", "--name", "bob")

    before = run("admin", "list-tokens")
    revoked, again = run("admin", "revoke-token", "ann"), run("admin", "revoke-token", "ann")
    after = json.loads(run("admin", "list-tokens", "--json").stdout)["items"]

    assert "keys, read" in before.stdout
    assert "yes, ends in" in before.stdout
    assert token not in before.stdout
    assert (revoked.exit_code, revoked.stdout) == (0, "1 token of ann revoked.\n")
    assert again.exit_code == 1
    assert [(one["name"], one["revokedAt"] is not None) for one in after] == [("bob", False), ("ann", True)]
    assert "no, revoked" in run("admin", "list-tokens").stdout


def test_a_shop_without_tokens_says_so(run: Run) -> None:
    """There is nothing to list."""
    run("db", "upgrade")

    assert "No token was given out yet." in run("admin", "list-tokens").stdout
