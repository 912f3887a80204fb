"""What a database URL may say."""

import pytest

from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_core.values.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "file"),
    [("sqlite:///bitloot.db", "bitloot.db"), ("sqlite:////var/lib/shop.db", "/var/lib/shop.db")],
)
def test_a_file_is_relative_or_absolute(text: str, file: str) -> None:
    """Three slashes are a file in the working directory, four an absolute one."""
    assert file == str(DatabaseUrl.parse(text).sqlite_file())


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_we_choose_the_driver(scheme: str) -> None:
    """The URL names the engine; the driver is ours."""
    assert DatabaseUrl.parse(f"{scheme}://u:p@db/x").url.drivername == "postgresql+asyncpg"


def test_the_driver_is_told_all_of_it() -> None:
    """Password, options, and the folder of a socket instead of a host."""
    text = "postgresql://u:p%40ss@db:5433/x?sslmode=require"

    assert text == DatabaseUrl.parse(text).dsn()
    assert DatabaseUrl.parse("postgresql:///x?host=/run/postgresql").dsn().startswith("postgresql:///x?host=")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bitloot.db",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite://shop.db",
        "sqlite:///shop.db?mode=ro",
        "mysql://u:hunter2@db/x",
        "postgresql+psycopg://u:hunter2@db/x",
        "postgresql://u:hunter2@db",
        "postgresql://u:hunter2@db:port/x",
        "postgresql:///x",
    ],
)
def test_others_are_refused_without_their_password(text: str) -> None:
    """What we cannot use is refused under the variable's name, and no password is repeated."""
    with pytest.raises(InvalidInput) as caught:
        DatabaseUrl.parse(text)

    assert caught.value.field == "DATABASE_URL"
    assert "hunter2" not in str(caught.value)


def test_a_url_does_not_print_its_password() -> None:
    """The value can be logged."""
    assert "hunter2" not in repr(DatabaseUrl.parse("postgresql://u:hunter2@db/x"))
