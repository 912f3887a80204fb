"""
Kinguin's eCommerce API (ESA) behind the ports `Supplier` and `SupplierCatalogue`. Needs the extra `[kinguin]`.

Kinguin's own words (`orderExternalId`, `keyType`) live in `wire` and `events`, and go no further.
"""

from bitloot_adapters.kinguin.catalogue import KinguinCatalogue
from bitloot_adapters.kinguin.events import EventVerifier
from bitloot_adapters.kinguin.supplier import PRODUCTION_URL, KinguinSupplier

__all__ = ["PRODUCTION_URL", "EventVerifier", "KinguinCatalogue", "KinguinSupplier"]
