"""
Passwords: hashed with argon2id, in a thread, a few at a time.

**Source:** OWASP Password Storage Cheat Sheet (19 MiB, two passes, one lane), ASVS 6.2 (15 characters without a second
thought about what they are).
"""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from functools import cached_property
from typing import TYPE_CHECKING

from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.secret import Secret

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST = 15
LONGEST = 256
AT_ONCE = 2
"""Hashes in hand at once: each takes 19 MiB and a core."""
MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1
_GENERATED_BYTES = 18


class Passwords:
    """
    Hashes passwords and compares them.

    Args:
        memory_kib, passes: what one hash costs; for tests.
    """

    def __init__(self, *, memory_kib: int = MEMORY_KIB, passes: int = PASSES) -> None:
        self._memory_kib = memory_kib
        self._passes = passes
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def hash(self, password: Secret) -> str:
        """Hash a password, with a salt of its own."""
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, _normal(password))

    async def matches(self, password: Secret, password_hash: Secret | None) -> bool:
        """
        Whether a password is the one of a hash.

        Without a hash there is nobody of that name: it takes as long, and is never so.
        """
        async with self._turn:
            return await asyncio.to_thread(self._matches, _normal(password), password_hash)

    def is_outdated(self, password_hash: Secret) -> bool:
        """Whether a hash was made with other parameters than a new one would be."""
        return self._hasher.check_needs_rehash(password_hash.reveal())

    def _matches(self, password: str, password_hash: Secret | None) -> bool:
        from argon2.exceptions import VerificationError

        compared = self._nobodys if password_hash is None else password_hash.reveal()
        try:
            return self._hasher.verify(compared, password) and password_hash is not None
        except VerificationError:
            return False

    @cached_property
    def _hasher(self) -> PasswordHasher:
        from argon2 import PasswordHasher

        return PasswordHasher(time_cost=self._passes, memory_cost=self._memory_kib, parallelism=LANES)

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash(secrets.token_hex())


def check_password(password: Secret, name: str) -> None:
    """
    Refuse a password that is too easily guessed.

    Raises:
        InvalidInput: it is too short or too long, is the account's name over and over, or one character.
    """
    text = _normal(password)
    if not SHORTEST <= len(text) <= LONGEST:
        raise InvalidInput("password", f"has {SHORTEST} to {LONGEST} characters")
    if len(set(text)) < 5 or not text.lower().replace(name, "").strip():  # noqa: PLR2004
        raise InvalidInput("password", "is too easily guessed")


def new_password() -> Secret:
    """A password that nobody guesses, to be kept in a password manager."""
    return Secret(secrets.token_urlsafe(_GENERATED_BYTES))


def _normal(password: Secret) -> str:
    # Two keyboards write the same letter in two ways. **Source:** NIST SP 800-63B, 3.1.1.2.
    return unicodedata.normalize("NFKC", password.reveal())
