"""`connector watch` as a real process over a real billing: killed, kept waiting, and told to end."""

import json
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from ebok.billing.v1 import imports_pb2 as pb
from ebok.billing.v1.imports_pb2_grpc import ImportServiceStub

from services.billing.__main__ import part
from services.billing.storage.feeds import Feed
from services.billing.storage.imports import Import, ImportStatus
from services.billing.storage.meters import Meter
from services.billing.storage.premises import Premises
from services.billing.storage.readings import Reading

HOUSES = "id,nr,miasto\n"


@pytest.fixture
def houses(tmp_path: Path) -> Path:
    """A mapping of addresses, in files or a table."""
    path = tmp_path / "houses.yaml"
    path.write_text(
        'version: 1\ntables:\n  - rows: premises\n    from: adresy\n    file: "adresy-*.csv"\n'
        "    columns: {external_id: id, building: nr, town: miasto}\n"
    )
    return path


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    path = tmp_path / "inbox"
    path.mkdir()
    return path


@pytest.fixture
def imports(served: Any) -> Callable[[], list[Any]]:
    """The imports in the order in which they were first seen here: billing's clock stands still."""
    seen: list[Any] = []

    def found() -> list[Any]:
        with served.database.reading() as session:
            now = {one.import_id: one for one in session.scalars(sa.select(Import))}
        seen.extend(import_id for import_id in now if import_id not in seen)
        return [now[import_id] for import_id in seen]

    return found


@pytest.fixture
def count(served: Any) -> Callable[[Any], int]:
    def rows(model: Any) -> int:
        with served.database.reading() as session:
            return int(session.scalar(sa.select(sa.func.count()).select_from(model)) or 0)

    return rows


def _finished(imports: Callable[[], list[Any]], many: int) -> Callable[[], bool]:
    return lambda: [one.status for one in imports()] == [ImportStatus.FINISHED] * many


def test_files_come_in_as_they_appear_in_the_order_of_reference_and_once(
    watching, mapping, house, imports, count, write
):
    watcher = watching(mapping, house)
    watcher.until_said("brought", times=4)
    brought = [line.split(":")[0] for line in watcher.said().splitlines() if ": brought" in line]
    assert brought == ["lokale.csv", "punkty.csv", "liczniki.csv", "odczyty.csv"]
    assert {one.feed for one in imports()} == {"odczyty"}
    assert sum(one.rejected_count for one in imports()) == 0
    assert (count(Meter), count(Reading)) == (2, 2)

    # What none of the tables names stays where it is.
    write("notatki.csv", ["A"], [["1"]])
    (house / ".odczyty.csv").write_text("half")
    (house / "odczyty.csv").touch()
    write(
        "odczyty.csv",
        ["WODOMIERZ", "DATA", "STAN", "JAK", "UWAGI"],
        [
            ["W1", "31.01.2026", "12 500,0", "R", ""],
            ["W2", "31.01.2026", "800", "", ""],
            ["W2", "28.02.2026", "900", "", ""],
        ],
    )
    watcher.until(_finished(imports, 5))
    newest = imports()[-1]
    assert (newest.created_count, newest.changed_count, newest.unchanged_count) == (1, 1, 1)
    assert watcher.end() == 0
    assert "stopped" in watcher.said()
    assert (house / "odczyty.csv").exists()


def test_a_source_with_nothing_new_is_touched_and_nothing_is_imported(
    watching, served, houses, inbox, imports
):
    (inbox / "adresy-1.csv").write_text(f"{HOUSES}a,1,Zdrój\n")
    watcher = watching(houses, inbox)
    watcher.until(_finished(imports, 1))

    def looked_at() -> Any:
        with served.database.reading() as session:
            return session.scalar(sa.select(Feed.looked_at))

    before = looked_at()
    served.clock.advance(timedelta(seconds=90))
    watcher.until(lambda: looked_at() > before)
    assert len(imports()) == 1
    with served.database.reading() as session:
        assert session.execute(sa.select(Feed.feed, Feed.every_s)).all() == [("odczyty", 1)]

    # Also a new process knows what was brought.
    watcher.kill()
    again = watching(houses, inbox)
    moved = looked_at()
    served.clock.advance(timedelta(seconds=5))
    again.until(lambda: looked_at() > moved)
    assert len(imports()) == 1


def test_a_file_that_is_being_written_is_left_until_it_stands_still(watching, houses, inbox, imports, count):
    watcher = watching(houses, inbox)
    with (inbox / "adresy-1.csv").open("w") as file:
        file.write(HOUSES)
        for number in range(30):
            file.write(f"h{number},{number},Zdrój\n")
            file.flush()
            assert imports() == []
            time.sleep(0.1)
    watcher.until(_finished(imports, 1))
    assert imports()[0].created_count == 30
    assert count(Premises) == 30


def test_a_faulty_file_is_said_and_keeps_nothing_else_away(watching, served, houses, inbox, imports):
    (inbox / "adresy-1.csv").write_text("id,nr,miasto,pesel\na,1,Zdrój,2\n")
    (inbox / "adresy-2.csv").write_text(f"{HOUSES}b,1,Zdrój\n")

    watcher = watching(houses, inbox)
    watcher.until(_finished(imports, 1))
    watcher.until_said("columns the mapping does not know: pesel", times=2)

    (inbox / "adresy-1.csv").write_text(f"{HOUSES}a,1,Zdrój\n")
    watcher.until(_finished(imports, 2))
    assert watcher.process.poll() is None


@pytest.mark.parametrize("blow", ["kill", "end"])
def test_a_watch_that_dies_in_the_middle_goes_on_where_it_stopped(
    watching, houses, inbox, imports, count, blow
):
    many = 40_000
    (inbox / "adresy-1.csv").write_text(HOUSES + "".join(f"h{one},{one},Zdrój\n" for one in range(many)))
    watcher = watching(houses, inbox, "--batch-rows", "200")
    watcher.until(lambda: any(one.done_count > 0 for one in imports()))
    getattr(watcher, blow)()
    [broken] = imports()
    assert broken.status is ImportStatus.RUNNING
    assert 0 < broken.done_count < many

    again = watching(houses, inbox)
    again.until(_finished(imports, 1), seconds=120)

    [done] = imports()
    assert done.import_id == broken.import_id
    assert (done.done_count, done.created_count, count(Premises)) == (many, many, many)


def _erp(url: str, *, changed: bool) -> sa.Engine:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        stamp = ", zmiana timestamp" if changed else ""
        connection.execute(sa.text(f"CREATE TABLE adresy (id text, nr text, miasto text{stamp})"))
    return engine


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_a_database_is_asked_for_what_changed(
    watching, served, tmp_path, imports, count, database_url_for, backend
):
    url = f"sqlite:///{tmp_path / 'erp.db'}" if backend == "sqlite" else database_url_for(part)
    mapping = tmp_path / "m.yaml"
    mapping.write_text(
        "version: 1\ntables:\n  - rows: premises\n    from: adresy\n    changed: {column: zmiana, zone: UTC}\n"
        "    columns: {external_id: id, building: nr, town: miasto}\n"
    )
    engine = _erp(url, changed=True)
    fresh, old = served.clock.now().replace(tzinfo=None), "2020-01-01 00:00:00"

    def say(external_id: str, number: str, stamp: Any) -> None:
        with engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM adresy WHERE id = :i"), {"i": external_id})
            connection.execute(
                sa.text("INSERT INTO adresy VALUES (:i, :n, 'Zdrój', :z)"),
                {"i": external_id, "n": number, "z": str(stamp)},
            )

    say("a", "1", old)
    say("b", "1", old)
    watcher = watching(mapping, url)
    watcher.until(_finished(imports, 1))
    assert (imports()[0].created_count, imports()[0].since) == (2, None)

    say("b", "2", fresh)
    say("c", "1", fresh)
    watcher.until(_finished(imports, 2))
    second = imports()[1]
    assert (second.created_count, second.changed_count, second.unchanged_count) == (1, 1, 0)
    assert second.since is not None
    watcher.kill()

    # What changed while nobody watched comes at the next start.
    say("d", "1", fresh)
    again = watching(mapping, url)
    again.until(lambda: count(Premises) == 4)
    again.until(lambda: imports()[-1].status is ImportStatus.FINISHED)
    assert again.end() == 0
    assert "Traceback" not in again.said()


def test_a_view_that_does_not_say_what_changed_is_brought_whole_when_it_says_something_new(
    watching, tmp_path, houses, imports
):
    url = f"sqlite:///{tmp_path / 'erp.db'}"
    engine = _erp(url, changed=False)
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO adresy VALUES ('a', '1', 'Zdrój'), ('b', '1', 'Zdrój')"))
    watcher = watching(houses, url)
    watcher.until(_finished(imports, 1))

    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE adresy SET nr = '2' WHERE id = 'a'"))
    watcher.until(_finished(imports, 2))
    assert (imports()[1].changed_count, imports()[1].unchanged_count) == (1, 1)


def test_an_import_from_a_database_that_broke_off_is_closed_when_the_database_says_something_else(
    watching, tmp_path, houses, imports, count
):
    url = f"sqlite:///{tmp_path / 'erp.db'}"
    engine = _erp(url, changed=False)
    many = 30_000
    with engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO adresy VALUES (:i, '1', 'Zdrój')"),
            [{"i": f"{one:06}"} for one in range(many)],
        )
    watcher = watching(houses, url, "--batch-rows", "200")
    watcher.until(lambda: any(one.done_count > 0 for one in imports()))
    watcher.kill()
    assert imports()[0].done_count < many
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM adresy WHERE id = '000000'"))

    again = watching(houses, url)
    again.until(_finished(imports, 2), seconds=120)

    broken, whole = imports()
    assert broken.done_count < many
    assert whole.done_count == many - 1
    assert count(Premises) == many


def test_billing_that_is_away_is_waited_for(watching, serving, served, houses, inbox, imports):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    (inbox / "adresy-1.csv").write_text(f"{HOUSES}a,1,Zdrój\n")
    watcher = watching(houses, inbox, to=address)
    watcher.until(lambda: "watching" in watcher.said())
    time.sleep(3)
    assert imports() == []

    serving(part, database=served.database, listen=address)
    watcher.until(_finished(imports, 1))
    assert watcher.end() == 0


def test_an_import_stopped_from_the_console_is_not_begun_again(
    watching, served, as_edward, houses, inbox, imports
):
    (inbox / "adresy-1.csv").write_text(HOUSES + "".join(f"h{one},{one},Zdrój\n" for one in range(40_000)))
    watcher = watching(houses, inbox, "--batch-rows", "100")
    watcher.until(lambda: any(one.done_count > 0 for one in imports()))
    watcher.kill()
    [broken] = imports()
    stub = served.stub(ImportServiceStub, as_edward)
    stub.CancelImport(pb.CancelImportRequest(import_id=str(broken.import_id)))

    again = watching(houses, inbox)
    again.until_said("stopped from the console")
    again.end()
    assert [one.import_id for one in imports()] == [broken.import_id]


def test_one_state_is_used_by_one_connector(watching, houses, inbox, tmp_path):
    first = watching(houses, inbox)
    first.until_said("watching")
    second = watching(houses, inbox)
    assert second.process.wait(30) == 1
    assert "another connector is using it" in second.said()
    assert first.end() == 0
    assert not (tmp_path / "state.json").exists() or json.loads((tmp_path / "state.json").read_text())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--every", "0s"], "every: 0s is no span"),
        (["--every", "soon"], "every: soon is no span"),
        (["--every", "400d"], "every: 400d is no span"),
        (["--name", " "], "name: between 1 and 100"),
        (["--source", "/nowhere"], "no such directory"),
        (["--source", "nosuch://host/db"], "no database URL"),
        (["--state", "/nowhere/state.json"], "cannot be kept there"),
        (["--mapping", "/nowhere.yaml"], "cannot be read"),
    ],
)
def test_a_watch_that_cannot_begin_says_why(watching, houses, inbox, options, said):
    watcher = watching(houses, inbox, *options)
    assert watcher.process.wait(30) == 1
    assert said in watcher.said().replace("\n", " ")
