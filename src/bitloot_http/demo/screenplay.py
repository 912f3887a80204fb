"""
What is going to happen: who buys what, how they pay for it, and what goes wrong on the way.

Data only. `buyers` and `mishaps` carry it out.
"""

from __future__ import annotations

import enum
from itertools import cycle, islice

import attrs

from bitloot_http.demo.catalogue import LANTERN, MOTHS, ORCHARD, POLAR, RUSTWATER, STARLESS, Game


class Pays(enum.Enum):
    """How a buyer pays; the value is what is said about it."""

    EXACTLY = ""
    AFTER_A_SWITCH = "changes the coin, then pays"
    A_LITTLE_SHORT = "pays 0.3 % too little"
    LATE = "pays after the payment expired"
    TWICE = "changes the coin, then pays both"
    WITHOUT_AN_ANSWER = "gateway's answer lost at checkout"


class Notices(enum.Enum):
    """What becomes of the payment gateway's notices."""

    GOOD = ""
    TRIPLED = "every notice comes three times"
    LOST = "the notice `finished` is lost"
    SWAPPED = "notices come out of order"
    LATE = "the notice `finished` comes 2 s late"
    REPLAYED = "an old notice comes again at the end"
    FORGED = "a forger says `finished` first"


class Delivery(enum.Enum):
    """What becomes of the supplier's keys and of its webhook about them."""

    GOOD = ""
    TRIPLED = "the webhook comes three times"
    LOST = "the webhook is lost"
    LATE = "the webhook comes 2 s late"
    FORGED = "the webhook is forged, the real one lost"
    TRICKLE = "the keys come one at a time"
    RELEASE = "a preorder: keys come at its release"


@attrs.frozen(kw_only=True)
class Scene:
    """
    One order.

    Attributes:
        number: from 1; orders begin in this order.
        coin: what the buyer pays with, in the end.
        other_coin: what the buyer chose first, where the coin is changed.
    """

    number: int
    buyer: str
    cart: tuple[tuple[Game, int], ...]
    coin: str
    other_coin: str = "btc"
    pays: Pays = Pays.EXACTLY
    notices: Notices = Notices.GOOD
    delivery: Delivery = Delivery.GOOD

    @property
    def email(self) -> str:
        """The buyer's address: one for each order, so that its mail can be told."""
        return f"{self.buyer}.{self.number}@buyers.example"

    @property
    def keys(self) -> int:
        """How many keys are bought."""
        return sum(quantity for _, quantity in self.cart)

    @property
    def what(self) -> str:
        """What is bought, in a few words."""
        return ", ".join(title if count == 1 else f"{count} {title}" for title, count in self._titles())

    @property
    def twist(self) -> str:
        """What is special about it."""
        return "; ".join(part.value for part in (self.pays, self.notices, self.delivery) if part.value)

    def _titles(self) -> tuple[tuple[str, int], ...]:
        return tuple((game.title, count) for game, count in self.cart)


def _one(game: Game, count: int = 1) -> tuple[tuple[Game, int], ...]:
    return ((game, count),)


_CAST = (
    Scene(number=1, buyer="ada", cart=_one(LANTERN), coin="btc", notices=Notices.TRIPLED),
    Scene(number=2, buyer="boris", cart=_one(RUSTWATER), coin="ltc", other_coin="eth", pays=Pays.AFTER_A_SWITCH),
    Scene(number=3, buyer="chidi", cart=_one(ORCHARD, 3), coin="sol", delivery=Delivery.TRICKLE),
    Scene(number=4, buyer="dagny", cart=_one(MOTHS), coin="xmr", pays=Pays.A_LITTLE_SHORT, delivery=Delivery.LOST),
    Scene(number=5, buyer="emeka", cart=(*_one(LANTERN), *_one(ORCHARD)), coin="eth", notices=Notices.LOST),
    Scene(number=6, buyer="frida", cart=_one(RUSTWATER), coin="ltc", pays=Pays.LATE),
    Scene(number=7, buyer="goran", cart=_one(POLAR), coin="doge", delivery=Delivery.TRIPLED),
    Scene(number=8, buyer="hana", cart=_one(STARLESS), coin="xrp", delivery=Delivery.RELEASE),
    Scene(number=9, buyer="idris", cart=_one(MOTHS), coin="trx", pays=Pays.WITHOUT_AN_ANSWER),
    Scene(number=10, buyer="jovana", cart=_one(ORCHARD, 11), coin="btc", notices=Notices.SWAPPED),
    Scene(number=11, buyer="kofi", cart=_one(LANTERN, 2), coin="sol", other_coin="eth", pays=Pays.TWICE),
    Scene(number=12, buyer="lena", cart=_one(MOTHS), coin="bnbbsc", notices=Notices.FORGED, delivery=Delivery.FORGED),
    Scene(number=13, buyer="mateo", cart=_one(RUSTWATER), coin="xlm", notices=Notices.REPLAYED, delivery=Delivery.LATE),
    Scene(number=14, buyer="noor", cart=_one(LANTERN), coin="usdcbsc", notices=Notices.LATE),
)


def screenplay(orders: int) -> tuple[Scene, ...]:
    """
    The first so many scenes; the cast comes on again when it is through.

    >>> [scene.buyer for scene in screenplay(15)][-2:]
    ['noor', 'ada']
    """
    return tuple(
        attrs.evolve(scene, number=number) for number, scene in enumerate(islice(cycle(_CAST), orders), start=1)
    )
