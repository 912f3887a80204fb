"""
The order, read as a grid (`grid.txt`): places down, commands across, what comes of it in the cell.

`+A,B` these events happened; `.` nothing did; `x code` the order's state forbids it. Every command is decided an hour
after the order came to its place, so that its time has run out and the quiet window has passed.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest
from conforming import misfits

from bitloot_core.order import commands as c
from bitloot_core.order import staff_commands as sc
from bitloot_core.order.events import FindingOpened, FindingResolved, OrderEvent
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import JobName
from bitloot_core.order.payments import gateway_id_of
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.reservations import SupplierWord
from bitloot_core.order.status import Status
from bitloot_core.testing.milestones import PAYMENT, bought, hold, key_for, milestones
from bitloot_core.testing.orders import DUE, an_invoice
from bitloot_core.testing.story import Story, a_reading, read
from bitloot_core.values.errors import NotFound
from bitloot_core.values.ids import LinkId, SupplierKeyId, SupplierOrderId, UnitId, finding_id
from bitloot_core.values.money import Money
from bitloot_core.values.reading import PaymentWord as Word

PLACES: Mapping[str, Story] = {name: story.later(timedelta(hours=1)) for name, story in milestones().items()}
BY = "admin:ann"
WHY = "because"
PURCHASE = SupplierOrderId("bought-1")

TOLD = Path(__file__).with_name("told.txt").read_text(encoding="utf-8").splitlines()
GRIDS = Path(__file__).with_name("grid.txt").read_text(encoding="utf-8")

SHORT = {
    "OrderPlaced": "Ordered",
    "BuyerForgotten": "Forgotten",
    "FindingOpened": "Finding",
    "FindingResolved": "Resolved",
    "KeyHeld": "Key",
    "LinkIssued": "Link",
    "PaymentFellShort": "Short",
    "PaymentHeldForReview": "Review",
    "StrayPaymentSeen": "Stray",
    "SupplierProgressed": "Word",
    "ReservationDoubted": "InDoubt",
    "ReservationRefused": "NoStock",
    "UnitReplaced": "Replaced",
    "ReturnAsked": "AskedBack",
    "ReturnRefused": "KeptThere",
    "RebuyAsked": "Rebought",
    "JobAskedAgain": "Job",
}
"""The names that do not simply lose their first word; two that would be the same are told apart."""


def short(event: type) -> str:
    """The name of an event as the grid writes it."""
    name = event.__name__
    return SHORT.get(name) or name.removeprefix("Payment").removeprefix("Reservation").removeprefix("Order")


def reading(word: Word, paid: Decimal) -> Callable[[Story], c.OrderCommand]:
    """The gateway was asked about the first payment."""
    return lambda story: read(a_reading(story.order, word, paid=paid))


def invoice(story: Story) -> c.RecordInvoice:
    """The gateway answers to the last attempt with a payment that nobody knew."""
    attempt = max(1, len(story.order.payments))
    return c.RecordInvoice(attempt=attempt, invoice=an_invoice(story.order, attempt, gateway_id="fresh"))


def accept(story: Story) -> c.AcceptPayment:
    """A person lets the last payment count."""
    last = gateway_id_of(story.order.payments[-1]) if story.order.payments else None
    return c.AcceptPayment(gateway_id=last or PAYMENT, by=BY, reason=WHY)


def tell(story: Story) -> c.OpenFinding:
    """Something needs a person."""
    return c.OpenFinding(reason=FindingReason.RECONCILIATION, subject="o1", text="It differs.", blocking=True)


def resolve(story: Story) -> c.ResolveFinding:
    """A person settles the first open finding, or one that is long settled."""
    ids = [one.id for one in story.order.findings] or [finding_id(story.order.id, 1)]
    return c.ResolveFinding(finding_id=ids[0], by=BY, reason=WHY)


def replace(*, from_supplier: bool) -> sc.ReplaceKey:
    """The key of the first unit is bad."""
    return sc.ReplaceKey(unit_id=UnitId("1.1"), from_supplier=from_supplier, by=BY, reason=WHY)


COMMANDS: Mapping[str, c.OrderCommand | Callable[[Story], c.OrderCommand]] = {
    "another coin": c.IntendPayment(coin="eth"),
    "invoice": invoice,
    "no answer": c.RecordPaymentDoubt(attempt=1),
    "coin refused": c.RecordPaymentRefusal(attempt=1, code="below-minimum", reason="too small"),
    "accept": accept,
    "finished": reading(Word.FINISHED, DUE.amount),
    "finished, half": reading(Word.FINISHED, DUE.amount / 2),
    "finished, twice": reading(Word.FINISHED, DUE.amount * 2),
    "on its way": reading(Word.SENDING, DUE.amount),
    "wrong asset": reading(Word.WRONG_ASSET, DUE.amount),
    "expired": reading(Word.EXPIRED, Decimal(0)),
    "expired, half": reading(Word.EXPIRED, DUE.amount / 2),
    "strange word": reading(Word.UNRECOGNISED, DUE.amount / 2),
    "refunded": reading(Word.REFUNDED, DUE.amount),
    "claim": c.ClaimPurchase(number=1),
    "bought": bought(),
    "bought twice": bought(name="bought-again"),
    "bought, dear": bought(charged=Money.of("20.01", "EUR")),
    "in doubt": c.RecordPurchaseDoubt(number=1),
    "not taken": c.ReleasePurchase(number=1),
    "no stock": c.RecordPurchaseRefusal(number=1, code="out-of-stock", reason="nothing left"),
    "too dear": c.RecordPurchaseRefusal(number=1, code=FindingReason.PRICE_ABOVE_CAP, reason="it costs 20.01 EUR"),
    "completed": c.RecordSupplierWord(number=1, word=SupplierWord.COMPLETED),
    "fallen": c.RecordSupplierWord(number=1, word=SupplierWord.REFUNDED),
    "called off": c.RecordSupplierWord(number=1, word=SupplierWord.CANCELLED),
    "strange there": c.RecordSupplierWord(number=1, word=SupplierWord.UNRECOGNISED),
    "one key": lambda story: hold(story, key_for("1.2")),
    "all keys": lambda story: hold(story, key_for("1.1"), key_for("1.2")),
    "fresh link": lambda story: c.IssueLink(link_id=LinkId("l9"), expires_at=story.now + timedelta(days=9), by=BY),
    "time is up": c.ExpireOrder(),
    "call off": c.CancelOrder(by=BY, reason=WHY),
    "money back": c.RecordRefund(by=BY, reason=WHY),
    "retry": c.RetryOrder(by=BY, reason=WHY),
    "finding": tell,
    "resolve": resolve,
    "bad key": replace(from_supplier=False),
    "bad key, theirs": replace(from_supplier=True),
    "give back": sc.ReturnKeys(supplier_order_id=PURCHASE, by=BY, reason=WHY),
    "went back": sc.RecordReturn(supplier_order_id=PURCHASE, keys=(SupplierKeyId("key-1.1"),), pending=0),
    "not taken back": sc.RecordReturnRefusal(supplier_order_id=PURCHASE, code="too-late", reason="a day is over"),
    "buy anew": sc.Rebuy(by=BY, reason=WHY),
    "put aside": sc.ParkOrder(by=BY, reason=WHY),
    "take up": sc.UnparkOrder(by=BY, reason=WHY),
    "job again": sc.RetryJob(name=JobName.RESERVE, ref="o1-1", by=BY, reason=WHY),
    "forget": c.ForgetBuyer(by=BY, reason=WHY),
}


def cells(text: str) -> Iterator[tuple[str, str, str]]:
    """Each cell of the grids: place, command, verdict."""
    for grid in text.strip().split("\n\n"):
        head, *rows = [[cell.strip() for cell in line.split("|")] for line in grid.splitlines()]
        for place, *verdicts in rows:
            yield from ((place, column, verdict) for column, verdict in zip(head[1:], verdicts, strict=True))


CELLS = tuple(cells(GRIDS))


def command(name: str, story: Story) -> c.OrderCommand:
    """The command of a column; some are made for the place that they are carried out at."""
    made = COMMANDS[name]
    return made(story) if callable(made) else made


def verdict_of(place: str, name: str) -> str:
    """What comes of a command at a place, as the grid writes it."""
    story = PLACES[place]
    try:
        after = story.when(command(name, story))
    except TransitionRefused as refusal:
        return f"x {refusal.code}"
    except NotFound:
        return "x not-found"
    return f"+{','.join(short(type(event)) for event in after.last)}" if after.last else "."


@pytest.mark.parametrize("place", PLACES)
def test_what_comes_of_each_command(place: str) -> None:
    """The grid is what `decide` does, cell by cell."""
    expected = {column: verdict for row, column, verdict in CELLS if row == place}

    found = {column: verdict_of(place, column) for column in expected}

    assert expected == found


def test_the_grid_has_a_cell_for_each_place_and_command() -> None:
    """No place and no command is left out, and none is there twice."""
    expected = sorted((place, command) for place in PLACES for command in COMMANDS)

    assert expected == sorted((place, column) for place, column, _ in CELLS)


def test_the_grid_knows_each_status_and_each_kind_of_command() -> None:
    """Every status but the overlay has a row of its own, and every command of the union a column."""
    story = PLACES["created"]

    assert set(Status) - {Status.ATTENTION} == {story.status for story in PLACES.values()}
    assert set(get_args(c.OrderCommand)) == {type(command(name, story)) for name in COMMANDS}


def test_the_short_names_of_events_are_unique() -> None:
    """A cell names one event and no other."""
    names = [short(event) for event in get_args(OrderEvent)]

    assert len(names) == len(set(names))


@pytest.mark.parametrize("place", PLACES)
def test_money_is_never_refused(place: str) -> None:
    """Whatever reports money leads to events or to nothing, at every place (I6)."""
    reports = ("invoice", "finished", "finished, half", "on its way", "wrong asset", "expired", "refunded", "bought")

    verdicts = {name: verdict_of(place, name) for name in reports}

    assert all(not verdict.startswith("x") for verdict in verdicts.values()), verdicts


def outcomes(place: str) -> Iterator[tuple[str, c.OrderCommand, Story]]:
    """Each command that is not refused at a place, and the story with what came of it."""
    for name in COMMANDS:
        asked = command(name, PLACES[place])
        with suppress(TransitionRefused, NotFound):
            yield name, asked, PLACES[place].when(asked)


@pytest.mark.parametrize("place", PLACES)
def test_what_is_decided_is_what_its_classes_say(place: str) -> None:
    """Events, the order after them, its jobs and its ledger hold nothing that is not of its type."""
    made = [
        value for _, _, after in outcomes(place) for value in (*after.last, after.order, *after.jobs, *after.ledger)
    ]

    assert [wrong for value in made for wrong in misfits(value, type(value), type(value).__name__)] == []


@pytest.mark.parametrize("place", PLACES)
def test_what_happens_happens_now(place: str) -> None:
    """Each event is of the time at which it was decided."""
    times = {event.at for _, _, after in outcomes(place) for event in after.last}

    assert times <= {PLACES[place].now}


@pytest.mark.parametrize("place", PLACES)
def test_what_a_person_does_carries_who_and_why(place: str) -> None:
    """The program signs what follows from it as `system`; what the person said stands there word for word."""
    for _, asked, after in outcomes(place):
        signed = [event for event in after.last if hasattr(event, "by")]
        said = [event for event in signed if hasattr(event, "reason") and not isinstance(event, FindingResolved)]

        assert {event.by for event in signed} <= {getattr(asked, "by", "gateway"), "system"}
        assert {event.reason for event in said} <= {getattr(asked, "reason", "")}


def told(name: str, before: Story, after: Story) -> Iterator[str]:
    """What a person is told by a command, and what is settled by it, a line each."""
    open_ = {one.id: one for one in before.order.findings}
    for event in after.last:
        match event:
            case FindingOpened(finding=one):
                open_[one.id] = one
                weight = "blocking" if one.blocking else "beside"
                yield f"{name} | {one.reason} | {one.subject} | {weight} | {one.amount} | {one.text}"
            case FindingResolved(finding_id=finding_id):
                one = open_[finding_id]
                yield f"{name} | settles {one.reason} | {one.subject} | {event.by} | {event.reason}"
            case _:
                pass


def test_people_are_told_word_for_word() -> None:
    """`told.txt`: every finding that a command of the grid opens or settles, with the money that is at stake."""
    lines = {
        line for place in PLACES for name, _, after in outcomes(place) for line in told(name, PLACES[place], after)
    }

    assert sorted(lines) == TOLD


R = FindingReason
UNBOUGHT = {R.SUPPLIER_REFUSED, R.SUPPLIER_CANCELLED, R.PRICE_ABOVE_CAP}
BUYS_ANEW = UNBOUGHT | {R.PAYMENT_RETURNED}
SETTLES_ALL: Mapping[str, set[FindingReason]] = {
    "finished": BUYS_ANEW,
    "finished, twice": BUYS_ANEW,
    "accept": BUYS_ANEW,
    "retry": UNBOUGHT | {R.SUPPLIER_DOUBT, R.KEY_UNREADABLE, R.DEAD_JOB},
    "fresh link": {R.MAIL_REFUSED},
    "money back": {reason for reason in R if reason.startswith("payment-")},
}
"""What a command settles whatever it is about: the whole order is bought anew, tried again, or paid back."""


def beside(story: Story) -> Story:
    """The same, with each kind of finding open on something else that has that name by chance."""
    for reason in set(FindingReason) - {R.PARKED}:  # which is about the order alone
        story = story.when(c.OpenFinding(reason=reason, subject="elsewhere", text="Another one.", blocking=False))
    return story


def open_elsewhere(story: Story) -> set[FindingReason]:
    """Why a person is needed for something else."""
    return {one.reason for one in story.order.findings if one.subject == "elsewhere"}


def settled_elsewhere(place: str, name: str) -> set[FindingReason]:
    """The findings about something else that a command settles along with its own."""
    story = beside(PLACES[place])
    with suppress(TransitionRefused, NotFound):
        return open_elsewhere(story) - open_elsewhere(story.when(command(name, PLACES[place])))
    return set()


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "resolve"])  # a person says which
def test_what_is_settled_is_about_what_was_done(name: str) -> None:
    """A purchase that is found answers no other purchase, and money on one payment no other payment."""
    settled = {reason for place in PLACES for reason in settled_elsewhere(place, name)}

    assert SETTLES_ALL.get(name, set()) == settled


@pytest.mark.parametrize("place", PLACES)
def test_a_refusal_says_what_was_asked_of_which_order(place: str) -> None:
    """Whoever reads it need not look it up."""
    story = PLACES[place]
    asked = [command(name, story) for name in COMMANDS]
    refusals = [(one, refusal) for one in asked if (refusal := refusal_of(one, story)) is not None]

    said = [(refusal.order_id, refusal.command, refusal.status) for _, refusal in refusals]

    assert said == [(story.order.id, type(one).__name__, story.shown) for one, _ in refusals]
    assert all(isinstance(refusal.reason, str) and refusal.reason for _, refusal in refusals)


def refusal_of(asked: c.OrderCommand, story: Story) -> TransitionRefused | None:
    """How the order's state forbids a command; None if it does not."""
    with suppress(NotFound):
        try:
            story.when(asked)
        except TransitionRefused as refusal:
            return refusal
    return None
