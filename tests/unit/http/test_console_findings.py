"""Findings at the console: what was seen, what goes on by itself, and where a person decides."""

import re
from collections.abc import AsyncIterator

import pytest
from console_world import ALL_SCOPES, NAME, Console, a_short_order, form_token, logged_in
from markupsafe import escape

from bitloot_core.order.actions import Action
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.guide import GUIDE
from bitloot_core.testing.orders import a_finding, placed
from bitloot_http.pages.console.remedies import remedies


@pytest.fixture
async def console() -> AsyncIterator[Console]:
    """Somebody of the staff, in the console of a shop without orders."""
    async with logged_in() as one:
        yield one


async def test_findings_are_listed_with_advice(console: Console) -> None:
    """The open ones at first; with their order, the money, and what can be done."""
    order_id = await a_short_order(console)

    text = await console.get("/console/findings")
    others = await console.get("/console/findings?status=resolved")
    narrowed = await console.get("/console/findings?reason=mail-refused")
    order = await console.get(f"/console/orders/{order_id}")

    assert order_id in text
    assert escape(GUIDE[FindingReason.PAYMENT_SHORT].by_itself) in text
    assert escape(GUIDE[FindingReason.PAYMENT_SHORT].you_can) in text
    for page in (text, order):
        assert escape(GUIDE[FindingReason.PAYMENT_SHORT].can_wait) in page
    assert f'href="/console/orders/{order_id}?deed=accept-payment#decide"' in text
    assert order_id not in others
    assert order_id not in narrowed


@pytest.mark.parametrize("reason", FindingReason)
def test_each_remedy_leads_to_where_it_is_done(reason: FindingReason) -> None:
    """Those of the handbook in its order, but for settling, which needs no other page."""
    finding = a_finding(placed(), reason=reason)

    found = [remedy.path for remedy in remedies(finding, ALL_SCOPES)]

    elsewhere = [action for action in GUIDE[reason].actions if action is not Action.RESOLVE]
    assert len(elsewhere) + (reason is FindingReason.BUYING_PAUSED) == len(found)
    assert [path for path in found if not path.startswith("/console")] == []
    assert [str(action) in path for action, path in zip(elsewhere, found, strict=False) if "?deed=" in path] == [
        True for path in found if "?deed=" in path
    ]


def test_who_may_only_look_is_led_to_what_can_be_looked_at() -> None:
    """No decision and no key is offered to a reader."""
    found = [remedies(a_finding(placed(), reason=reason), ("read",)) for reason in FindingReason]

    assert [remedy for one in found for remedy in one if "?deed=" in remedy.path] == []


async def test_a_remedy_opens_its_form(console: Console) -> None:
    """One decides with a press less; whatever else stands in the address opens nothing."""
    order_id = await a_short_order(console)

    page = await console.get(f"/console/orders/{order_id}?deed=accept-payment")
    nonsense = await console.get(f"/console/orders/{order_id}?deed=%22%3E%3Cscript%3E")

    assert re.search(r'<details class="deed" open>\s*<summary>Accept a payment', page)
    assert '<details class="deed" open>' not in nonsense
    assert "<script>" not in nonsense.partition("</head>")[2]


async def test_a_finding_is_settled_with_a_reason(console: Console) -> None:
    """It is then among the settled ones, with who and how; what the state forbids is refused in words."""
    order_id = await a_short_order(console)
    page = await console.get("/console/findings")
    action = re.search(r'action="(/console/findings/[^"]+/resolve)"', page)
    assert action is not None

    empty = await console.press("/console/findings", action[1], reason=" ")
    answer = await console.press("/console/findings", action[1], reason="the buyer topped it up")

    assert empty.status == 422
    if answer.status == 303:
        settled = await console.get("/console/findings?status=resolved")
        assert order_id in settled
        assert f"admin:{NAME}" in settled
    else:
        assert answer.status == 409
        assert "cannot be settled" in await answer.text()


async def test_a_finding_that_is_not_there_is_not_settled(console: Console) -> None:
    """It is said so on the list."""
    await a_short_order(console)
    page = await console.get("/console/findings")

    answer = await console.send("/console/findings/nothing/resolve", {"reason": "x"}, token=form_token(page))

    assert answer.status == 404
