"""A test run says in its last lines what did not run, and does not pass in CI for want of a broker."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import testing
from deploy.local.reporting import VARIABLE
from deploy.local.suite import ROOT

TESTS = """
import pytest

@pytest.fixture
def node():
    pytest.skip("RabbitMQ is not installed")

@pytest.mark.broker
def test_with_a_broker(node): pass

@pytest.mark.broker
def test_with_a_broker_too(node): pass

def test_plain(): pass
"""
LACKING: dict[str, object] = {"test": "a", "reason": "RabbitMQ is not installed", "needs": ["broker"]}


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_skips_are_written_down_with_their_reason(tmp_path: Path, options: tuple[str, ...]) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = broker\n")
    report = tmp_path / "report"
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "deploy.local.reporting", *options, str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, VARIABLE: str(report), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
        check=True,
    )
    written = [json.loads(line) for line in report.read_text().splitlines()]
    assert [(one["reason"], one["needs"]) for one in written] == [
        ("RabbitMQ is not installed", ["broker"]),
        ("RabbitMQ is not installed", ["broker"]),
    ]


def summary(
    capsys: pytest.CaptureFixture[str], kind: str, status: int, skipped: list[dict[str, object]]
) -> tuple[int, list[str]]:
    answer = testing._summarise(kind, status, skipped)
    return answer, capsys.readouterr().out.splitlines()


def test_the_last_lines_say_what_did_not_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    status, lines = summary(capsys, "default", 0, [LACKING, {**LACKING, "test": "b"}])
    assert status == 0
    assert lines[-4:] == [
        "did not run:",
        "  2 tests: RabbitMQ is not installed",
        "  the tests that take minutes: `make test-long` runs them",
        "tests: passed",
    ]


def test_ci_fails_for_want_of_a_broker(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    status, lines = summary(capsys, "default", 0, [LACKING])
    assert status == 1
    assert lines[-1] == "tests: failed"


def test_every_test_of_the_tree_is_in_exactly_one_phase() -> None:
    first, *others = testing.phases("default")
    ignored = {word.removeprefix("--ignore=") for word in first if word.startswith("--ignore=")}
    assert sorted(ignored) == sorted(word for words in others for word in words if word.startswith("tests/"))
