"""Only what changed at the source: from files and databases, by the time given or since the last import."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connector.deltas import Boundary
from connector.mapping import Changed
from services.billing.storage.imports import Import
from services.billing.storage.premises import Premises

COLUMNS = "columns: {external_id: id, building: nr, town: miasto}"


@pytest.fixture
def mapped(tmp_path: Path) -> Callable[..., Path]:
    """`mapped("changed: zmiana")`: a mapping of addresses with one more line."""

    def write(changed: str, *, origin: str = "from: adresy", columns: str = COLUMNS) -> Path:
        path = tmp_path / "m.yaml"
        path.write_text(
            f"version: 1\ntables:\n  - rows: premises\n    {origin}\n    {columns}\n    {changed}\n"
        )
        return path

    return write


def _houses(served: Any) -> list[str]:
    with served.database.reading() as session:
        return list(session.scalars(sa.select(Premises.external_id).order_by(Premises.external_id)))


def _imports(served: Any) -> list[Any]:
    with served.database.reading() as session:
        return list(session.scalars(sa.select(Import).order_by(Import.started_at, Import.import_id)))


def _csv(path: Path, rows: list[tuple[str, str, str]]) -> Path:
    path.write_text("id,nr,miasto,zmiana\n" + "".join(f"{i},{n},Zdrój,{z}\n" for i, n, z in rows))
    return path


def test_of_a_file_come_the_rows_that_changed_and_those_that_do_not_say(bring, served, mapped, tmp_path):
    file = _csv(
        tmp_path / "adresy.csv",
        [
            ("before", "1", "2026-11-01 06:59:59"),
            ("at", "2", "2026-11-01 07:00:00"),  # 06:00 UTC
            ("after", "3", "2026-11-02 00:00:00"),
            ("silent", "4", ""),
            ("odd", "5", "wczoraj"),
            ("abroad", "6", "2026-11-01T06:00:00+00:00"),
            ("abroad-before", "7", "2026-11-01T06:30:00+01:00"),
        ],
    )

    done = bring(mapped("changed: zmiana"), file, "--since", "2026-11-01T06:00")

    assert done.exit_code == 0, done.output
    assert _houses(served) == ["abroad", "after", "at", "odd", "silent"]
    [kept] = _imports(served)
    assert kept.since == datetime(2026, 11, 1, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    "origin", ["from: adresy", "query: SELECT * FROM adresy WHERE nr <> '0' ORDER BY id DESC"]
)
def test_of_a_database_come_the_rows_that_changed(bring, served, mapped, tmp_path, origin):
    url = f"sqlite:///{tmp_path / 'erp.db'}"
    with sa.create_engine(url).begin() as connection:
        connection.execute(sa.text("CREATE TABLE adresy (id TEXT, nr TEXT, miasto TEXT, zmiana TEXT)"))
        connection.execute(
            sa.text("INSERT INTO adresy VALUES (:i, '1', 'Zdrój', :z)"),
            [
                {"i": "old", "z": "2020-01-01 00:00:00"},
                {"i": "before", "z": "2026-11-01 06:59:00"},
                {"i": "at", "z": "2026-11-01 07:00:00"},
                {"i": "other", "z": "2026-11-01T09:00"},
                {"i": "silent", "z": None},
            ],
        )

    done = bring(mapped("changed: zmiana", origin=origin), url, "--since", "2026-11-01T06:00")

    assert done.exit_code == 0, done.output
    assert _houses(served) == ["at", "other", "silent"]


@pytest.mark.parametrize(
    ("kind", "came"),
    [
        ("timestamptz", ["at", "null"]),
        ("timestamp", ["at", "null"]),
        ("timestamp(0)", ["at", "null"]),
        ("date", ["at", "before", "null"]),  # Both are of that day.
    ],
)
def test_postgresql_compares_in_its_own_types(bring, served, mapped, database_url_for, kind, came):
    from services.billing.__main__ import part

    url = database_url_for(part)
    asked: list[tuple[str, Any]] = []
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("SET LOCAL timezone TO 'Europe/Warsaw'"))
        connection.execute(sa.text(f"CREATE TABLE adresy (id text, nr text, miasto text, zmiana {kind})"))
        connection.execute(
            sa.text(f"INSERT INTO adresy VALUES (:i, '1', 'Zdrój', CAST(:z AS {kind}))"),  # noqa: S608 - our own word
            [
                {"i": "before", "z": "2026-11-01 06:59:59"},
                {"i": "at", "z": "2026-11-01 07:00:00"},
                {"i": "day-before", "z": "2026-10-31 12:00:00"},
                {"i": "null", "z": None},
            ],
        )

    @sa.event.listens_for(sa.Engine, "before_cursor_execute")
    def hear(_connection, _cursor, statement, parameters, *_more):
        if "FROM adresy" in statement and ">=" in statement:
            asked.append((statement, parameters))

    try:
        done = bring(mapped("changed: zmiana"), url, "--since", "2026-11-01T06:00")
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", hear)

    assert done.exit_code == 0, done.output
    assert _houses(served) == came
    # In the query, as a parameter.
    assert asked
    assert all("2026" not in statement and parameters for statement, parameters in asked)


def test_since_last_asks_for_what_changed_since_the_last_complete_import_began(
    bring, served, mapped, tmp_path
):
    now = served.clock.now()

    def stamp(before: timedelta) -> str:
        return (now - before).isoformat()

    mapping, state = mapped("changed: zmiana"), tmp_path / "state.json"
    options = ("--since", "last", "--state", str(state))
    file = _csv(
        tmp_path / "adresy.csv", [("a", "1", stamp(timedelta(days=9))), ("b", "1", stamp(timedelta(hours=1)))]
    )
    first = bring(mapping, file, *options)
    assert first.exit_code == 0, first.output
    assert _houses(served) == ["a", "b"]
    assert _imports(served)[0].since is None

    # A row that was on its way while the first one read is not lost; the old ones do not come again.
    _csv(
        file,
        [
            ("a", "2", stamp(timedelta(days=9))),
            ("c", "1", stamp(timedelta(minutes=5))),
            ("d", "1", stamp(timedelta())),
        ],
    )
    served.clock.advance(timedelta(minutes=30))
    again = bring(mapping, file, *options)

    assert "2 new, 0 changed" in again.output, again.output
    assert _houses(served) == ["a", "b", "c", "d"]
    newest = _imports(served)[-1]
    assert timedelta(minutes=9) < now - newest.since < timedelta(minutes=11)


def test_only_a_complete_import_of_the_same_source_and_mapping_is_the_last(
    bring, served, mapped, tmp_path, monkeypatch
):
    from connector import sending

    mapping, state = mapped("changed: zmiana"), tmp_path / "state.json"
    file = _csv(tmp_path / "adresy.csv", [("a", "1", "2020-01-01"), ("b", "1", "2020-01-01")])
    options = ("--since", "last", "--state", str(state), "--batch-rows", "1")

    def broken(*_):
        raise KeyboardInterrupt

    real = sending._stream
    monkeypatch.setattr(sending, "_stream", broken)
    bring(mapping, file, *options)
    monkeypatch.setattr(sending, "_stream", real)
    assert not state.exists()

    assert "2 new" in bring(mapping, file, *options, "--dry-run").output
    assert not state.exists()
    assert "2 new" in bring(mapping, file, *options).output
    assert "0 new, 0 changed, 0 unchanged" in bring(mapping, file, *options).output
    other = _csv(tmp_path / "inne.csv", [("c", "1", "2020-01-01")])
    assert "1 new" in bring(mapping, other, *options).output
    mapped("changed: {column: zmiana, zone: UTC}")
    assert "2 unchanged" in bring(mapping, file, *options).output


@pytest.mark.parametrize(
    ("changed", "options", "said"),
    [
        ("ignore: [zmiana]", ["--since", "2026-11-01"], "no table of the mapping says with `changed`"),
        ("changed: zmiana", ["--since", "last"], "needs --state"),
        ("changed: zmiana", ["--since", "gestern"], "neither `last` nor a time"),
        ("changed: {column: zmiana, zone: Zdrój}", ["--since", "2026-11-01"], "zone"),
        ("changed: kiedy", ["--since", "2026-11-01"], "kiedy"),
    ],
)
def test_what_cannot_be_meant_is_said(bring, served, mapped, tmp_path, changed, options, said):
    done = bring(mapped(changed), _csv(tmp_path / "adresy.csv", [("a", "1", "2026-12-01")]), *options)

    assert done.exit_code == 1
    assert said in done.output.replace("\n", " ")
    assert _houses(served) == []


@pytest.mark.parametrize("text", ["{", '{"version": 2}', '{"version": 1, "sources": {"a": {"b": 1}}}'])
def test_a_state_that_is_none_is_not_overwritten(bring, mapped, tmp_path, text):
    state = tmp_path / "state.json"
    state.write_text(text)

    done = bring(
        mapped("changed: zmiana"), _csv(tmp_path / "a.csv", []), "--since", "last", "--state", str(state)
    )

    assert done.exit_code == 1
    assert "is no state of a connector" in done.output.replace("\n", " ")
    assert state.read_text() == text


def test_a_crash_while_the_state_is_written_leaves_the_old_one(tmp_path, monkeypatch):
    from connector import state as states

    path = tmp_path / "state.json"
    with states.open_state(path) as state:
        state.of("a").content = "one"
        state.save()
        state.of("a").content = "two"

        def dies(*_):
            raise KeyboardInterrupt

        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(states.os, "fsync", dies)
            state.save()

    assert json.loads(path.read_text())["sources"]["a"]["content"] == "one"
    with states.open_state(path) as state:
        assert state.of("a").content == "one"


@pytest.mark.parametrize(
    ("value", "form", "comes"),
    [
        ("2026-10-25 01:29", None, False),
        ("2026-10-25 02:10", None, True),  # May be the second 02:10, an hour after the first.
        (datetime(2026, 10, 25, 2, 10), None, True),  # noqa: DTZ001
        (datetime(2026, 10, 25, 0, 10, tzinfo=UTC), None, False),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), None, True),
        ("2026-10-25", None, True),
        (date(2026, 10, 25), None, True),
        (date(2026, 10, 24), None, False),
        ("25.10.2026", "%d.%m.%Y", True),
        ("24.10.2026", "%d.%m.%Y", False),
        ("25.10.2026 02", "%d.%m.%Y %H", True),
        ("25.10.2026 00", "%d.%m.%Y %H", False),
        ("2026-10-25 00:20+0000", "%Y-%m-%d %H:%M%z", False),
        ("2026-10-25 00:40+0000", "%Y-%m-%d %H:%M%z", True),
        (None, None, True),
        (17, None, True),
    ],
)
def test_no_row_is_lost_to_a_clock_that_goes_back_or_a_time_written_roughly(value, form, comes):
    # 02:30 of the hour that is shown twice, the first time, and some seconds.
    since = datetime(2026, 10, 25, 0, 30, 40, tzinfo=UTC)

    assert Boundary(since, Changed(column="z", format=form)).lets(value) is comes
