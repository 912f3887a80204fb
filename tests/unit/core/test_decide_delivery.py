"""Holding keys, each once; and the link to them."""

from datetime import timedelta

import attrs
import pytest

from bitloot_core.order import commands as c
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import LiveLink, NoLink
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.reservations import CompletedReservation, PlacedReservation
from bitloot_core.order.status import Status
from bitloot_core.order.units import OwedUnit, ReplacedUnit, ReturnedUnit, Unit
from bitloot_core.testing.milestones import bought, hold, key_for, milestones
from bitloot_core.testing.orders import a_line, placed, settled
from bitloot_core.testing.story import Story
from bitloot_core.values.ids import LinkId, SupplierKeyId, UnitId

PLACES = milestones()
BOUGHT = PLACES["fulfilling"]
ONE_HELD = PLACES["fulfilling, one held"]
FORTNIGHT = timedelta(days=14)


def key(unit: str, name: str) -> c.SealedKey:
    """The supplier's key of that name, sealed for a unit."""
    return attrs.evolve(key_for(unit), supplier_key_id=SupplierKeyId(name))


def held(story: Story) -> dict[str, str]:
    """Which unit holds which key."""
    return {unit.id: unit.supplier_key_id for unit in story.order.held}


def fresh_link(story: Story, *, by: str = "order") -> c.IssueLink:
    """Somebody asks for a link."""
    return c.IssueLink(link_id=LinkId("fresh"), expires_at=story.now + FORTNIGHT, by=by)


def test_the_first_key_makes_the_link() -> None:
    """Keys can be revealed as soon as one unit is held."""
    story = BOUGHT.when(hold(BOUGHT, key_for("1.1")))

    assert story.told == ("KeyHeld", "LinkIssued")
    assert isinstance(story.order.link, LiveLink)
    assert story.status is Status.FULFILLING


def test_the_last_key_fulfils_the_order_and_keeps_the_link() -> None:
    """The write that holds the last unit writes `fulfilled` and the mail job; the link is made once."""
    story = ONE_HELD.when(hold(ONE_HELD, key_for("1.2"), link="link2"))

    assert story.told == ("KeyHeld", "ReservationCompleted", "OrderFulfilled")
    assert ONE_HELD.order.link == story.order.link
    assert story.jobs[-1].ref == "o1/delivery/link1"


def test_all_keys_at_once_are_one_write() -> None:
    """Nothing is revealed of what is not held."""
    story = BOUGHT.when(hold(BOUGHT, key_for("1.1"), key_for("1.2")))

    assert story.told == ("KeyHeld", "KeyHeld", "LinkIssued", "ReservationCompleted", "OrderFulfilled")
    assert held(story) == {"1.1": "key-1.1", "1.2": "key-1.2"}


@pytest.mark.parametrize(
    "keys",
    [
        (key("1.1", "k9"),),
        (key("1.2", "key-1.1"),),
        (key("9.9", "k9"),),
        (),
    ],
)
def test_a_key_that_is_held_or_not_owed_changes_nothing(keys: tuple[c.SealedKey, ...]) -> None:
    """I2: a unit holds one key, a key is held by one unit, and a unit that nobody ordered holds none."""
    assert ONE_HELD.when(hold(ONE_HELD, *keys)).told == ()


@pytest.mark.parametrize(
    "keys",
    [
        (key("1.1", "k1"), key("1.1", "k2")),
        (key("1.1", "k1"), key("1.2", "k1")),
        (key("1.1", "k1"), key("1.1", "k1")),
    ],
)
def test_one_answer_that_repeats_itself_holds_each_key_once(keys: tuple[c.SealedKey, ...]) -> None:
    """I2: a page that came twice names a unit or a key twice; the first counts."""
    story = BOUGHT.when(hold(BOUGHT, *keys))

    assert held(story) == {"1.1": "k1"}


@pytest.mark.parametrize("kind", [ReturnedUnit, ReplacedUnit])
def test_a_key_that_was_given_up_is_not_held_again(kind: type[Unit]) -> None:
    """I2: a key that went back, or was bad, never goes to another unit."""
    (good, *_) = ONE_HELD.order.held
    more = (
        {"returned_at": ONE_HELD.now} if kind is ReturnedUnit else {"replaced_by": "1.3", "replaced_at": ONE_HELD.now}
    )
    same = {"line": good.line, "storage_ref": good.storage_ref, "reservation": good.reservation}
    gone = kind(id=good.id, supplier_key_id=good.supplier_key_id, **same, **more)
    order = attrs.evolve(ONE_HELD.order, units=(gone, *ONE_HELD.order.units[1:]))
    story = attrs.evolve(ONE_HELD, order=order)

    assert story.when(hold(story, key("1.2", good.supplier_key_id))).told == ()


def test_keys_belong_to_the_purchase_that_brought_them() -> None:
    """A key of one purchase never fills a unit of another."""
    order = settled(placed(lines=(a_line(1, quantity=10),)))
    story = Story(order=order).when(c.RetryOrder(by="admin:ann", reason="plan"))
    placed_ = story.when(c.ClaimPurchase(number=1), bought(1), c.ClaimPurchase(number=2), bought(2))

    assert placed_.when(hold(placed_, key_for("1.10"), number=1)).told == ()
    assert placed_.when(hold(placed_, key_for("1.10"), number=2)).told == (
        "KeyHeld",
        "LinkIssued",
        "ReservationCompleted",
    )


@pytest.mark.parametrize("place", ["paid", "paid, claimed", "paid, in doubt", "fulfilling, fallen", "fulfilled"])
def test_keys_of_what_is_not_placed_change_nothing(place: str) -> None:
    """A purchase that fell was paid back: its keys are not ours to hand out (F9)."""
    story = PLACES[place]

    assert story.when(hold(story, key("1.1", "late"), key("1.2", "later"))).told == ()


def test_keys_after_a_refund_are_held_and_never_delivered() -> None:
    """They are bought, so they are kept; no link is made, nothing is mailed, and a person is told once."""
    refunded = PLACES["refunded, bought"]
    first = refunded.when(hold(refunded, key_for("1.1")))
    story = first.when(hold(first, key_for("1.2")))

    assert story.told == ("KeyHeld", "ReservationCompleted")
    assert [one.reason for one in story.order.findings] == [FindingReason.KEYS_AFTER_REFUND]
    assert isinstance(story.order.link, NoLink)
    assert not story.order.may_reveal
    assert "send-mail" not in {job.name for job in story.jobs}
    assert story.status is Status.REFUNDED


def test_all_keys_of_a_purchase_settle_what_was_asked_about_it() -> None:
    """A slow or incomplete supplier is no question once all is there."""
    slow = c.OpenFinding(reason=FindingReason.SUPPLIER_SLOW, subject="o1-1", text="It is slow.", blocking=False)
    missing = c.OpenFinding(reason=FindingReason.KEYS_MISSING, subject="o1-1", text="One lacks.", blocking=False)
    story = ONE_HELD.when(slow, missing)

    after = story.when(hold(story, key_for("1.2")))

    assert after.order.findings == ()
    assert isinstance(after.order.reservations[0], CompletedReservation)


def test_a_purchase_with_keys_to_come_stays_placed() -> None:
    """One of two is not all."""
    assert isinstance(ONE_HELD.order.reservations[0], PlacedReservation)
    assert [unit.id for unit in ONE_HELD.order.owed] == [UnitId("1.2")]
    assert any(isinstance(unit, OwedUnit) for unit in ONE_HELD.order.units)


@pytest.mark.parametrize("pause", [timedelta(days=8), timedelta(days=60)])
def test_keys_that_come_long_afterwards_make_a_new_link(pause: timedelta) -> None:
    """A preorder's last key comes months after the first: the mail about it must not carry a dead link."""
    later = ONE_HELD.later(pause)

    story = later.when(hold(later, key_for("1.2"), link="link2"))

    assert story.told == ("KeyHeld", "LinkIssued", "ReservationCompleted", "OrderFulfilled")
    assert story.jobs[-1].ref == "o1/delivery/link2"


def test_a_fresh_link_is_mailed_and_replaces_the_first() -> None:
    """A fresh link revokes the earlier ones; asking for it is safe to do again and again."""
    story = PLACES["fulfilled"].when(fresh_link(PLACES["fulfilled"]))

    assert isinstance(story.order.link, LiveLink)
    assert story.order.link.id == "fresh"
    assert (story.jobs[-1].name, story.jobs[-1].ref) == ("send-mail", "o1/delivery/fresh")


def test_a_fresh_link_to_a_part_says_so() -> None:
    """The mail does not promise what is not there."""
    story = ONE_HELD.when(fresh_link(ONE_HELD))

    assert story.jobs[-1].ref == "o1/partly/fresh"


@pytest.mark.parametrize(
    ("reason", "subject"),
    [(FindingReason.MAIL_REFUSED, "delivery"), (FindingReason.DEAD_JOB, "send-mail:o1/delivery/link1")],
)
def test_a_fresh_link_answers_a_mail_that_never_went(reason: FindingReason, subject: str) -> None:
    """The question was how the buyer gets the link; this is how."""
    lost = PLACES["fulfilled"].when(c.OpenFinding(reason=reason, subject=subject, text="No mail went.", blocking=False))

    story = lost.when(fresh_link(lost, by="admin:ann"))

    assert story.told == ("FindingResolved", "LinkIssued")


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("waiting", "not-revealable"),
        ("paid", "nothing-ready"),
        ("fulfilling", "nothing-ready"),
        ("refunded", "not-revealable"),
        ("paid, sent back", "not-revealable"),
    ],
)
def test_a_link_is_made_only_where_there_is_something_to_open(place: str, code: str) -> None:
    """I3: paid, not refunded, and at least one key held."""
    with pytest.raises(TransitionRefused) as refused:
        PLACES[place].when(fresh_link(PLACES[place]))

    assert code == refused.value.code
