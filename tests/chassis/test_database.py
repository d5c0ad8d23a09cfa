"""Transactions, refusals of the database, column types, migrations that race."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psycopg
import pytest
import sqlalchemy as sa

from chassis import acts
from chassis.actors import SYSTEM_ACTOR
from chassis.acts import Act
from chassis.database import (
    LOCKS_KEPT,
    Database,
    DatabaseAway,
    DatabaseBusy,
    asking_in,
    migrate,
    schema_differences,
)
from chassis.ids import new_id
from chassis.keyset import Window, fetch_page
from chassis.messaging import outbox
from chassis.money import Money
from chassis.testing.cast import ANNA_CUSTOMER
from tests.chassis.example import notes_pb2
from tests.chassis.notes import Base, Note, OutboxRow, add, part


@pytest.fixture
def database(database_for):
    return database_for(part)


def count(database, table="note"):
    with database.reading() as session:
        return session.scalar(sa.text(f"SELECT count(*) FROM {table}"))  # noqa: S608 - a test's own word


def test_transaction_is_all_or_nothing(database, clock):
    with pytest.raises(ZeroDivisionError), database.transaction() as session:
        add(session, "c", "lost", now=clock.now())
        raise ZeroDivisionError
    assert (count(database), count(database, "outbox")) == (0, 0)
    with database.transaction() as session:
        add(session, "c", "kept", now=clock.now())
    assert (count(database), count(database, "outbox")) == (1, 1)


def test_transaction_of_plain_statements_is_all_or_nothing(database):
    add = "INSERT INTO note (note_id, customer_id, text, written_at) VALUES (%(id)s, 'c', %(text)s, now())"
    with pytest.raises(ZeroDivisionError), database.writing() as writing:
        writing.run(add, {"id": new_id(), "text": "lost"})
        raise ZeroDivisionError
    with pytest.raises(psycopg.errors.UniqueViolation), database.writing() as writing:
        for text in ("lost", "lost, too"):
            writing.run(add, {"id": ANNA_CUSTOMER, "text": text})
    assert count(database) == 0
    with database.writing() as writing:
        writing.run(add, {"id": new_id(), "text": "kept"})
        assert count(database) == 0
    assert count(database) == 1


def test_plain_statements_see_what_the_session_has_to_write_and_fall_with_it(database, clock):
    asked = "SELECT text FROM note"
    with pytest.raises(ZeroDivisionError), database.transaction() as session:
        add(session, "c", "seen", now=clock.now())
        assert [row.text for row in asking_in(session).rows(asked, {})] == ["seen"]
        asking_in(session).run("UPDATE note SET text = 'changed'", {})
        raise ZeroDivisionError
    assert count(database) == 0


def test_act_of_plain_statements_is_written_with_them_and_once(database, clock):
    act = Act(SYSTEM_ACTOR("example"), "test", clock.now(), changed=True)
    acts.pend(act)
    try:
        with pytest.raises(ZeroDivisionError), database.writing():
            raise ZeroDivisionError
        assert count(database, "outbox") == 0
        for _ in range(2):
            with database.writing():
                pass
    finally:
        acts.pend(None)
    assert act.recorded
    assert count(database, "outbox") == 1


def test_plain_transaction_that_loses_its_connection_is_away_and_the_next_is_not(database):
    with pytest.raises(DatabaseAway), database.writing() as writing:
        writing.rows("SELECT pg_terminate_backend(pg_backend_pid())", {})
    with pytest.raises(DatabaseAway), database.transaction() as session:
        asking_in(session).rows("SELECT pg_terminate_backend(pg_backend_pid())", {})
    assert count(database) == 0


@pytest.mark.parametrize("door", ["reading", "transaction"])
def test_connection_that_ended_while_it_lay_there_is_not_lent_again(database, door):
    pid = "SELECT pg_backend_pid() AS pid"
    with database.reading() as session:
        [lying] = asking_in(session).rows(pid, {})
    with psycopg.connect(database.engine.url.set(drivername="postgresql").render_as_string(False)) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (lying.pid,))
    with pytest.raises(DatabaseAway), getattr(database, door)() as session:
        asking_in(session).rows(pid, {})
    with getattr(database, door)() as session:
        assert asking_in(session).rows(pid, {})[0].pid != lying.pid


def test_money_and_instants_come_back_as_they_were(database, clock):
    with database.transaction() as session:
        note = add(session, "c", "x", now=clock.now())
    with database.reading() as session:
        read = session.get(Note, note.note_id)
        assert (read.price, read.written_at) == (Money(123), clock.now())
        assert read.written_at.utcoffset().total_seconds() == 0
        total = session.scalar(sa.select(sa.func.sum(Note.price, type_=Note.price.type)))
        assert total == Money(123)


def test_columns_refuse_bare_numbers_and_naive_instants(database, clock):
    for values in ({"price": 5}, {"written_at": clock.now().replace(tzinfo=None)}):
        row = {"note_id": new_id(), "customer_id": "c", "text": "x", "price": None, "written_at": clock.now()}
        with pytest.raises(sa.exc.StatementError), database.transaction() as session:
            session.add(Note(**{**row, **values}))


def test_announcement_without_a_key_or_too_large_is_a_bug(database):
    with database.transaction() as session:
        with pytest.raises(ValueError, match="key"):
            outbox.announce(session, OutboxRow, notes_pb2.Unheard(), key="")
        with pytest.raises(ValueError, match="bytes"):
            outbox.announce(session, OutboxRow, notes_pb2.Unheard(text="x" * 300_000), key="k")


def test_subject_version_is_in_the_event(database, announced, clock):
    with database.transaction() as session:
        add(session, "c", "x", now=clock.now())
    assert [event.version for event in announced(notes_pb2.NoteAdded)] == [1]


def test_wait_for_a_lock_ends_as_busy(database_url_for, clock):
    database = Database(database_url_for(part), lock_timeout_s=0.2)
    with database.transaction() as session:
        note = add(session, "c", "x", now=clock.now())
    with database.transaction() as holder:
        holder.execute(sa.select(Note).with_for_update())
        started = time.monotonic()
        with pytest.raises(DatabaseBusy), database.transaction() as session:
            session.get(Note, note.note_id, with_for_update=True)
        assert time.monotonic() - started < 2
    database.close()


def test_long_statement_ends_as_busy(database_url_for):
    database = Database(database_url_for(part), statement_timeout_s=0.2)
    with pytest.raises(DatabaseBusy), database.reading() as session:
        session.execute(sa.text("SELECT pg_sleep(5)"))
    database.close()


def test_exhausted_pool_is_busy(database_url_for, monkeypatch):
    database = Database(database_url_for(part), pool_size=1)
    monkeypatch.setattr(database.engine.pool, "_timeout", 0.1)
    with database.transaction() as session:
        session.execute(sa.text("SELECT 1"))
        with pytest.raises(DatabaseBusy), database.reading() as second:
            second.execute(sa.text("SELECT 1"))
    database.close()


def test_absent_database_is_away_and_not_ready():
    database = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    with pytest.raises(DatabaseAway), database.transaction() as session:
        session.execute(sa.text("SELECT 1"))
    with pytest.raises(DatabaseAway), database.asking():
        pass
    assert not database.answers()


def test_connection_that_died_while_idle_is_replaced(database, monkeypatch):
    monkeypatch.setattr("chassis.lending.IDLE_CHECK_S", 0.0)
    assert count(database) == 0
    with database.reading() as session:
        own = session.scalar(sa.text("SELECT pg_backend_pid()"))
    with database.engine.connect() as connection:
        pids = connection.scalars(
            sa.text(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        ).all()
    assert own
    assert pids is not None
    killer = Database(database.engine.url.render_as_string(hide_password=False))
    with killer.transaction() as session:
        session.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    assert count(database) == 0
    killer.close()


def test_a_reader_answers_rows_with_names(database, clock):
    with database.transaction() as session:
        note = add(session, "c", "x", now=clock.now())
    with database.asking() as reader:
        [row] = reader.rows("SELECT * FROM note WHERE customer_id = %(customer)s", {"customer": "c"})
        assert reader.rows("SELECT 1 FROM note WHERE text = %(text)s", {"text": "' OR true --"}) == []
        asked = "SELECT %(b)s::int - %(a)s::int AS less, %(b)s::int %% 3 AS rest, '%%' AS sign"
        assert reader.rows(asked, {"a": 2, "b": 10, "c": 0}) == [(8, 1, "%")]
    assert (row.note_id, row.text, row.price, row.written_at) == (note.note_id, "x", 123, clock.now())


def test_a_connection_is_for_reads_and_transactions_in_turn(database_url_for, clock):
    database = Database(database_url_for(part), pool_size=1)
    for _ in range(2):
        with database.asking() as reader:
            assert reader.rows("SELECT 1 AS one", {})[0].one == 1
        with pytest.raises(ZeroDivisionError), database.transaction() as session:
            add(session, "c", "lost", now=clock.now())
            raise ZeroDivisionError
        with database.reading() as session:
            assert session.scalar(sa.text("SELECT count(*) FROM note")) == 0
    database.close()


def test_a_reader_that_waits_too_long_is_busy_and_costs_no_place(database_url_for, monkeypatch):
    database = Database(database_url_for(part), pool_size=1, statement_timeout_s=0.2)
    monkeypatch.setattr(database.engine.pool, "_timeout", 0.1)
    for _ in range(2):
        with pytest.raises(DatabaseBusy), database.asking() as reader:
            reader.rows("SELECT pg_sleep(5)", {})
    with database.asking(), pytest.raises(DatabaseBusy), database.asking():
        pass
    with pytest.raises(psycopg.errors.UndefinedTable), database.asking() as reader:
        reader.rows("SELECT 1 FROM nothing_of_ours", {})
    with database.asking() as reader:
        assert reader.rows("SELECT 1", {})
    database.close()


def connections(reader):
    asked = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user"
    return [row.pid for row in reader.rows(asked, {})]


def test_many_share_few_connections_and_nobody_is_forgotten(database_url_for):
    database = Database(database_url_for(part), pool_size=2, lock_timeout_s=1)

    def ask_often(number: int) -> int:
        for turn in range(100):
            if (number + turn) % 3:
                with database.asking() as reader:
                    reader.rows("SELECT pg_sleep(0.0002)", {})
            else:
                with database.reading() as session:
                    session.execute(sa.text("SELECT 1"))
        return number

    with ThreadPoolExecutor(12) as threads:
        assert list(threads.map(ask_often, range(12))) == [*range(12)]
    with database.asking() as one, database.asking() as other:
        assert {*connections(one)} == {*connections(other)}
        assert len(connections(one)) == 2
    database.close()


def test_of_many_connections_for_locks_few_are_kept(database_url_for):
    database = Database(database_url_for(part), pool_size=2)
    with ExitStack() as held:
        for _ in range(10):
            held.enter_context(database.locking())
    until = time.monotonic() + 5  # PostgreSQL takes a moment to see one off.
    with database.locking() as reader:
        while len(connections(reader)) > LOCKS_KEPT and time.monotonic() < until:
            time.sleep(0.01)
        assert len(connections(reader)) == LOCKS_KEPT
    database.close()


def test_after_one_lost_connection_a_reader_asks_on_new_ones(database):
    url = database.engine.url.render_as_string(hide_password=False)
    with database.asking(), database.asking(), database.asking():
        pass  # Three connections lie in the pool, too fresh to be checked.
    killer = Database(url)
    with killer.transaction() as session:
        session.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    killer.close()
    with pytest.raises(DatabaseAway), database.asking() as reader:
        reader.rows("SELECT 1", {})
    for _ in range(3):
        with database.asking() as reader:
            assert reader.rows("SELECT 1", {})


def test_a_reader_is_not_lent_a_connection_that_died_while_idle(database, monkeypatch):
    monkeypatch.setattr("chassis.lending.IDLE_CHECK_S", 0.0)
    with database.asking() as reader:
        died = reader.rows("SELECT pg_backend_pid() AS pid", {})[0].pid
    with psycopg.connect(database.engine.url.set(drivername="postgresql").render_as_string(False)) as killer:
        killer.execute("SELECT pg_terminate_backend(%s, 5000)", (died,))
    with database.asking() as reader:
        assert reader.rows("SELECT pg_backend_pid() AS pid", {})[0].pid != died


def test_numbers_without_gaps_hold_under_many_threads(database):
    with database.transaction() as session:
        session.execute(sa.text("CREATE TABLE series (year int PRIMARY KEY, last int NOT NULL)"))
        session.execute(sa.text("CREATE TABLE used (number int PRIMARY KEY)"))
    statement = sa.text(
        "INSERT INTO series VALUES (2026, 1) ON CONFLICT (year) DO UPDATE SET last = series.last + 1 RETURNING last"
    )

    def take(turn: int) -> None:
        try:
            with database.transaction() as session:
                number = session.scalar(statement)
                session.execute(sa.text("INSERT INTO used VALUES (:n)"), {"n": number})
                if turn % 5 == 0:
                    raise ZeroDivisionError  # noqa: TRY301 - a roll-back in the middle
        except ZeroDivisionError:
            return

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(take, range(200)))
    with database.reading() as session:
        assert session.scalars(sa.text("SELECT number FROM used ORDER BY 1")).all() == list(range(1, 161))


def test_replicas_that_migrate_at_once_do_not_collide(database_url_for):
    url = database_url_for(None)
    faults: list[BaseException] = []

    def run() -> None:
        try:
            migrate(url, part.migrations)
        except BaseException as fault:  # noqa: BLE001 - counted below
            faults.append(fault)

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert schema_differences(url, Base.metadata) == []


def test_act_table_is_the_services_own_outbox(database):
    assert str(ANNA_CUSTOMER)
    assert outbox.ANY_OUTBOX.name == OutboxRow.__table__.name
    assert {one.name for one in outbox.ANY_OUTBOX.columns} == {
        one.name for one in OutboxRow.__table__.columns
    }


@pytest.mark.parametrize("descending", [False, True])
def test_pages_by_key_show_each_row_once_both_ways(database, clock, descending):
    with database.transaction() as session:
        for number in range(23):
            add(session, f"c{number % 3}", f"{number:02}", now=clock.now())
    statement, keys = sa.select(Note.customer_id, Note.text), [Note.customer_id, Note.text]

    def read(window):
        with database.reading() as session:
            return fetch_page(session, statement, keys=keys, window=window, descending=descending)

    page = read(Window(size=5))
    pages = [page]
    while page.more_after:
        page = read(Window(size=5, after=tuple(page.rows[-1])))
        pages.append(page)
    forward = [tuple(row) for one in pages for row in one.rows]
    assert forward == sorted(forward, reverse=descending)
    assert len(set(forward)) == len(forward) == 23

    back = read(Window(size=5, before=tuple(pages[-1].rows[0])))
    assert [tuple(row) for row in back.rows] == [tuple(row) for row in pages[-2].rows]
    assert (pages[0].more_before, pages[-1].more_before) == (False, True)
