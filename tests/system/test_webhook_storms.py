"""
Webhooks as the vendors really send them, and as nobody should: many at once, old ones, forged ones, broken ones.

**Source:** design section 5 (webhook rules), I1, I5, I12, I13; issue 2, build 5 and "Bad input and failure".
"""

import json
from collections import Counter
from datetime import timedelta

import attrs
import pytest

from harness.buyer import Placed
from harness.posting import EVENTS, IPN, Posted, intercept_notices, intercepted, post, post_all, signed_event
from harness.system import System
from harness.waiting import eventually

KIB = 1024


async def paid_in_silence(system: System) -> tuple[Placed, list[Posted]]:
    """An order whose payment is finished at the gateway, and the notices that were not sent."""
    intercept_notices(system)
    placed = await system.buyer.place()
    await system.vendors.gateway.pay(placed.payment_id)
    return placed, intercepted(system, placed.payment_id)


async def test_each_notice_five_times_at_once_and_backwards_is_one_purchase(system: System) -> None:
    """Copies are merged and counted, an old word changes nothing, and the order is bought and delivered once."""
    placed, notices = await paid_in_silence(system)

    answers = await post_all(system, [notice for notice in reversed(notices) for _ in range(5)])
    await system.buyer.sees(placed, "fulfilled")
    keys = await system.buyer.reveal(await system.buyer.mail(placed))
    await system.at_rest()

    assert set(answers) == {200}
    logged = system.books.webhooks("nowpayments")
    assert [row["deliveries"] for row in logged] == [5] * len(notices)
    system.check([(placed, keys)])


async def test_a_hundred_identical_notices_at_once_have_one_effect(system: System) -> None:
    """One row, one purchase, one mail; a hundred answers of 200."""
    placed, notices = await paid_in_silence(system)

    answers = await post_all(system, [notices[-1]] * 100)
    await system.buyer.sees(placed, "fulfilled")
    keys = await system.buyer.reveal(await system.buyer.mail(placed))
    await system.at_rest()

    assert Counter({200: 100}) == Counter(answers)
    assert [row["deliveries"] for row in system.books.webhooks("nowpayments")] == [100]
    assert len(system.vendors.kinguin.purchases) == 1
    assert len(system.buyer.mails(placed)) == 1
    system.check([(placed, keys)])


async def test_a_hundred_identical_events_of_the_supplier_have_one_effect(system: System) -> None:
    """The supplier's webhook, a hundred times at once while the purchase is collected: each key is held once."""
    system.vendors.kinguin.webhooks.target = None
    system.vendors.kinguin.knobs.delivery_delay = None
    placed = await system.buyer.place(quantity=3)
    await system.vendors.gateway.pay(placed.payment_id)
    await system.buyer.sees(placed, "fulfilling")
    (bought,) = await eventually(system.vendors.kinguin.orders, "the purchase")
    system.vendors.kinguin.deliver(bought.order_id)
    event = signed_event(system, json.dumps({"reservationId": bought.order_id, "status": "ready"}).encode())

    answers = await post_all(system, [event] * 100)
    await system.buyer.sees(placed, "fulfilled")
    keys = await system.buyer.reveal(await system.buyer.mail(placed))
    await system.at_rest()

    assert Counter({200: 100}) == Counter(answers)
    assert [row["deliveries"] for row in system.books.webhooks("kinguin")] == [100]
    system.check([(placed, keys)])


async def test_a_forged_or_damaged_webhook_is_turned_away_and_leaves_nothing(system: System) -> None:
    """401 for whatever is not signed as it should be; no row, no job, no change (I13)."""
    placed, notices = await paid_in_silence(system)
    notice, signature = notices[-1], notices[-1].headers["x-nowpayments-sig"]
    event = signed_event(system, b'{"reservationId":"ABCDEFGHIJK","status":"ready"}')
    other = "0" * len(signature)
    before = system.books.rows("SELECT * FROM orders")
    bad = {
        "another signature": attrs.evolve(notice, headers={"x-nowpayments-sig": other}),
        "no signature": attrs.evolve(notice, headers={}),
        "half a signature": attrs.evolve(notice, headers={"x-nowpayments-sig": signature[:64]}),
        "a signature that is no hex": attrs.evolve(notice, headers={"x-nowpayments-sig": "z" * 128}),
        "half a body": attrs.evolve(notice, body=notice.body[: len(notice.body) // 2]),
        "another body": attrs.evolve(notice, body=notice.body.replace(b"finished", b"refunded")),
        "no body": attrs.evolve(notice, body=b""),
        "a body of another kind": attrs.evolve(notice, body=b"<html>"),
        "a notice at the other door": attrs.evolve(notice, path=EVENTS),
        "an event without its signature": attrs.evolve(event, headers={}),
        "an event with another signature": attrs.evolve(event, headers={"X-KINGUIN-SIGNATURE": other}),
        "an event that was changed": attrs.evolve(event, body=event.body + b" "),
        "an event with a guessed secret": attrs.evolve(
            event, headers={"X-Event-Secret": "guessed", "X-Event-Name": "order.status"}
        ),
        "an event at the other door": attrs.evolve(event, path=IPN),
    }

    answers = dict(zip(bad, await post_all(system, bad.values()), strict=True))

    assert dict.fromkeys(bad, 401) == answers
    assert system.books.webhooks() == []
    assert [row["version"] for row in before] == [
        row["version"] for row in system.books.rows("SELECT * FROM orders WHERE status = 'waiting'")
    ]
    assert placed.order_id == before[0]["id"]


async def test_authentic_nonsense_is_kept_as_ignored_and_harms_no_neighbour(system: System) -> None:
    """Empty, garbage, NUL bytes, half a character, an unknown event: 200 and `ignored`, beside a notice that counts."""
    placed, notices = await paid_in_silence(system)
    nonsense = [
        b"",
        b"garbage",
        b"\x00",
        b'{"reservationId":"A\\u0000B","status":"ready"}',
        b'{"reservationId":"A\x00B","status":"ready"}',
        b'{"reservationId":"\\ud800","status":"ready"}',
        b"\xff\xfe\xfd",
        b"[1, 2, 3]",
        b"null",
        b'{"kinguinId": 1, "productId": "x"}',
        b'{"reservationId":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        json.dumps({"reservationId": "x" * 60_000, "status": "ready"}).encode(),
    ]
    events = [signed_event(system, body) for body in nonsense]

    answers = await post_all(system, [*events, *notices, *reversed(events)])
    await system.buyer.sees(placed, "fulfilled")

    assert set(answers) == {200}
    await eventually(lambda: not system.books.jobs_due(), "everything was looked at")
    words = {row["status"] for row in system.books.webhooks("kinguin")}
    assert words <= {"ignored", "processed", "pending"}
    assert {"processed"} == {row["status"] for row in system.books.webhooks("nowpayments")}


@pytest.mark.parametrize("path", [IPN, EVENTS])
async def test_a_body_over_64_kib_is_turned_away_unread(system: System, path: str) -> None:
    """413, and the service goes on."""
    answer = await post(system, Posted(path=path, body=b"x" * (64 * KIB + 1)))

    assert answer == 413
    assert system.books.webhooks() == []


async def test_an_old_notice_sent_again_moves_nothing(system: System) -> None:
    """An old notice, byte for byte, after the order was delivered: acknowledged, counted, without effect (I12)."""
    placed, notices = await paid_in_silence(system)
    await post_all(system, notices)
    await system.buyer.sees(placed, "fulfilled")
    await system.buyer.mail(placed)
    await system.at_rest()
    before = (system.books.ledger(placed.order_id), system.books.units_held(), await system.buyer.look(placed))

    answers = await post_all(system, notices * 3)
    await eventually(lambda: {row["deliveries"] for row in system.books.webhooks("nowpayments")} == {4}, "all counted")
    await system.at_rest()

    assert set(answers) == {200}
    assert before == (system.books.ledger(placed.order_id), system.books.units_held(), await system.buyer.look(placed))
    assert len(system.vendors.kinguin.purchases) == 1


async def test_a_replay_by_the_staff_moves_nothing(system: System) -> None:
    """Every logged webhook run again through the admin API: no purchase, no second key, no money (I12)."""
    system.vendors.kinguin.knobs.delivery_delay = timedelta(seconds=0.1)
    placed = await system.buyer.place()
    keys = await system.deliver(placed)
    await system.at_rest()
    before = (system.books.ledger(placed.order_id), system.books.units_held(), await system.buyer.look(placed))

    logged = [row["id"] for row in system.books.webhooks()]
    answers = [
        await system.buyer.ask("POST", f"/admin/webhook-logs/{number}/replay", token=system.admin_token)
        for number in logged
    ]
    await system.at_rest()

    assert len(logged) >= 5
    assert {answer and answer[0] // 100 for answer in answers} == {2}
    assert before == (system.books.ledger(placed.order_id), system.books.units_held(), await system.buyer.look(placed))
    system.check([(placed, keys)])
