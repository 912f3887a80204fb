"""`bitloot orders forget`: one order, or all of a buyer."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from bitloot_adapters._shared.envelope import MasterKeys, PayloadSealer
from bitloot_adapters.sql.storage import open_storage
from bitloot_core.testing.orders import fulfilled, placed, reserved, settled
from bitloot_core.testing.samples import a_change

Run = Callable[..., Result]


@pytest.fixture
def shop(run: Run, folder: Path) -> None:
    """One delivered order of a buyer, and one that is in hand."""
    run("db", "upgrade")

    async def write() -> None:
        """As a service would."""
        keys = MasterKeys({"k1": bytes(32)})
        async with open_storage(f"sqlite:///{folder / 'bitloot.db'}", PayloadSealer(keys)) as storage:
            await storage.store.commit(a_change(fulfilled(reserved(settled(placed("done"))))))
            await storage.store.commit(a_change(settled(placed("inhand"))))

    asyncio.run(write())


def test_one_order_is_forgotten(run: Run, shop: None) -> None:
    """And stays so."""
    first, again = run("orders", "forget", "done"), run("orders", "forget", "done", "--json")

    shown = json.loads(run("orders", "show", "done", "--json").stdout)
    assert (first.exit_code, first.stdout) == (0, "Order done: forgotten.\n")
    assert json.loads(again.stdout)["items"] == [{"orderId": "done", "forgotten": True, "refusal": None}]
    assert shown["email"] is None
    assert "forgotten" in run("orders", "list").stdout


def test_an_order_in_hand_is_refused(run: Run, shop: None) -> None:
    """With the reason, and exit 1."""
    refused = run("orders", "forget", "inhand")

    assert refused.exit_code == 1
    assert "the order is paid, and not over" in refused.stderr.lower()


def test_a_buyer_is_forgotten_in_every_order(run: Run, shop: None) -> None:
    """What could be done is done; what could not is named."""
    answer = run("orders", "forget", "--email", "Buyer@Example.com")

    assert answer.exit_code == 1
    assert "Order done: forgotten." in answer.stdout
    assert "Order inhand: left, the order is paid, and not over." in answer.stdout
    assert answer.stderr == "1 of 2 had to be left; try again when they are over.\n"


def test_a_buyer_whom_nobody_knows_is_said_so(run: Run, shop: None) -> None:
    """An address with a slip in it must not look like an erasure."""
    answer = run("orders", "forget", "--email", "nobody@example.com")

    assert (answer.exit_code, answer.stderr) == (1, "There is no order of this buyer.\n")


@pytest.mark.parametrize("arguments", [(), ("done", "--email", "buyer@example.com")])
def test_one_of_the_two_is_asked_for(run: Run, shop: None, arguments: tuple[str, ...]) -> None:
    """An order or a buyer."""
    assert run("orders", "forget", *arguments).exit_code == 2
