"""A pytest plugin (`-p deploy.local.reporting`): writes down what was skipped and why, for the last lines."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

VARIABLE = "EBOK_TEST_REPORT"
OUTSIDE = ("broker", "browser", "outside")  # Markers of tests that need something from outside.


class SkippedTests:
    """Collects skips; under xdist in the one process that hears of all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._skipped: list[dict[str, Any]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that skipped itself or was skipped by a fixture."""
        if report.skipped and not hasattr(report, "wasxfail"):
            self._add(report.nodeid, report.longrepr, [name for name in OUTSIDE if name in report.keywords])

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A whole module that skipped itself."""
        if report.skipped:
            self._add(report.nodeid, report.longrepr, [])

    def pytest_sessionfinish(self) -> None:
        """Keep it for whoever started the run."""
        with self._path.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in self._skipped)

    def _add(self, nodeid: str, longrepr: object, needs: Sequence[str]) -> None:
        reason = str(longrepr[-1]) if isinstance(longrepr, tuple) else str(longrepr)
        self._skipped.append(
            {"test": nodeid, "reason": reason.removeprefix("Skipped: "), "needs": list(needs)}
        )


def pytest_configure(config: pytest.Config) -> None:
    """Only in the process that hears of all tests."""
    path = os.environ.get(VARIABLE)
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(SkippedTests(Path(path)))
