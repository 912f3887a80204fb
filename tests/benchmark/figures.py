"""Figures on a page: medians with their spread, and the target beside them. Nothing here is asserted."""

from __future__ import annotations

import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

_WIDTH = 58


def title(text: str) -> None:
    """Begin a page."""
    print(f"\n{text}\n{'-' * len(text)}")


def figure(name: str, values: Sequence[float], unit: str, *, target: str = "") -> None:
    """One line: the median of some values, the least and the most of them, and what it should be."""
    median, least, most = statistics.median(values), min(values), max(values)
    spread = f"  ({_text(least)} to {_text(most)})" if len(values) > 1 else ""
    aim = f"  target {target}" if target else ""
    print(f"{name:<{_WIDTH}} {_text(median):>8} {unit}{spread}{aim}", flush=True)


def note(text: str) -> None:
    """One line of words."""
    print(text, flush=True)


def _text(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def about_this_machine() -> None:
    """What the figures were measured on: they mean nothing elsewhere."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    note(f"{platform.machine()}, {cores} cores, Python {platform.python_version()}, {platform.system()}")
    figure("one fsync of 4 KiB on this disk", fsync_times(), "ms")


def fsync_times(count: int = 200) -> list[float]:
    """How long the disk takes to make 4 KiB durable, in milliseconds."""
    times = []
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(count):
            file.write(b"x" * 4096)
            file.flush()
            started = perf_counter()
            os.fsync(file.fileno())
            times.append((perf_counter() - started) * 1000)
    return times


def resident_mib(pid: int) -> float:
    """The memory that a process has in hand (RSS), in MiB. Linux only."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise LookupError(pid)


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has used. Linux only."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
