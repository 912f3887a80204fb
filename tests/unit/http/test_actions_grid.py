"""Each action on an order in each state: what comes of it, or why it is refused; what is refused leaves no trace."""

from collections.abc import Awaitable, Callable, Iterator

import pytest
from http_world import STAFF, World

from bitloot_core.order.order import Order
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.close_order import cancel_order
from bitloot_http.handlers.actions import ACTIONS
from bitloot_http.problem_kinds import KINDS
from harness.orders_to_press import fulfilled, given_back, parked, refused, short, unpaid

# A status is that of the order afterwards, with `=` where nothing changed; anything else is the code of the refusal.
GRID = """
                unpaid             short              paid               refused            bought
retry           waiting            underpaid          paid               paid               fulfilling
resend          not-revealable     not-revealable     nothing-ready      nothing-ready      nothing-ready
cancel          cancelled          not-cancellable    not-cancellable    not-cancellable    not-cancellable
refund          nothing-to-refund  refunded           refunded           refunded           refunded
accept-payment  nothing-to-accept  paid               nothing-to-accept  nothing-to-accept  nothing-to-accept
replace-key     not-replaceable    not-replaceable    not-replaceable    not-replaceable    not-replaceable
return-keys     not-returnable     not-returnable     not-returnable     not-returnable     keys-in-use
rebuy           nothing-to-rebuy   nothing-to-rebuy   nothing-to-rebuy   paid               nothing-to-rebuy
park            attention          attention          attention          attention          attention
unpark          waiting=           underpaid=         paid=              attention=         fulfilling=
forget          buyer-needed       buyer-needed       buyer-needed       buyer-needed       buyer-needed

                fulfilled          given_back         parked             cancelled
retry           nothing-to-retry   nothing-to-retry   parked             nothing-to-retry
resend          fulfilled          not-revealable     parked             not-revealable
cancel          not-cancellable    not-cancellable    not-cancellable    cancelled=
refund          refunded           refunded=          refunded           nothing-to-refund
accept-payment  nothing-to-accept  nothing-to-accept  nothing-to-accept  nothing-to-accept
replace-key     fulfilled          not-replaceable    not-replaceable    not-replaceable
return-keys     keys-in-use        refunded           not-returnable     not-returnable
rebuy           nothing-to-rebuy   nothing-to-rebuy   parked             nothing-to-rebuy
park            fulfilled          nothing-to-park    attention=         nothing-to-park
unpark          fulfilled=         refunded=          paid               cancelled=
forget          fulfilled          refunded           buyer-needed       cancelled
"""


async def paid(shop: FakeShop) -> Order:
    """Its payment is final; nothing is bought yet."""
    return await shop.settle((await shop.place()).id)


async def bought(shop: FakeShop) -> Order:
    """The supplier has taken it; no key is there yet."""
    return await shop.buy()


async def cancelled(shop: FakeShop) -> Order:
    """A person has closed it."""
    return await cancel_order(shop.shop, (await shop.place()).id, by="admin:bob", reason="first")


GIVEN: dict[str, Callable[[FakeShop], Awaitable[Order]]] = {
    one.__name__: one for one in (unpaid, short, paid, refused, bought, fulfilled, given_back, parked, cancelled)
}


def cells() -> Iterator[tuple[str, str, str]]:
    """Action, state, and what is expected."""
    for block in GRID.strip("\n").split("\n\n"):
        head, *rows = block.splitlines()
        for row in rows:
            action, *outcomes = row.split()
            yield from ((action, state, outcome) for state, outcome in zip(head.split(), outcomes, strict=True))


def test_the_grid_is_total() -> None:
    """Each action in each state, once; and each refusal is one that `/docs` tells of, with status 409."""
    asked = [(action, state) for action, state, _ in cells()]

    assert sorted(asked) == sorted((str(action), state) for action in ACTIONS for state in GIVEN)
    assert {KINDS[outcome].status for *_, outcome in cells() if outcome in KINDS} == {409}


@pytest.mark.parametrize(("action", "state", "expected"), list(cells()))
async def test_an_action_does_what_the_grid_says(world: World, action: str, state: str, expected: str) -> None:
    """A refusal says why, changes nothing, and is no line of the audit; nor is what changed nothing."""
    order = await GIVEN[state](world.fakes)
    acts = len(world.fakes.storage.database.acts)
    body = {"reason": "why not", **({"unitId": "1.1"} if action == "replace-key" else {})}

    answer = await world.client.post(f"/admin/orders/{order.id}/{action}", json=body, headers=STAFF)

    told = await answer.json()
    after = await world.fakes.order(order.id)
    if answer.status == 200:
        outcome = told["status"] + ("=" if after == order else "")
    else:
        outcome = told["code"]
        assert told["detail"]
    assert expected == outcome
    assert (after == order) == (len(world.fakes.storage.database.acts) == acts)
