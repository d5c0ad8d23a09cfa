"""A provider's files, and a real billing for them to come into."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chassis.testing.served import Served
from connector.__main__ import app
from services.billing.__main__ import part

MAPPING = """
version: 1
tables:
  - rows: readings
    from: odczyty.csv
    encoding: cp1250
    delimiter: ";"
    columns:
      meter_external_id: WODOMIERZ
      read_on: {column: DATA, date: "%d.%m.%Y"}
      value: {column: STAN, decimal: ",", scale: 0.001}
      kind: {column: JAK, values: {R: remote, I: actual}, otherwise: actual}
    ignore: [UWAGI]
  - rows: premises
    from: lokale.csv
    encoding: cp1250
    delimiter: ";"
    columns: {external_id: ID, street: ULICA, building: NR, postcode: KOD, town: MIASTO}
  - rows: service_points
    from: punkty.csv
    delimiter: ";"
    columns: {external_id: ID, premises_external_id: LOKAL, commodity: {constant: water}}
  - rows: meters
    from: liczniki.csv
    delimiter: ";"
    columns:
      external_id: ID
      service_point_external_id: PUNKT
      serial_number: NUMER
      installed_on: {column: OD, date: "%d.%m.%Y"}
"""


@pytest.fixture
def served(serving: Callable[..., Served]) -> Served:
    return serving(part)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """`write("name.csv", head, rows)`: a CSV file of the provider's, in the directory of the source."""
    source = tmp_path / "source"
    source.mkdir()

    def put(name: str, head: list[str], rows: list[list[Any]], *, encoding: str = "cp1250") -> Path:
        with (source / name).open("w", encoding=encoding, newline="") as file:
            out = csv.writer(file, delimiter=";")
            out.writerow(head)
            out.writerows(rows)
        return source / name

    return put


@pytest.fixture
def house(write: Callable[..., Path]) -> Path:
    """Two meters with a reading each."""
    write("lokale.csv", ["ID", "ULICA", "NR", "KOD", "MIASTO"], [["L1", "Łąkowa", "7", "57-000", "Zdrój"]])
    write("punkty.csv", ["ID", "LOKAL"], [["P1", "L1"], ["P2", "L1"]])
    write("liczniki.csv", ["ID", "PUNKT", "NUMER", "OD"],
          [["W1", "P1", "881", "01.02.2020"], ["W2", "P2", "882", "01.02.2020"]])  # fmt: skip
    return write(
        "odczyty.csv",
        ["WODOMIERZ", "DATA", "STAN", "JAK", "UWAGI"],
        [["W1", "31.01.2026", "12 500,0", "R", ""], ["W2", "31.01.2026", "700", "", "pies"]],
    ).parent


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "mapping.yaml"
    path.write_text(MAPPING, encoding="utf-8")
    return path


@pytest.fixture
def bring(
    served: Served, keys_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """`bring(mapping, source)`: the command line, against the served billing and its clock."""
    monkeypatch.setenv("EBOK_KEYS_DIR", str(keys_dir))
    monkeypatch.setenv("EBOK_ENVIRONMENT", "test")
    offset = tmp_path / "clock"
    monkeypatch.setenv("EBOK_CLOCK_OFFSET_FILE", str(offset))

    def run(mapping: Path, source: Path | str, *more: str) -> Any:
        from chassis.clock import SystemClock

        ahead = served.clock.now() - SystemClock().now()
        offset.write_text(str(int(ahead.total_seconds())))
        arguments = ["import", "--mapping", str(mapping), "--source", str(source), "--to", served.address]
        return CliRunner().invoke(app, [*arguments, "--rejects", str(tmp_path / "rejects.csv"), *more])

    return run
