"""
Making accounts, and giving them other secrets. What is returned exists nowhere else, and is shown once.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import attrs

from bitloot_core.values.secret import Secret
from bitloot_http.accounts.books import KnownUser, StaffBooks, UserAdmin
from bitloot_http.accounts.passwords import Passwords
from bitloot_http.accounts.reception import account_subject
from bitloot_http.accounts.second_factor import new_recovery_codes, new_totp_secret, recovery_digest


@attrs.frozen(kw_only=True)
class Papers:
    """
    What somebody is given with an account.

    Attributes:
        totp_secret: for the app, in base32.
        codes: recovery codes, each good once.
    """

    totp_secret: Secret
    codes: tuple[Secret, ...]

    @classmethod
    def fresh(cls) -> Papers:
        """Papers that nobody has had before."""
        return cls(totp_secret=new_totp_secret(), codes=new_recovery_codes())

    @property
    def digests(self) -> tuple[str, ...]:
        """The hashes under which the codes are kept."""
        return tuple(digest for code in self.codes if (digest := recovery_digest(code.reveal())) is not None)


async def hire(users: UserAdmin, *, name: str, password: Secret, scopes: Collection[str], now: datetime) -> Papers:
    """
    Make an account.

    Raises:
        AlreadyTaken: there is one of this name, disabled perhaps.
    """
    papers = Papers.fresh()
    await users.create(
        name=name,
        password_hash=await Passwords().hash(password),
        totp_secret=papers.totp_secret,
        scopes=scopes,
        codes=papers.digests,
        now=now,
    )
    return papers


async def change_password(books: StaffBooks, user: KnownUser, password: Secret) -> None:
    """Give an account another password. Its sessions end, and the tries under the old one are forgotten."""
    await books.users.set_password(user.id, await Passwords().hash(password))
    await books.tries.clear(account_subject(user.name))


async def change_second_factor(books: StaffBooks, user: KnownUser) -> Papers:
    """Give an account another second factor. Its sessions end, and the tries under the old one are forgotten."""
    papers = Papers.fresh()
    await books.users.set_second_factor(user.id, user.name, papers.totp_secret, papers.digests)
    await books.tries.clear(account_subject(user.name))
    return papers
