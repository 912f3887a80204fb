"""What the console offers to decide is what the order's state admits, no more and no less."""

from collections.abc import Mapping

import attrs
import pytest

from bitloot_core.order.actions import ON_AN_ORDER, Action
from bitloot_core.order.jobs import JobName
from bitloot_core.order.order import Order
from bitloot_core.order.upkeep import needs_of
from bitloot_core.ports.jobs import Done
from bitloot_core.testing.order_states import every_state
from bitloot_core.testing.samples import a_change, a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.run_job import take_job
from bitloot_core.values.errors import InvalidInput, NotFound, Refused
from bitloot_http.handlers.console.deeds import DEEDS
from bitloot_http.pages.console.choices import SUBJECT, Choice, Closed, choices
from bitloot_http.pages.console.words import DEEDS as WORDS

STATES = sorted(every_state())


async def stored(order: Order) -> FakeShop:
    """Given a shop with this one order, whose mails were sent."""
    fakes = FakeShop()
    now = fakes.clock.now()
    await fakes.storage.store.commit(a_change(order, at=now))
    for need in needs_of(order, now=now, policy=fakes.shop.policy):
        if need.job.name is JobName.SEND_MAIL:
            work = await take_job(fakes.shop, await fakes.shop.jobs.ask(attrs.evolve(need.job, due_at=now), now=now))
            assert work is not None
            await work.end(Done())
    return fakes


async def offered(fakes: FakeShop, order: Order) -> tuple[tuple[Choice, ...], tuple[Closed, ...]]:
    """What can be decided, and what not."""
    return choices(await fakes.order(order.id), fakes.clock.now(), fakes.shop.policy)


def by_action(found: tuple[Choice, ...]) -> Mapping[str, Choice]:
    """The choices by their names."""
    return {choice.action: choice for choice in found}


@pytest.mark.parametrize("state", STATES)
async def test_what_is_offered_is_done(state: str) -> None:
    """In whatever state the order is: each choice, for each thing that it is offered for, goes through."""
    order = every_state()[state]
    now_possible, _ = await offered(await stored(order), order)

    for choice in now_possible:
        for option in choice.options:
            fakes = await stored(order)
            form = {SUBJECT: option.value} if option.value else {}
            await DEEDS[choice.action](fakes.shop, order.id, form, "admin:ann", "because")


@pytest.mark.parametrize("state", STATES)
async def test_what_is_not_offered_says_why(state: str) -> None:
    """Every action is in one of the two lists, and those that are closed have a reason."""
    order = every_state()[state]

    now_possible, closed = await offered(await stored(order), order)

    assert len(now_possible) + len(closed) == len(DEEDS)
    assert [one.name for one in closed if not one.why] == []


async def test_a_short_payment_can_be_accepted() -> None:
    """The payment is named, with what arrived."""
    fakes = FakeShop()
    await fakes.offer(a_product())
    order = await fakes.place()
    payment = fakes.gateway.payments_of(order.id)[-1]
    fakes.gateway.pay_short(payment)
    await fakes.tell(payment)
    await fakes.work()

    now_possible, closed = await offered(fakes, order)

    (option,) = by_action(now_possible)[Action.ACCEPT_PAYMENT].options
    assert option.value == payment
    assert "arrived" in option.text
    assert by_action(now_possible)[Action.ACCEPT_PAYMENT].needs_proof
    assert WORDS[Action.CANCEL].name in {one.name for one in closed}


async def test_a_held_key_can_be_replaced() -> None:
    """Each unit of its own; one that is gone is offered no more."""
    fakes = FakeShop()
    await fakes.offer(a_product())
    order = await fakes.place(2)
    await fakes.fulfil(order.id)
    units = [unit.id for unit in (await fakes.order(order.id)).held]

    now_possible, _ = await offered(fakes, order)
    assert [option.value for option in by_action(now_possible)[Action.REPLACE_KEY].options] == units

    await DEEDS[Action.REPLACE_KEY](fakes.shop, order.id, {SUBJECT: units[0]}, "admin:ann", "used already")

    now_possible, _ = await offered(fakes, order)
    assert [option.value for option in by_action(now_possible)[Action.REPLACE_KEY].options] == units[1:]


async def test_an_order_is_put_aside_or_taken_up_again() -> None:
    """Never both."""
    fakes = FakeShop()
    await fakes.offer(a_product())
    order = await fakes.place()
    before, _ = await offered(fakes, order)

    await DEEDS[Action.PARK](fakes.shop, order.id, {}, "admin:ann", "looks odd")

    after, _ = await offered(fakes, order)
    assert (Action.PARK in by_action(before), Action.UNPARK in by_action(before)) == (True, False)
    assert (Action.PARK in by_action(after), Action.UNPARK in by_action(after)) == (False, True)


@pytest.mark.parametrize("action", [Action.ACCEPT_PAYMENT, Action.REPLACE_KEY, Action.RETURN_KEYS])
@pytest.mark.parametrize("form", [{}, {SUBJECT: " "}, {SUBJECT: "x" * 200}, {SUBJECT: "nothing-of-ours"}])
async def test_a_form_without_sense_does_nothing(action: Action, form: dict[str, str]) -> None:
    """What is to be done to must be named, and be one of the order's."""
    fakes = FakeShop()
    await fakes.offer(a_product())
    order = await fakes.place()

    with pytest.raises((InvalidInput, NotFound, Refused)):
        await DEEDS[action](fakes.shop, order.id, form, "admin:ann", "because")


def test_every_action_on_an_order_is_here() -> None:
    """With its words; nothing of the API is missing in the console."""
    assert set(ON_AN_ORDER) <= set(DEEDS) <= set(WORDS)


async def test_what_is_refused_in_the_end_was_offered_to_nobody() -> None:
    """A refund of an order that never saw money."""
    fakes = FakeShop()
    await fakes.offer(a_product())
    order = await fakes.place()
    now_possible, _ = await offered(fakes, order)

    with pytest.raises(Refused):
        await DEEDS[Action.REFUND](fakes.shop, order.id, {}, "admin:ann", "because")

    assert Action.REFUND not in by_action(now_possible)
