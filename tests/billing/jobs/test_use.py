"""The worker behind use charts: whatever happens to it, each day comes out once and adds up to what was read."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from chassis.ids import new_id
from chassis.testing.fixtures import TEST_INSTANT
from services.billing.domain import deriving_use, imports
from services.billing.jobs.use import derive_use
from services.billing.storage import daily_use as stored
from tests.billing.given import day

METERS = 23


class Killed(BaseException):
    """The process is gone: nothing catches it."""


@pytest.fixture
def meters(given):
    """Read each month of a year: 12 m³ and 365 days each."""
    found = [given.meter() for _ in range(METERS)]
    for meter in found:
        for month in range(1, 13):
            given.reading(meter, f"2025-{month:02d}-01", str(month))
    return found


@pytest.fixture
def small_steps(monkeypatch):
    """Five meters at once, so that there is a middle to be killed in."""
    monkeypatch.setattr(deriving_use, "MARKS_AT_ONCE_MAX", 5)


@pytest.fixture
def ask(database):
    def one(statement: str):
        with database.reading() as session:
            return session.execute(sa.text(statement)).all()

    return one


def sums(ask) -> list[tuple[int, Decimal]]:
    """Days and use of each meter."""
    return [tuple(row) for row in ask("SELECT count(*), sum(used) FROM daily_use GROUP BY meter_id")]


EXPECTED = [(334, Decimal("11.000000"))] * METERS


def test_days_add_up_to_what_was_read_and_no_mark_is_left(served, meters, ask):
    assert ask("SELECT count(*) FROM use_to_derive") == [(METERS,)]

    served.run_job("use.derive")

    assert sums(ask) == EXPECTED
    assert ask("SELECT count(*) FROM use_to_derive") == [(0,)]


def test_it_waits_for_an_import_that_brings_rows_but_not_for_one_that_broke_off_or_takes_long(
    served, meters, ask, database, clock
):
    def start():
        with database.transaction() as session:
            return imports.start(
                session,
                new_id(),
                source="odczyty.csv",
                dry_run=False,
                row_count=0,
                as_of=None,
                since=None,
                feed="",
                every=None,
                now=clock.now(),
            )

    import_ = start()
    served.run_job("use.derive")
    assert sums(ask) == []

    with database.transaction() as session:
        imports.finish(session, import_.import_id, now=clock.now())
    served.run_job("use.derive")
    assert sums(ask) == EXPECTED

    broken = start()
    clock.advance(imports.STILL_COMING)
    with database.reading() as session:
        assert not imports.is_coming(session, now=clock.now())
    with database.transaction() as session:
        imports.take_batch(session, broken.import_id, batch_number=1, rows=[], now=clock.now())
    with database.reading() as session:
        assert imports.is_coming(session, now=clock.now())
    clock.advance(imports.SPARED_MAX)
    with database.transaction() as session:
        imports.take_batch(session, broken.import_id, batch_number=2, rows=[], now=clock.now())
    with database.reading() as session:
        assert not imports.is_coming(session, now=clock.now())


def test_it_leaves_no_act_in_the_log(served, meters, ask):
    served.run_job("use.derive")

    assert ask("SELECT count(*) FROM outbox") == [(0,)]


def test_killed_in_the_middle_it_goes_on(meters, small_steps, ask, database, clock, monkeypatch):
    whole, calls = stored.replace_days, []

    def replace(*args):
        whole(*args)
        calls.append(args)
        if len(calls) == 3:
            raise Killed

    monkeypatch.setattr(stored, "replace_days", replace)
    with pytest.raises(Killed):
        derive_use(database, now=clock.now())
    assert len(sums(ask)) == 10

    derive_use(database, now=clock.now())
    assert sums(ask) == EXPECTED


def test_two_at_once_do_each_meter_once(meters, small_steps, ask, database):
    both = threading.Barrier(2, timeout=20)
    done: list[int] = []

    def work():
        with database.transaction() as session:
            both.wait()
            count = deriving_use.derive_step(session)
            both.wait()  # Neither has committed: what one has locked, the other has passed over.
        while count:
            done.append(count)
            with database.transaction() as session:
                count = deriving_use.derive_step(session)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)

    assert sum(done) == METERS
    assert sums(ask) == EXPECTED


def test_what_comes_while_it_derives_is_derived_next(given, meters, ask, database):
    late = threading.Thread(target=lambda: given.reading(meters[0], "2026-01-01", "100"))
    with database.transaction() as session:
        assert deriving_use.derive_step(session) == METERS
        late.start()
        late.join(timeout=1)
        assert late.is_alive()  # It waits for the mark.
    late.join(timeout=20)

    assert ask("SELECT from_day FROM use_to_derive") == [(day("2026-01-01"),)]
    with database.transaction() as session:
        assert deriving_use.derive_step(session) == 1
    assert sorted(sums(ask))[-1] == (365, Decimal("99.000000"))


def test_a_mark_comes_with_the_change_or_not_at_all(given, meters, ask, database):
    derive_use(database, now=TEST_INSTANT)
    with database.transaction() as session:
        session.execute(
            sa.text("UPDATE readings SET value = value + 1, billed_at = now() WHERE read_on = '2025-12-01'")
        )
        session.rollback()
    with database.transaction() as session:
        session.execute(sa.text("UPDATE readings SET billed_at = now(), note = 'seen'"))
    assert ask("SELECT count(*) FROM use_to_derive") == [(0,)]

    with database.transaction() as session:
        session.execute(sa.text("UPDATE readings SET value = value + 1 WHERE read_on = '2025-12-01'"))
    assert ask("SELECT count(*) FROM use_to_derive") == [(METERS,)]
    derive_use(database, now=TEST_INSTANT)
    assert sums(ask) == [(334, Decimal("12.000000"))] * METERS


def test_only_what_follows_the_reading_before_is_written_anew(given, ask, database):
    meter = given.meter()
    for read_on, value in (("2025-01-01", "0"), ("2025-02-01", "31"), ("2025-03-01", "59")):
        given.reading(meter, read_on, value)
    derive_use(database, now=TEST_INSTANT)
    before = dict(ask("SELECT day, xmin::text FROM daily_use"))

    given.reading(meter, "2025-02-15", "59")
    derive_use(database, now=TEST_INSTANT)

    after = dict(ask("SELECT day, xmin::text FROM daily_use"))
    kept = {one for one in before if before[one] == after[one]}
    assert kept == {day("2025-01-02") + timedelta(days=number) for number in range(31)}
    assert ask("SELECT sum(used) FROM daily_use WHERE day > '2025-02-15'") == [(Decimal("0.000000"),)]


def test_digits_set_right_say_how_much_a_meter_rolled_over(given, ask, database):
    meter = given.meter(digits=6)
    given.reading(meter, "2025-01-01", "99990")
    given.reading(meter, "2025-01-11", "10")
    derive_use(database, now=TEST_INSTANT)
    assert ask("SELECT sum(used) FROM daily_use") == [(Decimal("900020.000000"),)]

    with database.transaction() as session:
        session.execute(sa.text("UPDATE meters SET digits = 5"))
    derive_use(database, now=TEST_INSTANT)

    assert ask("SELECT sum(used) FROM daily_use") == [(Decimal("20.000000"),)]


def test_a_meter_with_more_days_than_a_step_takes_is_taken_alone(meters, ask, database, monkeypatch):
    monkeypatch.setattr(deriving_use, "DAYS_AT_ONCE_MAX", 100)

    with database.transaction() as session:
        assert deriving_use.derive_step(session) == 1
    derive_use(database, now=TEST_INSTANT)

    assert sums(ask) == EXPECTED
