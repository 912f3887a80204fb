"""
Small pictures as inline SVG: bars without a style of their own, so that the page's colours and policy hold for them.

What a picture says stands in its label, and each bar says its numbers when it is pointed at.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs
from markupsafe import Markup

from bitloot_core.ports.trends import DeliveryBar, OrdersBar
from bitloot_http.ages import span_of

NOTHING = "\u2013"
"""Stands where there is no number."""
_WIDTH, _GAP, _HEIGHT = 10, 2, 100
_DAY = timedelta(days=1)


@attrs.frozen(kw_only=True)
class Picture:
    """
    A picture with what stands around it.

    Attributes:
        svg: the bars.
        top: what the highest bar stands for.
        marks: what stands under the first, the middle and the last bar.
        text: the picture in a sentence.
    """

    svg: Markup
    top: str
    marks: tuple[str, ...]
    text: str


@attrs.frozen(kw_only=True)
class _Bar:
    """One bar: how high its back and its front are, and what it says when it is pointed at."""

    back: float
    front: float
    says: str


def orders_picture(bars: Sequence[OrdersBar], step: timedelta) -> Picture:
    """How many orders were placed, and how many of those are fulfilled."""
    most = max((bar.placed for bar in bars), default=0)
    placed, fulfilled = sum(bar.placed for bar in bars), sum(bar.fulfilled for bar in bars)
    text = f"{placed} {'order' if placed == 1 else 'orders'} placed, {fulfilled} of them fulfilled."
    drawn = [
        _Bar(
            back=bar.placed,
            front=bar.fulfilled,
            says=f"{_named(bar.since, step)}: {bar.placed} placed, {bar.fulfilled} fulfilled",
        )
        for bar in bars
    ]
    return Picture(svg=_svg(drawn, most, text), top=str(most), marks=_marks(bars, step), text=text)


def delivery_picture(bars: Sequence[DeliveryBar], step: timedelta) -> Picture:
    """How long it took from payment to the last key, typically; the slowest is told when a bar is pointed at."""
    typical = [bar.typical for bar in bars if bar.typical is not None]
    slowest = max((bar.slowest for bar in bars if bar.slowest is not None), default=None)
    most = max(typical, default=timedelta(0))
    text = "No order was fulfilled in this time." if slowest is None else f"The slowest took {span_of(slowest)}."
    drawn = [
        _Bar(back=0, front=0, says=f"{_named(bar.since, step)}: nothing fulfilled")
        if bar.typical is None or bar.slowest is None
        else _Bar(
            back=0,
            front=bar.typical.total_seconds(),
            says=f"{_named(bar.since, step)}: typically {span_of(bar.typical)}, at most {span_of(bar.slowest)}",
        )
        for bar in bars
    ]
    top = span_of(most) if typical else NOTHING
    return Picture(svg=_svg(drawn, most.total_seconds(), text), top=top, marks=_marks(bars, step), text=text)


def _svg(bars: Sequence[_Bar], most: float, text: str) -> Markup:
    width = len(bars) * (_WIDTH + _GAP)
    drawn = Markup("").join(_drawn(bar, number, most) for number, bar in enumerate(bars))
    return Markup(
        '<svg class="bars" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(width, _HEIGHT, text, drawn)


def _drawn(bar: _Bar, number: int, most: float) -> Markup:
    left = number * (_WIDTH + _GAP) + _GAP // 2
    return Markup("<g><title>{}</title>{}{}{}</g>").format(
        bar.says,
        # The whole height can be pointed at, also where a bar is low or missing.
        _rect("room", left, _HEIGHT),
        _rect("back", left, _share(bar.back, most)),
        _rect("front", left, _share(bar.front, most)),
    )


def _rect(kind: str, left: int, height: float) -> Markup:
    if not height:
        return Markup("")
    return Markup('<rect class="{}" x="{}" y="{:.1f}" width="{}" height="{:.1f}"/>').format(
        kind, left, _HEIGHT - height, _WIDTH, height
    )


def _share(amount: float, most: float) -> float:
    """How high a bar is; one that stands for anything is seen."""
    return max(2.0, amount / most * _HEIGHT) if amount and most else 0.0


def _marks(bars: Sequence[OrdersBar | DeliveryBar], step: timedelta) -> tuple[str, ...]:
    if not bars:
        return ()
    return tuple(_named(bars[number].since, step) for number in (0, len(bars) // 2, len(bars) - 1))


def _named(since: datetime, step: timedelta) -> str:
    return since.strftime("%-d %b") if step >= _DAY else since.strftime("%H:%M")
