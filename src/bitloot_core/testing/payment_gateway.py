"""A payment gateway in memory that keeps the port's promises, with a payer who does as the test says."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

import attrs

from bitloot_core.order.payments import Invoice
from bitloot_core.ports.inbox import Source, VerifiedWebhook
from bitloot_core.ports.payment_gateway import Coin, PaymentGateway
from bitloot_core.ports.system import Clock
from bitloot_core.testing.clock import ManualClock
from bitloot_core.testing.faults import Faults
from bitloot_core.values.errors import NotFound, Rejected, SignatureInvalid, Unavailable, Unknown
from bitloot_core.values.ids import GatewayPaymentId, OrderId
from bitloot_core.values.money import CoinAmount, Money
from bitloot_core.values.reading import PaymentReading, PaymentWord

SIGNATURE_HEADER = "x-fake-signature"
NOTICE_SECRET = "fake-notice-secret"
RATE_WINDOW = timedelta(minutes=20)
VALIDITY = timedelta(days=7)

_PORT = "payment gateway"
_STEP = Decimal("0.00000001")
_LONGEST_WORD = 64


@attrs.frozen(kw_only=True)
class FakeCoin:
    """
    One coin of the fake.

    Attributes:
        code: lower case.
        rate: what a whole coin costs, in every currency the same.
        least: the smallest price, in every currency the same.
        most: the largest.
        has_memo: whether each payment gets an `extra_id`.
    """

    code: str
    rate: Decimal
    least: Decimal = Decimal(1)
    most: Decimal = Decimal(100_000)
    has_memo: bool = False


COINS = (
    FakeCoin(code="btc", rate=Decimal(50_000), least=Decimal(5)),
    FakeCoin(code="ltc", rate=Decimal(80)),
    FakeCoin(code="shib", rate=Decimal("0.00001"), most=Decimal(2_000)),
    FakeCoin(code="xrp", rate=Decimal(2), has_memo=True),
)


@attrs.frozen(kw_only=True)
class SignedNotice:
    """A notice as it comes over the wire: headers with lower-case names, and the raw body."""

    headers: Mapping[str, str]
    body: bytes


class FakePaymentGateway:
    """
    Keeps payments in memory, and signs notices under a scheme of its own.

    Nothing happens by itself: a payment expires when the test says so, and a notice exists when the test asks for one.

    Args:
        clock: dates payments.
        coins: what can be paid with.
        secret: signs notices.
        validity: how long it waits for the coins of a payment.

    Attributes:
        faults: what shall go wrong, by the name of the method; the verbs `goes_away`, `refuses` and `loses_the_answer`
            script the usual ones.

    >>> FakePaymentGateway()
    FakePaymentGateway(0 payments)
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        coins: Iterable[FakeCoin] = COINS,
        secret: str = NOTICE_SECRET,
        validity: timedelta = VALIDITY,
    ) -> None:
        self.faults = Faults()
        self._clock = clock or ManualClock()
        self._coins = {coin.code: coin for coin in coins}
        self._secret = secret.encode()
        self._validity = validity
        self._payments: dict[GatewayPaymentId, PaymentReading] = {}
        self._tampered: dict[GatewayPaymentId, dict[str, Any]] = {}

    async def create_payment(self, *, order_id: OrderId, price: Money, coin: str, description: str) -> Invoice:
        """Open a payment, and another one at each call."""
        self.faults.strike_before("create_payment")
        chosen = self._coin(coin)
        if price.amount < chosen.least:
            raise Rejected(_PORT, "takes no amount this small now", code="below-minimum")
        if price.amount > chosen.most:
            raise Rejected(_PORT, "takes no amount this large now", code="above-maximum")
        reading = self._open(order_id, price, chosen)
        self.faults.strike_after("create_payment")
        return _invoice(reading, price, self._clock.now(), self._validity)

    async def payment(self, gateway_id: GatewayPaymentId) -> PaymentReading:
        """Read a payment as it is now, with what was tampered."""
        self.faults.strike_before("payment")
        return attrs.evolve(self._known(gateway_id), **self._tampered.get(gateway_id, {}))

    async def coins(self) -> tuple[Coin, ...]:
        """The coins that are switched on, by code."""
        self.faults.strike_before("coins")
        return tuple(Coin(code=code, name=code.upper(), network=None) for code in sorted(self._coins))

    async def minimum(self, coin: str, currency: str) -> Money | None:
        """The smallest price of a coin."""
        self.faults.strike_before("minimum")
        return Money(amount=self._coin(coin).least, currency=currency)

    def verify_notice(self, headers: Mapping[str, str], body: bytes) -> VerifiedWebhook:
        """Check the fake's own signature."""
        claimed = headers.get(SIGNATURE_HEADER, "").encode("utf-8", "replace")
        if not hmac.compare_digest(claimed, self._signature(body).encode()):
            raise SignatureInvalid(Source.NOWPAYMENTS, "the signature does not match")
        reading = _read(body)
        return VerifiedWebhook(
            source=Source.NOWPAYMENTS,
            dedupe_key=hashlib.sha256(body).hexdigest(),
            type="unknown" if reading is None else f"payment.{reading.raw_word}"[:_LONGEST_WORD],
            external_id=None if reading is None else reading.gateway_id,
            scheme="hmac",
            body=body,
            headers={},
            worth_processing=reading is not None,
        )

    def read_notice(self, webhook: VerifiedWebhook) -> PaymentReading | None:
        """Read the payment out of a notice."""
        return _read(webhook.body)

    def payments_of(self, order_id: OrderId) -> tuple[GatewayPaymentId, ...]:
        """Every payment of an order, oldest first: also those that nobody heard the answer of, and children."""
        return tuple(gateway_id for gateway_id, kept in self._payments.items() if kept.order_ref == order_id)

    def pay(self, gateway_id: GatewayPaymentId, amount: Decimal | None = None) -> None:
        """Given a deposit that got through: of what is due, or of another amount; too little is `partially_paid`."""
        due = self._due(gateway_id)
        paid = due if amount is None else amount
        word = PaymentWord.FINISHED if paid >= due else PaymentWord.PARTIALLY_PAID
        self.set_status(gateway_id, word, actually_paid=paid)

    def pay_short(self, gateway_id: GatewayPaymentId) -> None:
        """Given a deposit of half of what is due."""
        self.pay(gateway_id, self._due(gateway_id) / 2)

    def pay_surplus(self, gateway_id: GatewayPaymentId) -> None:
        """Given a deposit of twice what is due."""
        self.pay(gateway_id, self._due(gateway_id) * 2)

    def deposit_again(
        self, gateway_id: GatewayPaymentId, amount: Decimal | None = None, *, coin: str | None = None
    ) -> GatewayPaymentId:
        """
        Given a further deposit to the same address: a payment of its own, which names the first as its parent.

        It looks paid: what is due is what arrived, whatever the coin, as with NOWPayments.

        Args:
            gateway_id: the first.
            amount: as due by default.
            coin: another one is a wrong asset.
        """
        parent = self._known(gateway_id)
        paid = self._due(gateway_id) if amount is None else amount
        child = attrs.evolve(
            parent,
            gateway_id=self._fresh_id(),
            parent_id=gateway_id,
            word=PaymentWord.FINISHED,
            raw_word=PaymentWord.FINISHED.value,
            coin=coin or parent.coin,
            pay_amount=paid,
            actually_paid=paid,
            updated_at=self._clock.now(),
        )
        self._payments[child.gateway_id] = child
        return child.gateway_id

    def expire(self, gateway_id: GatewayPaymentId) -> None:
        """Given that no deposit came in time; one that comes later is still taken (`pay`)."""
        self.set_status(gateway_id, PaymentWord.EXPIRED)

    def set_status(self, gateway_id: GatewayPaymentId, word: str, **changes: Any) -> None:
        """
        Given a payment in any state.

        Args:
            gateway_id: the payment.
            word: the gateway's word, a known one or not.
            changes: other fields of its `PaymentReading`.
        """
        known = {one.value for one in PaymentWord}
        self._payments[gateway_id] = attrs.evolve(
            self._known(gateway_id),
            word=PaymentWord(word) if word in known else PaymentWord.UNRECOGNISED,
            raw_word=str(word)[:_LONGEST_WORD],
            updated_at=self._clock.now(),
            **changes,
        )

    def tamper(self, gateway_id: GatewayPaymentId, **changes: Any) -> None:
        """Given that each later read shows other fields of `PaymentReading` than the truth; without any, no more."""
        self._tampered[gateway_id] = changes

    def notice_for(self, gateway_id: GatewayPaymentId) -> SignedNotice:
        """The authentic notice of a payment's present state; the same one until the payment changes."""
        reading = self._known(gateway_id)
        fields = {field: _plain(value) for field, value in attrs.asdict(reading).items()}
        return self.signed(json.dumps(fields, sort_keys=True).encode())

    def signed(self, body: bytes) -> SignedNotice:
        """Any bytes with a valid signature: a payout, a probe, garbage."""
        return SignedNotice(headers={SIGNATURE_HEADER: self._signature(body)}, body=body)

    def switch_off(self, coin: str) -> None:
        """Given that a coin can no longer be paid with."""
        del self._coins[coin]

    def goes_away(self, call: str = "create_payment", *, retry_after: timedelta | None = None) -> None:
        """Given that the next call of this name finds nobody there."""
        self.faults.before(call, Unavailable(_PORT, "cannot be reached", retry_after=retry_after))

    def refuses(self, code: str = "rejected") -> None:
        """Given that the next payment is refused for good."""
        self.faults.before("create_payment", Rejected(_PORT, "refused the payment", code=code))

    def loses_the_answer(self) -> None:
        """Given that the next payment is opened and its answer never comes."""
        self.faults.after("create_payment", Unknown(_PORT, "no answer in time"))

    def _open(self, order_id: OrderId, price: Money, coin: FakeCoin) -> PaymentReading:
        gateway_id = self._fresh_id()
        reading = PaymentReading(
            gateway_id=gateway_id,
            word=PaymentWord.WAITING,
            raw_word=PaymentWord.WAITING.value,
            order_ref=order_id,
            price_amount=price.amount,
            price_currency=price.currency,
            coin=coin.code,
            pay_amount=(price.amount / coin.rate).quantize(_STEP, ROUND_HALF_UP),
            actually_paid=Decimal(0),
            updated_at=self._clock.now(),
            address=f"{coin.code}-address-{gateway_id}",
            extra_id=f"memo-{gateway_id}" if coin.has_memo else None,
        )
        self._payments[gateway_id] = reading
        return reading

    def _fresh_id(self) -> GatewayPaymentId:
        return GatewayPaymentId(str(5_000_000_001 + len(self._payments)))

    def _known(self, gateway_id: GatewayPaymentId) -> PaymentReading:
        found = self._payments.get(gateway_id)
        if found is None:
            raise NotFound("payment", gateway_id)
        return found

    def _due(self, gateway_id: GatewayPaymentId) -> Decimal:
        return self._known(gateway_id).pay_amount or Decimal(0)

    def _coin(self, code: str) -> FakeCoin:
        found = self._coins.get(code)
        if found is None:
            raise Rejected(_PORT, "does not take this coin", code="unknown-coin")
        return found

    def _signature(self, body: bytes) -> str:
        return hmac.new(self._secret, body, hashlib.sha256).hexdigest()

    def __repr__(self) -> str:
        return f"FakePaymentGateway({len(self._payments)} payments)"


def _invoice(reading: PaymentReading, price: Money, now: datetime, validity: timedelta) -> Invoice:
    return Invoice(
        gateway_id=reading.gateway_id,
        price=price,
        due=CoinAmount(amount=reading.pay_amount or Decimal(0), coin=reading.coin),
        address=reading.address or "",
        extra_id=reading.extra_id,
        expires_at=now + RATE_WINDOW,
        void_at=now + validity,
    )


def _plain(value: object) -> object:
    match value:
        case Decimal():
            return str(value)
        case datetime():
            return value.isoformat()
        case _:
            return value


def _read(body: bytes) -> PaymentReading | None:
    try:
        fields = json.loads(body)
        return PaymentReading(
            **{
                **fields,
                "word": PaymentWord(fields["word"]),
                "price_amount": Decimal(fields["price_amount"]),
                "pay_amount": Decimal(fields["pay_amount"]),
                "actually_paid": Decimal(fields["actually_paid"]),
                "updated_at": datetime.fromisoformat(fields["updated_at"]),
            }
        )
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError):
        return None


if TYPE_CHECKING:
    _: type[PaymentGateway] = FakePaymentGateway
