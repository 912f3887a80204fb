"""The part of the supplier's suite about webhooks: who may speak, and what it is about."""

from __future__ import annotations

import pytest

from bitloot_core.testing.contracts.supplier_world import SupplierWorld, bought
from bitloot_core.values.errors import SignatureInvalid
from bitloot_core.values.ids import is_event_key_id


class SupplierEventsContract:
    """What `verify_event` and `read_event` promise."""

    async def test_an_event_names_its_purchase(self, world: SupplierWorld) -> None:
        """By the supplier's name or by our reference; how far it is stands in the supplier's own word."""
        order = await bought(world)
        await world.deliver(order.id)

        webhook = world.supplier.verify_event(*await world.event_of(order.id))

        event = world.supplier.read_event(webhook)
        assert webhook.worth_processing
        assert webhook.external_id == order.id
        assert event is not None
        assert event.supplier_order_id == order.id
        assert event.ref in {None, world.ref()}
        assert 1 <= len(event.word) <= 64

    async def test_an_event_can_come_before_the_answer(self, world: SupplierWorld) -> None:
        """Reading one needs nothing but itself: no earlier call, and nothing at the supplier."""
        order = await bought(world)
        headers, body = await world.event_of(order.id)
        await world.go_down()

        assert world.supplier.read_event(world.supplier.verify_event(headers, body)) is not None

    async def test_the_same_delivery_twice_has_one_dedupe_key(self, world: SupplierWorld) -> None:
        """And another state of the same purchase has another one."""
        order = await bought(world)
        placed = await world.event_of(order.id)
        await world.deliver(order.id)
        delivered = await world.event_of(order.id)

        keys = [world.supplier.verify_event(*one).dedupe_key for one in (placed, placed, delivered)]

        assert keys[0] == keys[1] != keys[2]

    async def test_a_forged_event_is_refused(self, world: SupplierWorld) -> None:
        """Whatever it says, nothing of it is believed."""
        order = await bought(world)
        _, body = await world.event_of(order.id)

        with pytest.raises(SignatureInvalid):
            world.supplier.verify_event(*await world.forged(body))

    async def test_an_event_without_a_signature_is_refused(self, world: SupplierWorld) -> None:
        """No header, no trust."""
        order = await bought(world)
        _, body = await world.event_of(order.id)

        with pytest.raises(SignatureInvalid):
            world.supplier.verify_event({"content-type": "application/json"}, body)

    async def test_a_signature_belongs_to_its_body(self, world: SupplierWorld) -> None:
        """One byte more, and the event that carries a key is refused."""
        order = await bought(world)
        await world.deliver(order.id)
        headers, body = await world.event_with_key(order.id)

        with pytest.raises(SignatureInvalid):
            world.supplier.verify_event(headers, body + b" ")

    async def test_a_signed_event_can_carry_a_key(self, world: SupplierWorld) -> None:
        """The key is the delivered one, has the same name every time, and is not printed."""
        order = await bought(world)
        await world.deliver(order.id)
        webhook = world.supplier.verify_event(*await world.event_with_key(order.id))
        (key,) = await world.supplier.keys_of(order.id)

        event = world.supplier.read_event(webhook)

        assert event is not None
        assert event.material == key.material
        assert event.material_id is not None
        assert event == world.supplier.read_event(webhook)
        serial = key.material.content.decode()
        assert serial not in repr(webhook) + repr(event)
        assert serial not in event.material_id

    async def test_a_key_has_one_name_in_an_event_and_in_the_list(self, world: SupplierWorld) -> None:
        """What came in an event is known again when the list shows it, and taken for no other key."""
        order = await bought(world, 2)
        await world.deliver(order.id)
        event = world.supplier.read_event(world.supplier.verify_event(*await world.event_with_key(order.id)))

        keys = await world.supplier.keys_of(order.id)

        assert event is not None
        assert event.material_id is not None
        assert is_event_key_id(event.material_id)
        assert [event.material] == [key.material for key in keys if event.material_id in key.event_ids]
        first, second = keys
        assert set(first.event_ids).isdisjoint(second.event_ids)

    @pytest.mark.parametrize("body", [b"", b" ", b"{", b"\xff\xfe", b"[]", b"null", b"{}", b'"text"', b'{"order": 7}'])
    async def test_an_authentic_webhook_that_makes_no_sense_is_kept_and_ignored(
        self, world: SupplierWorld, body: bytes
    ) -> None:
        """A probe, garbage: no error, or the supplier would stop sending."""
        webhook = world.supplier.verify_event(*await world.signed(body))

        assert not webhook.worth_processing
        assert webhook.type in {"probe", "unknown"}
        assert webhook.external_id is None
        assert world.supplier.read_event(webhook) is None
