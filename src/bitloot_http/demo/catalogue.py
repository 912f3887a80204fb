"""
What the demo's shop sells: games that do not exist, at a supplier that does not either.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import attrs


@attrs.frozen(kw_only=True)
class Game:
    """
    Something to sell.

    Attributes:
        price: EUR, what a buyer pays.
        cost: EUR, what the supplier asks.
        cap: EUR, the most that it may cost.
        is_picture: its keys are pictures.
        is_preorder: it is released today, and its keys come a little later.
    """

    id: str
    title: str
    price: Decimal
    cost: Decimal
    cap: Decimal
    is_picture: bool = False
    is_preorder: bool = False


def _game(game_id: str, title: str, price: str, cost: str, cap: str) -> Game:
    return Game(id=game_id, title=title, price=Decimal(price), cost=Decimal(cost), cap=Decimal(cap))


LANTERN = _game("lantern-tide", "Lantern Tide", "19.99", "14.20", "16.00")
RUSTWATER = _game("rustwater-express", "Rustwater Express", "29.90", "22.75", "25.00")
ORCHARD = _game("clockwork-orchard", "Clockwork Orchard", "14.50", "9.80", "11.50")
MOTHS = _game("harbour-of-moths", "Harbour of Moths", "24.90", "18.05", "20.00")
POLAR = attrs.evolve(_game("polar-cartographers", "Polar Cartographers", "34.00", "27.10", "30.00"), is_picture=True)
STARLESS = attrs.evolve(_game("starless-garden", "Starless Garden", "59.99", "48.00", "52.00"), is_preorder=True)
GAMES = (LANTERN, RUSTWATER, ORCHARD, MOTHS, POLAR, STARLESS)


def products_csv(supplier_ids: Mapping[str, str], today: date) -> str:
    """
    The catalogue as `bitloot products import` takes it.

    Args:
        supplier_ids: the supplier's name of each game, by ours.
        today: the day on which preorders are released.
    """
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(
        ("product_id", "title", "supplier_product_id", "price", "currency", "max_cost", "key_type", "release_date")
    )
    for game in GAMES:
        released = today.isoformat() if game.is_preorder else ""
        form = "any" if game.is_picture else "text"
        rows.writerow((game.id, game.title, supplier_ids[game.id], game.price, "EUR", game.cap, form, released))
    return out.getvalue()
