"""Derived tokens keep the promises of the port, and their secrets."""

import hashlib
import hmac

import attrs
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from bitloot_adapters.hmac_links import HmacLinks
from bitloot_core.testing.contracts.links import LINK, LinksContract
from bitloot_core.values.errors import InvalidInput, NotFound
from bitloot_core.values.ids import LinkId, OrderId

CANARY = "CANARY-0123456789-0123456789-0123456789"
OTHER = "another secret of at least thirty-two characters"


@attrs.define
class HmacLinksWorld:
    """Links from a list of secrets, newest first."""

    secrets: tuple[str, ...] = (CANARY,)

    @property
    def links(self) -> HmacLinks:
        """Links under the secrets of the moment."""
        return HmacLinks(self.secrets)

    def add_secret(self) -> None:
        """Given a new secret in front."""
        self.secrets = (OTHER, *self.secrets)

    def drop_old_secrets(self) -> None:
        """Given the first one only."""
        self.secrets = self.secrets[:1]


class TestHmacLinks(LinksContract):
    """The suite, on derived tokens."""

    @pytest.fixture
    def world(self) -> HmacLinksWorld:
        """Links under one secret."""
        return HmacLinksWorld()


def test_a_token_stays_the_same_for_years() -> None:
    """Golden token: links that were mailed must open after every upgrade. Made here by hand from its definition."""
    key = HKDF(algorithm=hashes.SHA512(), length=32, salt=None, info=b"bitloot/links/1/delivery").derive(
        CANARY.encode()
    )
    digest = hmac.new(key, LINK.encode(), hashlib.sha256).digest()[:20]
    expected = LINK + "".join(
        "abcdefghijklmnopqrstuvwxyz234567"[int.from_bytes(digest, "big") >> place & 31] for place in range(155, -1, -5)
    )

    assert HmacLinks([CANARY]).issue(LINK).reveal() == expected


@given(identifier=st.from_regex("[A-Za-z0-9_-]{1,64}", fullmatch=True), token=st.text())
def test_no_text_opens_but_the_token_itself(identifier: str, token: str) -> None:
    """Any identifier comes back, and any text that we did not make is not found."""
    links = HmacLinks.parse(f"{CANARY},{OTHER}")

    assert links.verify(links.issue(LinkId(identifier)).reveal()) == identifier
    with pytest.raises(NotFound):
        links.verify(token)


def test_an_identifier_that_does_not_fit_into_a_link_is_refused() -> None:
    """It fails when it is issued, not when the buyer follows it."""
    for identifier in ("", "a/b", "a b", "é", "x" * 65):
        with pytest.raises(InvalidInput):
            HmacLinks([CANARY]).issue_access(OrderId(identifier))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "entry 1 is shorter"),
        (CANARY[:31], "entry 1 is shorter"),
        (f"{CANARY},", "entry 2 is shorter"),
        (f"{OTHER}, {CANARY[:31]} ", "entry 2 is shorter"),
    ],
)
def test_a_short_secret_is_refused_without_repeating_it(text: str, reason: str) -> None:
    """The operator learns which one; the log learns nothing."""
    with pytest.raises(InvalidInput) as caught:
        HmacLinks.parse(text)

    assert caught.value.field == "LINK_SECRET"
    assert caught.value.reason.startswith(reason)
    assert "CANARY" not in str(caught.value)


def test_no_secrets_at_all_are_refused() -> None:
    """A library user who passes an empty list learns it at once."""
    with pytest.raises(InvalidInput):
        HmacLinks([])


def test_spaces_around_a_secret_do_not_count() -> None:
    """`a, b` in an environment file means the same as `a,b`."""
    token = HmacLinks([CANARY]).issue(LINK).reveal()

    assert HmacLinks.parse(f" {OTHER} , {CANARY} ").verify(token) == LINK


def test_secrets_are_not_printed() -> None:
    """Neither the port nor what is inside it shows one."""
    links = HmacLinks([CANARY])

    assert "CANARY" not in repr(links) + repr(vars(links))
