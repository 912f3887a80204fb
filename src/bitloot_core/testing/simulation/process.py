"""
A process of the shop: tasks with memory of their own, which can be killed at any await, or stand still for a while.

Whatever it wants from outside goes over `Process.awake`, which a dead process never passes: that is what makes a death
complete, whatever handlers and `finally` blocks still run in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextvars import ContextVar, copy_context
from functools import partial
from typing import Any, TypeVar

from bitloot_core.testing.boundaries import Killed
from bitloot_core.values.errors import BitlootError

T = TypeVar("T")
SUBJECT: ContextVar[str] = ContextVar("SUBJECT", default="")
"""The order that the running task is about, as far as it knows."""


class NoAnswer(BitlootError):
    """Whoever asked a process hears nothing: it is not there, died, or takes too long."""


class Process:
    """
    One life of one process.

    Args:
        name: which process; it is the same after a restart.
        loop: the loop that all processes of a simulation share.
        skew: how many seconds its clock is ahead.
    """

    def __init__(self, name: str, loop: asyncio.AbstractEventLoop, *, skew: float = 0.0) -> None:
        self.name = name
        self.loop = loop
        self.skew = skew
        self.is_alive = True
        self._still_until = 0.0
        self._tasks: dict[asyncio.Task[Any], None] = {}

    def start(self, work: Coroutine[Any, Any, T], *, subject: str = "") -> asyncio.Future[T]:
        """
        Begin a task of this process.

        Returns:
            What comes of it; `NoAnswer` if the process dies before.
        """
        answer: asyncio.Future[T] = self.loop.create_future()
        context = copy_context()
        context.run(SUBJECT.set, subject)
        task = self.loop.create_task(self._contain(work, answer), context=context)
        self._tasks[task] = None
        task.add_done_callback(partial(self._forget, work, answer))
        return answer

    async def _contain(self, work: Coroutine[Any, Any, T], answer: asyncio.Future[T]) -> None:
        try:
            result = await work
        except (Killed, asyncio.CancelledError):
            _tell(answer, NoAnswer("the process died"))
        except Exception as error:  # noqa: BLE001 - told to whoever asked
            _tell(answer, error if self.is_alive else NoAnswer("the process died"))
        else:
            if not answer.done():
                answer.set_result(result)

    def _forget(self, work: Coroutine[Any, Any, Any], answer: asyncio.Future[Any], task: asyncio.Task[Any]) -> None:
        self._tasks.pop(task, None)
        work.close()  # one that was killed before its first step
        _tell(answer, NoAnswer("the process died"))

    def leave(self, work: Coroutine[Any, Any, object]) -> None:
        """Begin a task of this process, whose end nobody waits for."""
        self.start(work).add_done_callback(lambda _: None)

    def kill(self) -> None:
        """End it here and now: nothing that it planned happens, and all that it knew is gone."""
        self.is_alive = False
        for task in list(self._tasks):
            task.cancel()

    def stand_still(self, seconds: float) -> None:
        """Let nothing move in it for so long; the world goes on meanwhile."""
        self._still_until = max(self._still_until, self.loop.time() + seconds)

    async def awake(self) -> None:
        """
        Go on once the process moves.

        Raises:
            Killed: it never will.
        """
        while self._still_until > self.loop.time():  # noqa: ASYNC110 - it may be put off meanwhile
            await asyncio.sleep(self._still_until - self.loop.time())
        if not self.is_alive:
            raise Killed


def _tell(answer: asyncio.Future[Any], error: BaseException) -> None:
    if not answer.done():
        answer.set_exception(error)
        answer.exception()  # nobody need be listening
