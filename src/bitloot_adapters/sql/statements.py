"""
Statements that run all the time: compiled once, then handed to the driver as they are.

SQLAlchemy writes the SQL of each database. What it does besides at each execution (a key for its cache, a context, a
result with machinery of its own) costs several times what SQLite needs for a statement that finds its row by a key.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import attrs
from sqlalchemy import Executable, text
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError

T = TypeVar("T")
Values = Mapping[str, object]
_NO_VALUES: Values = {}


@attrs.define
class _Compiled:
    """
    A statement as one driver takes it.

    Attributes:
        names: which value stands in which place.
        fixed: the values that are part of the statement.
        row: the rows of its result, once their columns are known.
    """

    sql: str
    names: tuple[str, ...]
    fixed: Values
    row: Callable[[Sequence[object]], Any] | None = None

    @classmethod
    def of(cls, source: Executable, dialect: Dialect) -> _Compiled:
        compiled: Any = source.compile(dialect=dialect)  # type: ignore[attr-defined]  # every statement has it
        if any(bind.expanding for bind in compiled.binds.values()):
            raise ValueError("a statement whose text depends on its values cannot be compiled once")
        fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        return cls(str(compiled), tuple(compiled.positiontup or ()), fixed)

    def in_order(self, values: Values) -> tuple[object, ...]:
        known = {**self.fixed, **values} if self.fixed else values
        return tuple([known[name] for name in self.names])

    def read(self, cursor: DBAPICursor, rows: Sequence[Sequence[object]]) -> list[Any]:
        if self.row is None:
            # Not a `NamedTuple`: which columns there are is known only now.
            row: Any = namedtuple("Row", [column[0] for column in cursor.description])  # type: ignore[misc]  # noqa: PYI024
            self.row = row._make
        return list(map(self.row, rows))


class Statement:
    """
    A statement that is compiled once for each kind of database.

    The transaction, the connection and the classes of errors are SQLAlchemy's, as if it had executed the statement.

    Args:
        source: what it says. Its text must not depend on its values, so it takes no lists for `IN`.
    """

    def __init__(self, source: str | Executable) -> None:
        self._source = text(source) if isinstance(source, str) else source
        self._compiled: dict[str, _Compiled] = {}

    def first(self, connection: Connection, values: Values = _NO_VALUES) -> Any:
        """The first row of the result, its columns by name and in order; None if there is none."""

        def take(compiled: _Compiled, cursor: DBAPICursor) -> Any:
            cursor.execute(compiled.sql, compiled.in_order(values))
            found = cursor.fetchone()
            return None if found is None else compiled.read(cursor, (found,))[0]

        return self._run(connection, take)

    def all(self, connection: Connection, values: Values = _NO_VALUES) -> list[Any]:
        """The rows of the result, their columns by name and in order."""

        def take(compiled: _Compiled, cursor: DBAPICursor) -> list[Any]:
            cursor.execute(compiled.sql, compiled.in_order(values))
            return compiled.read(cursor, cursor.fetchall())

        return self._run(connection, take)

    def change(self, connection: Connection, values: Values = _NO_VALUES) -> int:
        """Run a statement without a result; the number of rows that it changed."""

        def take(compiled: _Compiled, cursor: DBAPICursor) -> int:
            cursor.execute(compiled.sql, compiled.in_order(values))
            return cursor.rowcount

        return self._run(connection, take)

    def change_each(self, connection: Connection, rows: Sequence[Values]) -> None:
        """Run a statement without a result once for each row of values."""

        def take(compiled: _Compiled, cursor: DBAPICursor) -> None:
            cursor.executemany(compiled.sql, [compiled.in_order(values) for values in rows])

        self._run(connection, take)

    def _run(self, connection: Connection, take: Callable[[_Compiled, DBAPICursor], T]) -> T:
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _Compiled.of(self._source, dialect)
        return _with_cursor(connection, compiled.sql, lambda cursor: take(compiled, cursor))


def fetch(connection: Connection, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
    """Run a statement that is written for this driver already; its rows, as the driver has them."""

    def take(cursor: DBAPICursor) -> list[tuple[Any, ...]]:
        cursor.execute(sql, values)
        return list(cursor.fetchall())

    return _with_cursor(connection, sql, take)


def _with_cursor(connection: Connection, sql: str, take: Callable[[DBAPICursor], T]) -> T:
    try:
        cursor = connection.connection.cursor()
        try:
            return take(cursor)
        finally:
            cursor.close()
    except connection.dialect.loaded_dbapi.Error as exc:
        raise _as_sqlalchemy_has_it(connection, sql, exc) from exc


def _as_sqlalchemy_has_it(connection: Connection, sql: str, error: Any) -> Any:
    """
    A driver's error in the class that stands for it on every database, without values.

    **Source:** SQLAlchemy 2.1, `Connection._handle_dbapi_exception`; a lost connection is given up as there.
    """
    dialect = connection.dialect
    is_lost = dialect.is_disconnect(error, connection.connection.dbapi_connection, None)
    told: Any = DBAPIError.instance(
        sql,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=is_lost,
        dialect=dialect,
    )
    if is_lost:
        connection.invalidate(error)
    return told
