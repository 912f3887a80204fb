"""The books of the staff in memory: as strict as the database, and held to the same tests."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import attrs

from bitloot_core.values.errors import AlreadyTaken
from bitloot_core.values.secret import Secret


@attrs.frozen(kw_only=True)
class FakeUser:
    """An account."""

    id: int
    name: str
    password_hash: Secret
    totp_secret: Secret
    scopes: frozenset[str]
    created_at: datetime
    codes: frozenset[str]
    totp_step: int = 0
    disabled_at: datetime | None = None

    @property
    def codes_left(self) -> int:
        """Recovery codes that were not used yet."""
        return len(self.codes)


@attrs.frozen(kw_only=True)
class FakeSession:
    """A session, with the name and the scopes that its account had when it was looked up."""

    id_sha256: str
    user_id: int
    stage: str
    address: str
    agent: str
    begun_at: datetime
    seen_at: datetime
    proved_at: datetime
    name: str = ""
    scopes: frozenset[str] = frozenset()


@attrs.frozen(kw_only=True)
class FakeCount:
    """How often somebody tried within one window."""

    since: datetime
    tries: int


class FakeStaff:
    """Accounts, sessions and tries; all three books in one."""

    def __init__(self) -> None:
        """Empty."""
        self.by_id: dict[int, FakeUser] = {}
        self.live: dict[str, FakeSession] = {}
        self.counts: dict[str, FakeCount] = {}

    @property
    def users(self) -> "FakeStaff":
        """Accounts."""
        return self

    @property
    def sessions(self) -> "FakeSessions":
        """Sessions."""
        return FakeSessions(self)

    @property
    def tries(self) -> "FakeTries":
        """Tries to log in."""
        return FakeTries(self)

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
        """Make an account."""
        if await self.find(name) is not None:
            raise AlreadyTaken("account", name, "somebody already")
        user_id = len(self.by_id) + 1
        self.by_id[user_id] = FakeUser(
            id=user_id,
            name=name,
            password_hash=Secret(password_hash),
            totp_secret=totp_secret,
            scopes=frozenset(scopes),
            created_at=now,
            codes=frozenset(codes),
        )

    async def find(self, name: str) -> FakeUser | None:
        """The account of this name."""
        return next((user for user in self.by_id.values() if user.name == name), None)

    async def all(self) -> tuple[FakeUser, ...]:
        """Every account, by name."""
        return tuple(sorted(self.by_id.values(), key=lambda user: user.name))

    async def use_step(self, user_id: int, step: int) -> bool:
        """Use the code of a time step, once."""
        if step <= self.by_id[user_id].totp_step:
            return False
        self.change(user_id, totp_step=step)
        return True

    async def use_code(self, user_id: int, code_sha256: str, *, now: datetime) -> bool:
        """Use a recovery code, once."""
        left = self.by_id[user_id].codes
        self.change(user_id, codes=left - {code_sha256})
        return code_sha256 in left

    async def renew_hash(self, user_id: int, password_hash: str) -> None:
        """Keep another hash of the same password."""
        self.change(user_id, password_hash=Secret(password_hash))

    async def set_password(self, user_id: int, password_hash: str) -> None:
        """Keep the hash of another password."""
        self.change(user_id, password_hash=Secret(password_hash))
        self.end_sessions(user_id)

    async def set_second_factor(self, user_id: int, name: str, totp_secret: Secret, codes: Collection[str]) -> None:
        """Keep another secret and other recovery codes."""
        self.change(user_id, totp_secret=totp_secret, totp_step=0, codes=frozenset(codes))
        self.end_sessions(user_id)

    async def disable(self, user_id: int, *, now: datetime) -> None:
        """Let nobody in with this account any more."""
        self.change(user_id, disabled_at=self.by_id[user_id].disabled_at or now)
        self.end_sessions(user_id)

    async def enable(self, user_id: int) -> None:
        """Let it in again."""
        self.change(user_id, disabled_at=None)

    def change(self, user_id: int, **changes: object) -> None:
        """Write a row anew."""
        self.by_id[user_id] = attrs.evolve(self.by_id[user_id], **changes)

    def end_sessions(self, user_id: int) -> int:
        """Remove the sessions of an account."""
        theirs = [key for key, one in self.live.items() if one.user_id == user_id]
        for key in theirs:
            del self.live[key]
        return len(theirs)


class FakeSessions:
    """Sessions, by the hash of what the browser holds."""

    def __init__(self, staff: FakeStaff) -> None:
        """Over the books."""
        self._staff = staff

    async def begin(
        self, *, id_sha256: str, user_id: int, stage: str, address: str, agent: str, now: datetime, instead_of: str
    ) -> None:
        """Begin a session, and end the one whose place it takes."""
        self._staff.live.pop(instead_of, None)
        self._staff.live[id_sha256] = FakeSession(
            id_sha256=id_sha256,
            user_id=user_id,
            stage=stage,
            address=address,
            agent=agent[:256],
            begun_at=now,
            seen_at=now,
            proved_at=now,
        )

    async def find(self, id_sha256: str) -> FakeSession | None:
        """The session of this hash."""
        session = self._staff.live.get(id_sha256)
        if session is None or self._staff.by_id[session.user_id].disabled_at is not None:
            return None
        return self._named(session)

    async def of_user(self, user_id: int) -> tuple[FakeSession, ...]:
        """The sessions of an account, newest first."""
        if self._staff.by_id[user_id].disabled_at is not None:
            return ()
        theirs = [self._named(one) for one in self._staff.live.values() if one.user_id == user_id]
        return tuple(sorted(theirs, key=lambda one: one.begun_at, reverse=True))

    async def note_use(self, id_sha256: str, *, now: datetime) -> None:
        """Note that it was used."""
        self._change(id_sha256, seen_at=now)

    async def note_proof(self, id_sha256: str, *, now: datetime) -> None:
        """Note that a secret was given."""
        self._change(id_sha256, proved_at=now)

    async def end(self, id_sha256: str) -> None:
        """End a session."""
        self._staff.live.pop(id_sha256, None)

    async def end_all(self, user_id: int) -> int:
        """End every session of an account."""
        return self._staff.end_sessions(user_id)

    async def prune(self, *, before: datetime) -> int:
        """Remove those that began before a time."""
        old = [key for key, one in self._staff.live.items() if one.begun_at <= before]
        for key in old:
            del self._staff.live[key]
        return len(old)

    def _named(self, session: FakeSession) -> FakeSession:
        user = self._staff.by_id[session.user_id]
        return attrs.evolve(session, name=user.name, scopes=user.scopes)

    def _change(self, id_sha256: str, **changes: object) -> None:
        if id_sha256 in self._staff.live:
            self._staff.live[id_sha256] = attrs.evolve(self._staff.live[id_sha256], **changes)


class FakeTries:
    """Counts tries, by subject."""

    def __init__(self, staff: FakeStaff) -> None:
        """Over the books."""
        self._counts = staff.counts

    async def take(self, subjects: Sequence[str], *, now: datetime, window: timedelta) -> tuple[FakeCount, ...]:
        """Count a try for each subject."""
        for subject in subjects:
            before = self._counts.get(subject)
            is_new = before is None or before.since <= now - window
            self._counts[subject] = (
                FakeCount(since=now, tries=1) if is_new else attrs.evolve(before, tries=before.tries + 1)
            )
        return tuple(self._counts[subject] for subject in subjects)

    async def give_back(self, subjects: Sequence[str]) -> None:
        """Take a try back that led to something."""
        for subject in subjects:
            count = self._counts.get(subject)
            if count is not None and count.tries > 0:
                self._counts[subject] = attrs.evolve(count, tries=count.tries - 1)

    async def clear(self, subject: str) -> None:
        """Forget all tries of a subject."""
        self._counts.pop(subject, None)

    async def prune(self, *, before: datetime) -> int:
        """Forget the windows that began before a time."""
        old = [subject for subject, count in self._counts.items() if count.since <= before]
        for subject in old:
            del self._counts[subject]
        return len(old)
