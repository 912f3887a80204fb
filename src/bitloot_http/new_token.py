"""
A fresh token of the admin API: made here, shown once, kept as its hash.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from bitloot_core.values.secret import Secret

PREFIX = "bl_"
"""Lets a scanner of leaked secrets tell what it has found."""
_BYTES = 32


class KeepsTokens(Protocol):
    """Keeps the hashes of tokens."""

    async def create(
        self, name: str, token_sha256: str, scopes: Collection[str], expires_at: datetime | None, *, now: datetime
    ) -> object:
        """Keep a token's hash (hex)."""
        ...


class GivenToken(Protocol):
    """A token that was given out, without the token."""

    @property
    def name(self) -> str:
        """Who uses it."""
        ...

    @property
    def scopes(self) -> frozenset[str]:
        """What it may do."""
        ...

    @property
    def created_at(self) -> datetime:
        """When it was made."""
        ...

    @property
    def expires_at(self) -> datetime | None:
        """Until when it is good."""
        ...

    @property
    def revoked_at(self) -> datetime | None:
        """Since when it is not."""
        ...

    @property
    def last_used_at(self) -> datetime | None:
        """When it was used last, to the minute."""
        ...


class TakesTokensBack(Protocol):
    """Knows the tokens that were given out, and makes them worthless."""

    async def every(self) -> Sequence[GivenToken]:
        """Every token that was ever given out, newest first."""
        ...

    async def revoke(self, name: str, *, now: datetime) -> int:
        """Revoke the tokens of this name; how many were good until now."""
        ...


async def give_out_token(
    tokens: KeepsTokens, *, name: str, scopes: Collection[str], expires_at: datetime | None, now: datetime
) -> Secret:
    """Make a token and keep its hash; what is returned exists nowhere else."""
    token = Secret(PREFIX + secrets.token_urlsafe(_BYTES))
    digest = hashlib.sha256(token.reveal().encode()).hexdigest()
    await tokens.create(name, digest, scopes, expires_at, now=now)
    return token
