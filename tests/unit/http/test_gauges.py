"""How the shop stands is read now and then, by whoever asks; asking often costs nothing, and waits for nobody."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest

from bitloot_core.order.buying import Balance, Pause, PauseHolder
from bitloot_core.order.findings import FindingReason
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import Unavailable
from bitloot_http.metrics.gauges import BALANCE_GOOD_FOR, GOOD_FOR, Gauges, Reading


async def read(gauges: Gauges) -> Reading:
    """What is known, and whatever was asked for in the background is answered."""
    found = await gauges.read()
    if asking := {task for task in asyncio.all_tasks() if task.get_name() == "balance"}:
        await asyncio.wait(asking)
    return found


@pytest.fixture
async def fakes() -> FakeShop:
    """A shop that sells one product."""
    one = FakeShop()
    await one.offer(a_product())
    return one


async def test_what_is_known_is_good_for_some_seconds(fakes: FakeShop) -> None:
    """Whoever asks meanwhile is told the same, with the time at which it was so."""
    gauges = Gauges(fakes.shop)
    before = await read(gauges)
    await fakes.place()

    fakes.clock.advance(GOOD_FOR / 2)
    meanwhile = await read(gauges)
    fakes.clock.advance(GOOD_FOR / 2)
    after = await read(gauges)

    assert before.standing == meanwhile.standing
    assert before.standing is not None
    assert before.standing.at == meanwhile.now - GOOD_FOR / 2
    assert after.standing is not None
    assert after.standing.orders.by_status == {"waiting": 1}


async def test_many_who_ask_at_once_cost_one_look(fakes: FakeShop) -> None:
    """Each waits for the same."""
    looks = []

    async def findings() -> Any:
        """Counts how often it is asked."""
        looks.append("a look")
        return await fakes.storage.figures.findings()

    gauges = Gauges(attrs.evolve(fakes.shop, figures=Overridden(fakes.storage.figures, findings=findings)))

    found = await asyncio.gather(*(gauges.read() for _ in range(20)))

    assert looks == ["a look"]
    assert all(one.standing is not None for one in found)
    await gauges.close()


async def test_a_database_that_is_away_is_not_known_and_not_guessed(fakes: FakeShop, log: Any) -> None:
    """What was known before is not shown as if it were so still."""
    answers: list[Any] = [fakes.storage.figures.queue, _away, fakes.storage.figures.queue]

    async def queue(**names: Any) -> Any:
        """Is away the second time."""
        return await answers.pop(0)(**names)

    gauges = Gauges(_with_queue(fakes, queue))

    known = []
    for _ in range(3):
        known.append((await read(gauges)).standing is not None)
        fakes.clock.advance(GOOD_FOR)

    assert known == [True, False, True]
    assert "figures not known" in log.getvalue()


async def test_a_database_that_is_slow_is_not_waited_for(fakes: FakeShop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prometheus has a deadline of its own; what was known is told, with its age."""
    monkeypatch.setattr("bitloot_http.metrics.gauges._PATIENCE_SECONDS", 0.01)
    held = asyncio.Event()
    held.set()

    async def queue(**names: Any) -> Any:
        """Takes as long as it is held up."""
        await held.wait()
        return await fakes.storage.figures.queue(**names)

    gauges = Gauges(_with_queue(fakes, queue))
    first = await gauges.read()
    held.clear()
    fakes.clock.advance(GOOD_FOR)

    slow = await asyncio.wait_for(gauges.read(), timeout=5)

    assert first.standing == slow.standing
    assert first.standing is not None
    assert slow.now - first.standing.at == GOOD_FOR
    await gauges.close()


async def test_the_supplier_is_asked_now_and_then_and_not_waited_for(fakes: FakeShop) -> None:
    """Whoever asks next has the answer, with its age."""
    fakes.supplier.has_left("12.34")
    gauges = Gauges(fakes.shop)

    await read(gauges)
    fakes.supplier.has_left("5.00")
    fakes.clock.advance(BALANCE_GOOD_FOR / 2)
    then = await read(gauges)
    fakes.clock.advance(BALANCE_GOOD_FOR / 2)
    await read(gauges)
    later = await read(gauges)

    assert then.balance is not None
    assert (Decimal("12.34"), BALANCE_GOOD_FOR / 2) == (then.balance.left.amount, then.now - then.balance.at)
    assert later.balance is not None
    assert (Decimal("5.00"), later.now) == (later.balance.left.amount, later.balance.at)


async def test_a_supplier_that_does_not_answer_holds_nobody_up(fakes: FakeShop) -> None:
    """The figures are told all the same, and its balance is not known."""
    gauges = Gauges(attrs.evolve(fakes.shop, supplier=Overridden(fakes.supplier, balance=_never)))

    found = await asyncio.wait_for(gauges.read(), timeout=5)

    assert found.standing is not None
    assert found.balance is None
    await gauges.close()


async def test_a_supplier_that_is_away_leaves_the_last_balance_with_its_age(fakes: FakeShop, log: Any) -> None:
    """An old balance is known to be old."""
    gauges = Gauges(fakes.shop)
    await read(gauges)
    fakes.supplier.faults.before("balance", Unavailable("supplier", "away"))
    fakes.clock.advance(BALANCE_GOOD_FOR)

    await read(gauges)
    found = await read(gauges)

    assert found.balance is not None
    assert found.now - found.balance.at == BALANCE_GOOD_FOR
    assert "balance not known" in log.getvalue()


async def test_the_newest_reading_of_the_balance_counts_whoever_made_it(fakes: FakeShop) -> None:
    """The buying limits read it, too, and keep it for all processes."""
    gauges = Gauges(fakes.shop)
    await read(gauges)
    fakes.clock.advance(timedelta(minutes=1))
    theirs = Balance(left=await fakes.supplier.balance(), at=fakes.clock.now())
    await fakes.storage.switches.note_balance(theirs)

    found = await read(gauges)

    assert theirs == found.balance


async def test_a_pause_is_shown_until_it_is_over(fakes: FakeShop) -> None:
    """By the word of whoever holds it."""
    now = fakes.clock.now()
    ends = now + timedelta(hours=1)
    pause = Pause(holder=PauseHolder.SPEND_CAP, by="system", reason="enough for today", since=now, until=ends)
    await fakes.storage.switches.pause(pause)
    gauges = Gauges(fakes.shop)

    paused = await read(gauges)
    fakes.clock.advance(timedelta(hours=1))
    over = await read(gauges)

    assert paused.standing is not None
    assert over.standing is not None
    assert (paused.standing.paused_by, over.standing.paused_by) == (("spend-cap",), ())


async def test_what_waits_for_a_person_is_counted_by_its_reason(fakes: FakeShop) -> None:
    """As the admin's list has it."""
    fakes.supplier.has_left("0.00")
    order = await fakes.place()
    await fakes.pay(order.id)

    found = (await read(Gauges(fakes.shop))).standing

    assert found is not None
    assert {FindingReason.SUPPLIER_REFUSED} == {one.reason for one in found.findings}


async def test_closing_ends_what_is_being_asked(fakes: FakeShop) -> None:
    """A service that stops waits for no answer."""
    gauges = Gauges(_with_queue(fakes, _never))
    asking = asyncio.ensure_future(gauges.read())
    await asyncio.wait({asking}, timeout=0)

    await asyncio.wait_for(gauges.close(), timeout=5)

    assert (await asking).standing is None


def _with_queue(fakes: FakeShop, queue: Any) -> Shop:
    return attrs.evolve(fakes.shop, figures=Overridden(fakes.storage.figures, queue=queue))


async def _away(**_: object) -> object:
    raise Unavailable("store", "away")


async def _never(**_: object) -> object:
    return await asyncio.Event().wait()
