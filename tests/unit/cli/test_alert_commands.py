"""The commands about alerts: a test that goes out for real, and how each channel stands."""

import asyncio
import base64
import json
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import Result

from harness.alert_receiver import AlertReceiver

Run = Callable[..., Result]
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
def receiver() -> Iterator[AlertReceiver]:
    """A receiver in a loop of its own: a command has another."""
    loop, found = asyncio.new_event_loop(), AlertReceiver(SECRET)
    thread = Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(found.come_back(), loop).result(30)
    yield found
    asyncio.run_coroutine_threadsafe(found.go_down(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(30)
    loop.close()


def add(folder: Path, **settings: str) -> None:
    """Set more in the file of the settings."""
    with (folder / ".env").open("a") as file:
        file.writelines(f"{name}={value}\n" for name, value in settings.items())


def test_a_test_is_sent_on_every_channel(run: Run, folder: Path, receiver: AlertReceiver) -> None:
    """A mail and a signed webhook, under one command; both say that they are a test."""
    add(folder, ALERT_EMAIL="ops@example.com", ALERT_WEBHOOK_URL=receiver.url, ALERT_WEBHOOK_SECRET=SECRET)
    run("db", "upgrade")

    told = run("alerts", "test")

    (mail,) = (folder / "mail").glob("*.eml")
    assert told.exit_code == 0, told.output
    assert told.output.count("was accepted.") == 2
    assert message_from_bytes(mail.read_bytes(), policy=default)["Subject"] == "[BitLoot] 127.0.0.1:8080: a test"
    assert [taken.body["type"] for taken in receiver.taken] == ["alert.test"]


def test_a_channel_that_fails_is_named_and_the_others_are_tried(
    run: Run, folder: Path, receiver: AlertReceiver
) -> None:
    """Exit 1; no address and no secret is shown."""
    add(folder, ALERT_EMAIL="ops@example.com", ALERT_WEBHOOK_URL=receiver.url, ALERT_WEBHOOK_SECRET=SECRET)
    receiver.answer = 410
    run("db", "upgrade")

    told = run("alerts", "test")

    assert told.exit_code == 1
    assert "mail: alert_" in told.output
    assert "webhook: the receiver wants no more alerts (410)." in told.output
    assert "CANARY" not in told.output


def test_without_a_channel_there_is_nothing_to_test(run: Run) -> None:
    """It says what to set, and exits 2."""
    run("db", "upgrade")

    told = run("alerts", "test")

    assert (told.exit_code, "Neither ALERT_EMAIL nor ALERT_WEBHOOK_URL is set." in told.output) == (2, True)
    assert "nobody is told of anything" in run("alerts", "show").output


def test_how_the_channels_stand_is_shown(run: Run, folder: Path) -> None:
    """As a table and as JSON; a test that got through is seen."""
    add(folder, ALERT_EMAIL="ops@example.com")
    run("db", "upgrade")
    before = json.loads(run("alerts", "show", "--json").output)["items"]
    run("alerts", "test")

    (after,) = json.loads(run("alerts", "show", "--json").output)["items"]
    assert (before[0]["deliveredAt"], after["name"], after["status"]) == (None, "mail", "well")
    assert after["deliveredAt"] is not None
    assert "well" in run("alerts", "show").output
