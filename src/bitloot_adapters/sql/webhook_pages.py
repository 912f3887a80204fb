"""
A page of webhooks, whatever is asked for: it is read off indexes, and nothing is gone through.

A source, a type and a status can each fit millions of webhooks, while two of them together fit none. So each way in
which they can be asked for together has an index that begins with them; what a filter leaves open is asked for word by
word, and the answers are merged.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from sqlalchemy import Select, select, union_all

from bitloot_adapters.sql.dossier import webhook_rows
from bitloot_adapters.sql.pages import narrowed, newest_first
from bitloot_adapters.sql.tables import WEBHOOK_LOGS
from bitloot_core.ports.inbox import Source, WebhookStatus
from bitloot_core.ports.queries import Slice, WebhookFilter

_COLUMNS = WEBHOOK_LOGS.c


def webhook_page(which: WebhookFilter, part: Slice) -> Select[Any]:
    """
    The rows of a page, newest first, and one row more that tells whether another page follows.

    Raises:
        InvalidInput: the cursor is none of ours, or the limit is out of range.
    """
    if which.id is not None or which.order_id is not None or which.external_id is not None:
        return _page(_of_one(which), part)
    if which.source is None and which.type is None:
        return _page(narrowed(webhook_rows(), (_COLUMNS.status, which.status)), part)
    return _merged(which, part)


def _page(rows: Select[Any], part: Slice) -> Select[Any]:
    return newest_first(rows, part, _COLUMNS.received_at, _COLUMNS.id)


def _of_one(which: WebhookFilter) -> Select[Any]:
    """Those of one order or thing: a handful, of which the rest is asked in words that fit no index of a million."""
    return narrowed(
        webhook_rows(),
        (_COLUMNS.id, which.id),
        (_COLUMNS.order_id, which.order_id),
        (_COLUMNS.external_id, which.external_id),
        (_COLUMNS.source.concat(""), which.source),
        (_COLUMNS.type.concat(""), which.type),
        (_COLUMNS.status.concat(""), which.status),
    )


def _merged(which: WebhookFilter, part: Slice) -> Select[Any]:
    """Pages of a source and a status each, of which the newest rows are the page; eight at most."""
    sources = tuple(Source) if which.source is None else (which.source,)
    statuses = tuple(WebhookStatus) if which.status is None else (which.status,)
    runs = [
        _page(
            narrowed(
                select(_COLUMNS.id, _COLUMNS.received_at),
                (_COLUMNS.type, which.type),
                (_COLUMNS.source, str(source)),
                (_COLUMNS.status, str(status)),
            ),
            part,
        ).subquery()
        for source, status in product(sources, statuses)
    ]
    found = union_all(*(select(run) for run in runs)).subquery()
    newest = select(found.c.id).order_by(found.c.received_at.desc(), found.c.id.desc()).limit(part.limit + 1)
    return webhook_rows().where(_COLUMNS.id.in_(newest)).order_by(_COLUMNS.received_at.desc(), _COLUMNS.id.desc())
