"""
What `--json` prints where the API has no view of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Self

import attrs

from bitloot_core.order.buying import Buying, Pause
from bitloot_core.ports.catalogue import Product
from bitloot_core.usecases.forget_buyer import Forgotten
from bitloot_core.values.money import Money
from bitloot_http.doctor.diagnosis import Diagnosis, Verdict


@attrs.frozen(kw_only=True)
class CatalogueEntryView:
    """A product with the terms that are none of a buyer's business."""

    product_id: str
    title: str
    supplier_product_id: str
    price: Money
    max_cost: Money
    key_type: str
    release_date: str | None
    available: bool

    @classmethod
    def of(cls, product: Product) -> Self:
        """Show a product to the staff."""
        return cls(
            product_id=product.id,
            title=product.title,
            supplier_product_id=product.supplier_product_id,
            price=product.price,
            max_cost=product.max_cost,
            key_type=str(product.key_type),
            release_date=None if product.release_date is None else product.release_date.isoformat(),
            available=product.available,
        )


@attrs.frozen(kw_only=True)
class CatalogueView:
    """The whole catalogue; it has no further pages."""

    items: tuple[CatalogueEntryView, ...]
    next_cursor: None = None


@attrs.frozen(kw_only=True)
class ForgottenOrderView:
    """One order of a buyer who asked to be forgotten."""

    order_id: str
    forgotten: bool
    refusal: str | None


@attrs.frozen(kw_only=True)
class ForgottenView:
    """All of them."""

    items: tuple[ForgottenOrderView, ...]

    @classmethod
    def of(cls, done: Iterable[Forgotten]) -> Self:
        """Show what became of each."""
        return cls(
            items=tuple(
                ForgottenOrderView(order_id=one.order_id, forgotten=one.refusal is None, refusal=one.refusal)
                for one in done
            )
        )


@attrs.frozen(kw_only=True)
class PauseView:
    """A pause in buying."""

    holder: str
    by: str
    reason: str
    since: datetime
    until: datetime | None

    @classmethod
    def of(cls, pause: Pause) -> Self:
        """Show a pause."""
        return cls(holder=str(pause.holder), by=pause.by, reason=pause.reason, since=pause.since, until=pause.until)


@attrs.frozen(kw_only=True)
class BuyingView:
    """Whether the shop may buy."""

    pauses: tuple[PauseView, ...]

    @classmethod
    def of(cls, buying: Buying) -> Self:
        """Show what stops it."""
        return cls(pauses=tuple(map(PauseView.of, buying.pauses)))


@attrs.frozen(kw_only=True)
class DiagnosisView:
    """One thing that the doctor looked at."""

    what: str
    verdict: str
    text: str
    advice: str


@attrs.frozen(kw_only=True)
class ExaminationView:
    """All of them, and how many are not in order."""

    failed: int
    warnings: int
    items: tuple[DiagnosisView, ...]

    @classmethod
    def of(cls, found: Iterable[Diagnosis]) -> Self:
        """Show what was found."""
        items = tuple(
            DiagnosisView(what=one.what, verdict=str(one.verdict), text=one.text, advice=one.advice) for one in found
        )
        return cls(
            failed=sum(one.verdict == Verdict.FAILED for one in items),
            warnings=sum(one.verdict == Verdict.WARNING for one in items),
            items=items,
        )
