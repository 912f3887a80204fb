"""
The seed's smoke test, against the real service, on either database.

**Source:** issue 2, "Done when": create order, IPN `finished`, job `reserve` ran, signed webhook, unit held, link made,
mail sent, order fulfilled, webhook log processed with its order id.
"""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from harness.buyer import Placed
from harness.databases import Stock
from harness.system import System, open_system
from harness.vendors import CANARY
from harness.waiting import eventually


@pytest.fixture(params=["stocked", "postgres_stock"])
def stock(request: pytest.FixtureRequest) -> Stock | Path:
    """Databases with products, of either kind."""
    return request.getfixturevalue(request.param)


@pytest.fixture
async def system(tmp_path: Path, stock: Stock | Path) -> AsyncIterator[System]:
    """A running service with simulated vendors and short clocks."""
    async with open_system(tmp_path, stock) as opened:
        yield opened


async def admin(system: System, path: str) -> Any:
    """Read from the admin API."""
    found = await system.buyer.ask("GET", path, token=system.admin_token)
    assert found is not None
    assert found[0] == 200, found
    return found[1]


async def send_signed(system: System, body: bytes) -> int:
    """Send the supplier's webhook in its HMAC form; the status of the answer."""
    secret = system.place.settings["KINGUIN_WEBHOOK_SECRET"].encode()
    headers = {"X-KINGUIN-SIGNATURE": hmac.new(secret, body, hashlib.sha512).hexdigest()}
    async with system.session.post(f"{system.place.url}/kinguin/webhooks", data=body, headers=headers) as answer:
        return answer.status


async def purchase_of(system: System, placed: Placed) -> str:
    """Wait until the order's purchase has the supplier's name, and return that."""

    async def look() -> str | None:
        """The supplier's name of the purchase, once it is known."""
        order = await admin(system, f"/admin/orders/{placed.order_id}")
        return next((one["kinguinReservationId"] for one in order["reservations"]), None)

    return await eventually(look, "the job `reserve` has bought")


async def test_an_order_goes_from_creation_to_a_key_through_a_signed_webhook(system: System) -> None:
    """A key inside a signed webhook is held, linked and mailed, and the webhook is logged with its order."""
    system.vendors.kinguin.knobs.delivery_delay = timedelta(0)
    system.vendors.kinguin.knobs.withhold_keys = True  # the API itself shows none: only then the event's key counts
    system.vendors.kinguin.webhooks.target = None
    placed = await system.buyer.place()

    await system.vendors.gateway.pay(placed.payment_id)
    supplier_order_id = await purchase_of(system, placed)
    (bought,) = system.vendors.kinguin.order(supplier_order_id).keys
    event = {"reservationId": supplier_order_id, "status": "ready", "key": bought.serial}
    answered = await send_signed(system, json.dumps(event).encode())
    await system.buyer.sees(placed, "fulfilled")
    mail = await system.buyer.mail(placed)
    keys = await system.buyer.reveal(mail)
    system.vendors.kinguin.knobs.withhold_keys = False  # it shows them at last, and the event's key is one of them

    assert answered == 200
    assert keys == [bought.serial]
    order = await admin(system, f"/admin/orders/{placed.order_id}")
    assert [item["delivered"] for item in order["items"]] == [1]
    assert ("reserve", "done") in {(job["name"], job["status"]) for job in order["jobs"]}
    logs = (await admin(system, f"/admin/webhook-logs?orderId={placed.order_id}"))["items"]
    assert {(log["source"], log["status"], log["orderId"]) for log in logs} == {
        ("kinguin", "processed", placed.order_id),
        ("nowpayments", "processed", placed.order_id),
    }
    assert CANARY not in mail.text
    await system.at_rest()
    assert (await admin(system, f"/admin/orders/{placed.order_id}"))["findings"] == []
    assert system.books.files_with([CANARY]) == []


async def test_an_order_goes_through_with_nothing_but_what_the_vendors_do_by_themselves(system: System) -> None:
    """The same way without a hand in it: the vendors' own webhooks, the API's own keys, three units."""
    placed = await system.buyer.place(quantity=3)

    keys = await system.deliver(placed)

    assert len(keys) == 3
    await system.at_rest()
    system.check([(placed, keys)])
