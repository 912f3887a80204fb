"""
Cold start: from starting `bitloot serve` to its first answer.

Target (issue 2): under 1.5 s. The database is there; Python's compiled files are, as after an installation.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path
from time import perf_counter

import aiohttp
from figures import about_this_machine, figure, resident_mib, title

from harness.service import ServiceProcess
from harness.surroundings import Surroundings, surroundings
from harness.system import make_stocked_database
from harness.waiting import eventually


async def first_answer(session: aiohttp.ClientSession, place: Surroundings) -> tuple[float, float]:
    """Start the service and ask until it answers; seconds until then, and the memory that it has in hand."""

    async def answers() -> bool:
        """Whether it is there."""
        try:
            async with session.get(f"{place.url}/health/live") as answer:
                return answer.status == 200
        except aiohttp.ClientConnectionError:
            return False

    service = ServiceProcess(place)
    started = perf_counter()
    starting = asyncio.create_task(service.start())
    await eventually(answers, "the service answers", every=0.002)
    seconds = perf_counter() - started
    await starting
    resident = resident_mib(service.pid)
    await service.stop()
    return seconds, resident


async def main(repeats: int) -> None:
    """Measure and print."""
    title("Cold start of `bitloot serve`")
    about_this_machine()
    with tempfile.TemporaryDirectory(prefix="bitloot-bench-") as folder:
        stocked = make_stocked_database(Path(folder) / "stocked")
        with surroundings(Path(folder) / "service", LOG_LEVEL="info") as place:
            place.database.write_bytes(stocked.read_bytes())
            async with aiohttp.ClientSession() as session:
                await first_answer(session, place)
                seen = [await first_answer(session, place) for _ in range(repeats)]
    figure("to the first answer", [seconds for seconds, _ in seen], "s", target="< 1.5")
    figure("memory by then", [resident for _, resident in seen], "MiB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    asyncio.run(main(parser.parse_args().repeats))
