"""
What lies between a process and everything outside it: requests and answers that take time, get lost, or come late.

A request that is on its way arrives, whatever has become of its sender. So a process that is killed in the middle of a
call does not know whether it had its effect, and neither does the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextvars import ContextVar
from inspect import iscoroutinefunction
from typing import Any

import attrs

from bitloot_core.testing.boundaries import Killed
from bitloot_core.testing.simulation.fates import REMOTE, UNREPEATABLE, WRITES, Fate, Fates, Kind
from bitloot_core.testing.simulation.history import History
from bitloot_core.testing.simulation.process import SUBJECT, Process
from bitloot_core.values.errors import Unavailable, Unknown

TIMEOUT_REMOTE = 30.0
TIMEOUT_STORE = 5.0


@attrs.frozen(kw_only=True)
class Call:
    """
    One call of a process to the outside.

    Attributes:
        name: port and method, `supplier.reserve`.
        subject: the order that it is about, as far as that is known.
        sent_at: when, in virtual seconds.
    """

    process: Process
    name: str
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    subject: str
    sent_at: float = 0.0


DOING: ContextVar[Call | None] = ContextVar("DOING", default=None)
"""The call on a storage port that the running task makes; a store that is reached below its ports reads it here."""


class Network:
    """
    Carries calls.

    Args:
        before: asked right before a call has its effect: False swallows it.
        after: told right after a call had its effect, in the same breath, with its result.
        late: how late, at the most, a remote effect can come.
        on_death: told that a process died of a call.
    """

    def __init__(
        self,
        fates: Fates,
        history: History,
        *,
        before: Callable[[Call], bool],
        after: Callable[[Call, Any], None],
        late: float,
        on_death: Callable[[Process, str], None],
    ) -> None:
        self._fates = fates
        self._history = history
        self._before = before
        self._after = after
        self._late = late
        self._on_death = on_death

    async def carry(self, call: Call, effect: Callable[[], Coroutine[Any, Any, Any]], *, remote: bool) -> Any:
        """
        Make a call, and wait for its answer.

        Args:
            effect: what happens at the other side; it must not wait for anything.

        Raises:
            Killed: the process died meanwhile.
            Unavailable: nothing was done, or only read.
            Unknown: no answer came to what cannot be repeated blindly.
        """
        process = call.process
        await process.awake()
        fate = self._fates.of(call.name, call.subject, remote=remote)
        if fate.kind is Kind.DIES_BEFORE:
            self._on_death(process, f"right before {call.name}")
            raise Killed
        answer: asyncio.Future[Any] = process.loop.create_future()
        self._send(call, fate, answer, effect, remote=remote)
        try:
            return await answer
        finally:
            await process.awake()
            if fate.kind is Kind.DIES_AFTER:
                self._on_death(process, f"right after {call.name}")
                raise Killed

    def _send(
        self,
        call: Call,
        fate: Fate,
        answer: asyncio.Future[Any],
        effect: Callable[[], Coroutine[Any, Any, Any]],
        *,
        remote: bool,
    ) -> None:
        loop, kind, timeout = call.process.loop, fate.kind, TIMEOUT_REMOTE if remote else TIMEOUT_STORE
        if kind not in (Kind.FINE, Kind.SLOW, Kind.DIES_AFTER):
            self._history.fault(kind.value, call.process.name, f"{call.name}: {kind.value}", call.subject)
        if kind is Kind.REFUSED:
            loop.call_later(fate.there, _fail, answer, _refused(call.name, remote=remote))
            return
        if kind in (Kind.DROPPED, Kind.LOST, Kind.LATE):
            loop.call_later(timeout, _fail, answer, _no_answer(call.name, remote=remote))
        if kind is Kind.LATE and call.name in WRITES:
            latest = self._late if remote else TIMEOUT_STORE
            loop.call_later(timeout + latest * fate.there, self._arrive, call, None, 0.0, effect)
        elif kind is Kind.LOST:
            loop.call_later(fate.there, self._arrive, call, None, 0.0, effect)
        elif kind in (Kind.FINE, Kind.SLOW, Kind.DIES_AFTER):
            loop.call_later(fate.there, self._arrive, call, answer, fate.back, effect)

    def _arrive(
        self,
        call: Call,
        answer: asyncio.Future[Any] | None,
        back: float,
        effect: Callable[[], Coroutine[Any, Any, Any]],
    ) -> None:
        """The request is there: its effect happens in one breath, and the answer sets out."""
        if not self._before(call):
            return
        try:
            result = run_through(effect())
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
            if answer is not None:
                call.process.loop.call_later(back, _fail, answer, error)
            return
        self._after(call, result)
        if answer is not None and back:
            call.process.loop.call_later(back, _answer, answer, result)
        elif answer is not None:
            _answer(answer, result)


class Carried:
    """
    A port as a process sees it: each of its calls goes over the network.

    Whatever does not wait is let through, and so is what the port has besides methods; a method that somebody adds to
    the port tomorrow is carried, too.
    """

    def __init__(self, name: str, port: object, process: Process, network: Network) -> None:
        self._name = name
        self._port = port
        self._process = process
        self._network = network

    def __getattr__(self, method: str) -> Any:
        plain = getattr(self._port, method)
        if not iscoroutinefunction(plain):
            return plain
        process, network, name = self._process, self._network, f"{self._name}.{method}"
        remote = self._name in REMOTE

        async def call(*args: Any, **kwargs: Any) -> Any:
            made = Call(
                process=process, name=name, args=args, kwargs=kwargs, subject=SUBJECT.get(), sent_at=process.loop.time()
            )
            result = await network.carry(made, lambda: plain(*args, **kwargs), remote=remote)
            note_subject(name, result)
            return result

        self.__dict__[method] = call
        return call


def note_subject(name: str, result: Any) -> None:
    """Whoever has claimed a job knows what it is about from then on."""
    if name == "jobs.claim" and result is not None:
        SUBJECT.set(result.order_id or f"{result.name}:{result.ref}")


def run_through(work: Coroutine[Any, Any, Any]) -> Any:
    """
    Run a coroutine that waits for nothing.

    Raises:
        RuntimeError: it does wait: what it stands for cannot be simulated as one effect.
    """
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    work.close()
    raise RuntimeError("an effect must not wait")


def _answer(answer: asyncio.Future[Any], result: Any) -> None:
    if not answer.done():
        answer.set_result(result)


def _fail(answer: asyncio.Future[Any], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)


def _refused(name: str, *, remote: bool) -> Exception:
    return Unavailable(name.partition(".")[0] if remote else "database", "it cannot be reached")


def _no_answer(name: str, *, remote: bool) -> Exception:
    port = name.partition(".")[0] if remote else "database"
    if name in UNREPEATABLE or (not remote and name in WRITES and name != "inbox.receive"):
        return Unknown(port, "no answer in time")
    return Unavailable(port, "no answer in time")
