"""
A bucket that refuses, holds still, loses answers and damages what it keeps: orders wait, and come through whole.

**Source:** issue 3, "The proof": S3 refusing, timing out, corrupting what is read back; reliability.md, section 2, the
row "R2 PUT done, answer lost".
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from harness.production import Production, open_production
from harness.s3_proxy import (
    Fault,
    Forward,
    S3Answer,
    S3Request,
    damage_answer,
    damage_upload,
    lose_answer,
    lose_request,
    refuse,
    stall,
)
from harness.waiting import eventually

ORDERS = 3
IN_VAIN = 4


@pytest.fixture
async def shop(tmp_path: Path, stocked: Path, s3: str) -> AsyncIterator[Production]:
    """A shop in the shape of production."""
    async with open_production(tmp_path, stocked, s3, workers=0) as opened:
        yield opened


def names_held(shop: Production) -> set[str]:
    """The objects that units name."""
    return {f"keys/{unit['storage_ref']}" for unit in shop.system.books.units_held()}


async def refuses(shop: Production) -> None:
    """Nobody listens."""
    await shop.store.refuse()


async def holds_still(shop: Production) -> None:
    """Connections stay open and nothing is said."""
    shop.store.hold_still()


async def answers_503(shop: Production) -> None:
    """What R2 says when it is overloaded."""
    shop.bucket.plan(refuse(503, "SlowDown"), times=None)


async def answers_nothing(shop: Production) -> None:
    """Requests are heard and never answered."""
    shop.bucket.plan(stall, times=None)


async def cuts(shop: Production) -> None:
    """Each request ends with its connection."""
    shop.bucket.plan(lose_request, times=None)


async def answers_with_a_page(shop: Production) -> None:
    """Somebody in between answers, and it is no S3."""
    shop.bucket.plan(refuse(502, "<html>"), times=None)


async def heal(shop: Production) -> None:
    """All is well again."""
    shop.bucket.heal()
    await shop.store.pass_on()


@pytest.mark.parametrize("fails", [refuses, holds_still, answers_503, answers_nothing, cuts, answers_with_a_page])
async def test_orders_wait_for_a_bucket_that_is_away(
    shop: Production, fails: Callable[[Production], Awaitable[None]]
) -> None:
    """Bought once, collected again and again, held when the bucket is back; who has a key already sees it then, too."""
    early = await shop.paid()
    await shop.system.buyer.mail(early)

    await fails(shop)
    orders = [await shop.paid() for _ in range(ORDERS)]
    asked = len(shop.system.vendors.kinguin.calls)
    await eventually(
        lambda: sum(call.call.endswith("/keys") for call in shop.system.vendors.kinguin.calls[asked:]) >= IN_VAIN,
        "keys were downloaded in vain",
    )
    before = [await shop.system.buyer.look(one) for one in orders]
    await heal(shop)
    await shop.come_through(early, *orders)

    assert all(order is not None and order["status"] in {"paid", "fulfilling"} for order in before)
    assert len(shop.system.vendors.kinguin.purchases) == 1 + ORDERS
    assert names_held(shop) <= set(await shop.stored())


async def test_a_link_is_good_again_when_the_bucket_is(shop: Production) -> None:
    """While the bucket is away the buyer is told to come back, and the look is in the audit all the same (I9)."""
    placed = await shop.paid()
    mail = await shop.system.buyer.mail(placed)
    await refuses(shop)

    answer = await shop.system.buyer.ask("POST", mail.link.removeprefix(shop.system.place.url) + "/reveal")
    await heal(shop)
    keys = await shop.system.buyer.reveal(mail)

    assert answer is not None
    assert answer[0] == 503
    assert keys == shop.system.vendors.delivered_for(placed.order_id)
    assert len(shop.system.books.accesses(placed.order_id)) == 2


async def test_an_upload_whose_answer_got_lost_is_found_and_taken(shop: Production) -> None:
    """The client asks again, hears 412, and what lies there is its own: one object a unit, none left over."""
    answers: list[int] = []

    async def note(request: S3Request, forward: Forward) -> S3Answer:
        """Hand on, and write down what was answered."""
        answer = await forward(request)
        answers.append(answer.status)
        return answer

    shop.bucket.plan(lose_answer, method="PUT", times=2)
    shop.bucket.plan(note, method="PUT", times=None)
    await shop.come_through(await shop.paid(quantity=2))

    assert set(answers) == {412}
    assert names_held(shop) == set(await shop.stored())


async def test_an_upload_that_is_never_answered_is_made_anew(shop: Production) -> None:
    """Neither the first try nor any repeat of it: the keys come under other names, and the old objects name nobody."""
    lost: set[str] = set()

    async def lose_these_two(request: S3Request, forward: Forward) -> S3Answer | None:
        """By their names, since the client repeats as it likes."""
        if len(lost) < 2:
            lost.add(request.path)
        return await (lose_answer(request, forward) if request.path in lost else forward(request))

    shop.bucket.plan(lose_these_two, method="PUT", times=None)

    await shop.come_through(await shop.paid(quantity=2))

    assert len(shop.system.vendors.kinguin.purchases) == 1
    assert names_held(shop) < set(await shop.stored())


@pytest.mark.parametrize(("damage", "method"), [(damage_answer, "GET"), (damage_upload, "PUT")])
async def test_nothing_is_held_that_does_not_read_back_as_it_was_written(
    shop: Production, damage: Fault, method: str
) -> None:
    """While bits fall over on the way, no unit is held; then each one that is held can be shown."""
    shop.bucket.plan(damage, method=method, times=None)
    placed = await shop.paid(quantity=2)
    await eventually(lambda: sum(one.method == "PUT" for one in shop.bucket.seen) >= IN_VAIN, "it was tried in vain")

    held = shop.system.books.units_held()
    before = await shop.system.buyer.look(placed)
    await heal(shop)
    await shop.come_through(placed)

    assert held == []
    assert before is not None
    assert before["status"] == "fulfilling"
    assert len(shop.system.vendors.kinguin.purchases) == 1
