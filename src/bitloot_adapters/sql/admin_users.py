"""
Accounts of the console: passwords and recovery codes as hashes, the secret of the second factor sealed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import attrs
from sqlalchemy import Executable, Select, func, select, text
from sqlalchemy.engine import Connection, Row

from bitloot_adapters.sql.columns import micros, moment, moment_or_none
from bitloot_adapters.sql.database import Database, executing
from bitloot_adapters.sql.inbox import PayloadSealer
from bitloot_adapters.sql.staff_tables import ADMIN_RECOVERY_CODES, ADMIN_USERS
from bitloot_core.values.errors import AlreadyTaken, Corrupt
from bitloot_core.values.secret import Secret

_CREATE = text(
    "INSERT INTO admin_users (name, password_hash, totp_sealed, scopes, created_at) "
    "VALUES (:name, :password_hash, :totp_sealed, :scopes, :now) ON CONFLICT (name) DO NOTHING RETURNING id"
)
_ADD_CODE = text("INSERT INTO admin_recovery_codes (user_id, code_sha256) VALUES (:user_id, :code_sha256)")
_DROP_CODES = text("DELETE FROM admin_recovery_codes WHERE user_id = :user_id")
_USE_CODE = text(
    "UPDATE admin_recovery_codes SET used_at = :now "
    "WHERE user_id = :user_id AND code_sha256 = :code_sha256 AND used_at IS NULL"
)
_USE_STEP = text("UPDATE admin_users SET totp_step = :step WHERE id = :user_id AND totp_step < :step")
_SET_PASSWORD = text("UPDATE admin_users SET password_hash = :password_hash WHERE id = :user_id")
_SET_TOTP = text("UPDATE admin_users SET totp_sealed = :sealed, totp_step = 0 WHERE id = :user_id")
_DISABLE = text("UPDATE admin_users SET disabled_at = :now WHERE id = :user_id AND disabled_at IS NULL")
_ENABLE = text("UPDATE admin_users SET disabled_at = NULL WHERE id = :user_id")
_END_SESSIONS = text("DELETE FROM admin_sessions WHERE user_id = :user_id")


@attrs.frozen(kw_only=True)
class AdminUser:
    """
    An account.

    Attributes:
        name: stands in the audit as `admin:NAME`; never given to somebody else.
        password_hash: as argon2 writes it, parameters included.
        totp_secret: the secret of the second factor, in base32.
        scopes: what it may do (`read`, `operate`, `keys`).
        codes_left: recovery codes that were not used yet.
    """

    id: int
    name: str
    password_hash: Secret
    totp_secret: Secret
    scopes: frozenset[str]
    codes_left: int
    created_at: datetime
    disabled_at: datetime | None


class SqlAdminUsers:
    """
    Keeps accounts.

    Args:
        sealer: seals the secret of the second factor before it comes near the database.
    """

    def __init__(self, database: Database, sealer: PayloadSealer) -> None:
        self._database = database
        self._sealer = sealer

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
        Make an account.

        Args:
            codes: the hashes (SHA-256, hex) of its recovery codes.

        Raises:
            AlreadyTaken: there is one of this name, disabled perhaps.
        """
        values = {
            "name": name,
            "password_hash": password_hash,
            "totp_sealed": self._seal(name, totp_secret),
            "scopes": " ".join(sorted(scopes)),
            "now": micros(now),
        }
        await self._database.write(lambda c: _create(c, values, codes))

    async def find(self, name: str) -> AdminUser | None:
        """The account of this name, disabled or not; None if there is none."""
        row = await self._database.look(lambda c: c.execute(_users().where(ADMIN_USERS.c.name == name)).first())
        return None if row is None else self._user(row)

    async def all(self) -> tuple[AdminUser, ...]:
        """Every account, by name."""
        rows = await self._database.read(lambda c: c.execute(_users().order_by(ADMIN_USERS.c.name)).all())
        return tuple(map(self._user, rows))

    async def use_step(self, user_id: int, step: int) -> bool:
        """Use the code of a time step, once: whether nobody has used it, or a later one, before."""
        return await self._database.write(executing(_USE_STEP, {"user_id": user_id, "step": step})) == 1

    async def use_code(self, user_id: int, code_sha256: str, *, now: datetime) -> bool:
        """Use a recovery code, once: whether it is one of this account's, and was not used before."""
        values = {"user_id": user_id, "code_sha256": code_sha256, "now": micros(now)}
        return await self._database.write(executing(_USE_CODE, values)) == 1

    async def renew_hash(self, user_id: int, password_hash: str) -> None:
        """Keep another hash of the same password, made with newer parameters."""
        await self._database.write(executing(_SET_PASSWORD, {"user_id": user_id, "password_hash": password_hash}))

    async def set_password(self, user_id: int, password_hash: str) -> None:
        """Keep the hash of another password; all sessions of the account end with it."""
        values = {"user_id": user_id, "password_hash": password_hash}
        await self._database.write(lambda c: _run(c, values, _SET_PASSWORD, _END_SESSIONS))

    async def set_second_factor(self, user_id: int, name: str, totp_secret: Secret, codes: Collection[str]) -> None:
        """Keep another secret and other recovery codes; the earlier ones and all sessions end with it."""
        values = {"user_id": user_id, "sealed": self._seal(name, totp_secret)}

        def work(connection: Connection) -> None:
            _run(connection, values, _SET_TOTP, _DROP_CODES, _END_SESSIONS)
            _add_codes(connection, user_id, codes)

        await self._database.write(work)

    async def disable(self, user_id: int, *, now: datetime) -> None:
        """Let nobody in with this account any more; its sessions end at once. Idempotent."""
        values = {"user_id": user_id, "now": micros(now)}
        await self._database.write(lambda c: _run(c, values, _DISABLE, _END_SESSIONS))

    async def enable(self, user_id: int) -> None:
        """Let it in again. Idempotent."""
        await self._database.write(executing(_ENABLE, {"user_id": user_id}))

    def _user(self, row: Row[tuple[object, ...]]) -> AdminUser:
        return AdminUser(
            id=row.id,
            name=row.name,
            password_hash=Secret(row.password_hash),
            totp_secret=self._opened(row),
            scopes=frozenset(row.scopes.split()),
            codes_left=row.codes_left,
            created_at=moment(row.created_at),
            disabled_at=moment_or_none(row.disabled_at),
        )

    def _seal(self, name: str, totp_secret: Secret) -> bytes:
        return self._sealer.seal(_context(name), totp_secret.reveal().encode())

    def _opened(self, row: Row[tuple[object, ...]]) -> Secret:
        try:
            return Secret(self._sealer.open(_context(row.name), row.totp_sealed).decode())
        except Corrupt as exc:
            raise Corrupt("accounts", f"the second factor of {row.name} does not open: reset it") from exc


def _context(name: str) -> tuple[str, ...]:
    return ("admin-user", name, "totp")


def _users() -> Select[tuple[object, ...]]:
    codes = ADMIN_RECOVERY_CODES.c
    left = (
        select(func.count())
        .where(codes.user_id == ADMIN_USERS.c.id, codes.used_at.is_(None))
        .scalar_subquery()
        .label("codes_left")
    )
    return select(ADMIN_USERS, left)


def _create(connection: Connection, values: dict[str, object], codes: Collection[str]) -> None:
    user_id = connection.execute(_CREATE, values).scalar()
    if user_id is None:
        raise AlreadyTaken("account", str(values["name"]), "somebody already")
    _add_codes(connection, user_id, codes)


def _add_codes(connection: Connection, user_id: int, codes: Collection[str]) -> None:
    if codes:
        connection.execute(_ADD_CODE, [{"user_id": user_id, "code_sha256": code} for code in sorted(codes)])


def _run(connection: Connection, values: Mapping[str, object], *statements: Executable) -> None:
    for statement in statements:
        connection.execute(statement, values)
