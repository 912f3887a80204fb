"""What every maker of links must do."""

from __future__ import annotations

import re
from typing import Protocol

import pytest

from bitloot_core.ports.links import Links
from bitloot_core.values.errors import NotFound
from bitloot_core.values.ids import LinkId, OrderId

LINK = LinkId("link7f3k")
ORDER = OrderId("order9x2m")
MALFORMED = (
    "",
    " ",
    ".",
    "link7f3k",
    "A" * 32,
    "a" * 100_000,
    "../../etc/passwd",
    "link7f3k\0",
    "\uff4c\uff49\uff4e\uff4b\uff17" + "a" * 32,
    "naïve-" + "a" * 32,
    "\ud800" + "a" * 32,
    "%00",
    "<script>",
)


class LinksWorld(Protocol):
    """A maker of links, and its secrets."""

    @property
    def links(self) -> Links:
        """The port, under the secrets of the moment."""
        ...

    def add_secret(self) -> None:
        """Given a new secret that signs from now on; the earlier ones still verify."""
        ...

    def drop_old_secrets(self) -> None:
        """Given that only the newest secret is left."""
        ...


class LinksContract:
    """
    The promises of `Links`.

    Of the unhappy five there are the retried key (a token issued again) and the malformed body (a malformed token). The
    port is pure: there is no answer to lose, no peer to be slow, and nothing to commit.
    """

    @pytest.fixture
    def world(self) -> LinksWorld:
        """The maker of links under test."""
        raise NotImplementedError

    def test_a_token_leads_back_to_its_identifier(self, world: LinksWorld) -> None:
        """Both kinds of token are read by their own method."""
        delivery, access = world.links.issue(LINK), world.links.issue_access(ORDER)

        assert world.links.verify(delivery.reveal()) == LINK
        assert world.links.verify_access(access.reveal()) == ORDER

    def test_a_token_issued_again_is_the_same(self, world: LinksWorld) -> None:
        """A mail that is repeated carries the same link."""
        assert world.links.issue(LINK) == world.links.issue(LINK)
        assert world.links.issue_access(ORDER) == world.links.issue_access(ORDER)

    @pytest.mark.parametrize("identifier", ["a", "7", "x" * 32])
    def test_a_token_fits_into_a_link(self, world: LinksWorld, identifier: str) -> None:
        """URL-safe, and at most 128 characters for any identifier that we make."""
        tokens = [world.links.issue(LinkId(identifier)), world.links.issue_access(OrderId(identifier))]

        for token in tokens:
            assert re.fullmatch(r"[A-Za-z0-9._~-]{1,128}", token.reveal())

    def test_a_token_is_not_printed(self, world: LinksWorld) -> None:
        """It opens something, so its repr shows stars, and so does the port's."""
        tokens = [world.links.issue(LINK), world.links.issue_access(ORDER)]

        for token in tokens:
            assert token.reveal() not in repr(tokens) + str(token) + repr(world.links)

    def test_a_token_of_one_kind_is_none_of_the_other(self, world: LinksWorld) -> None:
        """Also where an order and a link have the same identifier: an access token never shows a key."""
        delivery, access = world.links.issue(LinkId("same")), world.links.issue_access(OrderId("same"))

        assert delivery != access
        with pytest.raises(NotFound):
            world.links.verify(access.reveal())
        with pytest.raises(NotFound):
            world.links.verify_access(delivery.reveal())

    def test_each_character_of_a_token_counts(self, world: LinksWorld) -> None:
        """A token that was changed, cut, lengthened or written in other letters was not made by us."""
        token = world.links.issue(LINK).reveal()
        changed = [
            token[:at] + other + token[at + 1 :] for at in range(len(token)) for other in "a7" if token[at] != other
        ]
        forged = [*changed, token[:-1], token[1:], token + "a", token + "\n", f" {token}", token.upper(), token * 2]

        for one in forged:
            with pytest.raises(NotFound):
                world.links.verify(one)

    def test_a_digest_belongs_to_its_identifier(self, world: LinksWorld) -> None:
        """The end of one token behind the beginning of another opens neither."""
        mine, other = world.links.issue(LINK).reveal(), world.links.issue(LinkId("link7f3z")).reveal()

        with pytest.raises(NotFound):
            world.links.verify(mine[: len(LINK)] + other[len(LINK) :])

    @pytest.mark.parametrize("token", MALFORMED)
    def test_a_malformed_token_is_not_found(self, world: LinksWorld, token: str) -> None:
        """Whatever stands in the address bar, the answer is the same, and the token is not repeated in it."""
        for verify in (world.links.verify, world.links.verify_access):
            with pytest.raises(NotFound) as caught:
                verify(token)

            assert len(str(caught.value)) < 100
            assert not token.strip(" .") or token not in str(caught.value)

    def test_a_forged_token_is_refused_without_a_reason(self, world: LinksWorld) -> None:
        """Garbage and a near miss read alike."""
        token = world.links.issue(LINK).reveal()
        near_miss = token[:-1] + ("a" if token[-1] != "a" else "b")

        texts = set()
        for one in (near_miss, "garbage", ""):
            with pytest.raises(NotFound) as caught:
                world.links.verify(one)
            texts.add(str(caught.value))

        assert len(texts) == 1

    def test_secrets_can_be_replaced(self, world: LinksWorld) -> None:
        """With a new secret in front the old tokens still verify; once the old secret is gone they do not."""
        old, old_access = world.links.issue(LINK), world.links.issue_access(ORDER)

        world.add_secret()

        new = world.links.issue(LINK)
        assert new != old
        assert world.links.verify(old.reveal()) == world.links.verify(new.reveal()) == LINK
        assert world.links.verify_access(old_access.reveal()) == ORDER

        world.drop_old_secrets()

        assert world.links.verify(new.reveal()) == LINK
        with pytest.raises(NotFound):
            world.links.verify(old.reveal())
        with pytest.raises(NotFound):
            world.links.verify_access(old_access.reveal())
