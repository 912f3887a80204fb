"""
Listening to what the supplier says about its products: cheaply, for it says it in floods.
"""

from __future__ import annotations

import asyncio

from bitloot_core.ports.inbox import VerifiedWebhook
from bitloot_core.usecases.refresh_quotes import note_changes
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.ids import SupplierProductId


class PriceWatch:
    """
    Gathers changes while others are written: however many come at once, one write follows another.

    Who tells of a change waits until it is written, like whoever brings any other webhook.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._heard: set[SupplierProductId] = set()
        self._turn = asyncio.Lock()

    async def hear(self, webhook: VerifiedWebhook) -> None:
        """
        Take note of a webhook that is about a product; of any other nothing.

        Raises:
            Unavailable: it is not known to be written: the sender must tell again.
        """
        product_id = self._shop.supplier_catalogue.changed_product(webhook)
        if product_id is None:
            return
        self._heard.add(product_id)
        async with self._turn:
            if product_id not in self._heard:
                return  # whoever had the turn has written it along
            batch, self._heard = self._heard, set()
            try:
                await note_changes(self._shop, batch)
            except BaseException:
                self._heard |= batch
                raise
