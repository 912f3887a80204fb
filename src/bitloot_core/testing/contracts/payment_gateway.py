"""What every payment gateway must do."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from bitloot_core.testing.contracts.payment_gateway_world import ORDER, PRICE, PaymentGatewayWorld, opened
from bitloot_core.testing.contracts.payment_notices import PaymentNoticeContract
from bitloot_core.values.errors import NotFound, Rejected, Unavailable, Unknown
from bitloot_core.values.ids import GatewayPaymentId
from bitloot_core.values.reading import PaymentWord

STRANGE_IDS = ("", "0", "abc", "..", "../status", "5e9", "-1", "1?x=2", "9" * 40, "\N{FULLWIDTH DIGIT ONE}", "a\0b")


class PaymentGatewayContract(PaymentNoticeContract):
    """
    The promises of `PaymentGateway`.

    The unhappy five: the retried key is `test_each_call_opens_another_payment` (the port has no key, and says so); the
    answer lost after acceptance, the slow peer and the malformed body have their tests; the failure at the commit point
    is left out, as a gateway commits nothing of ours: what is between its commit and its answer is the lost answer.
    """

    async def test_an_opened_payment_waits_for_what_is_due(self, world: PaymentGatewayWorld) -> None:
        """What is read back is what the invoice says, and nothing has arrived."""
        invoice = await opened(world)

        reading = await world.gateway.payment(invoice.gateway_id)

        assert reading.gateway_id == invoice.gateway_id
        assert (reading.word, reading.raw_word) == (PaymentWord.WAITING, "waiting")
        assert reading.order_ref == ORDER
        assert (reading.price_amount, reading.price_currency) == (PRICE.amount, PRICE.currency)
        assert (reading.coin, reading.pay_amount) == (world.coin, invoice.due.amount)
        assert reading.actually_paid == 0
        assert reading.parent_id is None
        assert (reading.address, reading.extra_id) == (invoice.address, invoice.extra_id)

    async def test_an_invoice_says_all_that_a_buyer_needs(self, world: PaymentGatewayWorld) -> None:
        """Price, coins, address and times: the rate ends first, the waiting later, both in UTC."""
        invoice = await opened(world)

        assert invoice.price == PRICE
        assert invoice.due.coin == world.coin
        assert invoice.due.amount > 0
        assert invoice.address
        assert invoice.expires_at < invoice.void_at
        assert invoice.expires_at.utcoffset() == invoice.void_at.utcoffset() == timedelta(0)

    async def test_a_memo_comes_with_the_coins_that_need_one(self, world: PaymentGatewayWorld) -> None:
        """A deposit without its memo is lost, so an address never comes alone."""
        invoice = await opened(world, coin=world.memo_coin)

        assert invoice.extra_id
        assert (await world.gateway.payment(invoice.gateway_id)).extra_id == invoice.extra_id

    async def test_each_call_opens_another_payment(self, world: PaymentGatewayWorld) -> None:
        """There is no key to repeat: asking twice is two payments, each with a name of its own."""
        first, second = await opened(world), await opened(world)

        assert first.gateway_id != second.gateway_id
        assert await world.payments_of(ORDER) == 2

    async def test_any_description_is_taken(self, world: PaymentGatewayWorld) -> None:
        """What is not ASCII is replaced, never refused."""
        invoice = await world.gateway.create_payment(
            order_id=ORDER, price=PRICE, coin=world.coin, description="Größe ½ | 東京 🎮 \x00\n" + "x" * 2_000
        )

        assert invoice.price == PRICE

    async def test_too_small_a_price_is_refused(self, world: PaymentGatewayWorld) -> None:
        """Final, with a code of ours, and nothing is opened."""
        with pytest.raises(Rejected) as refused:
            await world.gateway.create_payment(order_id=ORDER, price=world.tiny, coin=world.coin, description="x")

        assert refused.value.code == "below-minimum"
        assert await world.payments_of(ORDER) == 0

    @pytest.mark.parametrize("coin", ["nosuchcoin", "", "../btc", "b\0tc", "x" * 300])
    async def test_an_unknown_coin_is_refused(self, world: PaymentGatewayWorld, coin: str) -> None:
        """Both where its minimum is asked for and where it is to be paid with."""
        with pytest.raises(Rejected) as no_minimum:
            await world.gateway.minimum(coin, "EUR")
        with pytest.raises(Rejected) as no_payment:
            await world.gateway.create_payment(order_id=ORDER, price=PRICE, coin=coin, description="x")

        assert no_minimum.value.code == no_payment.value.code == "unknown-coin"

    @pytest.mark.parametrize("name", STRANGE_IDS)
    async def test_an_unknown_payment_is_not_found(self, world: PaymentGatewayWorld, name: str) -> None:
        """A name cannot lead anywhere else either."""
        with pytest.raises(NotFound):
            await world.gateway.payment(GatewayPaymentId(name))

    async def test_coins_are_listed_by_code(self, world: PaymentGatewayWorld) -> None:
        """Each once, lower case, with a name for people."""
        coins = await world.gateway.coins()

        codes = [coin.code for coin in coins]
        assert codes == sorted(set(codes))
        assert {world.coin, world.memo_coin} <= set(codes)
        assert all(code == code.lower() for code in codes)
        assert all(coin.name for coin in coins)

    async def test_a_minimum_is_in_the_currency_asked_for(self, world: PaymentGatewayWorld) -> None:
        """It is a hint, or None; the refusal of a payment is the truth."""
        minimum = await world.gateway.minimum(world.coin, "EUR")

        assert minimum is None or (minimum.currency == "EUR" and minimum < PRICE)

    @pytest.mark.parametrize(
        ("share", "word"),
        [("1", PaymentWord.FINISHED), ("0.5", PaymentWord.PARTIALLY_PAID), ("2", PaymentWord.FINISHED)],
        ids=["exact", "short", "surplus"],
    )
    async def test_a_deposit_is_told_as_it_arrived(
        self, world: PaymentGatewayWorld, share: str, word: PaymentWord
    ) -> None:
        """Exactly what arrived stands beside what was due; there is no word for too much."""
        invoice = await opened(world)
        amount = invoice.due.amount * Decimal(share)

        await world.pay(invoice.gateway_id, amount)

        reading = await world.gateway.payment(invoice.gateway_id)
        assert (reading.word, reading.actually_paid) == (word, amount)
        assert reading.pay_amount == invoice.due.amount

    @pytest.mark.parametrize("word", [word for word in PaymentWord if word is not PaymentWord.UNRECOGNISED])
    async def test_each_word_is_understood(self, world: PaymentGatewayWorld, word: PaymentWord) -> None:
        """Every status that a gateway is known to have."""
        invoice = await opened(world)

        await world.set_status(invoice.gateway_id, word.value)

        reading = await world.gateway.payment(invoice.gateway_id)
        assert (reading.word, reading.raw_word) == (word, word.value)

    @pytest.mark.parametrize("word", ["on_hold", "FINISHED", "finished ", "unrecognised", "w" * 500])
    async def test_a_new_word_is_never_taken_for_another(self, world: PaymentGatewayWorld, word: str) -> None:
        """It is kept for the operator, cut to 64 characters, on reads and in notices."""
        invoice = await opened(world)

        await world.set_status(invoice.gateway_id, word)

        reading = await world.gateway.payment(invoice.gateway_id)
        assert (reading.word, reading.raw_word) == (PaymentWord.UNRECOGNISED, word[:64])
        notice = await world.notice_of(invoice.gateway_id)
        webhook = world.gateway.verify_notice(notice.headers, notice.body)
        assert webhook.type == f"payment.{word}"[:64]
        told = world.gateway.read_notice(webhook)
        assert told is not None
        assert (told.word, told.raw_word) == (PaymentWord.UNRECOGNISED, word[:64])

    async def test_a_further_deposit_names_its_parent(self, world: PaymentGatewayWorld) -> None:
        """It is a payment of its own; without its parent's name it would look like a paid order."""
        invoice = await opened(world)
        await world.pay(invoice.gateway_id, invoice.due.amount)

        child = await world.deposit_again(invoice.gateway_id)

        reading = await world.gateway.payment(child)
        assert (reading.gateway_id, reading.parent_id) == (child, invoice.gateway_id)
        assert reading.actually_paid > 0

    async def test_nobody_there_means_that_nothing_was_done(self, world: PaymentGatewayWorld) -> None:
        """`Unavailable` may be asked again, so it is only said where nothing can have happened."""
        invoice = await opened(world)
        await world.go_down()

        with pytest.raises(Unavailable):
            await opened(world)
        with pytest.raises(Unavailable):
            await world.gateway.payment(invoice.gateway_id)

        await world.come_back()
        assert (await world.gateway.payment(invoice.gateway_id)).word is PaymentWord.WAITING
        assert await world.payments_of(ORDER) == 1

    async def test_a_lost_answer_is_unknown_and_not_asked_for_again(self, world: PaymentGatewayWorld) -> None:
        """The payment exists once, and nobody here knows its name."""
        await opened(world)
        await world.lose_next_answer()

        with pytest.raises(Unknown):
            await opened(world)

        assert await world.payments_of(ORDER) == 2

    async def test_an_answer_that_comes_too_late_is_unknown(self, world: PaymentGatewayWorld) -> None:
        """A slow gateway holds nobody up for ever, and is not asked a second time."""
        await world.answer_too_late()

        with pytest.raises(Unknown):
            await opened(world)

        assert await world.payments_of(ORDER) == 1

    async def test_nonsense_is_no_answer(self, world: PaymentGatewayWorld) -> None:
        """After a payment was asked for it is unknown; on a read it passes, and is never "no such payment"."""
        invoice = await opened(world)
        await world.answer_nonsense()

        with pytest.raises(Unknown):
            await opened(world)
        with pytest.raises(Unavailable):
            await world.gateway.payment(invoice.gateway_id)

        assert await world.payments_of(ORDER) == 2
