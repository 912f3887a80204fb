"""Random walks: whatever is said to an order, in whatever order, its promises hold after every step."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import attrs
from hypothesis import given
from hypothesis import strategies as st

from bitloot_core.order import commands as c
from bitloot_core.order import events as e
from bitloot_core.order.decide import decide
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.ledger import LedgerKind
from bitloot_core.order.payments import gateway_id_of, received_of
from bitloot_core.order.policy import Policy, Repost
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.reservations import SupplierWord, is_dead
from bitloot_core.order.status import Status
from bitloot_core.order.transitions import TRANSITIONS
from bitloot_core.order.units import OwedUnit, ReplacedUnit
from bitloot_core.testing.milestones import bought, hold, key_for, milestones
from bitloot_core.testing.orders import DUE, an_invoice, placed
from bitloot_core.testing.story import Story, a_reading
from bitloot_core.values.errors import NotFound
from bitloot_core.values.ids import FindingId, GatewayPaymentId, LinkId, SupplierKeyId
from bitloot_core.values.money import Money
from bitloot_core.values.reading import PaymentWord

ORDER = placed(quantity=2)
COINS = {"pay-o1-1": "btc", "pay-o1-2": "eth", "stray": "btc", "late": "btc", "lost": "eth"}
"""The gateway's payments, each in the one coin that it is made in."""
BY = st.just({"by": "admin:ann", "reason": "because"})
attempts = st.integers(1, 4)
numbers = st.integers(1, 3)
names = st.sampled_from(list(COINS)).map(GatewayPaymentId)
words = st.sampled_from(SupplierWord)
units = st.sampled_from(["1.1", "1.2", "9.9"])
Said = c.OrderCommand | timedelta


@st.composite
def readings(draw: st.DrawFn) -> c.RecordReading:
    """What the gateway may say of any payment, ours or not, in time or not."""
    name = draw(names)
    paid = draw(st.sampled_from([Decimal(0), DUE.amount / 2, DUE.amount, DUE.amount * 4]))
    parent = draw(st.sampled_from([None, None, None, "pay-o1-1"]))
    reading = a_reading(ORDER, draw(st.sampled_from(PaymentWord)), paid=paid, gateway_id=name, parent=parent)
    currency = draw(st.sampled_from(["EUR"] * 9 + ["USD"]))
    return c.RecordReading(
        reading=attrs.evolve(reading, coin=COINS[name], price_currency=currency),
        read_back=draw(st.sampled_from([True, True, True, False])),
    )


@st.composite
def purchases(draw: st.DrawFn) -> c.RecordPurchase:
    """What the supplier may have under one of our references."""
    charged = Money.of(draw(st.sampled_from(["17.00", "99.00"])), "EUR")
    found = bought(draw(numbers), name=draw(st.sampled_from(["", "", "another"])), charged=charged)
    return attrs.evolve(found, word=draw(words))


@st.composite
def holdings(draw: st.DrawFn) -> c.HoldKeys:
    """Keys of a purchase, some twice, some for units that nobody ordered."""
    keys = draw(st.lists(st.tuples(units, st.sampled_from(["k1", "k2", "k3"])), max_size=3))
    sealed = [attrs.evolve(key_for(unit), supplier_key_id=SupplierKeyId(name)) for unit, name in keys]
    return hold(Story(order=ORDER), *sealed, number=draw(numbers), link=draw(st.sampled_from(["l1", "l2"])))


@st.composite
def findings(draw: st.DrawFn) -> c.OpenFinding:
    """Whatever a job may put before a person; only a person puts an order aside."""
    return c.OpenFinding(
        reason=draw(st.sampled_from([reason for reason in FindingReason if reason is not FindingReason.PARKED])),
        subject=draw(st.sampled_from(["pay-o1-1", "o1-1", "send-mail:o1/delivery/l1"])),
        text="Look at it.",
        blocking=draw(st.booleans()),
    )


invoices = st.builds(
    lambda attempt, name: c.RecordInvoice(attempt=attempt, invoice=an_invoice(ORDER, attempt, gateway_id=name)),
    attempts,
    names,
)
said: st.SearchStrategy[Said] = st.one_of(
    readings(),
    purchases(),
    holdings(),
    findings(),
    invoices,
    st.builds(c.IntendPayment, coin=st.sampled_from(["btc", "eth"])),
    st.builds(c.RecordPaymentDoubt, attempt=attempts),
    st.builds(c.RecordPaymentRefusal, attempt=attempts, code=st.just("below-minimum"), reason=st.just("too small")),
    st.builds(lambda name, by: c.AcceptPayment(gateway_id=name, **by), names, BY),
    st.builds(c.ClaimPurchase, number=numbers),
    st.builds(c.RecordPurchaseDoubt, number=numbers),
    st.builds(c.ReleasePurchase, number=numbers),
    st.builds(c.RecordPurchaseRefusal, number=numbers, code=st.just("out-of-stock"), reason=st.just("none")),
    st.builds(c.RecordSupplierWord, number=numbers, word=words),
    st.builds(
        lambda by: c.IssueLink(link_id=LinkId("l3"), expires_at=ORDER.expires_at + timedelta(days=9), by=by),
        st.sampled_from(["order", "admin:ann"]),
    ),
    st.just(c.ExpireOrder()),
    BY.map(lambda by: c.CancelOrder(**by)),
    BY.map(lambda by: c.RecordRefund(**by)),
    BY.map(lambda by: c.RetryOrder(**by)),
    BY.map(lambda by: c.ForgetBuyer(**by)),
    st.builds(
        lambda name, by: c.ResolveFinding(finding_id=name, **by),
        st.sampled_from(["o1.f1", "o1.f2", "o1.f3", "o1.f99", "elsewhere"]).map(FindingId),
        BY,
    ),
    st.sampled_from([timedelta(minutes=1), timedelta(minutes=20), timedelta(hours=2), timedelta(days=9)]),
)
starts = st.sampled_from(list(milestones().values()))
policies = st.sampled_from([Policy(), Policy(repost=Repost.OPERATOR)])
walks = st.tuples(starts, policies, st.lists(said, min_size=1, max_size=30))
REPORTS = (c.RecordReading, c.RecordInvoice, c.RecordPurchase, c.RecordSupplierWord, c.HoldKeys)


def steps(start: Story, policy: Policy, walk: list[Said]) -> Iterator[tuple[Story, c.OrderCommand, Story]]:
    """Each command that was not refused: the story before it, the command, and the story after it."""
    story = attrs.evolve(start, policy=policy)
    for one in walk:
        if isinstance(one, timedelta):
            story = story.later(one)
            continue
        try:
            after = story.when(one)
        except TransitionRefused:
            assert not isinstance(one, REPORTS)
            continue
        except NotFound:
            assert isinstance(one, c.ResolveFinding)
            continue
        yield story, one, after
        story = after


@given(walks)
def test_nothing_but_a_refusal_comes_of_a_command(walk: tuple[Story, Policy, list[Said]]) -> None:
    """I6, I8: what decide says, evolve can do; and whoever reports money or keys is never refused."""
    for before, command, after in steps(*walk):
        again = decide(before.order, command, now=before.now, policy=before.policy)

        assert after.last == again


@given(walks)
def test_no_key_and_no_unit_is_bought_or_held_twice(walk: tuple[Story, Policy, list[Said]]) -> None:
    """I1, I2: a unit is in one living purchase, a key on one unit, a number on one purchase."""
    for _, _, story in steps(*walk):
        order = story.order
        living = [unit for res in order.reservations if not is_dead(res) for unit in res.plan.units]
        keys = [unit.supplier_key_id for unit in order.units if not isinstance(unit, OwedUnit)]

        assert len(living) == len(set(living))
        assert len(keys) == len(set(keys))
        assert [res.plan.number for res in order.reservations] == list(range(1, len(order.reservations) + 1))


@given(walks)
def test_nothing_is_bought_or_linked_without_money_that_counts(walk: tuple[Story, Policy, list[Said]]) -> None:
    """I3: a purchase is claimed, and a link asked for, only while a payment counts and nothing was refunded."""
    for before, _, after in steps(*walk):
        for event in after.last:
            if isinstance(event, e.ReservationClaimed) or (isinstance(event, e.LinkIssued) and event.by != "system"):
                assert before.order.may_reveal


@given(walks)
def test_nothing_is_bought_for_nobody(walk: tuple[Story, Policy, list[Said]]) -> None:
    """Once a buyer is forgotten, no money leads to a purchase by itself, and no link is made that nobody gets."""
    for before, _, after in steps(*walk):
        if before.order.email is None:
            assert after.order.email is None
            forbidden = (e.ReservationPlanned, e.ReservationClaimed, e.PaymentIntended, e.LinkIssued)
            assert not [event for event in after.last if isinstance(event, forbidden)]


@given(walks)
def test_the_ledger_is_what_the_payments_have_seen(walk: tuple[Story, Policy, list[Said]]) -> None:
    """I6: received, coin by coin, is the sum over all payments; no name is given to two movements."""
    for _, _, story in steps(*walk):
        seen: Counter[str] = Counter()
        for payment in story.order.payments:
            if (money := received_of(payment)) is not None:
                seen[money.coin] += money.amount
        rows = [row for row in story.ledger if row.kind is LedgerKind.RECEIVED]
        entered: Counter[str] = Counter()
        for row in rows:
            entered[row.currency] += row.amount

        assert seen == entered
        assert len(rows) == len({row.external_id for row in rows})
        assert all(row.amount > 0 for row in story.ledger)


@given(walks)
def test_what_went_back_had_come(walk: tuple[Story, Policy, list[Said]]) -> None:
    """I6: nobody is refunded more than was seen of that payment."""
    for _, _, story in steps(*walk):
        came = {name: received_of(pay) for pay in story.order.payments if (name := gateway_id_of(pay))}
        for row in story.ledger:
            if row.kind is LedgerKind.REFUNDED:
                money = came[GatewayPaymentId(row.external_id)]
                assert money is not None
                assert row.amount <= money.amount


@given(walks)
def test_the_status_moves_along_the_table_and_never_back(walk: tuple[Story, Policy, list[Said]]) -> None:
    """I8: fulfilled, cancelled and refunded stay, save that a refund can follow."""
    for before, _, after in steps(*walk):
        status = before.status
        current = before
        for event in after.last:
            step = current.happens(event)
            assert step.status in TRANSITIONS[current.status][type(event)]
            current = step
        if status in {Status.FULFILLED, Status.CANCELLED, Status.REFUNDED}:
            assert after.status in {status, Status.REFUNDED}
        assert (after.shown is Status.ATTENTION) <= any(one.blocking for one in after.order.findings)


@given(walks)
def test_what_is_paid_and_owed_is_coming_or_in_sight(walk: tuple[Story, Policy, list[Said]]) -> None:
    """I10, the core's half: a unit that nothing brings, and money that settles nothing, have an open finding."""
    for _, _, story in steps(*walk):
        order = story.order
        if order.at_rest:
            continue
        if order.is_settled and order.unbought:
            assert story.shown is Status.ATTENTION
        if order.holds_money and not order.is_settled:
            assert order.findings


@given(walks)
def test_names_on_an_order_are_unique(walk: tuple[Story, Policy, list[Said]]) -> None:
    """Payments by the gateway's name, findings by number, attempts by their count."""
    for _, _, story in steps(*walk):
        order = story.order
        ids = [one.id for one in order.findings]
        payments = [name for payment in order.payments if (name := gateway_id_of(payment))]

        assert len(ids) == len(set(ids))
        assert len(payments) == len(set(payments))
        assert [payment.attempt for payment in order.payments] == list(range(1, len(order.payments) + 1))


@given(walks)
def test_a_fulfilled_order_owes_nothing_but_replacements(walk: tuple[Story, Policy, list[Said]]) -> None:
    """The commit that holds the last unit writes it, and nothing before; replacing a bad key takes nothing back."""
    for _, _, story in steps(*walk):
        if story.status is Status.FULFILLED:
            replacements = {unit.replaced_by for unit in story.order.units if isinstance(unit, ReplacedUnit)}

            assert {unit.id for unit in story.order.owed} <= replacements


@given(walks)
def test_saying_it_again_changes_nothing_more(walk: tuple[Story, Policy, list[Said]]) -> None:
    """I1, I12: a command that reports something is idempotent: the same again, at once, is no news."""
    repeatable = (*REPORTS, c.RecordPaymentDoubt, c.RecordPaymentRefusal, c.AcceptPayment, c.OpenFinding)
    for _, command, after in steps(*walk):
        if isinstance(command, repeatable):
            assert after.when(command).told == ()
