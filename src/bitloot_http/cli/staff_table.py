"""
The accounts of the staff, as a table and as JSON.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Self

import attrs
from rich import box
from rich.table import Table

from bitloot_http.accounts.books import KnownUser
from bitloot_http.ages import age


@attrs.frozen(kw_only=True)
class UserView:
    """An account; nothing that opens it."""

    name: str
    scopes: tuple[str, ...]
    recovery_codes_left: int
    created_at: datetime
    disabled_at: datetime | None

    @classmethod
    def of(cls, user: KnownUser) -> Self:
        """Show it."""
        return cls(
            name=user.name,
            scopes=tuple(sorted(user.scopes)),
            recovery_codes_left=user.codes_left,
            created_at=user.created_at,
            disabled_at=user.disabled_at,
        )


@attrs.frozen(kw_only=True)
class UserList:
    """All accounts, by name."""

    items: tuple[UserView, ...]


def users_table(users: Iterable[KnownUser], now: datetime) -> Table:
    """Accounts, one a line."""
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, show_edge=False)
    for column in ("name", "may", "recovery codes left", "made", "let in"):
        table.add_column(column)
    for user in users:
        let_in = "yes" if user.disabled_at is None else f"no, disabled {age(user.disabled_at, now)}"
        may = ", ".join(sorted(user.scopes))
        table.add_row(user.name, may, str(user.codes_left), age(user.created_at, now), let_in)
    return table
