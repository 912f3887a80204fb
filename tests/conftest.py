"""What every test shares: how hard hypothesis tries, that the harness explains itself, and a PostgreSQL."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from harness.postgres_server import PostgresServer

# Here, because tests of adapters use it too, and it must be said before anybody imports it.
pytest.register_assert_rewrite("harness")

# A timing of one example says nothing on a shared machine, so no profile has a deadline.
settings.register_profile("fast", deadline=None, max_examples=25)
settings.register_profile("ci", deadline=None, max_examples=100, derandomize=True, print_blob=True)
settings.register_profile(
    "deep", deadline=None, max_examples=5_000, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))  # noqa: TID251 - chosen before any settings exist


@pytest.fixture(scope="session")
def postgres() -> "Iterator[PostgresServer]":
    """A PostgreSQL server, once for all tests of this process; those that end it start one of their own."""
    from harness.postgres_server import postgres_server

    with postgres_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: "PostgresServer") -> Iterator[str]:
    """An empty database with our tables, of this test's own."""
    with postgres.database() as url:
        yield url
