"""What a reconciliation prints: figures for people, JSON for programs, and who must do what."""

import io
from collections.abc import Callable
from datetime import UTC, datetime

import attrs
import pytest
from rich.console import Console
from typer.testing import Result

from bitloot_core.order.discrepancies import Amiss, Behind, Discrepancy, Side
from bitloot_core.order.findings import FindingReason
from bitloot_core.ports.vault import StoredObject
from bitloot_core.testing.samples import a_job
from bitloot_core.usecases.reconcile import Report
from bitloot_core.values.ids import OrderId, StorageRef
from bitloot_core.values.money import Money
from bitloot_http.cli.reconciling import ReconciliationView, discrepancies_table, facts, verdict
from bitloot_http.outgoing import unstructure

Run = Callable[..., Result]
AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
BEHIND = Behind(
    side=Side.PAYMENTS,
    order_id=OrderId("o1"),
    subject="5000000001",
    text="The gateway calls payment 5000000001 'finished'; our books do not have that yet.",
    remedy=a_job(),
)
AMISS = Amiss(
    side=Side.PURCHASES,
    order_id=None,
    reason=FindingReason.FORGOTTEN_PURCHASE,
    subject="PHS84FJAG5U",
    text="The supplier's purchase PHS84FJAG5U (o7-1, 5.00 EUR) names an order that our books do not have.",
    amount="5.00 EUR",
)
SOUND = Report(
    since=AT.replace(day=1),
    until=AT,
    orders=12,
    payments=1,
    purchases=1200,
    others=0,
    charged={"EUR": Money.of("6000.00", "EUR")},
    booked={"EUR": Money.of("6000.00", "EUR")},
    objects=1,
    held=1300,
    opened=13,
    orphans=(),
    discarded=True,
    found=(),
    answered=0,
    paused=False,
)


def lines(report: Report, *, dry_run: bool = False) -> list[str]:
    """What people read."""
    view = ReconciliationView.of(report, dry_run=dry_run)
    return [*facts(view), *verdict(view)]


def found(*what: Discrepancy, **changed: object) -> Report:
    """A report with these differences."""
    return attrs.evolve(SOUND, found=what, **changed)  # type: ignore[arg-type]  # fields of a report


def test_sound_books_are_told_in_figures() -> None:
    """A line for each side."""
    assert lines(SOUND) == [
        "From 2026-01-01 12:00 to 2026-01-05 12:00 UTC:",
        "  payments   12 orders, 1 payment read back",
        "  purchases  1,200 in the supplier's list, 6000.00 EUR charged there and 6000.00 EUR booked here",
        "  keys       1,300 held, 13 opened; 1 sealed object",
        "The books are in line.",
    ]


def test_what_was_found_says_who_acts() -> None:
    """A person, or our own jobs."""
    assert lines(found(AMISS, BEHIND, BEHIND, answered=3))[4:] == [
        "1 finding for a person, on the orders and in the list.",
        "2 behind: looked at again at once, where a service runs.",
        "3 more had been settled by a person.",
    ]
    assert lines(found(AMISS, BEHIND), dry_run=True)[4:] == [
        "1 finding for a person.",
        "1 behind: would be looked at.",
    ]


def test_nothing_bought_is_nothing_charged() -> None:
    """And what others bought on the same account is mentioned."""
    (told,) = (line for line in lines(found(purchases=0, others=2, charged={}, booked={})) if "purchases" in line)

    assert told == "  purchases  0 in the supplier's list; 2 under references of others"


def test_books_without_a_charge_say_so() -> None:
    """The supplier has taken money that our ledger knows nothing of."""
    (told,) = (line for line in lines(found(booked={})) if "purchases" in line)

    assert "6000.00 EUR charged there and nothing booked here" in told


@pytest.mark.parametrize(("discarded", "what"), [(True, "removed"), (False, "left where they are")])
def test_orphans_are_counted(*, discarded: bool, what: str) -> None:
    """And it is said whether they are gone."""
    orphans = (StoredObject(ref=StorageRef("object-1"), saved_at=AT),)

    assert f"             1 object that no unit names: {what}" in lines(found(orphans=orphans, discarded=discarded))


def test_a_pause_is_mentioned() -> None:
    """It ends by itself, when nothing is found any more."""
    assert "Buying is paused until `bitloot reconcile --after-restore` finds nothing more." in lines(
        found(AMISS, paused=True)
    )


def test_each_difference_is_a_line_of_the_table() -> None:
    """With its order, why, and what."""
    console = Console(width=200, record=True, file=io.StringIO())

    console.print(discrepancies_table(ReconciliationView.of(found(BEHIND, AMISS), dry_run=False)))

    text = console.export_text()
    assert "payments   o1     behind" in text
    assert "forgotten-purchase" in text
    assert AMISS.text in text


def test_programs_get_everything() -> None:
    """In camelCase, with the kinds of differences told apart."""
    view = unstructure(ReconciliationView.of(found(AMISS, BEHIND), dry_run=True))

    assert (view["clean"], view["dryRun"], view["buyingPaused"], view["keysHeld"]) == (False, True, False, 1300)
    assert view["charged"] == [{"amount": "6000.00", "currency": "EUR"}]
    assert view["items"][0] == {
        "side": "purchases",
        "kind": "finding",
        "orderId": None,
        "reason": "forgotten-purchase",
        "subject": "PHS84FJAG5U",
        "text": AMISS.text,
        "amount": "5.00 EUR",
    }
    assert (view["items"][1]["kind"], view["items"][1]["reason"]) == ("behind", None)


def test_a_time_to_come_is_refused(run: Run) -> None:
    """A slip of the keyboard."""
    run("db", "upgrade")

    refused = run("reconcile", "--since", "2999-01-01")

    assert refused.exit_code == 2
    assert "is not in the past" in refused.stderr
