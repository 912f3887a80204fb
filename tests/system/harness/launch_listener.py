"""
Starts a worker that listens to the doorbell and does nothing else: no database, no vendors.

Arguments: the address of Redis, how many jobs run at a time, `quick` or `hang` (a job never ends by itself), the grace
at the end and the time after which messages are taken over, in seconds. It writes lines: `listening`, `began N`,
`done N`, `cancelled N`, and at the end `stopped`.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from bitloot_adapters.taskiq import RingListener, build_redis_broker
from bitloot_core.values.ids import JobId
from bitloot_http.serving import told_to_stop

STREAM = "rings"


def say(line: str) -> None:
    """One line, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def quick(job_id: JobId) -> None:
    """Do a job that takes no time."""
    say(f"began {job_id}")
    say(f"done {job_id}")


async def hang(job_id: JobId) -> None:
    """Begin a job that never ends by itself."""
    say(f"began {job_id}")
    try:
        await asyncio.Event().wait()
    finally:
        say(f"cancelled {job_id}")


async def main(url: str, concurrency: str, job: str, grace: str, take_over_after: str) -> None:
    """Listen until told to stop."""
    broker = build_redis_broker(
        url,
        stream=STREAM,
        block=timedelta(milliseconds=100),
        take_over_after=timedelta(seconds=float(take_over_after)),
        forget_after=timedelta(seconds=float(take_over_after)),
    )
    run = {"quick": quick, "hang": hang}[job]
    listener = RingListener(broker, run, concurrency=int(concurrency))
    async with told_to_stop() as stopped:
        await broker.startup()
        listener.start()
        say("listening")
        await stopped.wait()
        await listener.stop(grace=timedelta(seconds=float(grace)))
        await broker.shutdown()
    say("stopped")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
