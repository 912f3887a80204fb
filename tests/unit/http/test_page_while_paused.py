"""The buyer's page while the shop buys nothing: it tells the truth, and does not look like a fault."""

import pytest
from http_world import BROWSER, World

from bitloot_core.order.buying import Buying, Pause, PauseHolder
from bitloot_core.order.reservations import PlannedReservation
from bitloot_core.order.status import Status, shown_status
from bitloot_core.testing.order_states import every_state
from bitloot_core.usecases.buying import pause_buying, resume_buying
from bitloot_http.pages.order_page import PAUSED, order_page

FORM = {"email": "buyer@example.com", "quantity.game": "1", "payCurrency": "btc", "requestKey": "k" * 32}


async def test_a_paid_order_is_told_that_the_shop_does_not_buy_now(world: World) -> None:
    """What is true: the money is here, and the key comes when buying goes on; why it does not is not told."""
    shop = world.fakes.shop
    await pause_buying(shop, by="admin:ann", reason="a price looks wrong")
    await world.client.post("/checkout", data=FORM, headers=BROWSER)
    (order_id,) = world.fakes.storage.database.orders
    path = f"/orders/{order_id}/page"
    unpaid = await (await world.client.get(path, headers=BROWSER)).text()
    await world.fakes.pay(order_id)

    paused = await (await world.client.get(path, headers=BROWSER)).text()
    await resume_buying(shop, by="admin:ann", reason="it is right")
    again = await (await world.client.get(path, headers=BROWSER)).text()

    assert "stopped buying" not in unpaid
    assert "Your payment arrived" in paused
    assert "gets yours as soon as it goes on" in paused
    assert "less than a minute" not in paused
    assert "a price looks wrong" not in paused
    assert "admin:ann" not in paused
    assert "We are fetching your keys" in again


@pytest.mark.parametrize("name", every_state())
def test_a_pause_changes_the_words_of_those_who_wait_for_it_alone(name: str) -> None:
    """What was bought already comes, and what needs a person still does."""
    order = every_state()[name]
    pause = Pause(holder=PauseHolder.OPERATOR, by="admin:ann", reason="x", since=order.created_at)

    page = order_page(order, (), (), order.created_at, Buying(pauses=(pause,)))

    is_waiting = {type(one) for one in order.reservations} == {PlannedReservation}
    is_on_its_way = shown_status(order) in {Status.PAID, Status.FULFILLING}
    assert (page.headline == PAUSED.headline) == (is_waiting and is_on_its_way)
