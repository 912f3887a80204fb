"""
The doorbell over taskiq: it carries the ids of jobs that are due, and nothing else.

A message that gets lost costs seconds, because workers look for due jobs by themselves too; one that comes twice finds
the job claimed. So there are no results, no retries, no schedules and no acknowledgements to rely on here.

In one process `build_broker`; between processes `build_redis_broker`, with a `TaskiqNotifier` where jobs are made and
a `RingListener` where they are done.
"""

from bitloot_adapters.taskiq.embedded import EmbeddedBroker, build_broker
from bitloot_adapters.taskiq.listener import RingListener
from bitloot_adapters.taskiq.notifier import TaskiqNotifier
from bitloot_adapters.taskiq.redis import build_redis_broker
from bitloot_adapters.taskiq.tasks import RUN_JOB, register_run_job

__all__ = [
    "RUN_JOB",
    "EmbeddedBroker",
    "RingListener",
    "TaskiqNotifier",
    "build_broker",
    "build_redis_broker",
    "register_run_job",
]
