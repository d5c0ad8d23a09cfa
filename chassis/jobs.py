"""Work on a schedule. A job may be killed anywhere, may run anywhere and may be run again: it assumes
nothing.

A service registers its jobs; each is called with the database, `now`, and whatever else its signature names:
a resource of the part, or a `key=value` of the command line (a string)::

    jobs = Jobs()

    @jobs.job("reminders.plan", every_s=60)
    def plan_reminders(database: Database, *, now: datetime) -> None:

An advisory lock lets one run of a job go on at a time, across all replicas. A job that shares its work out by itself
(`shared`) runs in each of them.
"""

import inspect
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import TypeVar

from chassis import acts, tracing
from chassis.actors import SYSTEM_ACTOR
from chassis.acts import Act
from chassis.clock import Clock
from chassis.database import Database
from chassis.telemetry import Metrics, describe_fault, logger

LOCK_CLASS = 0x6A6F62  # "job"
CLOCK_JUMP_S = 60.0
TICK_S = 0.5
JobFunction = TypeVar("JobFunction", bound=Callable[..., object])


class JobUnknown(Exception):
    """There is no job of that name; the names there are, are the message."""


class JobParametersFaulty(Exception):
    """The job does not take these parameters, or needs one that was not given."""


@dataclass(frozen=True)
class Job:
    """A named function; `every_s` None means: only when somebody, or a CronJob, asks for it."""

    name: str
    function: Callable[..., object]
    every_s: float | None
    shared: bool = False


class Jobs:
    """The jobs of one part."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}

    def job(
        self, name: str, *, every_s: float | None = None, shared: bool = False
    ) -> Callable[[JobFunction], JobFunction]:
        """Register a function as `<noun>.<verb>`; a `shared` one may run in several replicas at once."""

        def register(function: JobFunction) -> JobFunction:
            if name in self._jobs:
                raise ValueError(f"two jobs are called {name}")
            self._jobs[name] = Job(name, function, every_s, shared)
            return function

        return register

    def include(self, other: "Jobs") -> None:
        """Take over the jobs of another module."""
        for job in other:
            self.job(job.name, every_s=job.every_s, shared=job.shared)(job.function)

    def __iter__(self) -> Iterator[Job]:
        return iter(self._jobs.values())

    def find(self, name: str) -> Job:
        """A job by name. Raises JobUnknown."""
        if name not in self._jobs:
            raise JobUnknown(f"no job is called {name}; there are: {', '.join(sorted(self._jobs))}")
        return self._jobs[name]

    def paced(self, every_s: Mapping[str, float]) -> list[Job]:
        """The periodic jobs, some at another pace than their own. Raises JobUnknown."""
        for name in every_s:
            self.find(name)
        paces = [replace(job, every_s=every_s.get(job.name, job.every_s)) for job in self]
        return [job for job in paces if job.every_s is not None]


class JobRunner:
    """Runs the jobs of one part."""

    def __init__(
        self,
        part: str,
        database: Database,
        clock: Clock,
        metrics: Metrics,
        resources: Mapping[str, object],
    ) -> None:
        self._part = part
        self._database = database
        self._clock = clock
        self._metrics = metrics
        self._resources = resources
        self._log = logger("jobs")

    def run(self, job: Job, /, **parameters: str) -> bool:
        """Run once, unless it runs elsewhere at this moment (then false). What the job raises leaves here."""
        arguments = self._arguments(job, parameters)
        with nullcontext(True) if job.shared else _alone(self._database, job.name) as alone:
            if not alone:
                return False
            started = time.perf_counter()
            outcome = "failed"
            now = self._clock.now()
            with tracing.trace():
                acts.pend(Act(SYSTEM_ACTOR(self._part), job.name, now, changed=True, only_if_written=True))
                try:
                    job.function(self._database, now=now, **arguments)
                    outcome = "done"
                finally:
                    acts.pend(None)
                    seconds = time.perf_counter() - started
                    self._metrics.job_seconds.labels(job.name, outcome).observe(seconds)
                    self._log.debug("job", job=job.name, outcome=outcome, ms=round(seconds * 1000, 1))
        return True

    def keep_running(self, job: Job, stop: threading.Event) -> None:
        """Run a periodic job until told to stop; a failed run is logged and the next one comes in its time."""
        if job.every_s is None:
            return
        next_run = 0.0
        while not stop.is_set():
            before = (time.monotonic(), self._clock.now().timestamp())
            if before[0] >= next_run:
                next_run = before[0] + job.every_s
                try:
                    self.run(job)
                except Exception as fault:  # noqa: BLE001 - one failed run must not end the schedule
                    self._log.error("job failed", job=job.name, **describe_fault(fault))
                before = (time.monotonic(), self._clock.now().timestamp())
            stop.wait(min(TICK_S, job.every_s))
            passed = time.monotonic() - before[0]
            if abs(self._clock.now().timestamp() - before[1] - passed) > CLOCK_JUMP_S:
                next_run = 0.0  # The clock was moved by hand: what is due by it is due now.

    def _arguments(self, job: Job, parameters: Mapping[str, str]) -> dict[str, object]:
        """What the function's signature names, from the resources and the parameters given."""
        wanted = list(inspect.signature(job.function).parameters.values())[1:]
        names = {one.name for one in wanted} - {"now"}
        unknown = sorted(set(parameters) - names)
        arguments: dict[str, object] = {
            name: value for name, value in self._resources.items() if name in names
        }
        arguments.update(parameters)
        missing = sorted(
            one.name
            for one in wanted
            if one.name in names and one.name not in arguments and one.default is inspect.Parameter.empty
        )
        if unknown or missing:
            raise JobParametersFaulty(f"{job.name}: unknown {unknown}, missing {missing}")
        return arguments


@contextmanager
def _alone(database: Database, name: str) -> Iterator[bool]:
    """Hold the job's advisory lock on a connection kept for locks; false when another replica has it."""
    key = zlib.crc32(name.encode()) - 2**31
    lock = {"class": LOCK_CLASS, "key": key}
    with database.locking() as reader:
        [taken] = reader.rows("SELECT pg_try_advisory_lock(%(class)s, %(key)s) AS alone", lock)
        try:
            yield taken.alone
        finally:
            if taken.alone:
                reader.rows("SELECT pg_advisory_unlock(%(class)s, %(key)s)", lock)
