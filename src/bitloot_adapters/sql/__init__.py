"""
The storage ports on SQLAlchemy Core: SQLite and PostgreSQL, with the same statements.

Rules of this package:

1. Every statement stands in a plain function over a `Connection`; only `Database` knows threads and transactions.
2. A port's write is one such function, so it is one transaction; it can be run again under its natural keys.
3. The rows are the truth. Each part of an order is a row: its own indexed columns, and its state as tagged JSON.
4. No body, key or token in an error, a log or a `repr`: statements are reported without their parameters.
"""
