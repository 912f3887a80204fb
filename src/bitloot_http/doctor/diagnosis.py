"""
What the doctor says about one thing.
"""

from __future__ import annotations

import enum

import attrs


class Verdict(enum.StrEnum):
    """How it is."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@attrs.frozen(kw_only=True)
class Diagnosis:
    """
    One thing that was looked at.

    Attributes:
        what: the thing, in a word or two; a setting under its name.
        text: what was found, without secrets.
        advice: what to do about it; empty where nothing is to be done.
    """

    what: str
    verdict: Verdict
    text: str
    advice: str = ""


def ok(what: str, text: str) -> Diagnosis:
    """It is as it should be."""
    return Diagnosis(what=what, verdict=Verdict.OK, text=text)


def warning(what: str, text: str, advice: str) -> Diagnosis:
    """It works, and is not as it should be."""
    return Diagnosis(what=what, verdict=Verdict.WARNING, text=text, advice=advice)


def failed(what: str, text: str, advice: str) -> Diagnosis:
    """It does not work."""
    return Diagnosis(what=what, verdict=Verdict.FAILED, text=text, advice=advice)


def skipped(what: str, text: str) -> Diagnosis:
    """It was not looked at, and why."""
    return Diagnosis(what=what, verdict=Verdict.SKIPPED, text=text)
