"""What the tests of readings say and ask: a reading of an order's first payment, and what came of it."""

from __future__ import annotations

from decimal import Decimal

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.ledger import LedgerKind
from bitloot_core.testing.milestones import milestones
from bitloot_core.testing.orders import DUE
from bitloot_core.testing.story import Story, a_reading, read
from bitloot_core.values.reading import PaymentWord as Word

PLACES = milestones()
HALF = DUE.amount / 2
WAITING = PLACES["waiting"]


def says(story: Story, word: Word = Word.FINISHED, *, paid: Decimal | str = DUE.amount) -> Story:
    """The gateway was asked about the first payment."""
    return story.when(read(a_reading(story.order, word, paid=paid)))


def reasons(story: Story) -> list[FindingReason]:
    """Why a person is needed now."""
    return [finding.reason for finding in story.order.findings]


def received(story: Story) -> Decimal:
    """What the ledger has seen come in."""
    return sum((row.amount for row in story.ledger if row.kind is LedgerKind.RECEIVED), Decimal(0))
