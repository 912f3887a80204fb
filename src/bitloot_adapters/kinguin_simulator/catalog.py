"""
The catalogue: products, their offers, prices and stock, and which offers serve a wanted line.

No orders, no balance and no HTTP in here.

Source: Kinguin ESA documentation, state July 2025, "Place an order", "Wholesale", "Buying pre-orders".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal

import attrs

from bitloot_adapters.kinguin_simulator.errors import refuse, violation
from bitloot_adapters.kinguin_simulator.requests import WantedLine
from bitloot_adapters.kinguin_simulator.values import TEXT, Offer, Product

FIRST_KINGUIN_ID = 1001
LONG_RELEASED = date(2004, 11, 1)


@attrs.frozen(kw_only=True)
class Share:
    """
    The part of a wanted line that one offer serves, and what one key of it costs.
    """

    offer: Offer
    quantity: int
    price: Decimal


class Catalog:
    """
    All products, by id, in the order in which they were added.
    """

    def __init__(self, *, now: Callable[[], datetime], new_id: Callable[[], str]) -> None:
        self._now = now
        self._new_id = new_id
        self._products: dict[str, Product] = {}

    @property
    def products(self) -> tuple[Product, ...]:
        """
        Every product.
        """
        return tuple(self._products.values())

    def add(
        self,
        product_id: str,
        *,
        name: str,
        price: Decimal,
        stock: int,
        media_type: str = TEXT,
        wholesale_tiers: tuple[Decimal, ...] = (),
        preorder_until: date | None = None,
        offer_id: str | None = None,
    ) -> Product:
        """
        List a product with one offer; more offers come with `add_offer`.
        """
        product = Product(
            product_id=product_id,
            kinguin_id=FIRST_KINGUIN_ID + len(self._products),
            name=name,
            offers=(),
            is_preorder=preorder_until is not None,
            release_date=preorder_until or LONG_RELEASED,
            updated_at=self._now(),
        )
        self._products[product_id] = product
        return self.add_offer(
            product_id,
            Offer(
                offer_id=offer_id or self._new_id(),
                price=price,
                stock=stock,
                media_type=media_type,
                wholesale_tiers=wholesale_tiers,
            ),
        )

    def add_offer(self, product_id: str, offer: Offer) -> Product:
        """
        Add a further merchant's offer to a product.
        """
        product = self.get(product_id)
        return self._keep(attrs.evolve(product, offers=(*product.offers, offer), updated_at=self._now()))

    def get(self, product_id: str) -> Product:
        """
        Return that product.

        Raises:
            KeyError: it was never listed.
        """
        return self._products[product_id]

    def find(self, product_id: str) -> Product | None:
        """
        Return that product, or None when it was never listed.
        """
        return self._products.get(product_id)

    def change_offers(self, product_id: str, changed: Callable[[Offer], Offer]) -> Product:
        """
        Replace each offer of a product by what the function makes of it.
        """
        product = self.get(product_id)
        offers = tuple(changed(offer) for offer in product.offers)
        return self._keep(attrs.evolve(product, offers=offers, updated_at=self._now()))

    def move_stock(self, product_id: str, by_offer: Mapping[str, int]) -> Product:
        """
        Add to the stock of the named offers; a negative number takes away.
        """
        return self.change_offers(
            product_id, lambda offer: attrs.evolve(offer, stock=offer.stock + by_offer.get(offer.offer_id, 0))
        )

    def shares_for(self, wanted: WantedLine) -> tuple[Product, tuple[Share, ...]]:
        """
        Choose the offers that serve a line: the cheapest that holds all of it, else several, cheapest first.

        Raises:
            Refusal: ProductUnavailable when no offers at that price hold the quantity; ConstraintViolation when a
                wholesale quantity is asked of an offer that does not do wholesale.
        """
        product = self.find(wanted.product_id)
        if product is None:
            raise _unavailable(wanted)
        if wanted.wholesale:
            return product, (_wholesale_share(product, wanted),)
        fitting = [offer for offer in product.stocked if _fits(offer, wanted)]
        for offer in fitting:
            if offer.stock >= wanted.quantity:
                return product, (Share(offer=offer, quantity=wanted.quantity, price=offer.price),)
        return product, tuple(_spread(fitting, wanted))

    def _keep(self, product: Product) -> Product:
        self._products[product.product_id] = product
        return product


def _fits(offer: Offer, wanted: WantedLine) -> bool:
    return (
        offer.price <= wanted.price
        and wanted.offer_id in {None, offer.offer_id}
        and not (wanted.text_only and offer.media_type != TEXT)
    )


def _spread(fitting: Iterable[Offer], wanted: WantedLine) -> list[Share]:
    shares: list[Share] = []
    missing = wanted.quantity
    for offer in fitting:
        taken = min(offer.stock, missing)
        shares.append(Share(offer=offer, quantity=taken, price=offer.price))
        missing -= taken
        if missing == 0:
            return shares
    raise _unavailable(wanted)


def _wholesale_share(product: Product, wanted: WantedLine) -> Share:
    offer = next((offer for offer in product.offers if offer.offer_id == wanted.offer_id), None)
    if offer is None:
        raise _unavailable(wanted)
    if not offer.wholesale_tiers:
        raise violation("products", wanted.quantity, "Wholesale is not enabled for the offer; the limit is 9.")
    price = offer.price_for(wanted.quantity)
    if offer.stock < wanted.quantity or price > wanted.price or (wanted.text_only and offer.media_type != TEXT):
        raise _unavailable(wanted)
    return Share(offer=offer, quantity=wanted.quantity, price=price)


def _unavailable(wanted: WantedLine) -> Exception:
    return refuse("ProductUnavailable", f'Unable to find any offer for the product "{wanted.product_id}".')
