"""Ports on loopback that a server keeps over all its lives."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

HOST = "127.0.0.1"


@contextmanager
def kept_port() -> Iterator[int]:
    """
    Take a port that nobody else gets, for as long as the block runs.

    On Linux a socket that is bound and does not listen keeps a port from everybody but those who ask for it by number;
    elsewhere the port is only likely to stay free.
    """
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind((HOST, 0))
        port: int = keeper.getsockname()[1]
        if sys.platform != "linux":
            keeper.close()
        yield port
