"""A running application for each test."""

import io
from collections.abc import AsyncIterator, Iterator

import pytest
import structlog
from http_world import World, running

from bitloot_http.logs import configure_logs


@pytest.fixture(autouse=True)
def log() -> Iterator[io.StringIO]:
    """The log of the test, as the service writes it."""
    lines = io.StringIO()
    configure_logs("debug", stream=lines, as_json=True)
    yield lines
    structlog.reset_defaults()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A running application that sells one product."""
    async with running() as one:
        yield one
