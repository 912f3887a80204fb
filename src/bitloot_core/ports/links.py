"""Capability tokens: the delivery link of a buyer, and the access token of an order."""

from __future__ import annotations

from typing import Protocol

from bitloot_core.values.ids import LinkId, OrderId
from bitloot_core.values.secret import Secret


class Links(Protocol):
    """
    Derives tokens from identifiers, so that nothing secret is at rest and a repeat is the same token.

    Pure. Expiry, revocation and views are the store's business. A token is URL-safe text of at most 128 characters.
    """

    def issue(self, link_id: LinkId) -> Secret:
        """The delivery token of a link. The same id gives the same token while the signing secret stays."""
        ...

    def verify(self, token: str) -> LinkId:
        """
        Read a delivery token, in constant time.

        Raises:
            NotFound: it was not made by us; nothing says why.
        """
        ...

    def issue_access(self, order_id: OrderId) -> Secret:
        """The access token of an order: shows its status, never a key."""
        ...

    def verify_access(self, token: str) -> OrderId:
        """
        Read an access token, in constant time.

        Raises:
            NotFound: it was not made by us; a delivery token is none.
        """
        ...
