"""
What the invariants promise and only the whole can break: money first, the right object, the audit, nothing in clear.

**Source:** design section 8: I3, I4, I5, I6, I7, I9, I13. (I1, I2, I5, I10 under SIGKILL: `test_kill_everywhere`; I12:
`test_webhook_storms`.)
"""

import json
from pathlib import Path
from typing import Any

import pytest

from bitloot_adapters.nowpayments_simulator import StatusWord
from harness.buyer import Placed
from harness.mailbox import Mail
from harness.posting import post_all, signed_event
from harness.system import System
from harness.vendors import CANARY
from harness.waiting import eventually


async def answer_of(system: System, mail: Mail) -> tuple[int, Any]:
    """Press the button once, whatever comes of it."""
    path = mail.link.removeprefix(system.place.url) + "/reveal"
    found = await system.buyer.ask("POST", path)
    assert found is not None
    return found


async def told(system: System, placed: Placed, word: str) -> None:
    """Wait until a notice with this word was followed."""

    def is_told() -> bool:
        """Whether it was."""
        logged = system.books.webhooks("nowpayments")
        return any(row["status"] == "processed" and row["type"] == f"payment.{word}" for row in logged)

    await eventually(is_told, f"the notice `{word}` for {placed.order_id} was followed")


@pytest.mark.parametrize("word", ["confirming", "confirmed", "sending", "partially_paid"])
async def test_nothing_is_bought_before_a_payment_is_final(system: System, word: str) -> None:
    """Whatever word stands before `finished`: no purchase, no link, no key (I3)."""
    placed = await system.buyer.place()
    share = "0.00000100" if word == "partially_paid" else None

    await system.vendors.gateway.pay(placed.payment_id, share, steps=[word])
    await told(system, placed, word)

    assert system.vendors.kinguin.purchases == ()
    assert system.books.units_held() == []
    assert system.books.rows("SELECT * FROM links") == []
    assert system.buyer.mails(placed) == []


async def test_a_notice_that_says_finished_too_early_buys_nothing(system: System) -> None:
    """An authentic notice is a hint: the payment read back still waits, and that is what counts (I3)."""
    placed = await system.buyer.place()

    system.vendors.gateway.notify(placed.payment_id, StatusWord(word="finished"))
    await told(system, placed, "finished")

    order = await system.buyer.look(placed)
    assert order is not None
    assert order["status"] == "waiting"
    assert system.vendors.kinguin.purchases == ()


async def test_a_refund_closes_the_link(system: System) -> None:
    """A key that was not paid for after all is not shown any more (I3)."""
    placed = await system.buyer.place()
    await system.deliver(placed)
    mail = await system.buyer.mail(placed)

    await system.vendors.gateway.refund(placed.payment_id)
    await told(system, placed, "refunded")
    status, answer = await answer_of(system, mail)

    assert status in {409, 410}
    assert CANARY not in json.dumps(answer)


async def test_two_sealed_objects_that_changed_places_open_for_nobody(system: System) -> None:
    """Object A on B's path does not open, and neither buyer sees the other's key (I4)."""
    orders = [await system.buyer.place(), await system.buyer.place()]
    for placed in orders:
        await system.vendors.gateway.pay(placed.payment_id)
    mails = [await system.buyer.mail(placed) for placed in orders]
    first, second = (_object(system, system.books.units_held(placed.order_id)[0]["storage_ref"]) for placed in orders)
    _swap(first, second)

    answers = [await answer_of(system, mail) for mail in mails]

    assert all(status >= 400 for status, _ in answers)
    assert CANARY not in json.dumps(answers)
    _swap(first, second)
    for placed, mail in zip(orders, mails, strict=True):
        assert await system.buyer.reveal(mail) == system.vendors.delivered_for(placed.order_id)


def _object(system: System, storage_ref: str) -> Path:
    """The file that holds a sealed key."""
    (found,) = (path for path in system.place.vault.rglob("*") if path.is_file() and storage_ref in path.name)
    return found


def _swap(first: Path, second: Path) -> None:
    """Let two files change places."""
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)


async def test_an_acknowledged_webhook_about_nothing_we_know_stays_visible(system: System) -> None:
    """It is neither lost nor called done: it waits, in front of the staff (I5)."""
    event = signed_event(system, b'{"reservationId":"NOBODYSORDER","status":"ready"}')

    (answered,) = await post_all(system, [event])
    listed = await system.buyer.ask("GET", "/admin/webhook-logs?source=kinguin", token=system.admin_token)

    assert answered == 200
    assert listed is not None
    (log,) = listed[1]["items"]
    assert log["externalId"] == "NOBODYSORDER"
    assert log["status"] == "pending"


async def test_money_that_is_short_late_or_too_much_is_in_the_books(system: System) -> None:
    """A short payment, a second deposit, and one after expiry: an entry each, and findings (I6)."""
    short, twice, late = [await system.buyer.place() for _ in range(3)]

    await system.vendors.gateway.pay(short.payment_id, "0.00000100")
    await system.vendors.gateway.pay(twice.payment_id)
    await system.buyer.sees(twice, "fulfilled")
    await system.vendors.gateway.repeat_deposit(twice.payment_id)
    await system.vendors.gateway.expire(late.payment_id)
    await system.buyer.sees(late, "expired")
    await system.vendors.gateway.pay(late.payment_id)
    await system.buyer.sees(short, "underpaid")
    await system.buyer.sees(late, "fulfilled")
    await eventually(lambda: len(system.books.findings()) == 2, "the short and the second deposit are findings")

    assert {finding["order_id"] for finding in system.books.findings()} == {short.order_id, twice.order_id}
    received = [len(_received(system, placed)) for placed in (short, twice, late)]
    assert received == [1, 2, 1]


def _received(system: System, placed: Placed) -> list[dict[str, Any]]:
    """The entries of money that came in for an order."""
    return [entry for entry in system.books.ledger(placed.order_id) if entry["kind"] == "received"]


async def test_no_key_stands_anywhere_in_the_clear(system: System) -> None:
    """Database, write-ahead log, vault, mails and the log at its most talkative: no key, in any disguise (I7)."""
    system.vendors.kinguin.webhooks.with_key = True
    placed = await system.buyer.place(quantity=2)
    keys = await system.deliver(placed)
    await system.at_rest()

    leaks = system.books.files_with([CANARY, *keys])

    assert system.place.settings["LOG_LEVEL"] == "debug"
    assert leaks == []
    # The search itself finds what is there to be found.
    (system.place.folder / "leak.txt").write_text(f"oops {keys[0]}", encoding="utf-8")
    assert system.books.files_with([CANARY, *keys]) == ["leak.txt"]


async def test_no_secret_stands_in_the_log(system: System) -> None:
    """API keys, signing secrets, tokens and links are in no file but the mail that carries the link."""
    placed = await system.buyer.place()
    await system.deliver(placed)
    mail = await system.buyer.mail(placed)
    await system.at_rest()
    secret = [value for name, value in system.place.settings.items() if name.endswith(("KEY", "SECRET", "TOKEN"))]

    found = system.books.files_with([*secret, placed.access_token, mail.link.rpartition("/")[2]])

    assert {Path(name).suffix for name in found} <= {".eml"}


async def test_the_audit_row_stands_before_the_key_is_opened(system: System) -> None:
    """A reveal that fails after its row was written still shows who tried (I9)."""
    placed = await system.buyer.place()
    await system.vendors.gateway.pay(placed.payment_id)
    mail = await system.buyer.mail(placed)
    (unit,) = system.books.units_held(placed.order_id)
    sealed = _object(system, unit["storage_ref"])
    kept = sealed.rename(sealed.with_name("elsewhere"))

    failed, _ = await answer_of(system, mail)
    kept.rename(sealed)
    shown = await system.buyer.reveal(mail)

    assert failed >= 500
    assert shown == system.vendors.delivered_for(placed.order_id)
    assert [access["actor"] for access in system.books.accesses(placed.order_id)] == ["link", "link"]


async def test_nothing_changes_on_input_that_proves_nothing(system: System) -> None:
    """Wrong tokens, other people's tokens, guessed links: refused, and not a row of the database is touched (I13)."""
    mine, theirs = await system.buyer.place(), await system.buyer.place()
    keys = await system.deliver(theirs)
    link = (await system.buyer.mail(theirs)).link
    await system.at_rest()
    before = _contents(system)
    order = f"/orders/{mine.order_id}"

    answers = [
        await system.buyer.ask("GET", order),
        await system.buyer.ask("GET", order, token="guessed"),
        await system.buyer.ask("GET", order, token=theirs.access_token),
        await system.buyer.ask("POST", f"{order}/payments", {"payCurrency": "ltc"}, token=theirs.access_token),
        await system.buyer.ask("POST", f"{order}/link", token=theirs.access_token),
        await system.buyer.ask("POST", f"/delivery/{link[-57:-1]}0/reveal"),
        await system.buyer.ask("POST", f"/delivery/{mine.access_token}/reveal"),
        await system.buyer.ask("GET", "/admin/orders", token=mine.access_token),
        await system.buyer.ask("POST", "/admin/webhook-logs/1/replay", token="guessed"),
        await system.buyer.ask("GET", f"/kinguin/status/{keys[0]}"),
    ]

    assert [answer and answer[0] for answer in answers] == [401, 401, 403, 403, 403, 404, 404, 401, 401, 401]
    assert before == _contents(system)


def _contents(system: System) -> dict[str, list[dict[str, Any]]]:
    """Every row of what matters."""
    tables = ("orders", "payments", "reservations", "units", "links", "order_events", "key_access", "webhook_logs")
    return {table: system.books.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables}  # noqa: S608 - ours
