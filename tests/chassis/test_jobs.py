"""Jobs: one run at a time across replicas, on schedule, also when the clock is moved by hand."""

import threading
import time
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from chassis.clock import SystemClock
from chassis.config import ConfigFaulty, PartConfig, load_config
from chassis.database import Database
from chassis.jobs import JobParametersFaulty, JobRunner, Jobs, JobUnknown
from chassis.telemetry import Metrics
from tests.chassis.notes import part


@pytest.fixture
def database(database_for):
    return database_for(part)


def runner(database, clock, **resources):
    return JobRunner("notify", database, clock, Metrics("notify"), resources)


def test_job_runs_once_at_a_time(database, clock):
    jobs, running, release = Jobs(), threading.Event(), threading.Event()

    @jobs.job("slow.work")
    def slow(database, *, now):
        running.set()
        release.wait(10)

    one, other = runner(database, clock), runner(database, clock)
    thread = threading.Thread(target=one.run, args=(jobs.find("slow.work"),))
    thread.start()
    assert running.wait(10)
    assert other.run(jobs.find("slow.work")) is False
    release.set()
    thread.join()
    assert other.run(jobs.find("slow.work")) is True


def test_a_shared_job_runs_in_each_replica(database, clock):
    jobs, both = Jobs(), threading.Barrier(2, timeout=10)

    @jobs.job("shared.work", shared=True)
    def shared(database, *, now):
        both.wait()

    thread = threading.Thread(target=runner(database, clock).run, args=(jobs.find("shared.work"),))
    thread.start()
    assert runner(database, clock).run(jobs.find("shared.work")) is True
    thread.join()


def test_lock_is_free_again_after_a_failed_run(database, clock):
    jobs = Jobs()

    @jobs.job("bad.work")
    def bad(database, *, now):
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            runner(database, clock).run(jobs.find("bad.work"))


def test_job_gets_what_its_signature_names(database, clock):
    jobs, seen = Jobs(), []

    @jobs.job("picky.work")
    def picky(database, *, now, mailer, day="today"):
        seen.append((now, mailer, day))

    job = jobs.find("picky.work")
    assert runner(database, clock, mailer="m", unused="u").run(job, day="tomorrow")
    assert seen == [(clock.now(), "m", "tomorrow")]
    with pytest.raises(JobParametersFaulty, match="missing"):
        runner(database, clock).run(job)
    with pytest.raises(JobParametersFaulty, match="unknown"):
        runner(database, clock, mailer="m").run(job, colour="red")


def test_unknown_job_names_the_known():
    with pytest.raises(JobUnknown, match=r"messages\.erase"):
        part.jobs.find("nothing")


def test_two_jobs_of_one_name_are_refused():
    jobs = Jobs()
    jobs.job("a.b")(print)
    with pytest.raises(ValueError, match="two jobs"):
        jobs.job("a.b")(print)


def test_schedule_survives_failures_and_hurries_when_the_clock_is_moved(database, tmp_path):
    jobs, runs, stop = Jobs(), [], threading.Event()
    offset = tmp_path / "offset"

    @jobs.job("daily.work", every_s=3600)
    def daily(database, *, now):
        runs.append(now)
        if len(runs) == 1:
            raise ZeroDivisionError

    run = runner(database, SystemClock(offset))
    thread = threading.Thread(target=run.keep_running, args=(jobs.find("daily.work"), stop))
    thread.start()
    try:
        _wait(lambda: len(runs) == 1)
        offset.write_text(str(30 * 86400))
        _wait(lambda: len(runs) == 2)
        assert runs[1] - runs[0] > timedelta(days=29)
        time.sleep(1.2)
        assert len(runs) == 2
    finally:
        stop.set()
        thread.join()


def _wait(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_old_messages_are_erased_and_young_ones_kept(served):
    import sqlalchemy as sa

    from tests.chassis.example import notes_pb2

    served.run_job("notes.write")
    served.run_job("notes.write")
    with served.database.transaction() as session:
        session.execute(sa.text("UPDATE outbox SET published_at = now()"))
        session.execute(
            sa.text(
                "UPDATE outbox SET published_at = now() - interval '90 hours' "
                "WHERE event_id = (SELECT event_id FROM outbox WHERE type LIKE '%NoteAdded' LIMIT 1)"
            )
        )
    assert served.run_job("messages.erase")
    assert len(served.announced(notes_pb2.NoteAdded)) == 1


def test_an_operator_may_set_another_pace(monkeypatch):
    jobs = Jobs()
    for name, every_s in (("hourly.work", 3600), ("quick.work", 0.5), ("asked.work", None)):
        jobs.job(name, every_s=every_s)(print)
    monkeypatch.setenv("EBOK_JOBS_EVERY_S", "quick.work=0.2, asked.work=60")
    paces = load_config(PartConfig, part="notify").jobs_every_s

    assert {job.name: job.every_s for job in jobs.paced(paces)} == {
        "hourly.work": 3600,
        "quick.work": 0.2,
        "asked.work": 60,
    }
    with pytest.raises(JobUnknown, match="no job is called odd"):
        jobs.paced({"odd.work": 1})


@pytest.mark.parametrize("pace", ["quick.work=0", "quick.work=soon", "quick.work"])
def test_a_pace_is_a_number_of_seconds(monkeypatch, pace):
    monkeypatch.setenv("EBOK_JOBS_EVERY_S", pace)
    with pytest.raises(ConfigFaulty, match="EBOK_JOBS_EVERY_S"):
        load_config(PartConfig, part="notify")


def test_a_job_does_not_hold_what_it_works_with(database):
    """With one connection for work a job still works: its lock is held on another."""
    narrow = Database(database.engine.url.render_as_string(hide_password=False), pool_size=1)
    jobs, seen = Jobs(), []

    @jobs.job("notes.count")
    def count_notes(database: Database, *, now: datetime) -> None:
        with database.transaction() as session:
            seen.append(session.execute(sa.text("SELECT 1")).scalar_one())

    try:
        runner = JobRunner("notes", narrow, SystemClock(), Metrics("notes"), {})
        assert runner.run(jobs.find("notes.count"))
    finally:
        narrow.close()
    assert seen == [1]
