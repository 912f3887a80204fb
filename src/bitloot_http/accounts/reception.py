"""
Logging in and out: password, then second factor, then a session; and a secret once more before what cannot be undone.

Each try is counted before a secret is looked at, for the account and for the address. The names of accounts cannot be
told from the answers, nor from how long they take.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import attrs
import structlog

from bitloot_core.ports.system import Clock
from bitloot_core.values.secret import Secret
from bitloot_http.access import Staff
from bitloot_http.accounts.books import CountedTries, KnownSession, KnownUser, StaffBooks
from bitloot_http.accounts.passwords import Passwords
from bitloot_http.accounts.second_factor import matching_step, recovery_digest
from bitloot_http.accounts.visits import (
    FULL,
    NOTED,
    PASSWORD,
    Client,
    Visit,
    digest_of,
    form_token_of,
    is_good,
    is_proved,
    new_session_id,
)
from bitloot_http.problems import HttpRefusal

MOST_TRIES = 5
WINDOW = timedelta(minutes=15)
_LOG = structlog.get_logger("bitloot.accounts")


@attrs.frozen
class Reception:
    """
    Lets the staff in.

    Args:
        books: accounts, sessions, tries.
        passwords: hashes them.
        clock: tells the time.
    """

    _books: StaffBooks
    _passwords: Passwords
    _clock: Clock

    async def log_in(self, name: str, password: Secret, client: Client) -> Secret | None:
        """
        Look at a password.

        Returns:
            The id of a session that waits for the second factor; None if name and password are not those of an account.

        Raises:
            HttpRefusal: too many tries (`too-many-requests`).
        """
        name = plain_name(name)
        subjects = await self._count(name, client)
        user = await self._books.users.find(name)
        known = user if user is not None and user.disabled_at is None else None
        if not await self._passwords.matches(password, None if known is None else known.password_hash) or known is None:
            # What was typed for a name can be a password, so only the name of an account is written down.
            account = None if user is None else user.name
            _LOG.warning("login refused", account=account, address=client.address, at="password")
            return None
        await self._books.tries.give_back(subjects)
        if self._passwords.is_outdated(known.password_hash):
            await self._books.users.renew_hash(known.id, await self._passwords.hash(password))
        return await self._begin(known.id, PASSWORD, client, instead_of="")

    async def finish(self, session_id: Secret, code: str, client: Client) -> Secret | None:
        """
        Look at the second factor: a code of the app, or a recovery code.

        Returns:
            The id of a full session, a fresh one; None if the code is not good, or was used before.

        Raises:
            HttpRefusal: too many tries (`too-many-requests`), or the password was given too long ago
                (`session-over`).
        """
        session = await self._live(session_id, PASSWORD)
        user = None if session is None else await self._books.users.find(session.name)
        if session is None or user is None:
            raise session_over()
        subjects = await self._count(user.name, client)
        if not await self._is_second_factor(user, code):
            _LOG.warning("login refused", account=user.name, address=client.address, at="second factor")
            return None
        await self._forgive(subjects)
        _LOG.info("logged in", account=user.name, address=client.address)
        return await self._begin(user.id, FULL, client, instead_of=session.id_sha256)

    async def waits(self, session_id: Secret) -> bool:
        """Whether a session waits for its second factor."""
        return await self._live(session_id, PASSWORD) is not None

    async def visit(self, session_id: Secret, *, notes: bool) -> Visit | None:
        """
        Who looks, by what the browser holds; None if that is no session, or one that has ended.

        Args:
            notes: whether this is a use: a page that refreshes itself keeps no session alive.
        """
        session = await self._live(session_id, FULL)
        if session is None:
            return None
        now = self._clock.now()
        if notes and now - session.seen_at >= NOTED:
            await self._books.sessions.note_use(session.id_sha256, now=now)
        return Visit(
            staff=Staff(name=session.name, scopes=session.scopes),
            session=session,
            form_token=form_token_of(session_id),
            is_proved=is_proved(session, now),
        )

    async def prove(self, visit: Visit, given: str, client: Client) -> bool:
        """
        Ask for a secret once more: a code of the app, or the password. Whether it was good.

        Raises:
            HttpRefusal: too many tries (`too-many-requests`).
        """
        name = visit.session.name
        subjects = await self._count(name, client)
        user = await self._books.users.find(name)
        if user is None or not await self._is_secret(user, given):
            _LOG.warning("proof refused", account=name, address=client.address)
            return False
        await self._forgive(subjects)
        await self._books.sessions.note_proof(visit.session.id_sha256, now=self._clock.now())
        return True

    async def log_out(self, session_id: Secret) -> None:
        """End this session, whatever its stage. Idempotent."""
        await self._books.sessions.end(digest_of(session_id))

    async def log_out_everywhere(self, visit: Visit) -> int:
        """End every session of the account; how many there were."""
        ended = await self._books.sessions.end_all(visit.session.user_id)
        _LOG.info("logged out everywhere", account=visit.session.name, sessions=ended)
        return ended

    async def sessions_of(self, visit: Visit) -> tuple[KnownSession, ...]:
        """The sessions of the account that are good, newest first."""
        now = self._clock.now()
        return tuple(one for one in await self._books.sessions.of_user(visit.session.user_id) if is_good(one, now))

    async def _live(self, session_id: Secret, stage: str) -> KnownSession | None:
        if not session_id.reveal():
            return None
        session = await self._books.sessions.find(digest_of(session_id))
        is_live = session is not None and session.stage == stage and is_good(session, self._clock.now())
        return session if is_live else None

    async def _begin(self, user_id: int, stage: str, client: Client, *, instead_of: str) -> Secret:
        session_id = new_session_id()
        await self._books.sessions.begin(
            id_sha256=digest_of(session_id),
            user_id=user_id,
            stage=stage,
            address=client.address,
            agent=client.agent,
            now=self._clock.now(),
            instead_of=instead_of,
        )
        return session_id

    async def _is_secret(self, user: KnownUser, given: str) -> bool:
        if "".join(given.split()).isdigit() and await self._is_app_code(user, given):
            return True
        return await self._passwords.matches(Secret(given), user.password_hash)

    async def _is_second_factor(self, user: KnownUser, code: str) -> bool:
        return await self._is_app_code(user, code) or await self._is_recovery_code(user, code)

    async def _is_app_code(self, user: KnownUser, code: str) -> bool:
        step = matching_step(user.totp_secret, code, self._clock.now())
        return step is not None and await self._books.users.use_step(user.id, step)

    async def _is_recovery_code(self, user: KnownUser, code: str) -> bool:
        digest = recovery_digest(code)
        if digest is None or not await self._books.users.use_code(user.id, digest, now=self._clock.now()):
            return False
        _LOG.warning("recovery code used", account=user.name, left=user.codes_left - 1)
        return True

    async def _count(self, name: str, client: Client) -> tuple[str, str]:
        now = self._clock.now()
        subjects = (account_subject(name), f"address:{client.bucket}")
        for counted in await self._books.tries.take(subjects, now=now, window=WINDOW):
            if counted.tries > MOST_TRIES:
                _LOG.warning("too many tries", address=client.address)
                raise _too_many(counted, now)
        return subjects

    async def _forgive(self, subjects: tuple[str, str]) -> None:
        for subject in subjects:
            await self._books.tries.clear(subject)


def plain_name(name: str) -> str:
    """
    The name of an account, as it is kept.

    >>> plain_name(" Ann ")
    'ann'
    """
    return name.strip().lower()


def session_over() -> HttpRefusal:
    """What somebody is told whose session has ended."""
    return HttpRefusal("session-over", "The session has ended: log in again.")


def account_subject(name: str) -> str:
    """Under what the tries at an account are counted."""
    return f"account:{name}"


def _too_many(counted: CountedTries, now: datetime) -> HttpRefusal:
    wait = max(1, math.ceil((counted.since + WINDOW - now).total_seconds()))
    return HttpRefusal(
        "too-many-requests",
        f"No more than {MOST_TRIES} tries in {WINDOW // timedelta(minutes=1)} minutes; try again in {wait} seconds.",
        headers={"Retry-After": str(wait)},
    )
