"""The fake links keep the promises of the port."""

import attrs
import pytest

from bitloot_core.testing.contracts.links import LinksContract
from bitloot_core.testing.links import FakeLinks


@attrs.define
class FakeLinksWorld:
    """Fake links with their own verbs."""

    links: FakeLinks = attrs.field(factory=FakeLinks)

    def add_secret(self) -> None:
        """Given a new secret."""
        self.links.add_secret()

    def drop_old_secrets(self) -> None:
        """Given that the others are gone."""
        self.links.drop_old_secrets()


class TestFakeLinks(LinksContract):
    """The suite, on the fake."""

    @pytest.fixture
    def world(self) -> FakeLinksWorld:
        """Fresh links."""
        return FakeLinksWorld()
