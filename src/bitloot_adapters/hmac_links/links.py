"""
Tokens: `<id><32 characters of HMAC-SHA-256>`.

160 bits of the digest are kept, more than the 128 that OWASP ASVS 5.0 (11.5.1) asks of a token, and written in letters
and digits alone, so that no mail program takes one for the end of the link. Delivery and access tokens come from
different keys: one is never the other.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from bitloot_adapters._shared.envelope.derivation import subkey
from bitloot_core.ports.links import Links
from bitloot_core.values.errors import InvalidInput, NotFound
from bitloot_core.values.ids import LinkId, OrderId
from bitloot_core.values.secret import Secret

SETTING = "LINK_SECRET"
SHORTEST_SECRET = 32
_DIGEST_BYTES = 20
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TOKEN = re.compile(r"(?P<id>[A-Za-z0-9_-]{1,64})(?P<digest>[a-z2-7]{32})")


class HmacLinks:
    """
    Issues and verifies tokens; see `Links` for what it promises.

    Args:
        secrets: of 32 characters or more each; the first one signs, all verify.

    Raises:
        InvalidInput: there is none, or one is too short. They are named by their number, never repeated.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets:
            raise InvalidInput(SETTING, "holds no secret")
        for number, secret in enumerate(secrets, start=1):
            if len(secret) < SHORTEST_SECRET:
                raise InvalidInput(SETTING, f"entry {number} is shorter than {SHORTEST_SECRET} characters")
        self._delivery = _Signer("delivery", secrets)
        self._access = _Signer("access", secrets)

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read the setting: secrets with commas between them; spaces around one do not count.

        Raises:
            InvalidInput: as the class says.
        """
        return cls([secret.strip() for secret in text.split(",")])

    def issue(self, link_id: LinkId) -> Secret:
        """The delivery token of a link."""
        return self._delivery.sign(link_id)

    def verify(self, token: str) -> LinkId:
        """The link that a delivery token is for."""
        link_id = self._delivery.read(token)
        if link_id is None:
            raise NotFound("link", "with this token")
        return LinkId(link_id)

    def issue_access(self, order_id: OrderId) -> Secret:
        """The access token of an order."""
        return self._access.sign(order_id)

    def verify_access(self, token: str) -> OrderId:
        """The order that an access token is for."""
        order_id = self._access.read(token)
        if order_id is None:
            raise NotFound("order", "with this token")
        return OrderId(order_id)

    def __repr__(self) -> str:
        return "HmacLinks(***)"


class _Signer:
    """Signs and reads tokens of one kind."""

    def __init__(self, kind: str, secrets: Sequence[str]) -> None:
        self._keys = tuple(subkey(secret.encode(), f"bitloot/links/1/{kind}") for secret in secrets)

    def sign(self, identifier: str) -> Secret:
        if _ID.fullmatch(identifier) is None:
            raise InvalidInput("id", "is not 1 to 64 characters of A-Z a-z 0-9 _ -")
        return Secret(identifier + _digest(self._keys[0], identifier))

    def read(self, token: str) -> str | None:
        found = _TOKEN.fullmatch(token)
        if found is None:
            return None
        # Every secret is tried, so that the time does not tell which one it was.
        matches = [hmac.compare_digest(_digest(key, found["id"]), found["digest"]) for key in self._keys]
        return found["id"] if any(matches) else None

    def __repr__(self) -> str:
        return "_Signer(***)"


def _digest(key: bytes, identifier: str) -> str:
    digest = hmac.digest(key, identifier.encode("ascii"), "sha256")
    return base64.b32encode(digest[:_DIGEST_BYTES]).decode("ascii").lower()


if TYPE_CHECKING:
    _: type[Links] = HmacLinks
