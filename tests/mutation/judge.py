"""
Judges small changes to the core: `make mutants`. Each should be noticed by a test; those that are not are listed.

The tests are loaded and run once, and who comes by at which line is written down. Then, for each change, the process
forks, puts the changed function in the place of the other, and runs the tests that come by, quickest first, until one
fails. Each verdict is a line in a file as soon as it is there, so that a run which was stopped goes on where it was.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FunctionType
from typing import NoReturn

import attrs
import coverage
import pytest
from _pytest.runner import runtestprotocol
from mutations import Mutation, mutated
from verdicts import KILLED, NO_TEST, SURVIVED, Ledger, Verdict

_MOST_MEMORY = 4 * 2**30
_MOST_WALL_SECONDS = 120
_SAY_EVERY = 100

_Seen = Mapping[Path, Mapping[int, list[str]]]
"""The tests that come by at each line of each module."""
_Functions = Mapping[tuple[str, str], list[FunctionType]]
"""The functions that run the code of a name in a file."""


@attrs.frozen(kw_only=True)
class Limits:
    """
    How much is tried on one change.

    Attributes:
        seconds: how long the tests may take together that are run for one change; at least one is run.
        processes: how many changes are tried at once.
    """

    seconds: float
    processes: int


@attrs.define(kw_only=True)
class Judge:
    """
    A plugin of pytest, which judges changes instead of the program.

    Args:
        sources: the packages that are changed.
        mutations: what is to be judged.
        say: tells a person how far it is.

    Attributes:
        seconds, items: how long each test takes, and the test itself, by its name; one that fails by itself has none.
    """

    sources: tuple[Path, ...]
    mutations: tuple[Mutation, ...]
    ledger: Ledger
    limits: Limits
    say: Callable[[str], object]
    seconds: dict[str, float] = attrs.field(factory=dict, init=False)
    items: dict[str, pytest.Item] = attrs.field(factory=dict, init=False)
    _running: dict[int, tuple[Mutation, Path]] = attrs.field(factory=dict, init=False)
    _counts: Counter[str] = attrs.field(factory=Counter, init=False)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run each test once, and then those that matter for each change."""
        seen = self._walk(session.items)
        functions = functions_of(self.sources)
        gc.collect()
        gc.freeze()  # so that a child does not copy all memory when it looks for what can be thrown away
        for mutation in self.mutations:
            tests = self.tests_of(mutation, seen.get(mutation.path, {}))
            if tests:
                self._start(mutation, tests, functions)
            else:
                self._settle(mutation, {"verdict": NO_TEST})
        while self._running:
            self._wait()
        return True

    def _walk(self, items: list[pytest.Item]) -> _Seen:
        self.say(f"Running {len(items)} tests once, to see where they come by ...")
        seen = coverage.Coverage(data_file=None, source=[str(source) for source in self.sources], config_file=False)
        seen.start()
        for item, following in zip(items, [*items[1:], None], strict=True):
            seen.switch_context(item.nodeid)
            began = time.process_time()
            reports = runtestprotocol(item, log=False, nextitem=following)
            self.seconds[item.nodeid] = time.process_time() - began
            if any(report.failed for report in reports):
                self.say(f"fails by itself, and is left out: {item.nodeid}")
            else:
                self.items[item.nodeid] = item
        seen.stop()
        data = seen.get_data()
        return {Path(name): data.contexts_by_lineno(name) for name in data.measured_files()}

    def tests_of(self, mutation: Mutation, seen: Mapping[int, list[str]]) -> list[str]:
        """The tests that come by at a change, quickest first, as many as fit into the time, and at least one."""
        first, last = mutation.lines
        names = {name for line in range(first, last + 1) for name in seen.get(line, ()) if name in self.items}
        spent = 0.0
        some: list[str] = []
        for name in sorted(names, key=lambda name: (self.seconds[name], name)):
            spent += self.seconds[name]
            if some and spent > self.limits.seconds:
                break
            some.append(name)
        return some

    def _start(self, mutation: Mutation, tests: list[str], functions: _Functions) -> None:
        while len(self._running) >= self.limits.processes:
            self._wait()
        answer = self.ledger.path.with_name(f"answer-{mutation.name.replace('/', '.')}")
        pid = os.fork()
        if pid == 0:
            self._be(mutation, tests, functions, answer)
        self._running[pid] = (mutation, answer)

    def _be(self, mutation: Mutation, tests: list[str], functions: _Functions, answer: Path) -> NoReturn:
        """Be the changed program, to the end of this process."""
        try:
            silent = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silent, 1)
            os.dup2(silent, 2)
            _limit(sum(self.seconds[name] for name in tests))
            gc.disable()
            swap(mutation, functions)
            answer.write_text(json.dumps(self._verdict(tests)), encoding="utf-8")
            os._exit(0)
        except BaseException as error:  # noqa: BLE001 - nothing of it may reach the process that judges
            answer.write_text(json.dumps({"verdict": "error", "by": repr(error)}), encoding="utf-8")
            os._exit(1)

    def _verdict(self, tests: list[str]) -> dict[str, str]:
        for name, following in zip(tests, [*tests[1:], None], strict=True):
            nextitem = None if following is None else self.items[following]
            if any(report.failed for report in runtestprotocol(self.items[name], log=False, nextitem=nextitem)):
                return {"verdict": KILLED, "by": name}
        return {"verdict": SURVIVED}

    def _wait(self) -> None:
        pid, _ = os.wait()
        if pid in self._running:
            mutation, answer = self._running.pop(pid)
            # Without an answer it was ended by a limit: a change that never comes to an end is noticed.
            said = json.loads(answer.read_text(encoding="utf-8")) if answer.exists() else {"verdict": KILLED}
            answer.unlink(missing_ok=True)
            self._settle(mutation, said)

    def _settle(self, mutation: Mutation, said: dict[str, str]) -> None:
        self.ledger.add(Verdict(name=mutation.name, what=mutation.what, **said))
        self._counts[said["verdict"]] += 1
        if self._counts.total() % _SAY_EVERY == 0:
            told = ", ".join(f"{count} {word}" for word, count in self._counts.most_common())
            self.say(f"{self._counts.total()} of {len(self.mutations)}: {told}")


def _limit(usual_seconds: float) -> None:
    """A change may take ten times as long as the program; what goes on for longer, or waits for ever, is ended."""
    cpu = int(5 + 10 * usual_seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 5))
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    signal.alarm(_MOST_WALL_SECONDS)


def swap(mutation: Mutation, functions: _Functions) -> None:
    """
    Put the changed function in the place of the other, wherever that is used.

    Raises:
        LookupError: nothing of that name runs here.
    """
    users = functions.get((str(mutation.path), mutation.where), [])
    if not users:
        raise LookupError(f"{mutation.where} runs nowhere")
    new = mutated(mutation.path, mutation.where, mutation.number)
    for function in users:
        function.__code__ = new


def functions_of(sources: tuple[Path, ...]) -> _Functions:
    """Every function that runs now and was written in one of these packages; a name may have several."""
    found: dict[tuple[str, str], list[FunctionType]] = {}
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and Path(one.__code__.co_filename).parent in sources:
            found.setdefault((one.__code__.co_filename, one.__code__.co_qualname), []).append(one)
    return found
