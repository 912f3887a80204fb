"""Links whose tokens a test can read."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from bitloot_core.ports.links import Links
from bitloot_core.values.errors import NotFound
from bitloot_core.values.ids import LinkId, OrderId
from bitloot_core.values.secret import Secret


class FakeLinks:
    """
    Makes tokens with the identifier in front and a digest behind it.

    They are the same in every process, and so worth nothing outside of a test.

    >>> links = FakeLinks()
    >>> token = links.issue(LinkId("link1")).reveal()
    >>> token.partition("-")[0], links.verify(token)
    ('link1', 'link1')
    """

    def __init__(self) -> None:
        self._secret = "first"
        self._accepted: tuple[str, ...] = ("first",)

    def issue(self, link_id: LinkId) -> Secret:
        """The delivery token of a link."""
        return _sign(self._secret, "delivery", link_id)

    def verify(self, token: str) -> LinkId:
        """The link that a delivery token is for."""
        return LinkId(self._read("delivery", "link", token))

    def issue_access(self, order_id: OrderId) -> Secret:
        """The access token of an order."""
        return _sign(self._secret, "access", order_id)

    def verify_access(self, token: str) -> OrderId:
        """The order that an access token is for."""
        return OrderId(self._read("access", "order", token))

    def add_secret(self) -> None:
        """Given a new secret that signs from now on; the earlier ones still verify."""
        self._secret = f"secret {len(self._accepted) + 1}"
        self._accepted = (self._secret, *self._accepted)

    def drop_old_secrets(self) -> None:
        """Given that only the newest secret is left."""
        self._accepted = (self._secret,)

    def _read(self, kind: str, thing: str, token: str) -> str:
        identifier = token.rpartition("-")[0]
        if all(token != _sign(secret, kind, identifier).reveal() for secret in self._accepted):
            raise NotFound(thing, "with this token")
        return identifier


def _sign(secret: str, kind: str, identifier: str) -> Secret:
    digest = hashlib.sha256(f"{secret}/{kind}/{identifier}".encode(errors="replace")).hexdigest()
    return Secret(f"{identifier}-{digest[:32]}")


if TYPE_CHECKING:
    _: type[Links] = FakeLinks
