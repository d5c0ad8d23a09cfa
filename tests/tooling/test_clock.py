"""`make clock` moves the one clock that every part reads."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chassis.clock import SystemClock
from deploy.local.clock import moved, read_offset, write_offset
from deploy.local.suite import ROOT

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("before", "words", "after"),
    [(0, "+30", 30), (30, "+30", 60), (30, "-1", 29), (30, "0", 0), (30, "7", 7), (0, "-3", -3)],
)
def test_a_sign_moves_and_a_number_sets(before: int, words: str, after: int) -> None:
    assert moved(before * DAY, words, DAY) == after * DAY


@pytest.mark.parametrize("words", ["", "soon", "1.5", "++1", "1000000000"])
def test_what_is_no_number_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match="is not a number such as"):
        moved(timedelta(), words, DAY)


def test_more_than_ten_years_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at most 3660 days"):
        write_offset(tmp_path / "clock", timedelta(days=3661))


def test_every_part_follows(tmp_path: Path) -> None:
    clock = SystemClock(tmp_path / "clock")
    write_offset(tmp_path / "clock", timedelta(days=30))
    assert abs(clock.now() - datetime.now(UTC) - 30 * DAY) < timedelta(seconds=5)
    write_offset(tmp_path / "clock", timedelta())
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def command(directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.local.clock", "--directory", str(directory), *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_moves_the_running_suite(tmp_path: Path) -> None:
    offset = tmp_path / "elsewhere" / "clock"
    (tmp_path / "run.json").write_text(json.dumps({"clock_offset_file": str(offset)}))
    done = command(tmp_path, "--days=+30", "--hours=-2")
    assert done.returncode == 0, done.stderr
    assert read_offset(offset) == timedelta(days=30, hours=-2)
    assert f"{datetime.now(UTC) + timedelta(days=30):%Y-%m}" in done.stdout


def test_without_a_suite_the_command_says_what_to_do(tmp_path: Path) -> None:
    done = command(tmp_path, "--days=1")
    assert (done.returncode, done.stderr) == (1, "clock: nothing was started here yet; `make run` first\n")
