"""
How people and vendors reach the shop: some process that lives answers, or nobody does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextvars import ContextVar
from typing import Any, TypeVar

import attrs

from bitloot_core.ports.inbox import Source
from bitloot_core.testing.simulation.process import NoAnswer, Process
from bitloot_core.testing.simulation.worker import Worker
from bitloot_core.usecases.receive_webhook import receive_webhook
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import PortError, SignatureInvalid

T = TypeVar("T")
PATIENCE = 120.0
AGENT: ContextVar[str] = ContextVar("AGENT", default="")
"""Names the one request to open keys that the running task carries out."""
NOBODY = "nobody"
"""Opens keys to see whether they open, and hands none out."""


@attrs.frozen(kw_only=True)
class Life:
    """One life of a process of the shop, with what runs in it."""

    process: Process
    shop: Shop
    worker: Worker


class FrontDoor:
    """
    Lets requests in.

    Args:
        living: the processes that live now.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, living: Callable[[], list[Life]]) -> None:
        self._loop = loop
        self._living = living
        self._turn = 0

    async def ask(self, subject: str, work: Callable[[Shop], Coroutine[Any, Any, T]]) -> T:
        """
        Have some process do something, and wait for what comes of it.

        Raises:
            NoAnswer: none lives, it died meanwhile, or it takes too long.
            Exception: whatever the work raised.
        """
        living = self._living()
        if not living:
            raise NoAnswer("nobody is there")
        self._turn += 1
        life = living[self._turn % len(living)]
        answer = life.process.start(work(life.shop), subject=subject)
        timer = self._loop.call_later(PATIENCE, _give_up, answer)
        try:
            return await answer
        finally:
            timer.cancel()


async def take_webhook(shop: Shop, source: Source, headers: Mapping[str, str], body: bytes) -> int:
    """
    Take in a webhook as the HTTP edge does: proved, stored, and only then answered.

    Returns:
        The HTTP status.
    """
    verify = shop.gateway.verify_notice if source is Source.NOWPAYMENTS else shop.supplier.verify_event
    try:
        webhook = verify(headers, body)
    except SignatureInvalid:
        return 401
    try:
        await receive_webhook(shop, webhook)
    except PortError:
        return 503
    return 200


def _give_up(answer: asyncio.Future[Any]) -> None:
    if not answer.done():
        answer.set_exception(NoAnswer("it takes too long"))
