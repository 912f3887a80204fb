"""
NOWPayments as the core's payment gateway.

What lives here: which call is made for what, and what its outcome means for the caller. What must not: the vendor's
words (`wire.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import aiohttp

from bitloot_adapters._shared.exact_json import NotJson
from bitloot_adapters._shared.http_caller import Answer, Deadlines, HttpCaller
from bitloot_adapters.nowpayments import refusals, wire
from bitloot_adapters.nowpayments.cache import Cache
from bitloot_adapters.nowpayments.fields import Unreadable, is_payment_id
from bitloot_adapters.nowpayments.notices import NoticeReader
from bitloot_adapters.nowpayments.rate_limit import RateLimit
from bitloot_adapters.nowpayments.refusals import PORT
from bitloot_adapters.nowpayments.signature import IpnVerifier
from bitloot_core.order.payments import Invoice
from bitloot_core.ports.inbox import VerifiedWebhook
from bitloot_core.ports.payment_gateway import Coin, PaymentGateway
from bitloot_core.ports.system import Clock
from bitloot_core.values.errors import NotFound, Rejected, Unavailable, Unknown
from bitloot_core.values.ids import GatewayPaymentId, OrderId
from bitloot_core.values.money import Money
from bitloot_core.values.reading import PaymentReading
from bitloot_core.values.secret import Secret

PRODUCTION = "https://api.nowpayments.io/v1"
COINS_GOOD_FOR = timedelta(minutes=10)
MINIMUM_GOOD_FOR = timedelta(seconds=60)
_MOST_MINIMUMS = 1_000
_SUCCESS = range(200, 300)
_ALL = "all"

Shape = TypeVar("Shape")


class NowPaymentsGateway:
    """
    Opens payments at NOWPayments and reads them back.

    The vendor has no idempotency key, so a request that may have had an effect is never sent twice from here.

    Args:
        session: whoever opens it closes it.
        api_key: the account's; a payment can only be read with the key that created it.
        ipn_secrets: the account's IPN secret, or several separated by commas while it is being rotated.
        ipn_callback_url: where notices go; sent with each payment.
        clock: ages what is cached, and dates an answer that does not date itself.
        rate_limit: asked before each call.
        base_url: ends in `/v1`.
        deadlines: for each call.
    """

    def __init__(
        self,
        *,
        session: aiohttp.ClientSession,
        api_key: Secret,
        ipn_secrets: Secret,
        ipn_callback_url: str,
        clock: Clock,
        rate_limit: RateLimit,
        base_url: str = PRODUCTION,
        deadlines: Deadlines | None = None,
    ) -> None:
        self._caller = HttpCaller(
            session=session,
            base_url=base_url,
            headers={"x-api-key": api_key.reveal(), "Accept": "application/json"},
            port=PORT,
            deadlines=deadlines,
        )
        self._notices = NoticeReader(IpnVerifier(ipn_secrets.reveal()))
        self._ipn_callback_url = ipn_callback_url
        self._clock = clock
        self._rate_limit = rate_limit
        self._coins: Cache[str, dict[str, wire.ListedCoin]] = Cache(
            good_for=COINS_GOOD_FOR, monotonic=clock.monotonic, most=1
        )
        self._minimums: Cache[tuple[str, str], Money | None] = Cache(
            good_for=MINIMUM_GOOD_FOR, monotonic=clock.monotonic, most=_MOST_MINIMUMS
        )

    async def create_payment(self, *, order_id: OrderId, price: Money, coin: str, description: str) -> Invoice:
        """
        Open a payment at a floating rate, fees on us; each call that gets through makes another one.

        An address without the memo that its coin needs is not handed out: coins sent there would be lost.

        Raises:
            Rejected: as the port says; `rejected` also for an order id that is not ASCII.
            Unavailable: nothing was sent, or it was turned away unread.
            Unknown: a payment may exist.
        """
        if not order_id.isascii() or not order_id.isprintable():
            raise Rejected(PORT, "can only sign ASCII, which the order's id is not")
        listed = await self._listed(coin)
        request = wire.PaymentRequest(
            order_id=order_id,
            price=price,
            coin=listed.coin.code,
            description=description,
            ipn_callback_url=self._ipn_callback_url,
        )
        await self._rate_limit.acquire()
        answer = await self._caller.act("/payment", body=request.body())
        if answer.status not in _SUCCESS:
            raise refusals.of_creation(refusals.refusal_of(answer))
        try:
            return wire.invoice_of(answer.json(), request, needs_memo=listed.needs_memo, now=self._clock.now())
        except (NotJson, Unreadable) as exc:
            raise Unknown(PORT, f"opened a payment that cannot be used: {exc}") from exc

    async def payment(self, gateway_id: GatewayPaymentId) -> PaymentReading:
        """
        Read one payment with the key that created it.

        Raises:
            NotFound: NOWPayments does not know it, or not under this key.
            Unavailable: also for an answer that cannot be understood.
        """
        if not is_payment_id(gateway_id):
            raise NotFound("payment", gateway_id)
        answer = await self._read(f"/payment/{gateway_id}")
        if answer.status not in _SUCCESS:
            raise refusals.of_read(refusals.refusal_of(answer), gateway_id)
        reading = _understood(answer, wire.reading_of)
        if reading.gateway_id != gateway_id:
            raise Unavailable(PORT, "answered about another payment")
        return reading

    async def coins(self) -> tuple[Coin, ...]:
        """The coins that the merchant ticked and that can be paid with, by code; at most ten minutes old."""
        offered = await self._offered()
        return tuple(offered[code].coin for code in sorted(offered))

    async def minimum(self, coin: str, currency: str) -> Money | None:
        """
        The smallest price, rounded up to the currency's digits; at most a minute old.

        A hint: merchants report refusals above it, and payments below it that went through.

        Raises:
            Rejected: the coin cannot be paid with (`unknown-coin`).
        """
        code = (await self._listed(coin)).coin.code
        return await self._minimums.get((code, currency), lambda: self._ask_minimum(code, currency))

    def verify_notice(self, headers: Mapping[str, str], body: bytes) -> VerifiedWebhook:
        """Check the signature over the canonical body, in constant time."""
        return self._notices.verify(headers, body)

    def read_notice(self, webhook: VerifiedWebhook) -> PaymentReading | None:
        """Read a notice: a hint, as it can be replayed for ever; the truth is read with `payment`."""
        return self._notices.read(webhook)

    async def _listed(self, coin: str) -> wire.ListedCoin:
        listed = (await self._offered()).get(coin.lower())
        if listed is None:
            raise Rejected(PORT, "does not take this coin", code="unknown-coin")
        return listed

    async def _offered(self) -> dict[str, wire.ListedCoin]:
        return await self._coins.get(_ALL, self._ask_coins)

    async def _ask_coins(self) -> dict[str, wire.ListedCoin]:
        chosen = await self._list("/merchant/coins", wire.chosen_coins)
        listed = await self._list("/full-currencies", wire.listed_coins)
        return {code: coin for code, coin in listed.items() if code in chosen}

    async def _ask_minimum(self, coin: str, currency: str) -> Money | None:
        answer = await self._read("/min-amount", query=wire.minimum_query(coin, currency))
        if answer.status in _SUCCESS:
            return _understood(answer, lambda document: wire.minimum_of(document, currency))
        refused = refusals.of_minimum(refusals.refusal_of(answer))
        if refused is not None:
            raise refused
        return None

    async def _list(self, path: str, read: Callable[[object], Shape]) -> Shape:
        answer = await self._read(path)
        if answer.status not in _SUCCESS:
            raise refusals.of_listing(refusals.refusal_of(answer))
        return _understood(answer, read)

    async def _read(self, path: str, *, query: Mapping[str, str] | None = None) -> Answer:
        await self._rate_limit.acquire()
        return await self._caller.read(path, query=query)


def _understood(answer: Answer, read: Callable[[object], Shape]) -> Shape:
    try:
        return read(answer.json())
    except (NotJson, Unreadable) as exc:
        raise Unavailable(PORT, f"answered what cannot be understood: {exc}") from exc


if TYPE_CHECKING:
    _: type[PaymentGateway] = NowPaymentsGateway
