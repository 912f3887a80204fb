"""
The tokens of the admin API, as a table and as JSON.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Self

import attrs
from rich.console import RenderableType

from bitloot_core.ports.queries import Page
from bitloot_http.ages import age
from bitloot_http.cli.tables import listed, plain_table, quoted
from bitloot_http.new_token import GivenToken


@attrs.frozen(kw_only=True)
class TokenView:
    """A token that was given out; the token itself is nowhere."""

    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    @classmethod
    def of(cls, token: GivenToken) -> Self:
        """Show it."""
        return cls(
            name=token.name,
            scopes=tuple(sorted(token.scopes)),
            created_at=token.created_at,
            expires_at=token.expires_at,
            revoked_at=token.revoked_at,
            last_used_at=token.last_used_at,
        )


@attrs.frozen(kw_only=True)
class TokenList:
    """Every token that was ever given out, newest first."""

    items: tuple[TokenView, ...]


def tokens_table(tokens: Iterable[GivenToken], now: datetime) -> RenderableType:
    """Tokens, one a line."""
    table = plain_table("name", "may", "made", "used", "good")
    found = tuple(tokens)
    for token in found:
        used = "never" if token.last_used_at is None else age(token.last_used_at, now)
        table.add_row(
            quoted(token.name), ", ".join(sorted(token.scopes)), age(token.created_at, now), used, _good(token, now)
        )
    return listed(table, Page(items=found, next_cursor=None), "No token was given out yet.")


def _good(token: GivenToken, now: datetime) -> str:
    if token.revoked_at is not None:
        return f"no, revoked {age(token.revoked_at, now)}"
    if token.expires_at is None:
        return "yes"
    return f"{'yes, ends' if token.expires_at > now else 'no, ended'} {age(token.expires_at, now)}"
