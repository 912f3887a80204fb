"""The log shows what is harmless, and of the rest only that it was there."""

import io
import json
import logging
from decimal import Decimal
from typing import Any

import pytest
import structlog

from bitloot_core.values.errors import Unavailable
from bitloot_core.values.keys import KeyMaterial
from bitloot_core.values.secret import Secret

SECRET = "hunter2-hunter2"


def told(log: io.StringIO) -> dict[str, Any]:
    """The last line."""
    line: dict[str, Any] = json.loads(log.getvalue().splitlines()[-1])
    return line


@pytest.mark.parametrize(
    "field",
    ["authorization", "cookie", "x_nowpayments_sig", "access_token", "api_key", "body", "email", "serial", "link"],
)
def test_a_telling_field_is_starred(log: io.StringIO, field: str) -> None:
    """Whatever its value is."""
    structlog.get_logger().info("event", **{field: SECRET})

    assert told(log)[field] == "***"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("text", "text"),
        (7, 7),
        (True, True),
        (None, None),
        (Decimal("1.50"), "1.50"),
        (("a", 1), ["a", 1]),
        (b"hunter2", "<7 bytes>"),
        (Secret(SECRET), "<Secret>"),
        (KeyMaterial.of_text(SECRET), "<KeyMaterial>"),
        ({"nested": SECRET}, "<dict>"),
        ("x" * 600, "x" * 500 + "..."),
        (ValueError(SECRET), "ValueError"),
        (Unavailable("supplier", "is away"), "Unavailable: supplier: is away"),
    ],
)
def test_a_value_is_shown_by_its_kind(log: io.StringIO, value: object, shown: object) -> None:
    """Text, numbers and flags; of everything else the class."""
    structlog.get_logger().info("event", field=value)

    assert told(log)["field"] == shown


def test_an_exception_is_told_without_what_it_quotes(log: io.StringIO) -> None:
    """Where it came from is enough; a ValueError may hold the key that could not be parsed."""
    try:
        try:
            int(SECRET)
        except ValueError as error:
            raise Unavailable("supplier", "answered nonsense") from error
    except Unavailable:
        structlog.get_logger().error("event", exc_info=True)

    lines = told(log)["exception"]
    assert lines[0] == "Unavailable: supplier: answered nonsense"
    assert "ValueError" in lines
    assert any("test_logs.py" in line for line in lines)
    assert SECRET not in log.getvalue()


def test_what_a_library_logs_goes_the_same_way(log: io.StringIO) -> None:
    """Without its arguments, which may be anything."""
    try:
        {}[SECRET]
    except KeyError:
        logging.getLogger("aiohttp.server").exception("Error handling request from %s", SECRET)

    assert told(log)["library"] == "aiohttp.server"
    assert told(log)["event"] == "Error handling request from %s"
    assert SECRET not in log.getvalue()


def test_a_line_has_its_time_and_its_level(log: io.StringIO) -> None:
    """UTC, as ISO 8601."""
    structlog.get_logger().warning("event")

    assert told(log)["level"] == "warning"
    assert told(log)["timestamp"].endswith("Z")


def test_what_an_adapter_says_beside_its_message_is_kept(log: io.StringIO) -> None:
    """The fields of our own adapters reach the log, starred where their names are telling; those of others do not."""
    fields = {"job_id": 7, "error": "ConnectionError", "access_token": "hunter2"}

    logging.getLogger("bitloot_adapters.taskiq").info("ring lost", extra=fields)
    logging.getLogger("somebody.else").warning("ring lost", extra=fields)

    ours, theirs = (json.loads(line) for line in log.getvalue().splitlines())
    assert ours["job_id"] == 7
    assert ours["error"] == "ConnectionError"
    assert ours["access_token"] == "***"
    assert "job_id" not in theirs
