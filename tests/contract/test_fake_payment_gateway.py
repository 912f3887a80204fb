"""The fake payment gateway keeps the promises of the port."""

from datetime import timedelta
from decimal import Decimal

import attrs
import pytest

from bitloot_core.testing.contracts.payment_gateway import PaymentGatewayContract
from bitloot_core.testing.contracts.payment_gateway_world import ORDER, PRICE, PaymentGatewayWorld, opened
from bitloot_core.testing.payment_gateway import FakePaymentGateway, SignedNotice
from bitloot_core.values.errors import Rejected, Unavailable, Unknown
from bitloot_core.values.ids import GatewayPaymentId, OrderId
from bitloot_core.values.money import Money
from bitloot_core.values.reading import PaymentWord


@attrs.define
class FakeGatewayWorld(PaymentGatewayWorld):
    """A fake gateway with its own verbs."""

    fake: FakePaymentGateway = attrs.field(factory=FakePaymentGateway)

    @property
    def gateway(self) -> FakePaymentGateway:
        """The fake."""
        return self.fake

    async def payments_of(self, order_id: OrderId) -> int:
        """What the fake has."""
        return len(self.fake.payments_of(order_id))

    async def pay(self, gateway_id: GatewayPaymentId, amount: Decimal) -> None:
        """Given a deposit."""
        self.fake.pay(gateway_id, amount)

    async def deposit_again(self, gateway_id: GatewayPaymentId) -> GatewayPaymentId:
        """Given a child."""
        return self.fake.deposit_again(gateway_id)

    async def set_status(self, gateway_id: GatewayPaymentId, word: str) -> None:
        """Given a status."""
        self.fake.set_status(gateway_id, word)

    async def notice_of(self, gateway_id: GatewayPaymentId) -> SignedNotice:
        """The fake's notice."""
        return self.fake.notice_for(gateway_id)

    async def notice_of_a_payout(self) -> SignedNotice:
        """Something else under the same signature."""
        return self.fake.signed(b'{"payout": 1}')

    async def go_down(self) -> None:
        """Given that each call fails once."""
        self.fake.goes_away("create_payment")
        self.fake.goes_away("payment")

    async def come_back(self) -> None:
        """Nothing is left to undo: each call has failed once."""

    async def lose_next_answer(self) -> None:
        """Given a lost answer."""
        self.fake.loses_the_answer()

    async def answer_too_late(self) -> None:
        """A late answer is a lost one."""
        self.fake.loses_the_answer()

    async def answer_nonsense(self) -> None:
        """What the port makes of nonsense."""
        self.fake.faults.after("create_payment", Unknown("payment gateway", "nonsense"))
        self.fake.faults.before("payment", Unavailable("payment gateway", "nonsense"))


class TestFakePaymentGateway(PaymentGatewayContract):
    """The suite, on the fake."""

    @pytest.fixture
    async def world(self) -> FakeGatewayWorld:
        """A fresh fake."""
        return FakeGatewayWorld()

    async def test_the_shorthands_of_the_payer(self, world: FakeGatewayWorld) -> None:
        """Paid, short, surplus and expired in one word each."""
        fake = world.fake
        due = (await opened(world)).due.amount
        paid, short, surplus, expired = [(await opened(world)).gateway_id for _ in range(4)]

        fake.pay(paid)
        fake.pay_short(short)
        fake.pay_surplus(surplus)
        fake.expire(expired)

        told = [await fake.payment(name) for name in (paid, short, surplus, expired)]
        assert [(reading.word, reading.actually_paid) for reading in told] == [
            (PaymentWord.FINISHED, due),
            (PaymentWord.PARTIALLY_PAID, due / 2),
            (PaymentWord.FINISHED, due * 2),
            (PaymentWord.EXPIRED, Decimal(0)),
        ]

    async def test_a_read_can_be_tampered(self, world: FakeGatewayWorld) -> None:
        """Reads show what the test says; the notice stays true; without fields the tampering ends."""
        gateway_id = (await opened(world)).gateway_id

        world.fake.tamper(gateway_id, price_amount=Decimal(1))

        tampered = await world.fake.payment(gateway_id)
        notice = world.fake.notice_for(gateway_id)
        told = world.fake.read_notice(world.fake.verify_notice(notice.headers, notice.body))
        world.fake.tamper(gateway_id)
        assert tampered.price_amount == 1
        assert told == await world.fake.payment(gateway_id)

    async def test_a_wrong_asset_looks_paid(self, world: FakeGatewayWorld) -> None:
        """As with NOWPayments, only the parent's name and the coin tell. **Source:** live capture of 2026-10."""
        gateway_id = (await opened(world)).gateway_id

        child = await world.fake.payment(world.fake.deposit_again(gateway_id, Decimal(3), coin="ltc"))

        assert (child.coin, child.pay_amount, child.actually_paid) == ("ltc", Decimal(3), Decimal(3))
        assert child.price_amount == PRICE.amount
        assert child.word is PaymentWord.FINISHED

    async def test_faults_strike_once(self, world: FakeGatewayWorld) -> None:
        """Scripted errors come in order, and then everything works."""
        world.fake.goes_away(retry_after=timedelta(seconds=7))
        world.fake.refuses("above-maximum")

        with pytest.raises(Unavailable) as away:
            await opened(world)
        with pytest.raises(Rejected) as refused:
            await opened(world)
        await opened(world)

        assert away.value.retry_after == timedelta(seconds=7)
        assert refused.value.code == "above-maximum"
        assert await world.payments_of(ORDER) == 1

    async def test_a_coin_can_be_switched_off_and_has_a_cap(self, world: FakeGatewayWorld) -> None:
        """What is off is unknown; a price above the cap is refused."""
        world.fake.switch_off("btc")

        with pytest.raises(Rejected) as off:
            await opened(world)
        with pytest.raises(Rejected) as capped:
            await world.fake.create_payment(
                order_id=ORDER, price=Money.of("2000.01", "EUR"), coin="shib", description="x"
            )

        assert off.value.code == "unknown-coin"
        assert capped.value.code == "above-maximum"
