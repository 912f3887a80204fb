"""
What Schemathesis is told of the shop that it tries out: who may what, and what there is to be asked for.

It is loaded by that program, in a process of its own; `world.json` in its folder holds what it needs.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis.core.parameters import ParameterLocation

from bitloot_adapters.nowpayments_simulator.canonical import canonical_text, signature_of

LONGEST_NAME = 128
_WORLD: Mapping[str, Any] = json.loads(Path("world.json").read_text(encoding="utf-8"))
_TURNS = itertools.cycle((True, False))
_KNOWN = {name: itertools.cycle(values) for name, values in _WORLD["known"].items()}


def token_of(path: str) -> str | None:
    """Who asks at a path: each endpoint by whom it is for; who is let in where is another test's."""
    if path.startswith(("/admin", "/kinguin/status")):
        return str(_WORLD["staff"])
    return str(_WORLD["buyer"]) if path.startswith("/orders/") else None


@schemathesis.auth(refresh_interval=None)
class Credentials:
    """The bearer token of an endpoint, where one is asked for."""

    def get(self, case: Any, _: Any) -> str | None:
        """Find it."""
        return token_of(case.path)

    def set(self, case: Any, data: str | None, _: Any) -> None:
        """Send it."""
        if data is not None:
            case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(_: Any, case: Any, __: Any) -> None:
    """Every other time ask for what there is; order what is sold; and let vendors sign what they say."""
    if next(_TURNS) and not (case.meta and case.meta.is_negative_at(ParameterLocation.PATH)):
        case.path_parameters = {name: _known(case.path, name, value) for name, value in case.path_parameters.items()}
    if case.path == "/kinguin/webhooks":
        case.headers.setdefault("X-Event-Name", "order.status")
        case.headers.setdefault("X-Event-Secret", _WORLD["kinguin"])
    elif case.path == "/payments/ipn":
        case.body = case.body if isinstance(case.body, dict) else {"payment_id": str(case.body)}
        signature = signature_of(canonical_text(case.body), _WORLD["nowpayments"])
        case.headers.setdefault("x-nowpayments-sig", signature)
    elif case.path.startswith("/orders") and isinstance(case.body, dict):
        case.body = _sold(case.body)


def _known(path: str, name: str, otherwise: object) -> object:
    known = _KNOWN.get(f"{path} {name}") or _KNOWN.get(name)
    return next(known) if known else otherwise


def _sold(body: Mapping[str, Any]) -> dict[str, Any]:
    """The same order, of what there is; whatever is wrong with it stays so."""
    changed = dict(body)
    if isinstance(coin := body.get("payCurrency"), str) and re.fullmatch("[A-Za-z0-9]{2,20}", coin):
        changed["payCurrency"] = "btc"
    if isinstance(items := body.get("items"), list):
        changed["items"] = [
            {**item, "productId": "game"}
            if isinstance(item, dict)
            and isinstance(name := item.get("productId"), str)
            and 1 <= len(name) <= LONGEST_NAME
            else item
            for item in items
        ]
    return changed
