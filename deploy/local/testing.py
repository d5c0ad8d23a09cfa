"""`make test`: `python -m deploy.local.testing [default|fast|long] [pytest arguments]`.

Tests of parts run side by side, journeys one after the other on a whole suite. The last lines say what did
not run and why; with CI=true a test that lacked its broker, its browser or a program of others fails the run.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deploy.local import system
from deploy.local.reporting import VARIABLE

ROOT = Path(__file__).resolve().parents[2]
# Each starts whole suites or loads the machine: one at a time.
SERIAL = ("tests/journeys", "tests/chaos", "tests/tooling")
SIDE_BY_SIDE = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
FAST = "not long and not broker and not browser and not outside"
NOTHING_COLLECTED = 5
EXIT_OK, EXIT_FAILED, EXIT_USAGE = 0, 1, 2


def phases(kind: str, paths: Sequence[str] = ()) -> list[list[str]]:
    """The pytest runs of a kind of test run, as arguments; `paths` instead of all tests."""
    if paths:
        return [["-m", {"fast": FAST, "long": "long"}.get(kind, "not long"), *paths]]
    serial = [path for path in SERIAL if (ROOT / path).exists()]
    apart = [f"--ignore={path}" for path in serial]
    if kind == "fast":
        return [[*SIDE_BY_SIDE, "-m", FAST, *apart, "tests"]]
    if kind == "long":
        return [["-m", "long", "--timeout=1800", "tests"]]
    first = [*SIDE_BY_SIDE, "-m", "not long", *apart, "tests"]
    # Each in a process of its own: what one leaves open, a browser, is no business of the next.
    return [first, *(["-m", "not long", path] for path in serial)]


def run(kind: str, arguments: list[str]) -> int:
    """Install, run all phases even when one fails, report."""
    needs = {"fast": (), "long": system.LONG_NEEDS}.get(kind, system.NEEDS)
    missing = system.install(needs)
    if missing and system.is_ci():
        sys.stderr.writelines(f"test: {sentence}; with CI=true that is a failure\n" for sentence in missing)
        return EXIT_FAILED
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory) / "skipped.jsonl"
        paths = [word for word in arguments if (ROOT / word.partition("::")[0]).exists()]
        options = [word for word in arguments if word not in paths]
        statuses = [_pytest([*phase, *options], report) for phase in phases(kind, paths)]
        skipped = [json.loads(line) for line in report.read_text("utf-8").splitlines()]
    status = next((one for one in statuses if one not in (EXIT_OK, NOTHING_COLLECTED)), EXIT_OK)
    return _summarise(kind, status, skipped)


def _pytest(arguments: list[str], report: Path) -> int:
    report.touch()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "deploy.local.reporting", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, VARIABLE: str(report)}, check=False
    ).returncode


def _summarise(kind: str, status: int, skipped: list[dict[str, Any]]) -> int:
    lacking = [one["test"] for one in skipped if one["needs"]]
    if lacking and system.is_ci():
        status = status or EXIT_FAILED
    lines = ["", "did not run:"]
    for reason, count in Counter(one["reason"] for one in skipped).most_common():
        lines.append(f"  {count} {'test' if count == 1 else 'tests'}: {reason}")
    if kind != "long":
        lines.append("  the tests that take minutes: `make test-long` runs them")
    if kind == "fast":
        lines.append(
            "  the tests that need a broker, a browser, programs of others or a whole suite: `make test` runs them"
        )
    if lacking and system.is_ci():
        lines.append("with CI=true a missing broker, browser or program of others is a failure")
    lines.append("tests: failed" if status else "tests: passed")
    sys.stdout.write("\n".join(lines) + "\n")
    return status


def main() -> int:
    """Read the kind; the rest is pytest's."""
    arguments = sys.argv[1:]
    kind = arguments.pop(0) if arguments and arguments[0] in ("default", "fast", "long") else "default"
    return run(kind, arguments)


if __name__ == "__main__":
    sys.exit(main())
