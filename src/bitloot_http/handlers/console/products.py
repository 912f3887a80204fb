"""
The catalogue: what is sold, at which price, and what it may cost at most.
"""

from __future__ import annotations

from datetime import date

import attrs
import structlog
from aiohttp import web

from bitloot_core.ports.catalogue import Product, checked_title
from bitloot_core.usecases.change_product import change_product
from bitloot_core.values.errors import BitlootError, InvalidInput, NotFound
from bitloot_core.values.ids import ProductId
from bitloot_core.values.money import Money
from bitloot_http.access import Scope
from bitloot_http.accounts.visits import Visit
from bitloot_http.edge import edge_of
from bitloot_http.handlers.console.gate import Form, acting, looking, require_proof, see
from bitloot_http.handlers.console.screen import screen
from bitloot_http.problems import problem_of
from bitloot_http.schema import structure
from bitloot_http.wire.bodies import ReasonBody

_LONGEST_COUNT = 4
_LOG = structlog.get_logger("bitloot.console")


@looking()
async def products(request: web.Request, visit: Visit) -> web.Response:
    """`GET /console/products`."""
    found = await edge_of(request).shop.catalogue.products()
    count = request.query.get("imported", "")
    imported = count if count.isascii() and count.isdigit() and len(count) <= _LONGEST_COUNT else ""
    return await screen(request, visit, "products.html", products=found, imported=imported)


@looking()
async def product(request: web.Request, visit: Visit) -> web.Response:
    """`GET /console/products/{productId}`."""
    found = await _product(request)
    return await screen(request, visit, "product.html", product=found, typed={}, done="done" in request.query, wrong="")


@acting(Scope.OPERATE)
async def change(request: web.Request, visit: Visit, form: Form) -> web.Response:
    """`POST /console/products/{productId}`: terms for orders to come; those that were placed keep theirs."""
    before = await _product(request)
    try:
        await require_proof(request, visit, form)
        after = _changed(before, form)
        reason = structure({"reason": form.get("reason", "").strip()}, ReasonBody).reason
    except BitlootError as refusal:
        problem = problem_of(refusal)
        wrong = f"{problem.kind.title}. {problem.detail}"
        return await screen(
            request, visit, "product.html", problem.kind.status, product=before, typed=form, done=False, wrong=wrong
        )
    await change_product(edge_of(request).shop, after, by=visit.staff.actor, reason=reason)
    _LOG.info("product changed", product_id=after.id, actor=visit.staff.actor)
    return see(f"{request.path}?done=1")


async def _product(request: web.Request) -> Product:
    product_id = ProductId(request.match_info["productId"])
    found = await edge_of(request).shop.catalogue.products([product_id])
    if not found:
        raise NotFound("product", product_id)
    return found[0]


def _changed(before: Product, form: Form) -> Product:
    """
    The product on its new terms.

    Raises:
        InvalidInput: an amount or a date cannot be read.
    """
    title, released = form.get("title", "").strip(), form.get("releaseDate", "").strip()
    if not title:
        raise InvalidInput("title", "is missing")
    return attrs.evolve(
        before,
        title=checked_title(title),
        price=_amount(form, "price", before.price.currency),
        max_cost=_amount(form, "maxCost", before.max_cost.currency),
        release_date=_date(released) if released else None,
        available="available" in form,
    )


def _amount(form: Form, field: str, currency: str) -> Money:
    amount = Money.of(form.get(field, "").strip(), currency, field=field)
    if amount.amount <= 0:
        raise InvalidInput(field, "must be above 0")
    return amount


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("releaseDate", "is not a date like 2026-01-31") from None
