"""
The reckoning: what must be true of the evidence, a line each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import attrs

from bitloot_http.demo.evidence import Evidence, Webhooks


@attrs.frozen(kw_only=True)
class Tally:
    """
    A line of the reckoning.

    Attributes:
        subject: what was counted.
        text: what came out.
        holds: whether it is as it must be; None for a figure that is merely told.
    """

    subject: str
    text: str
    holds: bool | None = None


def reckon(seen: Evidence) -> tuple[Tally, ...]:
    """Judge the evidence."""
    return (
        Tally(
            subject="orders",
            text=f"{seen.placed} placed, {seen.paid} paid, {seen.through} in their buyers' hands",
            holds=seen.through == seen.placed == seen.paid,
        ),
        _keys(seen),
        _purchases(seen),
        _webhooks(seen.webhooks),
        _findings(seen),
        Tally(
            subject="secrecy",
            text=f"no key in the clear in {seen.files} files: database, vault, mails, log"
            if not seen.leaks
            else f"a key in the clear in {', '.join(seen.leaks)}",
            holds=not seen.leaks,
        ),
        Tally(
            subject="audit",
            text=f"{seen.accesses} accesses to keys, each written down before the key was shown",
            holds=seen.accesses == len(seen.revealed),
        ),
        Tally(subject="paid → mailed", text=_speed(seen.seconds)),
    )


def percentile(values: Sequence[float], percent: int) -> float:
    """
    The value that so many per cent do not exceed (nearest rank).

    >>> percentile([3.0, 1.0, 2.0, 4.0], 50)
    2.0
    """
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def _keys(seen: Evidence) -> Tally:
    owed, bought, revealed = sum(seen.needed.values()), sum(seen.bought.values()), len(seen.revealed)
    same = Counter(seen.delivered) == Counter(seen.revealed) and len(set(seen.revealed)) == revealed
    counts = f"{owed} owed = {bought} bought = {seen.held} held = {revealed} revealed"
    if not owed == bought == seen.held == revealed:
        return Tally(subject="keys", text=counts.replace("=", "/"), holds=False)
    return Tally(
        subject="keys", text=f"{counts}, {'no two alike' if same else 'but not those of the supplier'}", holds=same
    )


def _purchases(seen: Evidence) -> Tally:
    made, twice = sum(seen.purchases.values()), [ref for ref, times in seen.purchases.items() if times > 1]
    text = f"{made} paid for under {len(seen.purchases)} references"
    if twice:
        return Tally(subject="purchases", text=f"{text}; bought twice: {', '.join(twice)}", holds=False)
    exact = Counter(seen.needed) == Counter(seen.bought)
    return Tally(subject="purchases", text=f"{text}, nothing bought twice", holds=exact)


def _webhooks(hooks: Webhooks) -> Tally:
    repeated = hooks.deliveries - hooks.stored
    worked = hooks.statuses.get("processed", 0) + hooks.statuses.get("ignored", 0)
    sent = hooks.taken + hooks.refused + hooks.unanswered
    text = (
        f"{sent} sent and {hooks.lost} lost on the way; {repeated} repeats, {hooks.refused} forged and refused; "
        f"{worked} of {hooks.stored} worked off"
    )
    # A webhook whose answer was lost is stored all the same, so there may be more in the log than were acknowledged.
    return Tally(subject="webhooks", text=text, holds=hooks.deliveries >= hooks.taken and worked == hooks.stored)


def _findings(seen: Evidence) -> Tally:
    """Buyers who pay twice are the one thing in the screenplay that no machine may settle."""
    found = sum(seen.findings.values())
    holds = found == seen.expected_findings
    if not found:
        return Tally(subject="a person", text="is needed nowhere", holds=holds)
    reasons = ", ".join(f"{reason} ({count})" for reason, count in sorted(seen.findings.items()))
    return Tally(subject="a person", text=f"is asked to decide: {reasons}", holds=holds)


def _speed(seconds: Sequence[float]) -> str:
    if not seconds:
        return "no order was delivered"
    return f"half within {percentile(seconds, 50):.1f} s, 95 % within {percentile(seconds, 95):.1f} s (p50, p95)"
