"""
Products taken over from the supplier: looked for, shown as they would be, and then, with a reason, imported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog
from aiohttp import web

from bitloot_core.usecases.import_products import (
    FallingCaps,
    ImportLine,
    RefusedProduct,
    import_products,
    plan_import,
)
from bitloot_core.values.errors import BitlootError, InvalidInput
from bitloot_core.values.ids import SupplierProductId
from bitloot_http.access import Scope
from bitloot_http.accounts.visits import Visit
from bitloot_http.edge import edge_of
from bitloot_http.handlers.console.gate import Form, acting, looking, require_proof, see
from bitloot_http.handlers.console.screen import screen
from bitloot_http.problems import problem_of
from bitloot_http.schema import structure
from bitloot_http.wire.bodies import ReasonBody
from bitloot_http.wire.stocking import FoundProductView, ImportLineView

_LOG = structlog.get_logger("bitloot.console")
_PICK = "pick-"
"""Each product that is picked has a field of its own, so that a form has no name twice."""
_LOWER = "lowerCaps"
_MOST_PAGES = 1000


@looking(Scope.OPERATE)
async def find(request: web.Request, visit: Visit) -> web.Response:
    """`GET /console/supplier-products?q=&page=`: asks the supplier, and changes nothing."""
    shop, asked = edge_of(request).shop, request.query.get("q", "").strip()
    shown: tuple[FoundProductView, ...] = ()
    status, wrong, has_more, number = 200, "", False, 1
    if asked:
        try:
            number = _page(request.query.get("page", "1"))
            found = await shop.supplier_catalogue.search(asked, page=number)
        except BitlootError as refusal:
            status, wrong = _told(refusal)
        else:
            rule = shop.policy.price_rule
            ours = frozenset(product.supplier_product_id for product in await shop.catalogue.products())
            shown = tuple(FoundProductView.of(one, rule, is_ours=one.id in ours) for one in found.products)
            has_more = found.has_more
    return await screen(
        request,
        visit,
        "supplier_products.html",
        status,
        sought=asked,
        found=shown,
        number=number,
        has_more=has_more,
        rule=shop.policy.price_rule.text,
        wrong=wrong,
    )


@looking(Scope.OPERATE)
async def plan(request: web.Request, visit: Visit) -> web.Response:
    """`GET /console/supplier-products/import?pick-1=...`: what an import would do; changes nothing."""
    return await _planned(request, visit, request.query)


@acting(Scope.OPERATE)
async def take_over(request: web.Request, visit: Visit, form: Form) -> web.Response:
    """`POST /console/supplier-products/import`: at the prices of this moment, for orders to come."""
    try:
        await require_proof(request, visit, form)
        reason = structure({"reason": form.get("reason", "").strip()}, ReasonBody).reason
        lines = await _lines(request, form)
        count = await import_products(edge_of(request).shop, lines, by=visit.staff.actor, reason=reason)
    except BitlootError as refusal:
        status, wrong = _told(refusal)
        return await _planned(request, visit, form, status, wrong=wrong)
    _LOG.info("products imported", count=count, actor=visit.staff.actor)
    return see(f"/console/products?imported={count}")


async def _planned(
    request: web.Request, visit: Visit, fields: Mapping[str, str], status: int = 200, *, wrong: str = ""
) -> web.Response:
    lines: Sequence[ImportLine] = ()
    try:
        lines = await _lines(request, fields)
    except BitlootError as refusal:
        if not wrong:
            status, wrong = _told(refusal)
    return await screen(
        request,
        visit,
        "import.html",
        status,
        lines=tuple(ImportLineView.of(line) for line in lines),
        picked=_picked(fields),
        is_possible=bool(lines) and not any(isinstance(line, RefusedProduct) for line in lines),
        lower_caps=_LOWER in fields,
        rule=edge_of(request).shop.policy.price_rule.text,
        typed=fields.get("reason", ""),
        wrong=wrong,
    )


async def _lines(request: web.Request, fields: Mapping[str, str]) -> tuple[ImportLine, ...]:
    """What is picked, as it would be now: what was shown before can be old."""
    shop = edge_of(request).shop
    caps = FallingCaps.LOWERED if _LOWER in fields else FallingCaps.KEPT
    return await plan_import(shop, _picked(fields), rule=shop.policy.price_rule, falling_caps=caps)


def _picked(fields: Mapping[str, str]) -> tuple[SupplierProductId, ...]:
    return tuple(SupplierProductId(text) for name, text in fields.items() if name.startswith(_PICK) and text)


def _page(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= _MOST_PAGES):
        raise InvalidInput("page", f"must be from 1 to {_MOST_PAGES}")
    return int(text[:9])


def _told(refusal: BitlootError) -> tuple[int, str]:
    """The status of a page that shows why something could not be done, and the sentence."""
    problem = problem_of(refusal)
    return problem.kind.status, f"{problem.kind.title}. {problem.detail}"
