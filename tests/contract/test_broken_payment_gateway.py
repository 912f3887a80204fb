"""The gateway's suite fails gateways that break a promise: a suite that lets everything pass proves nothing."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal

import attrs
import pytest

from bitloot_core.order.payments import Invoice
from bitloot_core.ports.inbox import VerifiedWebhook
from bitloot_core.testing.contracts.payment_gateway import PaymentGatewayContract
from bitloot_core.testing.contracts.payment_gateway_world import PaymentGatewayWorld
from bitloot_core.testing.payment_gateway import SIGNATURE_HEADER, FakePaymentGateway, SignedNotice
from bitloot_core.values.errors import PortError, Unavailable, Unknown
from bitloot_core.values.ids import GatewayPaymentId, OrderId
from bitloot_core.values.money import Money
from bitloot_core.values.reading import PaymentReading, PaymentWord

SUITE = PaymentGatewayContract()


class AsksAgain(FakePaymentGateway):
    """Repeats a request whose answer was lost."""

    async def create_payment(self, *, order_id: OrderId, price: Money, coin: str, description: str) -> Invoice:
        """Try until it works."""
        while True:
            try:
                return await super().create_payment(order_id=order_id, price=price, coin=coin, description=description)
            except Unknown:
                continue


class SaysThatNothingWasDone(FakePaymentGateway):
    """Calls a lost answer passing."""

    async def create_payment(self, *, order_id: OrderId, price: Money, coin: str, description: str) -> Invoice:
        """Mistake one error for another."""
        try:
            return await super().create_payment(order_id=order_id, price=price, coin=coin, description=description)
        except Unknown as exc:
            raise Unavailable(exc.port, exc.reason) from exc


class RemembersTheOrder(FakePaymentGateway):
    """Takes the order's id for an idempotency key."""

    async def create_payment(self, *, order_id: OrderId, price: Money, coin: str, description: str) -> Invoice:
        """Give the first payment out again."""
        if self.payments_of(order_id):
            coin = "ltc"
        invoice = await super().create_payment(order_id=order_id, price=price, coin=coin, description=description)
        return attrs.evolve(invoice, gateway_id=self.payments_of(order_id)[0])


class ForgetsTheParent(FakePaymentGateway):
    """Shows a repeated deposit as if it were a first one."""

    async def payment(self, gateway_id: GatewayPaymentId) -> PaymentReading:
        """Leave the parent out."""
        return attrs.evolve(await super().payment(gateway_id), parent_id=None)


class TakesNewWordsForWaiting(FakePaymentGateway):
    """Has a default branch."""

    async def payment(self, gateway_id: GatewayPaymentId) -> PaymentReading:
        """Guess."""
        reading = await super().payment(gateway_id)
        known = reading.word is not PaymentWord.UNRECOGNISED
        return reading if known else attrs.evolve(reading, word=PaymentWord.WAITING)


class BelievesAnybody(FakePaymentGateway):
    """Does not look at the signature."""

    def verify_notice(self, headers: Mapping[str, str], body: bytes) -> VerifiedWebhook:
        """Sign what came, and verify that."""
        return super().verify_notice(self.signed(body).headers, body)


class CountsTheSignature(FakePaymentGateway):
    """Tells deliveries apart by something else than their content."""

    def verify_notice(self, headers: Mapping[str, str], body: bytes) -> VerifiedWebhook:
        """Hash the payment's name only."""
        webhook = super().verify_notice(headers, body)
        return attrs.evolve(webhook, dedupe_key=hashlib.sha256(str(webhook.external_id).encode()).hexdigest())


class KeepsTheSignature(FakePaymentGateway):
    """Stores all headers."""

    def verify_notice(self, headers: Mapping[str, str], body: bytes) -> VerifiedWebhook:
        """Keep everything."""
        webhook = super().verify_notice(headers, body)
        return attrs.evolve(webhook, headers={SIGNATURE_HEADER: headers[SIGNATURE_HEADER]})


class LosesTheMemo(FakePaymentGateway):
    """Hands an address out alone."""

    async def create_payment(self, *, order_id: OrderId, price: Money, coin: str, description: str) -> Invoice:
        """Drop the memo."""
        invoice = await super().create_payment(order_id=order_id, price=price, coin=coin, description=description)
        return attrs.evolve(invoice, extra_id=None)


@attrs.define
class World(PaymentGatewayWorld):
    """The verbs that the chosen promises need."""

    fake: FakePaymentGateway

    @property
    def gateway(self) -> FakePaymentGateway:
        """The gateway, honest or not."""
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

    async def lose_next_answer(self) -> None:
        """Given a lost answer."""
        self.fake.loses_the_answer()


async def new_word(world: World) -> None:
    """The promise, for one new word."""
    await SUITE.test_a_new_word_is_never_taken_for_another(world, "on_hold")


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (AsksAgain, SUITE.test_a_lost_answer_is_unknown_and_not_asked_for_again),
        (SaysThatNothingWasDone, SUITE.test_a_lost_answer_is_unknown_and_not_asked_for_again),
        (RemembersTheOrder, SUITE.test_each_call_opens_another_payment),
        (ForgetsTheParent, SUITE.test_a_further_deposit_names_its_parent),
        (TakesNewWordsForWaiting, new_word),
        (BelievesAnybody, SUITE.test_a_forged_notice_is_refused),
        (CountsTheSignature, SUITE.test_equal_notices_have_one_dedupe_key),
        (KeepsTheSignature, SUITE.test_what_is_kept_of_a_notice_holds_no_signature),
        (LosesTheMemo, SUITE.test_a_memo_comes_with_the_coins_that_need_one),
    ],
)
async def test_the_suite_fails_it(
    broken: type[FakePaymentGateway], promise: Callable[[PaymentGatewayWorld], Awaitable[None]]
) -> None:
    """Each broken gateway fails the promise that it breaks, and an honest one keeps it."""
    await promise(World(FakePaymentGateway()))

    with pytest.raises((AssertionError, pytest.fail.Exception, PortError)):
        await promise(World(broken()))
