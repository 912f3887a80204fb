"""
Buyers, and the odd things that they do.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable
from functools import partial

from bitloot_core.order.order import Order
from bitloot_core.order.payments import Invoice, OpenPayment
from bitloot_core.ports.requests import Answered, Begun
from bitloot_core.testing.simulation.front_door import AGENT, FrontDoor
from bitloot_core.testing.simulation.gateway_side import GatewaySide
from bitloot_core.testing.simulation.scene import PRODUCTS, Scene
from bitloot_core.usecases.open_payment import open_payment
from bitloot_core.usecases.place_order import Item, PlaceOrder, place_order
from bitloot_core.usecases.reveal_keys import Revealed, Visitor, look_at_link, reveal_keys
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import BitlootError, Refused
from bitloot_core.values.ids import GatewayPaymentId, OrderId
from bitloot_core.values.reading import PaymentWord

_TRIES = 8


class Way(enum.Enum):
    """How a buyer pays."""

    EXACT = "pays exactly"
    A_LITTLE_SHORT = "pays a little less, within the tolerance"
    SHORT = "pays half"
    TOPS_UP = "pays half, and the rest on the same payment"
    SHORT_AND_AGAIN = "pays half, and then again"
    SURPLUS = "pays twice as much"
    TWICE = "pays twice"
    LATE = "pays when the order has expired"
    OTHER_COIN = "takes another coin, and pays that"
    BOTH_COINS = "takes another coin, and pays both"
    WRONG_ASSET = "sends another asset"
    NEVER = "never pays"
    SENT_BACK = "pays, and is sent the money back by the gateway"
    FAILED = "pays, and the gateway fails"
    NOTHING = "pays nothing, and the gateway calls it finished"
    CALLED_OFF = "lets the gateway cancel the payment"


class Buyer:
    """
    One buyer with one order.

    Args:
        number: which one, from 1.
        got: told of keys that came through the link: the order, the request, and the serials.
    """

    def __init__(
        self,
        number: int,
        scene: Scene,
        door: FrontDoor,
        gateway: GatewaySide,
        got: Callable[[OrderId, str, tuple[bytes, ...]], None],
    ) -> None:
        self.number = number
        self._got = got
        self.order_id = OrderId(f"o{number}")
        self.email = f"buyer{number}@example.com"
        self._scene = scene
        self._door = door
        self._gateway = gateway
        chance = scene.chance
        odd = chance.happens(scene.weather.odd_buyer, "buyer", number, "odd")
        self.way = chance.pick(tuple(Way), "buyer", number, "way") if odd else Way.EXACT
        scene.facts.emails[self.order_id] = self.email
        self._coin = chance.pick(("btc", "ltc", "xrp"), "buyer", number, "coin")
        self._opened = 0
        first = chance.pick(range(len(PRODUCTS)), "buyer", number, "product")
        self._items = tuple(
            Item(product_id=product.id, quantity=chance.pick((1, 1, 1, 2, 3, 11), "buyer", number, product.id))
            for product in (*PRODUCTS, *PRODUCTS)[
                first : first + chance.pick((1, 1, 1, 2, 3), "buyer", number, "products")
            ]
        )

    async def live(self) -> None:
        """Come, buy, pay, and open the keys."""
        scene = self._scene
        await asyncio.sleep(scene.weather.storm * 0.6 * scene.chance.fraction("buyer", self.number, "comes"))
        if not await self._place():
            return
        scene.history.add(f"buyer {self.number}", self.way.value, self.order_id)
        await asyncio.sleep(10 + 300 * scene.chance.fraction("buyer", self.number, "thinks"))
        invoice = await self._invoice()
        if invoice is not None:
            await self._pay(invoice.gateway_id)
        await self._open_keys()

    async def _place(self) -> bool:
        """Place the order, again and again under the same key until somebody says that it is there."""
        for attempt in range(_TRIES):
            try:
                placed = await self._door.ask(self.order_id, self._order)
            except BitlootError as refusal:
                why = f"is not heard: {type(refusal).__name__}"
                self._scene.history.add(f"buyer {self.number}", why, self.order_id)
                await asyncio.sleep(5.0 * 2**attempt)
            else:
                if placed:
                    self._scene.facts.placed.append(self.order_id)
                    return True
                await asyncio.sleep(60)
        return False

    async def _order(self, shop: Shop) -> bool:
        """What the HTTP edge does with `POST /orders` under an `Idempotency-Key`."""
        key, body = f"key{self.number}", f"body{self.number}"
        begun = await shop.requests.begin(key, body, self.order_id, now=shop.clock.now())
        if isinstance(begun, Answered):
            return True
        if not isinstance(begun, Begun):
            return False
        request = PlaceOrder(email=self.email, items=self._items, pay_currency=self._coin)
        await place_order(shop, request, order_id=begun.order_id)
        await shop.requests.answer(key, b"{}", now=shop.clock.now())
        return True

    async def _invoice(self, coin: str | None = None) -> Invoice | None:
        """The payment that the order's page shows; if there is none, the buyer asks for one."""
        for attempt in range(_TRIES):
            try:
                order = await self._door.ask(self.order_id, self._read)
                found = _open_invoice(order, coin)
                if found is not None:
                    return found
                wanted = partial(open_payment, order_id=self.order_id, pay_currency=coin or self._coin)
                await self._door.ask(self.order_id, wanted)
            except Refused:
                return None
            except BitlootError:
                await asyncio.sleep(5.0 * 2**attempt)
        return None

    async def _read(self, shop: Shop) -> Order:
        return await shop.orders.get(self.order_id)

    async def _pay(self, gateway_id: GatewayPaymentId) -> None:
        pay, order_id = self._gateway, self.order_id
        match self.way:
            case Way.NEVER:
                return
            case Way.EXACT | Way.TWICE | Way.SENT_BACK:
                await pay.deposit(gateway_id, order_id)
            case Way.A_LITTLE_SHORT:
                await pay.deposit(gateway_id, order_id, "0.997")
            case Way.SHORT | Way.TOPS_UP | Way.SHORT_AND_AGAIN:
                await pay.deposit(gateway_id, order_id, "0.5")
            case Way.SURPLUS:
                await pay.deposit(gateway_id, order_id, "2")
            case Way.LATE:
                await asyncio.sleep(3_900)
                await pay.deposit(gateway_id, order_id)
            case Way.OTHER_COIN | Way.BOTH_COINS:
                await self._pay_another(gateway_id)
            case Way.WRONG_ASSET:
                pay.ends(gateway_id, order_id, PaymentWord.WRONG_ASSET)
            case Way.FAILED:
                pay.ends(gateway_id, order_id, PaymentWord.FAILED)
            case Way.NOTHING:
                pay.ends(gateway_id, order_id, PaymentWord.FINISHED)
            case Way.CALLED_OFF:
                pay.ends(gateway_id, order_id, PaymentWord.CANCELLED)
        await self._and_then(gateway_id)

    async def _and_then(self, gateway_id: GatewayPaymentId) -> None:
        pay, order_id = self._gateway, self.order_id
        await asyncio.sleep(900 * self._scene.chance.fraction("buyer", self.number, "and then"))
        match self.way:
            case Way.TOPS_UP:
                await pay.deposit(gateway_id, order_id, "1")
            case Way.TWICE | Way.SHORT_AND_AGAIN:
                await pay.deposit_again(gateway_id, order_id)
            case Way.WRONG_ASSET:
                await pay.deposit_again(gateway_id, order_id, coin="shib")
            case Way.SENT_BACK:
                pay.ends(gateway_id, order_id, PaymentWord.REFUNDED)
            case _:
                return

    async def _pay_another(self, first: GatewayPaymentId) -> None:
        invoice = await self._invoice("ltc" if self._coin == "btc" else "btc")
        if invoice is not None:
            await self._gateway.deposit(invoice.gateway_id, self.order_id)
        if invoice is None or self.way is Way.BOTH_COINS:
            await self._gateway.deposit(first, self.order_id)

    async def _open_keys(self) -> None:
        """Wait for a mail, and open the keys behind its link, some a few times."""
        for look in range(15):
            await asyncio.sleep(240 * 1.25**look)
            mails = self._scene.mailer.to(self.email)
            if mails:
                await self._open(mails[-1].link.reveal().rpartition("/")[2])
            if len(mails) > 1 or (mails and not mails[-1].owed):
                return

    async def _open(self, token: str) -> None:
        for _ in range(1 + int(3 * self._scene.chance.fraction("buyer", self.number, "opens"))):
            self._opened += 1
            agent = f"{self.order_id}, time {self._opened}"
            try:
                await self._door.ask(self.order_id, partial(look_at_link, token=token))
                revealed = await self._door.ask(self.order_id, partial(self._reveal, token=token, agent=agent))
            except BitlootError as error:
                self._scene.history.add(f"buyer {self.number}", f"cannot open: {_short(error)}", self.order_id)
                await asyncio.sleep(60)
            else:
                self._take(revealed, agent)

    async def _reveal(self, shop: Shop, token: str, agent: str) -> Revealed:
        AGENT.set(agent)
        return await reveal_keys(shop, token, Visitor(address="192.0.2.7", agent=agent))

    def _take(self, revealed: Revealed, agent: str) -> None:
        serials = tuple(key.material.content for key in revealed.keys)
        self._scene.history.add(f"buyer {self.number}", f"opens {len(serials)} key(s)", self.order_id)
        self._got(self.order_id, agent, serials)


def _open_invoice(order: Order, coin: str | None) -> Invoice | None:
    """The newest payment that waits for coins."""
    open_ones = [one.invoice for one in order.payments if isinstance(one, OpenPayment)]
    fitting = [invoice for invoice in open_ones if coin in (None, invoice.due.coin)]
    return fitting[-1] if fitting else None


def _short(error: BitlootError) -> str:
    return f"{type(error).__name__}{f' ({error.code})' if isinstance(error, Refused) else ''}"
