"""The worker behind runs: killed anywhere it goes on, two of them never do the same, numbers have no gap."""

import threading
from uuid import UUID

import pytest
import sqlalchemy as sa
from ebok.billing.v1 import events_pb2, runs_pb2

from chassis.database import Database
from services.billing.domain import calculating, issuing, ledger
from services.billing.jobs import runs as job
from services.billing.storage import runs as stored
from tests.billing.bills import Runs, house, prices

HOUSES = 23


class Killed(BaseException):
    """The process is gone: nothing catches it."""


@pytest.fixture
def runs(served, as_edward) -> Runs:
    return Runs(served, as_edward)


@pytest.fixture
def small_steps(monkeypatch):
    """Five customers at once, so that there is a middle to be killed in."""
    for module, name in ((calculating, "calculate_step"), (issuing, "issue_step")):
        whole = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda *args, _whole=whole, **options: _whole(*args, size=5, **options)
        )


@pytest.fixture
def street(given):
    given.settings()
    prices(given)
    return [house(given) for _ in range(HOUSES)]


def numbers(database: Database) -> list[str]:
    with database.reading() as session:
        statement = sa.text("SELECT number FROM invoices WHERE number IS NOT NULL ORDER BY number")
        return list(session.execute(statement).scalars())


def expected_numbers(count: int) -> list[str]:
    return [f"FV/2026/{number:06d}" for number in range(1, count + 1)]


def test_progress_is_seen_while_a_run_is_calculated(runs, street, database, clock, monkeypatch):
    run = runs.create()
    steps = []
    while True:
        with database.transaction() as session:
            moved = calculating.calculate_step(
                session, UUID(run.run_id), report=print, now=clock.now(), size=5
            )
        steps.append((runs.get(run.run_id).done_count, runs.get(run.run_id).customer_count))
        if not moved:
            break
    assert steps == [(0, 23), (5, 23), (10, 23), (15, 23), (20, 23), (23, 23)]


def test_a_calculation_that_was_killed_goes_on(runs, street, small_steps, monkeypatch):
    run = runs.create()
    real, calls = stored.add_parked, []

    def die_in_the_third_step(session, rows):
        calls.append(rows)
        if len(calls) == 3:
            raise Killed
        real(session, rows)

    monkeypatch.setattr(stored, "add_parked", die_in_the_third_step)
    with pytest.raises(Killed):
        runs.work()
    halfway = runs.get(run.run_id)
    assert (halfway.status, halfway.done_count) == (runs_pb2.RUN_STATUS_CALCULATING, 10)

    runs.work()

    done = runs.get(run.run_id)
    assert (done.status, done.invoice_count) == (runs_pb2.RUN_STATUS_READY, HOUSES)
    assert done.total_gross.grosze == HOUSES * 243_78


def test_issuing_that_was_killed_goes_on_and_nobody_is_issued_twice(
    runs, street, small_steps, monkeypatch, database, announced
):
    run = runs.preview()
    real, calls = ledger.post_charges, []

    def die_in_the_third_step(session, charges, *, now):
        posted = real(session, charges, now=now)
        calls.append(posted)
        if len(calls) == 3:
            raise Killed
        return posted

    monkeypatch.setattr(ledger, "post_charges", die_in_the_third_step)
    with pytest.raises(Killed):
        runs.issue(run.run_id)
    halfway = runs.get(run.run_id)
    assert (halfway.status, halfway.done_count) == (runs_pb2.RUN_STATUS_ISSUING, 10)
    assert halfway.invoice_count == HOUSES
    assert numbers(database) == expected_numbers(10)

    runs.work()

    done = runs.get(run.run_id)
    assert (done.status, done.done_count) == (runs_pb2.RUN_STATUS_ISSUED, HOUSES)
    assert (done.first_number, done.last_number) == ("FV/2026/000001", f"FV/2026/{HOUSES:06d}")
    assert numbers(database) == expected_numbers(HOUSES)
    events = announced(events_pb2.InvoiceIssued)
    assert len({event.customer_id for event in events}) == len(events) == HOUSES
    assert len(announced(events_pb2.BalanceChanged)) == HOUSES
    with database.reading() as session:
        [total] = session.execute(sa.text("SELECT sum(amount) FROM ledger_entries")).scalars()
    assert total == HOUSES * 243_78


def test_two_workers_at_once_issue_everybody_once_and_without_gaps(
    runs, street, small_steps, database, clock, announced
):
    run = runs.preview()
    runs.stub.IssueBillingRun(
        runs_pb2.IssueBillingRunRequest(run_id=run.run_id, invoice_count=run.invoice_count)
    )
    start = threading.Barrier(3)
    faults: list[BaseException] = []

    def work() -> None:
        start.wait()
        try:
            for _ in range(8):  # the function itself: its advisory lock is the runner's, not this one's
                job.advance_runs(database, now=clock.now(), clock=clock)
        except BaseException as fault:  # noqa: BLE001 - told to the test below
            faults.append(fault)

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    runs.work()

    assert faults == []
    assert runs.get(run.run_id).status == runs_pb2.RUN_STATUS_ISSUED
    assert numbers(database) == expected_numbers(HOUSES)
    assert len(announced(events_pb2.InvoiceIssued)) == HOUSES


def test_two_runs_issued_at_once_share_one_series_without_gaps(given, runs, database, clock):
    given.settings()
    prices(given)
    for _ in range(9):
        house(given, {"2025-10-31": "0", "2025-11-30": "6"})
    for _ in range(9):
        house(given, {"2025-11-30": "0", "2025-12-31": "6"}, starts_on="2025-12-01")
    both = [runs.create("2025-11-01", "2025-11-30"), runs.create("2025-12-01", "2025-12-31")]
    runs.work()
    for run in both:
        found = runs.get(run.run_id)
        runs.stub.IssueBillingRun(
            runs_pb2.IssueBillingRunRequest(run_id=run.run_id, invoice_count=found.invoice_count)
        )

    def issue(run_id: str) -> None:
        moved = True
        while moved:
            with database.transaction() as session:
                moved = issuing.issue_step(session, UUID(run_id), now=clock.now(), size=2)

    workers = [threading.Thread(target=issue, args=(run.run_id,)) for run in both]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert {runs.get(run.run_id).status for run in both} == {runs_pb2.RUN_STATUS_ISSUED}
    assert numbers(database) == expected_numbers(18)


def test_what_was_billed_between_preview_and_issue_is_parked_not_issued_twice(given, runs, announced):
    given.settings()
    prices(given)
    house(given, {"2025-10-31": "806", "2025-11-30": "812", "2025-12-31": "818"}, name="Anna Zdrojewska")
    # Both are calculated from the same last reading: whichever is issued second would bill the use again.
    early, late = runs.create("2025-11-01", "2025-11-30"), runs.create("2025-12-01", "2025-12-31")
    runs.work()
    assert runs.issue(late.run_id).status == runs_pb2.RUN_STATUS_ISSUED

    second = runs.issue(early.run_id)

    assert (second.status, second.invoice_count) == (runs_pb2.RUN_STATUS_ISSUED, 0)
    [parked] = runs.parked(early.run_id)
    assert (parked.reason, dict(parked.facts)) == ("ALREADY_BILLED", {"invoice": "FV/2026/000001"})
    assert len(announced(events_pb2.InvoiceIssued)) == 1


def test_a_draft_whose_reading_changed_since_is_parked(given, runs, database):
    given.settings()
    prices(given)
    one = house(given)
    house(given)
    run = runs.preview()
    with database.transaction() as session:
        session.execute(
            sa.text("UPDATE readings SET value = 817 WHERE meter_id = :id AND value = 818"),
            {"id": one.meter.meter_id},
        )
    issued = runs.issue(run.run_id)
    assert (issued.invoice_count, issued.parked_count) == (1, 1)
    [parked] = runs.parked(run.run_id)
    assert (parked.reason, dict(parked.facts)) == (
        "READING_WAITS",
        {"meter": one.meter.serial_number, "read_on": "2025-12-31"},
    )


def test_readings_that_an_invoice_stands_on_are_marked(given, runs, database):
    given.settings()
    prices(given)
    house(given, {"2025-10-31": "806", "2025-12-31": "818", "2026-01-31": "820"})
    runs.bill()
    with database.reading() as session:
        statement = sa.text("SELECT read_on FROM readings WHERE billed_at IS NOT NULL ORDER BY read_on")
        assert [day.isoformat() for day in session.execute(statement).scalars()] == [
            "2025-10-31",
            "2025-12-31",
        ]


def test_a_calculation_that_fails_again_and_again_stops_and_says_why(runs, street, monkeypatch):
    run = runs.create()

    def fail(*args, **options):
        raise ArithmeticError("what it was about is not told")

    monkeypatch.setattr(calculating, "gather", fail)
    for _ in range(job.FAILURES_MAX):
        with pytest.raises(ArithmeticError):
            runs.work()
    failed = runs.get(run.run_id)
    assert (failed.status, failed.failure) == (runs_pb2.RUN_STATUS_FAILED, "ArithmeticError")

    monkeypatch.undo()
    runs.stub.RecalculateBillingRun(runs_pb2.RecalculateBillingRunRequest(run_id=run.run_id))
    runs.work()
    mended = runs.get(run.run_id)
    assert (mended.status, mended.failure, mended.invoice_count) == (runs_pb2.RUN_STATUS_READY, "", HOUSES)


def test_a_run_discarded_while_it_is_calculated_goes_no_further(runs, street, database, clock):
    run = runs.create()
    for _ in range(3):
        with database.transaction() as session:
            calculating.calculate_step(session, UUID(run.run_id), report=print, now=clock.now(), size=5)
    runs.stub.DiscardBillingRun(runs_pb2.DiscardBillingRunRequest(run_id=run.run_id))
    runs.work()
    left = runs.get(run.run_id)
    assert (left.status, left.done_count) == (runs_pb2.RUN_STATUS_DISCARDED, 10)


def test_no_query_is_made_for_a_single_customer(runs, street, database, clock):
    """Whether there are 2 or 23 customers in a step, it makes the same number of queries."""
    run_id = UUID(runs.create().run_id)
    counts: dict[int, int] = {}
    for size in (2, 21):
        statements: list[str] = []

        def note(connection, cursor, statement, parameters, context, executemany, _found=statements):
            _found.append(statement)

        with database.transaction() as session:
            if not counts:
                calculating.calculate_step(session, run_id, report=print, now=clock.now(), size=size)
        sa.event.listen(database.engine, "before_cursor_execute", note)
        with database.transaction() as session:
            calculating.calculate_step(session, run_id, report=print, now=clock.now(), size=size)
        sa.event.remove(database.engine, "before_cursor_execute", note)
        counts[size] = len(statements)
    assert counts[2] == counts[21] <= 13
