"""
What is kept of the staff, as small protocols; the database has the rows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bitloot_core.values.secret import Secret


class KnownUser(Protocol):
    """An account."""

    @property
    def id(self) -> int:
        """Its number."""
        ...

    @property
    def name(self) -> str:
        """Stands in the audit as `admin:NAME`."""
        ...

    @property
    def password_hash(self) -> Secret:
        """As argon2 writes it, parameters included."""
        ...

    @property
    def totp_secret(self) -> Secret:
        """The secret of the second factor, in base32."""
        ...

    @property
    def scopes(self) -> frozenset[str]:
        """What it may do."""
        ...

    @property
    def codes_left(self) -> int:
        """Recovery codes that were not used yet."""
        ...

    @property
    def created_at(self) -> datetime:
        """When it was made."""
        ...

    @property
    def disabled_at(self) -> datetime | None:
        """Since when it lets nobody in; None for one that does."""
        ...


class KnownSession(Protocol):
    """A session of an account that is not disabled."""

    @property
    def id_sha256(self) -> str:
        """The hash (hex) of what the browser holds."""
        ...

    @property
    def user_id(self) -> int:
        """Whose it is."""
        ...

    @property
    def name(self) -> str:
        """The account's name."""
        ...

    @property
    def scopes(self) -> frozenset[str]:
        """What the account may do."""
        ...

    @property
    def stage(self) -> str:
        """`password` while the second factor is still to come, then `full`."""
        ...

    @property
    def address(self) -> str:
        """Where it began."""
        ...

    @property
    def agent(self) -> str:
        """What the browser called itself."""
        ...

    @property
    def begun_at(self) -> datetime:
        """When it began."""
        ...

    @property
    def seen_at(self) -> datetime:
        """When it was last used, to the minute."""
        ...

    @property
    def proved_at(self) -> datetime:
        """When a secret was last asked for, and given."""
        ...


class CountedTries(Protocol):
    """How often somebody tried within one window."""

    @property
    def since(self) -> datetime:
        """When the window began, with the first try."""
        ...

    @property
    def tries(self) -> int:
        """How often, the newest included."""
        ...


class Users(Protocol):
    """Accounts, as somebody who logs in needs them."""

    async def find(self, name: str) -> KnownUser | None:
        """The account of this name, disabled or not; None if there is none."""
        ...

    async def use_step(self, user_id: int, step: int) -> bool:
        """Use the code of a time step, once: whether nobody has used it, or a later one, before."""
        ...

    async def use_code(self, user_id: int, code_sha256: str, *, now: datetime) -> bool:
        """Use a recovery code, once: whether it is one of this account's, and was not used before."""
        ...

    async def renew_hash(self, user_id: int, password_hash: str) -> None:
        """Keep another hash of the same password."""
        ...


class UserAdmin(Protocol):
    """Accounts, as whoever makes them needs them."""

    async def create(
        self,
        *,
        name: str,
        password_hash: str,
        totp_secret: Secret,
        scopes: Collection[str],
        codes: Collection[str],
        now: datetime,
    ) -> None:
        """
        Make an account; `codes` are the hashes (SHA-256, hex) of its recovery codes.

        Raises:
            AlreadyTaken: there is one of this name, disabled perhaps.
        """
        ...

    async def all(self) -> Sequence[KnownUser]:
        """Every account, by name."""
        ...

    async def set_password(self, user_id: int, password_hash: str) -> None:
        """Keep the hash of another password; all sessions of the account end with it."""
        ...

    async def set_second_factor(self, user_id: int, name: str, totp_secret: Secret, codes: Collection[str]) -> None:
        """Keep another secret and other recovery codes; the earlier ones and all sessions end with it."""
        ...

    async def disable(self, user_id: int, *, now: datetime) -> None:
        """Let nobody in with this account any more; its sessions end at once. Idempotent."""
        ...

    async def enable(self, user_id: int) -> None:
        """Let it in again. Idempotent."""
        ...


class Sessions(Protocol):
    """Sessions, by the hash of what the browser holds."""

    async def begin(
        self, *, id_sha256: str, user_id: int, stage: str, address: str, agent: str, now: datetime, instead_of: str
    ) -> None:
        """Begin a session, and end the one whose place it takes, in one write."""
        ...

    async def find(self, id_sha256: str) -> KnownSession | None:
        """The session of this hash, however old; None if there is none, or its account is disabled."""
        ...

    async def of_user(self, user_id: int) -> Sequence[KnownSession]:
        """The sessions of an account, newest first."""
        ...

    async def note_use(self, id_sha256: str, *, now: datetime) -> None:
        """Note that it was used."""
        ...

    async def note_proof(self, id_sha256: str, *, now: datetime) -> None:
        """Note that a secret was asked for, and given."""
        ...

    async def end(self, id_sha256: str) -> None:
        """End a session. Idempotent."""
        ...

    async def end_all(self, user_id: int) -> int:
        """End every session of an account; how many there were."""
        ...


class LoginTries(Protocol):
    """Counts tries, by subject: an account, an address."""

    async def take(self, subjects: Sequence[str], *, now: datetime, window: timedelta) -> Sequence[CountedTries]:
        """Count a try for each subject, in one write; how many there were since the window of each began."""
        ...

    async def give_back(self, subjects: Sequence[str]) -> None:
        """Take a try back that led to something; none goes below 0."""
        ...

    async def clear(self, subject: str) -> None:
        """Forget all tries of a subject."""
        ...


class AllUsers(Users, UserAdmin, Protocol):
    """Accounts, for whoever logs in and for whoever makes them."""


class StaffBooks(Protocol):
    """The books together."""

    @property
    def users(self) -> AllUsers:
        """Accounts."""
        ...

    @property
    def sessions(self) -> Sessions:
        """Sessions."""
        ...

    @property
    def tries(self) -> LoginTries:
        """Tries to log in."""
        ...
