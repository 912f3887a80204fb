"""The summary, findings, jobs: what is stuck, why, and what a person does about it."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from console_world import NAME, Console, a_short_order, logged_in

from bitloot_core.order.buying import Balance, Buying, Pause, PauseHolder
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.status import Status
from bitloot_core.ports.figures import (
    AGES,
    MOST_COUNTED,
    AgeGroup,
    MoneyFigures,
    OpenFindings,
    OrderFigures,
    QueueFigures,
)
from bitloot_core.ports.trends import DeliveryBar, OrdersBar
from bitloot_core.testing.order_states import every_state
from bitloot_core.testing.samples import a_change
from bitloot_core.values.money import Money
from bitloot_http.accounts.visits import PROOF
from bitloot_http.pages.console.board import Board, board
from bitloot_http.pages.console.charts import delivery_picture, orders_picture
from bitloot_http.pages.console.words import TONES, waits_for

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
IDLE = QueueFigures(due=0, due_since=None, later=0, running=0, overrun=0, dead=0)
NO_MONEY = MoneyFigures(sold=(), cost=(), spent=())


def eur(text: str) -> Money:
    """Euros."""
    return Money.of(text, "EUR")


def figures(*undelivered: int, **changes: object) -> Board:
    """The summary of a shop with so many orders of each age, and otherwise nothing."""
    counts = (*undelivered, *[0] * (len(AGES) + 1 - len(undelivered)))
    groups = tuple(AgeGroup(up_to=up_to, count=count) for up_to, count in zip((*AGES, None), counts, strict=True))
    orders = OrderFigures(by_status={}, undelivered=groups, oldest_paid_at=None, at_stake=())
    parts = {
        "orders": orders,
        "queue": IDLE,
        "findings": (),
        "webhooks": {},
        "money": NO_MONEY,
        "buying": Buying(),
        "now": NOON,
    }
    return board(**{**parts, **changes})


def found(count: int, reason: FindingReason = FindingReason.PAYMENT_SHORT) -> tuple[OpenFindings, ...]:
    """So many open findings."""
    return (OpenFindings(reason=reason, count=count, oldest_at=NOON - HOUR),)


def queue(**changes: object) -> QueueFigures:
    """A queue that is not idle."""
    return QueueFigures(**{"due": 0, "due_since": None, "later": 0, "running": 0, "overrun": 0, "dead": 0, **changes})


PAUSE = Pause(holder=PauseHolder.OPERATOR, by="admin:ann", reason="stock-taking", since=NOON - HOUR)


@pytest.mark.parametrize(
    ("shown", "headline", "tone"),
    [
        (figures(), "Nothing is stuck, and nothing is owed.", "good"),
        (figures(2), "Nothing is stuck. What is paid is being fetched.", "busy"),
        (figures(2, findings=found(1)), "1 finding waits for you.", "warn"),
        (figures(findings=found(3), queue=queue(dead=1)), "3 findings and 1 dead job wait for you.", "warn"),
        (figures(queue=queue(dead=2)), "2 dead jobs wait for you.", "warn"),
        (figures(queue=queue(due=9, due_since=NOON - HOUR)), "The queue is behind", "bad"),
        (figures(findings=found(1), buying=Buying(pauses=(PAUSE,))), "Buying is paused", "warn"),
        (figures(findings=found(MOST_COUNTED)), "10000+ findings wait", "warn"),
    ],
)
def test_the_first_line_answers_the_question(shown: Board, headline: str, tone: str) -> None:
    """Is anything stuck? The worst of it, in a sentence."""
    assert shown.headline.startswith(headline)
    assert shown.tone == tone


def test_what_is_owed_is_told_by_age() -> None:
    """Each group with its bounds and its share; the older, the worse it looks."""
    bars = figures(3, 0, 0, 0, 1).ages

    assert [(bar.name, bar.count, bar.share) for bar in bars] == [
        ("under 5 min", "3", 75),
        ("5 min to 30 min", "0", 0),
        ("30 min to 2 h", "0", 0),
        ("2 h to 1 d", "0", 0),
        ("over 1 d", "1", 25),
    ]
    assert [bar.tone for bar in bars] == ["good", "busy", "warn", "bad", "bad"]


@pytest.mark.parametrize(
    ("left", "spent", "told", "tone"),
    [
        ("700.00", "70.00", "lasts 70 days at the pace of the last week", "good"),
        ("50.00", "70.00", "lasts 5 days at the pace of the last week", "warn"),
        ("20.00", "70.00", "lasts 2 days at the pace of the last week", "bad"),
        ("5.00", "70.00", "lasts less than a day", "bad"),
        ("5.00", None, "nothing was spent in the last week", "still"),
    ],
)
def test_the_balance_is_told_in_days(left: str, spent: str | None, told: str, tone: str) -> None:
    """How long it lasts, and how urgent that is."""
    money = MoneyFigures(sold=(), cost=(), spent=() if spent is None else (eur(spent),))
    shown = figures(money=money, buying=Buying(balance=Balance(left=eur(left), at=NOON)))

    assert (shown.lasts, shown.lasts_tone) == (told, tone)


def test_the_margin_is_what_is_left() -> None:
    """Of what was sold, for each currency; what cost nothing is all margin."""
    money = MoneyFigures(sold=(eur("100.00"), Money.of("20.00", "USD")), cost=(eur("80.00"),), spent=())

    margins = figures(money=money).margins

    assert [(str(one.left), one.percent) for one in margins] == [("20.00 EUR", "20 %"), ("20.00 USD", "100 %")]


@pytest.mark.parametrize(
    ("counts", "told", "tone"),
    [
        ({}, "\u2013", "still"),
        ({"pending": 4}, "\u2013", "still"),
        ({"processed": 9, "ignored": 1}, "100 %", "good"),
        ({"processed": 999, "failed": 1}, "99.9 %", "bad"),
    ],
)
def test_the_success_of_webhooks_leaves_out_what_waits(counts: dict[str, int], told: str, tone: str) -> None:
    """Only what was dealt with went well or did not."""
    shown = figures(webhooks=counts)

    assert (shown.webhooks_good, shown.webhooks_tone) == (told, tone)


def test_a_picture_of_orders_says_its_numbers() -> None:
    """In its label for who does not see it, and bar by bar for who points at one."""
    bars = [
        OrdersBar(since=NOON + HOUR * number, placed=placed, fulfilled=placed // 2)
        for number, placed in enumerate((0, 4, 1))
    ]

    picture = orders_picture(bars, HOUR)

    assert picture.text == "5 orders placed, 2 of them fulfilled."
    assert (picture.top, picture.marks) == ("4", ("12:00", "13:00", "14:00"))
    assert 'aria-label="5 orders placed, 2 of them fulfilled."' in picture.svg
    assert "<title>13:00: 4 placed, 2 fulfilled</title>" in picture.svg
    assert picture.svg.count('class="back"') == 2
    assert "style" not in picture.svg


def test_a_picture_of_deliveries_says_its_numbers() -> None:
    """The typical time is drawn, the slowest told; a stretch without deliveries is empty."""
    bars = [
        DeliveryBar(since=NOON, typical=None, slowest=None),
        DeliveryBar(since=NOON + HOUR, typical=2 * MINUTE, slowest=9 * MINUTE),
    ]

    picture = delivery_picture(bars, HOUR)

    assert (picture.text, picture.top) == ("The slowest took 9 min.", "2 min")
    assert "<title>12:00: nothing fulfilled</title>" in picture.svg
    assert "<title>13:00: typically 2 min, at most 9 min</title>" in picture.svg


def test_pictures_of_nothing_are_drawn() -> None:
    """A shop that has just opened."""
    assert orders_picture([], HOUR).marks == ()
    assert delivery_picture([], HOUR).text == "No order was fulfilled in this time."


def test_pictures_of_days_name_days() -> None:
    """And not hours."""
    bars = [OrdersBar(since=NOON, placed=1, fulfilled=1)]

    assert orders_picture(bars, timedelta(days=1)).marks[0] == "31 Jan"


def test_every_status_has_its_tone() -> None:
    """And what it waits for: a word that is new is said here."""
    assert [status for status in Status if str(status) not in TONES or not waits_for(status)] == []


@pytest.fixture
async def console() -> AsyncIterator[Console]:
    """Somebody of the staff, in the console of a shop without orders."""
    async with logged_in() as one:
        yield one


async def test_the_summary_shows_what_waits(console: Console) -> None:
    """The finding with its reason, here and beside every page's menu."""
    await a_short_order(console)

    text = await console.get("/console")

    assert "1 finding waits for you." in text
    assert "By itself: 0 jobs are due now, 2 wait for their time." in text
    assert "payment-short" in text
    assert re.search(r'class="count">1<', await console.get("/console/products"))


async def test_pictures_reach_back_a_day_or_a_fortnight(console: Console) -> None:
    """In whole hours or days, the present one last; another word is the day."""
    await console.world.placed()

    day = await console.get("/console")
    fortnight = await console.get("/console?reach=fortnight")
    nonsense = await console.get("/console?reach=%3Cscript%3E")

    assert day.count('class="room"') == 2 * 24
    assert fortnight.count('class="room"') == 2 * 14
    assert "1 order placed, 0 of them fulfilled." in day
    assert "24 hours" in nonsense
    assert "<script>" not in nonsense.partition("</head>")[2]


async def test_buying_is_stopped_and_goes_on(console: Console) -> None:
    """With a reason and a name; letting it go on lifts limits, so it takes a secret once more."""
    stopped = await console.press("/console", "/console/buying/pause", reason="stock-taking")
    text = await console.get("/console")
    await console.pass_time(PROOF)
    without = await console.press("/console", "/console/buying/resume", reason="all is counted")
    goes_on = await console.press("/console", "/console/buying/resume", reason="all is counted", proof=console.code())

    assert (stopped.status, without.status, goes_on.status) == (303, 403, 303)
    assert f"Paused by admin:{NAME}" in text
    assert "stock-taking" in text
    assert 'value="all is counted"' in await without.text()
    assert (await console.world.fakes.storage.switches.buying()).pauses == ()


async def test_a_purchase_says_that_it_waits_for_the_pause(console: Console) -> None:
    """Instead of a time at which nothing would happen."""
    await console.press("/console", "/console/buying/pause", reason="stock-taking")
    placed = await console.world.placed()
    await console.world.fakes.pay(placed["orderId"])

    text = await console.get("/console/reservations")

    assert "buying is paused by admin:ann because stock-taking" in text


async def test_jobs_are_listed_by_status(console: Console) -> None:
    """Those that will run, with what they do and when; the counts of the others beside them."""
    placed = await console.world.placed()

    ready = await console.get("/console/jobs")
    dead = await console.get("/console/jobs?status=dead")

    assert "check-payment" in ready
    assert "asks NOWPayments how the payment stands" in ready
    assert placed["orderId"] in ready
    assert re.search(r"<time [^>]+>in \d+ (s|min)", ready)
    assert "No job is dead." in dead


async def test_a_job_is_done_now(console: Console) -> None:
    """With a reason, which stands in the audit."""
    await console.world.placed()
    page = await console.get("/console/jobs")
    action = re.search(r'action="(/console/jobs/\d+/retry)"', page)
    assert action is not None

    empty = await console.press("/console/jobs", action[1], reason=" ")
    answer = await console.press("/console/jobs", action[1], reason="the buyer is impatient")

    assert (empty.status, answer.status) == (422, 303)
    assert "It is being done now." in await console.get(answer.headers["Location"])
    assert "the buyer is impatient" in await console.get("/console/acts")


@pytest.mark.parametrize("path", ["/console/findings?status=x", "/console/jobs?status=gone", "/console/acts?limit=0"])
async def test_a_list_without_sense_is_refused(console: Console, path: str) -> None:
    """As everywhere."""
    assert (await console.ask(path)).status == 422


@pytest.mark.parametrize("state", sorted(every_state()))
async def test_an_order_in_any_state_has_its_page(console: Console, state: str) -> None:
    """With an answer to: is it stuck?"""
    order = every_state()[state]
    await console.world.fakes.storage.store.commit(a_change(order, at=console.world.fakes.clock.now()))

    text = await console.get(f"/console/orders/{order.id}")

    assert re.search(r'id="outlook-title">[A-Z][^<]+\.<', text)
