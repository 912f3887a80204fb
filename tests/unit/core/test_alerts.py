"""What the operator is told, and when: a storm is one message, counted, summed, and without anybody's secrets."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from bitloot_core.order.alert_text import alert_text
from bitloot_core.order.alerts import (
    LONGEST_PAUSE,
    Alert,
    AlertKind,
    News,
    Trouble,
    UntoldFinding,
    decide_alert,
    decide_pause,
    outage_alert,
)
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.guide import GUIDE
from bitloot_core.values.ids import AlertId, FindingId, OrderId

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
WINDOW = timedelta(minutes=5)
LATER = NOON + WINDOW
SHOP = "https://shop.example"
VAULT = Trouble(name="vault", text="no answer", since=NOON)


def a_finding(
    number: int = 1,
    reason: FindingReason = FindingReason.PAYMENT_SHORT,
    *,
    order: str | None = "o1",
    amount: str | None = "1.50 EUR",
    at: datetime = NOON,
) -> UntoldFinding:
    """An open finding that was not told."""
    return UntoldFinding(
        id=FindingId(f"f{number}"),
        order_id=None if order is None else OrderId(order),
        reason=reason,
        opened_at=at,
        amount=amount,
    )


def decided(news: News, *, now: datetime = LATER) -> Alert | None:
    """What comes of it."""
    return decide_alert(news, alert_id=AlertId("alert_1"), now=now, window=WINDOW)


def told(news: News) -> Alert:
    """The alert that comes of it."""
    alert = decided(news)
    assert alert is not None
    return alert


def test_nothing_to_tell_is_no_alert() -> None:
    """Nobody is woken up to hear that all is well, or of what they were told before."""
    assert decided(News()) is None
    assert decided(News(told=3)) is None


@pytest.mark.parametrize("news", [News(findings=(a_finding(),)), News(troubles=(VAULT,))])
def test_an_alert_waits_for_its_window(news: News) -> None:
    """The first thing that happens opens it; at its end there is a message."""
    assert decided(news, now=LATER - timedelta(microseconds=1)) is None
    assert decided(news, now=LATER) is not None


def test_the_oldest_opens_the_window() -> None:
    """What comes later goes along, and does not put it off."""
    news = News(findings=(a_finding(1), a_finding(2, at=LATER)), troubles=(attrs.evolve(VAULT, since=LATER),))

    alert = told(news)

    assert (alert.count, len(alert.troubles)) == (2, 1)


def test_a_storm_is_one_message_that_counts_by_reason() -> None:
    """Most first; the oldest of each is named."""
    storm = [a_finding(number, FindingReason.SUPPLIER_REFUSED, order=f"o{number}") for number in range(1, 4)]
    news = News(findings=(*storm, a_finding(9, FindingReason.DEAD_JOB, order=None)))

    groups = told(news).groups

    assert [(group.reason, group.count, group.oldest_order) for group in groups] == [
        (FindingReason.SUPPLIER_REFUSED, 3, "o1"),
        (FindingReason.DEAD_JOB, 1, None),
    ]


def test_reasons_of_one_count_stand_in_one_order() -> None:
    """By their words, whichever came first: two alerts of the same things read alike."""
    news = News(findings=(a_finding(1, FindingReason.SUPPLIER_REFUSED), a_finding(2, FindingReason.DEAD_JOB)))

    assert [group.reason for group in told(news).groups] == [FindingReason.DEAD_JOB, FindingReason.SUPPLIER_REFUSED]


@pytest.mark.parametrize(
    "others",
    [
        (a_finding(9), a_finding(1, order="o2", at=NOON + timedelta(seconds=1))),
        (a_finding(9, order="o2"), a_finding(1)),
    ],
)
def test_the_oldest_of_a_reason_is_named(others: tuple[UntoldFinding, ...]) -> None:
    """By its age; of two of one age, the one that was written down first."""
    (group,) = told(News(findings=others)).groups

    assert (group.oldest_order, group.oldest_at) == ("o1", NOON)


def test_money_is_added_up_by_its_unit() -> None:
    """Exactly, and each coin for itself."""
    amounts = ("1.50 EUR", "0.00000001 btc", "12.99 EUR", "0.1 btc", None)
    news = News(findings=tuple(a_finding(number, amount=amount) for number, amount in enumerate(amounts)))

    alert = told(news)

    assert list(map(str, alert.amounts)) == ["14.49 EUR", "0.10000001 btc"]


@pytest.mark.parametrize("amount", ["", "12.99", "EUR", "1e3 EUR", "-1 EUR", "1 EUR\n2", "1 <x>", "AAAA-BBBB x"])
def test_an_amount_that_is_none_is_not_passed_on(amount: str) -> None:
    """It could be anything; the console shows it."""
    assert told(News(findings=(a_finding(amount=amount),))).amounts == ()


def test_what_was_told_before_is_a_number() -> None:
    """So that a short message is not taken for all there is."""
    assert told(News(findings=(a_finding(),), told=41)).still_open == 41


@pytest.mark.parametrize(
    ("attempts", "fraction", "asked", "seconds"),
    [
        (1, 0.5, None, 5),
        (1, 0.0, None, 4.5),
        (2, 0.5, None, 30),
        (3, 1.0, None, 132),
        (7, 0.5, None, 3600),
        (1000, 0.5, None, 3600),
        (1, 0.5, 90, 90),
        (7, 0.5, 90, 3600),
        (1, 0.5, 10**7, LONGEST_PAUSE.total_seconds()),
    ],
)
def test_tries_get_rarer_and_never_end(attempts: int, fraction: float, asked: int | None, seconds: float) -> None:
    """Up to once an hour; never sooner than the receiver asked, and never later than in a day."""
    wanted = None if asked is None else timedelta(seconds=asked)

    assert decide_pause(attempts, fraction, asked=wanted) == timedelta(seconds=seconds)


def test_the_words_say_what_waits_how_much_and_where() -> None:
    """All that somebody needs who reads it on a phone."""
    news = News(
        findings=(a_finding(1), a_finding(2, at=LATER), a_finding(3, FindingReason.DEAD_JOB, order=None, amount=None)),
        troubles=(VAULT,),
        told=2,
    )

    words = alert_text(told(news), public_url=SHOP)

    assert words.subject == "[BitLoot] shop.example: 3 findings wait for you; not in order: vault (3.00 EUR)"
    for line in (
        "At stake: 3.00 EUR.",
        "2 x payment-short, the oldest since 2026-01-05 12:00 UTC, at stake 3.00 EUR",
        GUIDE[FindingReason.PAYMENT_SHORT].means,
        f"Can it wait? {GUIDE[FindingReason.PAYMENT_SHORT].can_wait}",
        f"{SHOP}/console/findings?reason=payment-short",
        f"{SHOP}/console/orders/o1",
        "1 x dead-job, the oldest since 2026-01-05 12:00 UTC",
        "  vault: no answer (since 2026-01-05 12:00 UTC)",
        "Still open besides, and told before: 2.",
        f"{SHOP}/console/findings",
    ):
        assert line in words.body.splitlines()


def test_the_words_leave_out_what_there_is_not() -> None:
    """One finding without money, about no order; or a trouble alone."""
    one = alert_text(
        told(News(findings=(a_finding(1, FindingReason.DEAD_JOB, order=None, amount=None),))), public_url=SHOP
    )
    trouble = alert_text(told(News(troubles=(VAULT,))), public_url="http://127.0.0.1:8080")

    assert one.subject == "[BitLoot] shop.example: 1 finding waits for you"
    assert trouble.subject == "[BitLoot] 127.0.0.1:8080: not in order: vault"
    for absent in ("At stake", "Not in order", "Still open", "/console/orders/"):
        assert absent not in one.body


def test_the_words_begin_with_the_shop_and_end_with_the_way_on() -> None:
    """Whoever runs several shops sees which; whoever knows no word of it finds the handbook."""
    words = alert_text(told(News(troubles=(VAULT,))), public_url=SHOP).body.split("\n\n")

    assert words == [
        "At shop.example: not in order: vault.",
        "Not in order, as the service itself sees it:\n  vault: no answer (since 2026-01-05 12:00 UTC)",
        f"All that waits:\n{SHOP}/console/findings",
        "Written at 2026-01-05 12:05 UTC. The handbook has a section for each word: docs/handbook/findings.md.",
    ]


@pytest.mark.usefixtures("far_east")
def test_the_words_tell_the_time_in_utc() -> None:
    """Wherever the machine stands that writes them."""
    assert "Written at 2026-01-05 12:05 UTC" in alert_text(told(News(troubles=(VAULT,))), public_url=SHOP).body


def test_a_test_is_called_one() -> None:
    """Nobody gets up for it."""
    words = alert_text(Alert(id=AlertId("alert_1"), kind=AlertKind.TEST, at=NOON), public_url=SHOP)

    assert words.subject == "[BitLoot] shop.example: a test"
    assert "Nothing waits for you because of it." in words.body


def test_the_same_alert_has_the_same_words() -> None:
    """A repeat is the same message."""
    alert = told(News(findings=(a_finding(),)))

    assert alert_text(alert, public_url=SHOP) == alert_text(alert, public_url=SHOP)


def test_a_store_that_is_away_is_told_after_the_window() -> None:
    """Not at once: a restart takes less."""
    early = outage_alert(since=NOON, now=LATER - timedelta(seconds=1), window=WINDOW)
    alert = outage_alert(since=NOON, now=LATER, window=WINDOW)

    assert early is None
    assert alert is not None
    assert (alert.kind, alert.at) == (AlertKind.RAISED, LATER)
    assert [(one.name, one.since) for one in alert.troubles] == [("database", NOON)]


def test_a_store_that_is_there_and_cannot_be_read_is_not_called_away() -> None:
    """Orders go on; what is told is where to look instead, under a name of its own."""
    away = outage_alert(since=NOON, now=LATER, window=WINDOW)
    unread = outage_alert(since=NOON, now=LATER, window=WINDOW, is_away=False)

    assert away is not None
    assert unread is not None
    assert away.id != unread.id
    assert [(one.name, "look at the findings" in one.text) for one in unread.troubles] == [("alerts", True)]


def test_processes_that_miss_the_store_together_name_the_alert_alike() -> None:
    """None of them can write down that it tells; the next outage has another name."""

    def name(since: datetime, window: timedelta) -> str:
        """What it is called."""
        alert = outage_alert(since=since, now=since + window, window=window)
        assert alert is not None
        return alert.id

    second = timedelta(seconds=1)
    assert name(NOON, WINDOW) == name(NOON + second, WINDOW) != name(NOON + WINDOW, WINDOW)
    assert name(NOON, second) == name(NOON + second, second)
