"""The simulator's webhooks: both forms, what they say, and when they are sent."""

import hashlib
import hmac
import json
from decimal import Decimal

import aiohttp
import pytest
from kinguin_webhooks_world import SECRET, Receiver, buy

from bitloot_adapters.kinguin_simulator import (
    PNG,
    KinguinSimulator,
    Offer,
    WebhookForm,
)


async def test_a_completed_order_is_announced_in_the_documented_form(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """Name and plain secret in headers, the misspelt content type, the documented body."""
    order_id = await buy(client)
    await simulator.webhooks.settled()

    ((headers, _),) = receiver.received
    assert headers["X-Event-Name"] == "order.status"
    assert headers["X-Event-Secret"] == SECRET
    assert headers["Content-Type"] == "aplication/json"
    assert receiver.bodies == [
        {
            "orderId": order_id,
            "orderExternalId": "ref-1",
            "status": "completed",
            "updatedAt": "2020-10-16T11:24:08.025+00:00",
        }
    ]


@pytest.mark.parametrize("with_key", [False, True])
async def test_the_signed_form_signs_the_raw_body(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver, *, with_key: bool
) -> None:
    """Hex HMAC-SHA512 of exactly the bytes sent; the key is inside only when asked for."""
    simulator.webhooks.form = WebhookForm.SIGNATURE
    simulator.webhooks.with_key = with_key
    order_id = await buy(client)
    await simulator.webhooks.settled()

    ((headers, body),) = receiver.received
    assert headers["X-KINGUIN-SIGNATURE"] == hmac.new(SECRET.encode(), body, hashlib.sha512).hexdigest()
    assert "X-Event-Secret" not in headers
    (serial,) = simulator.delivered_serials("ref-1")
    expected = {"status": "delivered", "key": serial} if with_key else {"status": "ready"}
    assert json.loads(body) == {"reservationId": order_id} | expected


async def test_a_picture_never_travels_in_a_webhook(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """The signed form carries text keys only; with a picture it says `ready` and no more."""
    simulator.webhooks.form = WebhookForm.SIGNATURE
    simulator.webhooks.with_key = True
    simulator.set_stock("p-1", 0)
    simulator.add_offer("p-1", Offer(offer_id="picture", price=Decimal(5), stock=1, media_type=PNG))
    order_id = await buy(client)
    await simulator.webhooks.settled()

    assert receiver.bodies == [{"reservationId": order_id, "status": "ready"}]


async def test_each_change_of_status_is_announced(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """Processing (when switched on), canceled and refunded too; no change, no webhook."""
    simulator.knobs.delivery_delay = None
    simulator.webhooks.announce_processing = True
    canceled, refunded = await buy(client, "a"), await buy(client, "b")
    await simulator.webhooks.settled()
    simulator.cancel(canceled)
    await simulator.webhooks.settled()
    simulator.refund(refunded)
    simulator.refund(refunded)
    simulator.deliver(canceled)
    await simulator.webhooks.settled()

    assert sorted(body["status"] for body in receiver.bodies[:2]) == ["processing"] * 2
    assert [(body["orderId"], body["status"]) for body in receiver.bodies[2:]] == [
        (canceled, "canceled"),
        (refunded, "refunded"),
    ]


async def test_the_deprecated_event_can_still_come(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """`order.complete` beside `order.status`, without a status in its body."""
    simulator.webhooks.announce_complete = True
    order_id = await buy(client)
    await simulator.webhooks.settled()

    assert set(receiver.names) == {"order.status", "order.complete"}
    body = receiver.bodies[receiver.names.index("order.complete")]
    assert body == {"orderId": order_id, "orderExternalId": "ref-1", "updatedAt": "2020-10-16T11:24:08.025+00:00"}


async def test_products_are_announced_when_switched_on(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """A moved price sends nothing by default, and `product.update` when the shop has subscribed."""
    simulator.move_price("p-1", Decimal(6))
    simulator.webhooks.announce_products = True
    simulator.move_price("p-1", Decimal(7))
    await simulator.webhooks.settled()

    assert receiver.names == ["product.update"]
    assert receiver.bodies == [
        {
            "kinguinId": 1001,
            "productId": "p-1",
            "qty": 100,
            "textQty": 100,
            "cheapestOfferId": ["o-1"],
            "updatedAt": "2020-10-16T11:24:08.025+00:00",
        }
    ]


async def test_product_updates_can_flood(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """As many as asked for, each of them sent."""
    simulator.flood_product_updates(200)
    await simulator.webhooks.settled()

    assert receiver.names == ["product.update"] * 200


async def test_the_dashboards_probe_is_empty(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """An empty body with the secret; the status comes back to the dashboard."""
    receiver.statuses = [202]

    assert await simulator.webhooks.probe() == 202

    ((headers, body),) = receiver.received
    assert (headers["X-Event-Secret"], body) == (SECRET, b"")


async def test_any_event_can_be_sent(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """An event that no documentation knows, and the present status once more."""
    order_id = await buy(client)
    simulator.webhooks.send_raw("order.vanished", {"orderId": order_id})
    simulator.announce(order_id)
    await simulator.webhooks.settled()

    assert sorted(map(str, receiver.names)) == ["order.status", "order.status", "order.vanished"]


async def test_secrets_and_serials_stay_out_of_representations(
    simulator: KinguinSimulator, client: aiohttp.ClientSession
) -> None:
    """Neither what was sent nor the desk behind it shows a key or the API key."""
    simulator.webhooks.form = WebhookForm.SIGNATURE
    simulator.webhooks.with_key = True
    await buy(client)
    await simulator.webhooks.settled()

    text = repr(simulator.webhooks.sent)

    assert simulator.delivered_serials("ref-1")[0] not in text
