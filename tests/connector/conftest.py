"""A provider's files, and a real billing for them to come into."""

import csv
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chassis.clock import SystemClock
from chassis.testing.served import Served
from connector.__main__ import app
from services.billing.__main__ import part

ROOT = Path(__file__).resolve().parents[2]
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
        ahead = served.clock.now() - SystemClock().now()
        offset.write_text(str(int(ahead.total_seconds())))
        arguments = ["import", "--mapping", str(mapping), "--source", str(source), "--to", served.address]
        return CliRunner().invoke(app, [*arguments, "--rejects", str(tmp_path / "rejects.csv"), *more])

    return run


class Watching:
    """A connector that watches, as a process of its own."""

    def __init__(self, process: "subprocess.Popen[bytes]", said: Path) -> None:
        self.process = process
        self._said = said

    def said(self) -> str:
        return self._said.read_text(encoding="utf-8", errors="replace")

    def until(self, holds: Callable[[], object], *, seconds: float = 60) -> None:
        """Wait for something to become true; with what the process said when it does not."""
        end = time.monotonic() + seconds
        while not holds():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < end, self.said()
            time.sleep(0.05)

    def until_said(self, words: str, *, times: int = 1) -> None:
        self.until(lambda: self.said().count(words) >= times)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def end(self) -> int:
        """As supervisors do it."""
        self.process.terminate()
        return self.process.wait(20)


@pytest.fixture
def watching(served: Served, keys_dir: Path, tmp_path: Path) -> Iterator[Callable[..., Watching]]:
    """`watching(mapping, source, *options, to=address)`: `connector watch` on the served billing, every second."""
    started: list[Watching] = []

    def start(mapping: Path, source: Path | str, *more: str, to: str = "") -> Watching:
        offset = tmp_path / "clock"
        offset.write_text(str(int((served.clock.now() - SystemClock().now()).total_seconds())))
        environment = os.environ | {
            "EBOK_KEYS_DIR": str(keys_dir),
            "EBOK_ENVIRONMENT": "test",
            "EBOK_CLOCK_OFFSET_FILE": str(offset),
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'gen'}",
            "COLUMNS": "1000",
        }
        said = tmp_path / f"said-{len(started)}.txt"
        command = [
            sys.executable,
            "-m",
            "connector",
            "watch",
            "--mapping",
            str(mapping),
            "--source",
            str(source),
        ]
        options = [
            "--name",
            "odczyty",
            "--every",
            "1s",
            "--settle",
            "1s",
            "--state",
            str(tmp_path / "state.json"),
        ]
        with said.open("wb") as out:
            process = subprocess.Popen(
                [*command, *options, "--to", to or served.address, *more],
                env=environment,
                stderr=out,
                stdout=out,
            )
        started.append(Watching(process, said))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.kill()
