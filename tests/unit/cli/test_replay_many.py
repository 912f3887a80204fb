"""`bitloot webhooks replay-many`: said first, and done with a reason."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from bitloot_adapters._shared.envelope import MasterKeys, PayloadSealer
from bitloot_adapters.sql.storage import open_storage
from bitloot_core.ports.inbox import Source
from bitloot_core.testing.orders import PLACED_AT
from bitloot_core.testing.samples import a_webhook

Run = Callable[..., Result]
NOTICE = {
    "payment_id": 5977953151,
    "payment_status": "finished",
    "pay_address": "address",
    "price_amount": 12.99,
    "price_currency": "eur",
    "pay_amount": 0.0002598,
    "actually_paid": 0.0002598,
    "pay_currency": "btc",
    "order_id": "o1",
    "order_description": "an order",
    "purchase_id": "1",
    "outcome_amount": 12.0,
    "outcome_currency": "eur",
}


@pytest.fixture
def stored(run: Run, folder: Path) -> Run:
    """A shop that was told of a payment, and something without sense."""
    run("db", "upgrade")

    async def receive() -> None:
        """As the service would."""
        keys = MasterKeys({"k1": bytes(32)})
        async with open_storage(f"sqlite:///{folder / 'bitloot.db'}", PayloadSealer(keys)) as storage:
            told = a_webhook(json.dumps(NOTICE).encode())
            silent = a_webhook(b"[]", source=Source.KINGUIN, subject="unknown", external_id=None)
            for webhook in (told, silent):
                await storage.inbox.receive(webhook, now=PLACED_AT)

    asyncio.run(receive())
    return run


def acts(run: Run) -> list[dict[str, Any]]:
    """What the audit says was run again."""
    told = run("audit", "list", "--action", "replay-webhook", "--json").stdout
    found: list[dict[str, Any]] = json.loads(told)["items"]
    return found


def test_without_a_reason_it_is_only_said(stored: Run) -> None:
    """Which would run, and what would be looked at; nothing does."""
    told = stored("webhooks", "replay-many")

    assert told.exit_code == 0, told.output
    assert "would run" in told.stdout
    assert "payment 5977953151 is read back at the gateway" in told.stdout
    assert "says nothing" in told.stdout
    assert acts(stored) == []


def test_with_a_reason_it_is_done(stored: Run) -> None:
    """Each that ran is a line of the audit, with who and why."""
    done = stored("webhooks", "replay-many", "--source", "nowpayments", "--reason", "the worker was down")

    assert "runs again" in done.stdout
    assert [(one["subject"], one["reason"]) for one in acts(stored)] == [("webhook:1", "the worker was down")]
    assert acts(stored)[0]["actor"].startswith("shell:")


def test_programs_get_what_the_api_answers(stored: Run) -> None:
    """And filters narrow it."""
    both = json.loads(stored("webhooks", "replay-many", "--json").stdout)
    none = json.loads(stored("webhooks", "replay-many", "--order", "o9", "--json").stdout)
    one = json.loads(stored("webhooks", "replay-many", "--type", "unknown", "--json").stdout)

    assert both["dryRun"] is True
    assert [row["outcome"] for row in both["items"]] == ["says-nothing", "runs"]
    assert none["items"] == []
    assert [row["outcome"] for row in one["items"]] == ["says-nothing"]


def test_there_may_be_none(stored: Run) -> None:
    """That is no error."""
    told = stored("webhooks", "replay-many", "--status", "failed")

    assert (told.exit_code, told.stdout) == (0, "There are no such webhooks.\n")
