"""The simulator's keys: how they come, and how they are listed."""

import base64
import struct
import zlib
from datetime import timedelta
from decimal import Decimal

import aiohttp
import pytest
from kinguin_keys_world import bought, keys, shown, states
from kinguin_world import deadline, serving

from bitloot_adapters.kinguin_simulator import PNG, KeyOrder, KinguinSimulator, Offer


async def test_keys_come_one_by_one_while_the_order_is_processing(
    client: aiohttp.ClientSession, simulator: KinguinSimulator
) -> None:
    """Each delivery shows at once; the order is completed with the last key."""
    order = await bought(client, simulator)
    assert (await keys(client, order), states(await shown(client, order))) == ([], [])

    simulator.deliver(order["orderId"], 1)
    assert len(await keys(client, order)) == 1
    assert (await shown(client, order))["status"] == "processing"

    simulator.deliver(order["orderId"])
    assert len(await keys(client, order)) == 3
    assert (await shown(client, order))["status"] == "completed"
    assert states(await shown(client, order)) == ["DELIVERED"] * 3


async def test_a_key_object_has_the_documented_shape(
    client: aiohttp.ClientSession, simulator: KinguinSimulator
) -> None:
    """Id, serial, type, name and the three ids of what it is a key for."""
    order = await bought(client, simulator, qty=1, product_id="p-1", name="Game", offer_id="o-1")
    simulator.deliver(order["orderId"])

    (key,) = await keys(client, order)

    assert key.pop("id") == (await shown(client, order))["products"][0]["keys"][0]["id"]
    assert (key.pop("serial"),) == simulator.delivered_serials("p-1")
    assert key == {"type": "text/plain", "name": "Game", "kinguinId": 1001, "offerId": "o-1", "productId": "p-1"}


async def test_an_order_without_delay_has_its_keys_once_it_is_answered(
    client: aiohttp.ClientSession, simulator: KinguinSimulator
) -> None:
    """The answer still says processing; the next read says completed."""
    simulator.knobs.delivery_delay = timedelta(0)

    order = await bought(client, simulator)

    assert order["status"] == "processing"
    assert (await shown(client, order))["status"] == "completed"


async def test_delay_and_interval_bring_keys_over_time(
    client: aiohttp.ClientSession, simulator: KinguinSimulator
) -> None:
    """With both set, keys trickle in by themselves until the order is completed."""
    simulator.knobs.delivery_delay = timedelta(milliseconds=5)
    simulator.knobs.key_interval = timedelta(milliseconds=50)
    order = await bought(client, simulator)
    counts: list[int] = []

    async with deadline():
        while (await shown(client, order))["status"] == "processing":
            counts.append(len(await keys(client, order)))

    assert counts == sorted(counts)
    assert {1, 2} & set(counts)
    assert len(await keys(client, order)) == 3


async def test_an_outage_only_delays_a_delivery(simulator: KinguinSimulator) -> None:
    """Orders that waited for keys when the server stopped get them when it serves again."""
    simulator.knobs.delivery_delay = timedelta(minutes=1)
    async with serving(simulator) as client:
        order = await bought(client, simulator)
    simulator.knobs.delivery_delay = timedelta(0)

    async with serving(simulator) as client:
        assert (await shown(client, order))["status"] == "completed"


async def test_keys_are_paged(client: aiohttp.ClientSession, simulator: KinguinSimulator) -> None:
    """25 a page by default, 100 at most, each key on exactly one page."""
    order = await bought(client, simulator, qty=120, stock=200, wholesale_tiers=(Decimal(5),))
    simulator.deliver(order["orderId"])

    assert len(await keys(client, order)) == 25
    pages = [await keys(client, order, page=page, limit=100) for page in (1, 2, 3)]

    assert [len(page) for page in pages] == [100, 20, 0]
    assert len({key["id"] for page in pages for key in page}) == 120
    async with client.get(f"v2/order/{order['orderId']}/keys", params={"limit": 101}) as answer:
        assert answer.status == 400


@pytest.mark.parametrize("key_order", [KeyOrder.SHUFFLED, KeyOrder.SHUFFLED_IN_PAGE])
async def test_keys_change_places_between_calls(
    client: aiohttp.ClientSession, simulator: KinguinSimulator, key_order: KeyOrder
) -> None:
    """The same set, in another order: no array index identifies a key."""
    simulator.knobs.key_order = key_order
    order = await bought(client, simulator, qty=9)
    simulator.deliver(order["orderId"])

    listings = [[key["id"] for key in await keys(client, order)] for _ in range(5)]

    assert len({tuple(listing) for listing in listings}) > 1
    assert len({frozenset(listing) for listing in listings}) == 1


async def test_a_shuffled_page_keeps_its_keys(client: aiohttp.ClientSession, simulator: KinguinSimulator) -> None:
    """Shuffling within pages never moves a key to another page."""
    simulator.knobs.key_order = KeyOrder.SHUFFLED_IN_PAGE
    order = await bought(client, simulator, qty=9)
    simulator.deliver(order["orderId"])

    pages = {frozenset(key["id"] for key in await keys(client, order, limit=5)) for _ in range(5)}

    assert len(pages) == 1


async def test_a_picture_key_is_a_real_png(client: aiohttp.ClientSession, simulator: KinguinSimulator) -> None:
    """Base64 of a valid PNG with sound checksums, another one for each key."""
    order = await bought(client, simulator, qty=2, media_type=PNG)
    simulator.deliver(order["orderId"])

    first, second = await keys(client, order)

    assert first["type"] == "image/png"
    assert first["serial"] != second["serial"]
    chunks = _png_chunks(base64.b64decode(first["serial"], validate=True))
    assert [name for name, _ in chunks] == [b"IHDR", b"IDAT", b"IEND"]
    width, height = struct.unpack(">II", chunks[0][1][:8])
    assert len(zlib.decompress(chunks[1][1])) == height * (1 + width // 8)


async def test_a_demand_for_text_never_gets_a_picture(
    client: aiohttp.ClientSession, simulator: KinguinSimulator
) -> None:
    """`keyType: text` passes the cheaper picture offer by, and is unavailable when only pictures are left."""
    product = simulator.add_product(price=Decimal(4), media_type=PNG)
    wanted = {"products": [{"productId": product.product_id, "qty": 1, "price": 5, "keyType": "text"}]}
    async with client.post("v2/order", json=wanted) as answer:
        assert (await answer.json())["kind"] == "ProductUnavailable"

    simulator.add_offer(product.product_id, Offer(offer_id="text", price=Decimal(5), stock=1))

    async with client.post("v2/order", json=wanted) as answer:
        assert (await answer.json())["products"][0]["offerId"] == "text"


async def test_serials_can_carry_a_canary(client: aiohttp.ClientSession, simulator: KinguinSimulator) -> None:
    """`serial_prefix` marks each text serial, so that a leak can be searched for."""
    simulator.knobs.serial_prefix = "CANARY-"
    order = await bought(client, simulator)
    simulator.deliver(order["orderId"])

    assert all(key["serial"].startswith("CANARY-") for key in await keys(client, order))


async def test_serials_stay_out_of_representations(client: aiohttp.ClientSession, simulator: KinguinSimulator) -> None:
    """No repr of an order or a key shows a serial."""
    order = await bought(client, simulator)
    simulator.deliver(order["orderId"])

    text = repr(simulator.order(order["orderId"]))

    assert not any(key["serial"] in text for key in await keys(client, order))


async def test_pending_keys_can_be_shown(client: aiohttp.ClientSession, simulator: KinguinSimulator) -> None:
    """With `show_pending_keys` the order object lists them before they can be downloaded."""
    simulator.knobs.show_pending_keys = True
    order = await bought(client, simulator)

    assert states(await shown(client, order)) == ["PENDING"] * 3
    assert await keys(client, order) == []


async def test_delivered_keys_can_be_withheld(client: aiohttp.ClientSession, simulator: KinguinSimulator) -> None:
    """With `withhold_keys` the order is completed and yet lists no key."""
    simulator.knobs.withhold_keys = True
    order = await bought(client, simulator)
    simulator.deliver(order["orderId"])

    assert (await shown(client, order))["status"] == "completed"
    assert await keys(client, order) == []


def _png_chunks(picture: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks of a PNG, their checksums verified."""
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    chunks = []
    at = 8
    while at < len(picture):
        (size,) = struct.unpack(">I", picture[at : at + 4])
        name, body = picture[at + 4 : at + 8], picture[at + 8 : at + 8 + size]
        assert struct.unpack(">I", picture[at + 8 + size : at + 12 + size]) == (zlib.crc32(name + body),)
        chunks.append((name, body))
        at += 12 + size
    return chunks
