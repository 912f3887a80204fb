"""What every payment gateway must do with notices."""

from __future__ import annotations

import attrs
import pytest

from bitloot_core.ports.inbox import Source
from bitloot_core.testing.contracts.payment_gateway_world import PaymentGatewayWorld, opened
from bitloot_core.values.errors import SignatureInvalid


class PaymentNoticeContract:
    """The promises of `PaymentGateway` about notices; a part of `PaymentGatewayContract`."""

    @pytest.fixture
    async def world(self) -> PaymentGatewayWorld:
        """The gateway under test."""
        raise NotImplementedError

    async def test_a_notice_says_what_a_read_says(self, world: PaymentGatewayWorld) -> None:
        """Authentic, named after its subject, and read without asking the gateway."""
        invoice = await opened(world)
        await world.pay(invoice.gateway_id, invoice.due.amount)
        notice = await world.notice_of(invoice.gateway_id)

        webhook = world.gateway.verify_notice(notice.headers, notice.body)
        told = world.gateway.read_notice(webhook)

        assert (webhook.source, webhook.scheme) == (Source.NOWPAYMENTS, "hmac")
        assert (webhook.type, webhook.external_id) == ("payment.finished", invoice.gateway_id)
        assert webhook.body == notice.body
        assert webhook.worth_processing
        assert told is not None
        read = await world.gateway.payment(invoice.gateway_id)
        assert told == attrs.evolve(read, updated_at=told.updated_at)

    async def test_what_is_kept_of_a_notice_holds_no_signature(self, world: PaymentGatewayWorld) -> None:
        """Whoever reads the inbox cannot send what it holds."""
        invoice = await opened(world)
        notice = await world.notice_of(invoice.gateway_id)

        webhook = world.gateway.verify_notice(notice.headers, notice.body)

        said = repr(webhook) + repr(dict(webhook.headers))
        assert not [value for value in notice.headers.values() if len(value) >= 32 and value in said]

    async def test_equal_notices_have_one_dedupe_key(self, world: PaymentGatewayWorld) -> None:
        """A repeated delivery is known as such; a later state of the same payment is another one."""
        invoice = await opened(world)
        notice = await world.notice_of(invoice.gateway_id)
        await world.pay(invoice.gateway_id, invoice.due.amount)
        later = await world.notice_of(invoice.gateway_id)

        first = world.gateway.verify_notice(notice.headers, notice.body)
        again = world.gateway.verify_notice(dict(notice.headers), bytes(notice.body))
        other = world.gateway.verify_notice(later.headers, later.body)

        assert first.dedupe_key == again.dedupe_key != other.dedupe_key
        assert len(first.dedupe_key) == 64

    async def test_a_forged_notice_is_refused(self, world: PaymentGatewayWorld) -> None:
        """Another body under a genuine signature, any other signature, none: nothing of it may be believed."""
        invoice = await opened(world)
        notice = await world.notice_of(invoice.gateway_id)
        forged_body = notice.body.replace(b"waiting", b"finished")
        forgeries = [
            (notice.headers, forged_body),
            (notice.headers, notice.body + b" x"),
            (notice.headers, b""),
            ({}, notice.body),
            *(({**notice.headers, name: ""}, notice.body) for name in notice.headers if len(notice.headers[name]) > 31),
            *(
                ({**notice.headers, name: value[:-1] + ("0" if value[-1] != "0" else "1")}, notice.body)
                for name, value in notice.headers.items()
                if len(value) > 31
            ),
            (dict.fromkeys(notice.headers, "ü" * 128), notice.body),
        ]
        assert forged_body != notice.body

        for headers, body in forgeries:
            with pytest.raises(SignatureInvalid):
                world.gateway.verify_notice(headers, body)

    async def test_a_notice_about_no_payment_is_told_apart(self, world: PaymentGatewayWorld) -> None:
        """A payout is authentic and none of our business: kept, not worked on."""
        notice = await world.notice_of_a_payout()

        webhook = world.gateway.verify_notice(notice.headers, notice.body)

        assert (webhook.type, webhook.worth_processing) == ("unknown", False)
        assert world.gateway.read_notice(webhook) is None
