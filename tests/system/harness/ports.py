"""Ports on loopback that a server keeps over all its lives."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

HOST = "127.0.0.1"
_TRIES = 100


@contextmanager
def kept_port(asked: int = 0) -> Iterator[int]:
    """
    Take a port that nobody else gets, for as long as the block runs.

    Args:
        asked: which one; 0 takes any.

    Raises:
        OSError: somebody has it.

    On Linux a socket that is bound and does not listen keeps a port from everybody but those who ask for it by number;
    elsewhere the port is only likely to stay free.
    """
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind((HOST, asked))
        port: int = keeper.getsockname()[1]
        if sys.platform != "linux":
            keeper.close()
        yield port


@contextmanager
def kept_pair() -> Iterator[int]:
    """Take two ports, one above the other; yields the lower one."""
    for _ in range(_TRIES):
        with ExitStack() as stack:
            first = stack.enter_context(kept_port())
            try:
                stack.enter_context(kept_port(first + 1))
            except OSError:
                continue
            yield first
            return
    raise AssertionError("no two free ports in a row")
