"""Whole suites of processes, a real browser, and pictures of what it showed when a test fails.

A class with `story = True` is one story told in several tests: after one that fails, the rest is not tried.
"""

import re
import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from deploy.local import rabbitmq
from deploy.local.suite import ROOT, Suite
from deploy.local.system import CHROMIUM_FLAGS, chromium
from tests.journeys import logs
from tests.journeys.company import Company
from tests.journeys.twins import doubled

PICTURES = ROOT / "var" / "journeys"
OPEN_BROWSER = pytest.StashKey[Browser]()
STOPPED_AT = pytest.StashKey[dict[tuple[str, str], str]]()
FAULT = re.compile(r"\"level\": ?\"(error|critical)\"|Error\b|Traceback")
RUNNING: list[Company] = []
# How a journey is told twice: on one process of each part, and on two of everything with RabbitMQ between them.
CARRIERS: dict[str, dict[str, bool]] = {
    "direct": {"with_broker": False},
    "amqp": {"with_broker": True, "with_twins": True},
}


@pytest.fixture(scope="session")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Chromium."""
    path = chromium()
    if path is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        request.config.stash[OPEN_BROWSER] = running
        yield running
        running.close()


@pytest.fixture(scope="session")
def lived_in() -> Iterator[Company]:
    """A company with two months behind it: invoices are issued, Anna and Celina have their accounts."""
    with running_company(with_broker=False) as (company, _node):
        company.live_through()
        yield company


@contextmanager
def running_company(
    *, with_broker: bool, with_twins: bool = False
) -> Iterator[tuple[Company, rabbitmq.RabbitMQ | None]]:
    """A company on a suite of its own, without any data; with a RabbitMQ of its own where events go through one, and
    with two of everything on it. At the end its logs are read: they say nothing of people and nothing that opens."""
    with ExitStack() as stack:
        node = None
        if with_broker:
            if not rabbitmq.is_installed():
                pytest.skip("RabbitMQ is not installed")
            node = stack.enter_context(rabbitmq.RabbitMQ())
        directory = Path(tempfile.mkdtemp(prefix="ebok-journey-", dir="/var/tmp"))
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        suite = Suite(directory / "suite", broker_url=node.url if node else "", demo=False)
        stack.callback(suite.remove)  # Its database may be elsewhere: see `EmbeddedPostgres`.
        stack.enter_context(suite)
        if with_twins:
            stack.enter_context(doubled(suite))
        company = Company(suite, directory)
        RUNNING.append(company)
        stack.callback(RUNNING.remove, company)
        yield company, node
        assert logs.told(suite) == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what the browser showed, and remember where a story stopped."""
    report = yield
    if report.when in ("setup", "call") and report.failed:
        report.sections += [
            ("what the browser showed", _pictures(item)),
            ("what the parts logged", _logs(item)),
        ]
        item.session.stash.setdefault(STOPPED_AT, {})[_story(item)] = item.name
    return report


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A story that stopped is not told on."""
    stopped = item.session.stash.get(STOPPED_AT, {}).get(_story(item))
    if stopped and getattr(getattr(item, "cls", None), "story", False):
        pytest.skip(f"the story stopped at {stopped}")


def _story(item: pytest.Item) -> tuple[str, str]:
    callspec = getattr(item, "callspec", None)
    parent = item.parent.nodeid if item.parent else ""
    return parent, callspec.id if callspec else ""


def _name(item: pytest.Item) -> str:
    return "".join(sign if sign.isalnum() else "-" for sign in item.name)


def _logs(item: pytest.Item) -> str:
    """Logs are kept; what looks like a fault is shown at once."""
    lines = []
    for company in RUNNING:
        place = PICTURES / f"{_name(item)}-log"
        shutil.copytree(company.suite.info["log"], place, dirs_exist_ok=True)
        lines.append(str(place))
        for log in sorted(place.glob("*.log")):
            faults = [line for line in log.read_text(errors="replace").splitlines() if FAULT.search(line)]
            lines += [f"{log.stem}: {line[:1500]}" for line in faults[-3:]]
    return "\n".join(lines)


def _pictures(item: pytest.Item) -> str:
    browser = item.config.stash.get(OPEN_BROWSER, None)
    lines = []
    for number, context in enumerate(browser.contexts if browser else [], start=1):
        for page in context.pages:
            PICTURES.mkdir(parents=True, exist_ok=True)
            picture = PICTURES / f"{_name(item)}-{number}.png"
            try:
                page.screenshot(path=picture, full_page=True, timeout=5_000)
                text = page.locator("body").inner_text(timeout=5_000)
            except Exception as fault:  # noqa: BLE001 - a page that cannot be drawn must not hide the failure
                lines.append(f"{page.url}: no picture ({type(fault).__name__})")
                continue
            picture.with_suffix(".txt").write_text(f"{page.url}\n\n{text}\n", encoding="utf-8")
            lines.append(f"{page.url}: {picture}, {picture.with_suffix('.txt')}")
    return "\n".join(lines) or "no page was open"
