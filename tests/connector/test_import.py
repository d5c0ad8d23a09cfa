"""The connector's command, from files on a disk to rows in billing."""

import csv
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa

from services.billing.storage.meters import Meter
from services.billing.storage.premises import Premises
from services.billing.storage.readings import Reading


def _values(served) -> list[str]:
    with served.database.reading() as session:
        return [
            str(value.normalize())
            for value in session.scalars(sa.select(Reading.value).order_by(Reading.value))
        ]


def _count(served, model) -> int:
    with served.database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model))


def test_files_of_a_windows_program_come_in_with_polish_letters_days_commas_and_litres(
    bring, served, mapping, house
):
    done = bring(mapping, house)

    assert done.exit_code == 0, done.output
    assert "7 new" in done.output
    assert "7/7" in done.output  # The bar at its end.
    assert _values(served) == ["0.7", "12.5"]
    with served.database.reading() as session:
        assert session.scalar(sa.select(Premises.street)) == "Łąkowa"


def test_the_same_files_again_change_nothing(bring, served, mapping, house):
    bring(mapping, house)
    again = bring(mapping, house)

    assert again.exit_code == 0
    assert "0 new, 0 changed, 7 unchanged, 0 refused" in again.output
    assert _count(served, Reading) == 2


def test_a_dry_run_counts_and_keeps_nothing(bring, served, mapping, house):
    done = bring(mapping, house, "--dry-run")

    assert "dry run" in done.output
    assert _count(served, Meter) == 0
    assert bring(mapping, house).exit_code == 0
    assert _count(served, Meter) == 2


def test_a_column_the_mapping_does_not_know_is_refused_and_nothing_comes_in(
    bring, served, mapping, house, write
):
    write(
        "lokale.csv",
        ["ID", "ULICA", "NR", "KOD", "MIASTO", "PESEL"],
        [["L1", "Polna", "7", "57-000", "Zdrój", "1"]],
    )

    done = bring(mapping, house)

    assert done.exit_code == 1
    assert "PESEL" in done.output
    assert _count(served, Premises) == 0


def test_bad_rows_are_named_with_their_reasons_and_the_good_ones_come_in(
    bring, served, mapping, house, write, tmp_path
):
    write(
        "odczyty.csv",
        ["WODOMIERZ", "DATA", "STAN", "JAK", "UWAGI"],
        [["W1", "31.01.2026", "x", "R", ""], ["W9", "31.01.2026", "5", "R", ""], ["W2", "31.02.2026", "5", "", ""],
         ["W2", "31.01.2026", "700", "", ""], ["W1", "01.02.2026", "=1+1", "R", ""]],
    )  # fmt: skip

    done = bring(mapping, house)

    assert done.exit_code == 2, done.output
    assert _values(served) == ["0.7"]
    with (tmp_path / "rejects.csv").open(encoding="utf-8", newline="") as file:
        rejects = list(csv.DictReader(file))
    assert [(row["kind"], row["row_number"]) for row in rejects] == [
        ("readings", n) for n in ("1", "2", "3", "5")
    ]
    assert "value: MALFORMED (x)" in rejects[0]["reasons"]
    assert "UNKNOWN_METER" in rejects[1]["reasons"]
    assert "read_on" in rejects[2]["reasons"]


def test_a_broken_import_goes_on_where_it_stopped(bring, served, mapping, house, monkeypatch):
    from connector import sending

    streamed: list[str] = []
    real = sending._stream

    def break_after_first(stub, import_id, some):
        if streamed:
            raise KeyboardInterrupt
        streamed.append(import_id)
        return real(stub, import_id, some)

    monkeypatch.setattr(sending, "BATCHES_PER_STREAM", 2)
    monkeypatch.setattr(sending, "_stream", break_after_first)
    bring(mapping, house, "--batch-rows", "1")
    assert _count(served, Premises) == 1
    assert _count(served, Reading) == 0

    monkeypatch.setattr(sending, "_stream", real)
    done = bring(mapping, house, "--batch-rows", "1")

    assert done.exit_code == 0, done.output
    assert f"import {streamed[0]}" in done.output
    assert "7 new" in done.output
    assert _count(served, Reading) == 2


def test_a_broken_import_loses_no_row_when_it_goes_on_with_larger_batches(
    bring, served, mapping, house, monkeypatch
):
    from connector import sending

    real = sending._stream
    streams: list[Any] = []

    def break_after_first(stub, import_id, some):
        if streams:
            raise KeyboardInterrupt
        streams.append(some)
        return real(stub, import_id, some)

    monkeypatch.setattr(sending, "BATCHES_PER_STREAM", 2)
    monkeypatch.setattr(sending, "_stream", break_after_first)
    bring(mapping, house, "--batch-rows", "1")
    monkeypatch.setattr(sending, "_stream", real)

    done = bring(mapping, house, "--batch-rows", "1000")

    assert done.exit_code == 0, done.output
    assert "7 new" in done.output
    assert (_count(served, Meter), _count(served, Reading)) == (2, 2)


def test_a_row_with_more_cells_than_columns_is_refused_not_cut(bring, served, mapping, house, tmp_path):
    with (house / "lokale.csv").open("a", encoding="cp1250") as file:
        file.write("L2;Polna;7;57-000;Zdrój;;\nL3;Polna;lokal;7;57-000;Zdrój\n")

    done = bring(mapping, house)

    assert done.exit_code == 2, done.output
    assert _count(served, Premises) == 2  # Empty cells at the end say nothing.
    with (tmp_path / "rejects.csv").open(encoding="utf-8", newline="") as file:
        [reject] = csv.DictReader(file)
    assert (reject["row_number"], reject["external_id"]) == ("3", "L3")
    assert "TOO_MANY_CELLS" in reject["reasons"]


def test_a_workbook_comes_in_sheet_by_sheet(bring, served, tmp_path):
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Lokale")
    sheet.append(["ID", "Ulica", "Numer", "Miasto"])
    sheet.append([17, "Źródlana", 4, "Zdrój"])
    book.save(tmp_path / "dane.xlsx")
    mapping = tmp_path / "m.yaml"
    mapping.write_text(
        "version: 1\ntables:\n  - rows: premises\n    from: Lokale\n"
        "    columns: {external_id: ID, street: Ulica, building: Numer, town: Miasto, postcode: {constant: 57-000}}\n"
    )

    done = bring(mapping, tmp_path / "dane.xlsx")

    assert done.exit_code == 0, done.output
    with served.database.reading() as session:
        assert session.execute(sa.select(Premises.external_id, Premises.street, Premises.building)).one() == (
            "17",
            "Źródlana",
            "4",
        )


def test_a_view_of_a_database_comes_in(bring, served, tmp_path):
    url = f"sqlite:///{tmp_path / 'erp.db'}"
    with sa.create_engine(url).begin() as connection:
        connection.execute(
            sa.text("CREATE TABLE adresy (id INTEGER, ulica TEXT, nr TEXT, kod TEXT, miasto TEXT)")
        )
        connection.execute(
            sa.text("INSERT INTO adresy VALUES (:i, 'Polna', :n, '57-000', 'Zdrój')"),
            [{"i": index, "n": str(index)} for index in range(2500)],
        )
        connection.execute(sa.text("CREATE VIEW v_lokale AS SELECT * FROM adresy ORDER BY id"))
    mapping = tmp_path / "m.yaml"
    mapping.write_text(
        "version: 1\ntables:\n  - rows: premises\n    from: v_lokale\n"
        "    columns: {external_id: id, street: ulica, building: nr, postcode: kod, town: miasto}\n"
    )

    first = bring(mapping, url)
    assert first.exit_code == 0, first.output
    assert "2500/2500" in first.output
    assert bring(mapping, url).exit_code == 0
    assert _count(served, Premises) == 2500


def test_a_broken_import_from_a_database_goes_on_by_its_id_in_the_order_of_its_ids(
    bring, served, tmp_path, monkeypatch
):
    from connector import sending

    url = f"sqlite:///{tmp_path / 'erp.db'}"
    backwards = [{"i": f"{index:02}", "n": str(index)} for index in reversed(range(1, 11))]
    with sa.create_engine(url).begin() as connection:
        connection.execute(sa.text("CREATE TABLE adresy (id TEXT, nr TEXT, miasto TEXT)"))
        connection.execute(sa.text("INSERT INTO adresy VALUES (:i, :n, 'Zdrój')"), backwards)
    mapping = tmp_path / "m.yaml"
    mapping.write_text(
        "version: 1\ntables:\n  - rows: premises\n    from: adresy\n"
        "    columns: {external_id: id, building: nr, town: miasto}\n"
    )
    real = sending._stream
    streamed: list[str] = []

    def break_after_first(stub, import_id, some):
        if streamed:
            raise KeyboardInterrupt
        streamed.append(import_id)
        return real(stub, import_id, some)

    monkeypatch.setattr(sending, "BATCHES_PER_STREAM", 1)
    monkeypatch.setattr(sending, "_stream", break_after_first)
    bring(mapping, url, "--batch-rows", "3")
    monkeypatch.setattr(sending, "_stream", real)
    with served.database.reading() as session:
        came = list(session.scalars(sa.select(Premises.external_id).order_by(Premises.external_id)))
    assert came == ["01", "02", "03"]

    done = bring(mapping, url, "--continue", streamed[0])

    assert f"import {streamed[0]}" in done.output
    assert "10 new" in done.output, done.output
    assert _count(served, Premises) == 10


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 2\ntables: []", "version"),
        ("tables: [", "is not YAML"),
        ("version: 1\ntables:\n  - rows: people\n    columns: {a: b}", "one of premises"),
        (
            "version: 1\ntables:\n  - rows: premises\n    columns: {external_id: ID, colour: B}",
            "no such fields",
        ),
        (
            "version: 1\ntables:\n  - rows: premises\n    columns: {external_id: ID}",
            "without a column: building, town",
        ),
        ("version: 1\nsecret: 1\ntables: []", "secret"),
    ],
)
def test_a_faulty_mapping_is_refused_with_the_place(bring, house, tmp_path, text, said):
    mapping = tmp_path / "bad.yaml"
    mapping.write_text(text)

    done = bring(mapping, house)

    assert done.exit_code == 1
    assert said in done.output.replace("\n", " ")


def test_what_cannot_be_read_is_said_in_a_sentence(bring, mapping, house, tmp_path):
    assert "no such file" in bring(mapping, tmp_path / "nowhere").output
    (house / "lokale.csv").write_bytes(b"ID;ULICA;NR;KOD;MIASTO\n1;\x81\x98;1;1;1\n")
    assert "is not cp1250" in bring(mapping, house).output.replace("\n", " ")
    assert "no database URL" in bring(mapping, "nosuch://host/db").output.replace("\n", " ")


def test_billing_that_is_away_is_said_in_a_sentence(bring, mapping, house, served, monkeypatch):
    monkeypatch.setattr("connector.sending.WAIT_S_MAX", 0.01)
    served.server.drain(0)

    done = bring(mapping, house)

    assert done.exit_code == 1
    assert "start the same command again" in done.output.replace("\n", " ")


def test_a_place_where_rejects_cannot_be_written_is_told_before_anything_comes_in(
    bring, served, mapping, house, tmp_path
):
    done = bring(mapping, house, "--rejects", str(tmp_path / "nowhere" / "rejects.csv"))

    assert done.exit_code == 1
    assert "refused rows cannot be written there" in done.output.replace("\n", " ")
    assert _count(served, Premises) == 0


def test_the_directory_one_stands_in_is_a_source_too(bring, served, mapping, house, monkeypatch):
    monkeypatch.chdir(house)
    assert bring(mapping, ".").exit_code == 0
    assert _count(served, Premises) == 1


def test_rejects_cannot_carry_a_formula(tmp_path: Path):
    from connector.rejects import harmless

    assert harmless("=HYPERLINK(1)") == "'=HYPERLINK(1)"
    assert harmless("Łąkowa 7") == "Łąkowa 7"
