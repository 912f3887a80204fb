"""
What can be done about a finding, as links to the places where it is done: the handbook's actions, the likeliest first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from urllib.parse import quote, urlencode

import attrs

from bitloot_core.order.actions import Action
from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.guide import GUIDE
from bitloot_http.access import Scope
from bitloot_http.pages.console.words import DEEDS


@attrs.frozen(kw_only=True)
class Remedy:
    """
    One thing that can be done.

    Attributes:
        name: on the link.
        path: the place in the console where it is done; nothing is done by going there.
    """

    name: str
    path: str


def remedies(finding: Finding, scopes: Collection[str]) -> tuple[Remedy, ...]:
    """
    What somebody with these scopes can do about a finding.

    Settling it is not among them: that needs no other page.
    """
    return tuple(_remedies(finding, scopes))


def _remedies(finding: Finding, scopes: Collection[str]) -> Iterator[Remedy]:
    if finding.reason is FindingReason.BUYING_PAUSED:
        yield Remedy(name="Look at what holds buying", path="/console#headline")
    for action in GUIDE[finding.reason].actions:
        if action is Action.RETRY_JOB:
            yield Remedy(name="Look at its jobs", path=_narrowed("jobs", finding, status="dead"))
        elif finding.order_id is None:
            continue
        elif action is Action.REPLAY:
            yield Remedy(name="Look at its webhooks", path=_narrowed("webhooks", finding))
        elif action is Action.REVEAL and Scope.KEYS in scopes:
            yield Remedy(name="Show keys", path=_on_the_order(finding.order_id, action, "units"))
        elif action in DEEDS and Scope.OPERATE in scopes:
            yield Remedy(name=DEEDS[action].name, path=_on_the_order(finding.order_id, action, "decide"))


def _on_the_order(order_id: str, action: Action, part: str) -> str:
    return f"/console/orders/{quote(order_id, safe='')}?deed={action}#{part}"


def _narrowed(page: str, finding: Finding, **asked: str) -> str:
    if finding.order_id is not None:
        asked["orderId"] = finding.order_id
    return f"/console/{page}?{urlencode(asked)}" if asked else f"/console/{page}"
