"""The handbook has a section for each reason that a finding can have."""

import re

import pytest

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.guide import GUIDE
from doc_pages import ROOT

PAGE = ROOT / "docs" / "handbook" / "findings.md"


def sections() -> dict[str, str]:
    """What stands under each heading of the third level."""
    parts = re.split(r"^### (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("reason", FindingReason)
def test_each_reason_has_a_section(reason: FindingReason) -> None:
    """What it means, what happens by itself, whether it can wait, what you can do."""
    section = sections()[str(reason)]

    for question in ("What it means.", "What happens by itself.", "Can it wait?", "What you can do."):
        assert f"**{question}**" in section


def test_nothing_else_has_one() -> None:
    """A reason that is gone is gone here, too."""
    assert {str(reason) for reason in FindingReason} == set(sections())


@pytest.mark.parametrize("reason", FindingReason)
def test_the_guide_speaks_in_sentences(reason: FindingReason) -> None:
    """It is read by people in a hurry."""
    told = GUIDE[reason]

    for sentence in (told.means, told.by_itself, told.can_wait, told.you_can):
        assert sentence.endswith(".")
        assert sentence[0].isupper()
