"""What a Redis has written down: every command that changed something, oldest first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import attrs

from harness.redis_server import RedisServer


@attrs.frozen
class Written:
    """
    One command.

    Attributes:
        words: all of it, its name first.
    """

    words: tuple[bytes, ...]

    @property
    def name(self) -> str:
        """In upper case."""
        return self.words[0].decode().upper()

    def message(self) -> dict[str, Any]:
        """
        What an XADD put on a stream in its one field: JSON, or an error.

        Raises:
            ValueError: it is not.
        """
        field, data = self.words[-2:]
        if field != b"data":
            raise ValueError(field)
        found = json.loads(data)
        if not isinstance(found, dict):
            raise TypeError(found)
        return found


def written_commands(redis: RedisServer) -> Iterator[Written]:
    """Read the log of a server that was started with `keeps`."""
    for path in sorted(redis.folder.rglob("*.aof")):
        log = BytesIO(path.read_bytes())
        while head := log.readline():
            if head.startswith(b"#"):  # a time, from Redis 7 on
                continue
            yield Written(tuple(_word(log) for _ in range(int(head[1:]))))


def _word(log: BytesIO) -> bytes:
    length = int(log.readline()[1:])
    word = log.read(length)
    log.read(2)
    return word
