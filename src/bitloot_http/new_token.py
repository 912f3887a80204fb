"""
A fresh token of the admin API: made here, shown once, kept as its hash.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
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


async def give_out_token(
    tokens: KeepsTokens, *, name: str, scopes: Collection[str], expires_at: datetime | None, now: datetime
) -> Secret:
    """Make a token and keep its hash; what is returned exists nowhere else."""
    token = Secret(PREFIX + secrets.token_urlsafe(_BYTES))
    digest = hashlib.sha256(token.reveal().encode()).hexdigest()
    await tokens.create(name, digest, scopes, expires_at, now=now)
    return token
