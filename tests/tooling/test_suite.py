"""A whole suite: starts, survives the death of a part, keeps its data over a restart, leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from deploy.local.demo import DemoState, load_demo
from deploy.local.parts import PARTS, services
from deploy.local.postgres import EmbeddedPostgres
from deploy.local.suite import ROOT, Suite, SuiteNotStarted

ENDED_S_MAX = 40
START_S_MAX = 240


@pytest.fixture(scope="module")
def suite() -> Iterator[Suite]:
    directory = Path(tempfile.mkdtemp(prefix="ebok-suite-", dir="/var/tmp"))
    made = Suite(directory, demo=False)
    made.start()
    yield made
    made.remove()
    assert not directory.exists()


def execute(suite: Suite, part: str, statement: str) -> list[tuple[object, ...]]:
    url = suite.info["databases"][part].replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def status_of(url: str) -> int:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own
        return int(answer.status)


def processes_below(pid: int) -> set[int]:
    """A process and everything that descends from it."""
    parents = {}
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parents[int(place.name)] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def alive(pids: set[int]) -> set[int]:
    """Those that run; a dead one that nobody has collected yet counts as gone."""
    left = set()
    for pid in pids:
        with suppress(OSError):
            if (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                left.add(pid)
    return left


def wait_until_gone(pids: set[int]) -> set[int]:
    """Answers those that are still there when patience ends."""
    deadline = time.monotonic() + ENDED_S_MAX
    while (left := alive(pids)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return left


def test_run_json_says_where_everything_is(suite: Suite) -> None:
    info = json.loads((suite.directory / "run.json").read_text())
    assert info == suite.info
    assert set(info["parts"]) == {part.name for part in PARTS}
    assert set(info["databases"]) == set(services())
    assert status_of(info["mailbox"]) == 200
    assert status_of(f"{info['gateway']}/zdrowie") == 200


def test_files_with_secrets_are_for_their_owner_alone(suite: Suite) -> None:
    secret = [
        "run.json",
        "supervisord.conf",
        "secret_key",
        "keys/private/*",
        "parts/*",
        "postgres/*.password",
    ]
    found = [path for pattern in secret for path in suite.directory.glob(pattern)]
    assert len(found) > 10
    assert [path for path in found if path.stat().st_mode & 0o077] == []


def test_each_service_has_a_role_that_only_enters_its_own_database(suite: Suite) -> None:
    assert execute(suite, "billing", "SELECT current_user")[0][0] == "billing"
    url = suite.info["databases"]["billing"].replace("+psycopg", "").rpartition("/")[0]
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(f"{url}/identity")


@pytest.mark.parametrize("part", ["mailbox", "billing", "gateway"])
def test_a_killed_part_comes_back_and_the_rest_stays(suite: Suite, part: str) -> None:
    others = {one.name: suite.pid(one.name) for one in PARTS if one.name != part}
    dead = suite.kill(part)
    assert not wait_until_gone({dead})
    suite.wait_until_ready(part)
    assert suite.pid(part) not in (0, dead)
    assert {name: suite.pid(name) for name in others} == others


def test_a_killed_database_loses_nothing_that_was_committed(suite: Suite) -> None:
    execute(suite, "notify", "CREATE TABLE IF NOT EXISTS tried (what text)")
    execute(suite, "notify", "INSERT INTO tried VALUES ('kept')")
    suite.kill("postgres")
    suite.wait_until_ready("postgres")
    assert ("kept",) in execute(suite, "notify", "SELECT what FROM tried")


def test_a_part_can_be_stopped_and_started(suite: Suite) -> None:
    suite.stop_part("notify")
    assert suite.pid("notify") == 0
    suite.start_part("notify")
    assert suite.pid("notify") != 0


def test_an_operators_command_runs_in_the_environment_of_its_part(suite: Suite) -> None:
    shown = suite.run("-m", "services.billing", "config", part="billing")
    assert f"EBOK_LISTEN={suite.info['parts']['billing']}" in shown


def test_one_directory_holds_one_suite(suite: Suite) -> None:
    with pytest.raises(SuiteNotStarted, match="runs already out of"):
        Suite(suite.directory, demo=False).start()
    assert suite.is_running()


def test_a_restart_keeps_data_and_ports_and_leaves_no_process(suite: Suite) -> None:
    execute(suite, "billing", "CREATE TABLE tried (what text)")
    before = dict(suite.info["parts"])
    supervisor = suite._running()._process
    assert supervisor is not None
    processes = processes_below(supervisor.pid)  # The test run has others below it: its own PostgreSQL.
    assert len(processes) > len(PARTS)
    suite.stop()
    assert not wait_until_gone(processes)
    suite.start()
    assert suite.info["parts"] == before
    assert execute(suite, "billing", "SELECT count(*) FROM tried") == [(0,)]


def heed_interrupts() -> None:
    """A shell makes what it starts in the background deaf to Ctrl-C; this test may run there."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_make_run_leaves_no_process_however_it_ends(suite: Suite, how: signal.Signals) -> None:
    suite.stop()
    command = ["-m", "deploy.local.run", "--directory", str(suite.directory), "--ports", "auto", "--no-demo"]
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}"},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_interrupts,  # noqa: PLW1509 - it touches nothing that a thread may hold
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if "Ctrl-C stops it" in line:
            break
    assert any("eBOK is up" in line for line in said), said
    started = processes_below(process.pid)
    assert len(started) > len(PARTS)
    process.send_signal(how)
    assert process.wait(ENDED_S_MAX) == (0 if how is not signal.SIGKILL else -signal.SIGKILL)
    assert not wait_until_gone(started)
    process.stdout.close()


def test_half_a_demo_is_forgotten_and_begun_anew(suite: Suite) -> None:
    """What a first start leaves that was killed while it loaded the demo."""
    if not suite.is_running():
        suite.start()
    execute(suite, "billing", "CREATE TABLE half (what text)")
    suite.move_clock(days=-700)
    state = DemoState(EmbeddedPostgres(suite.directory / "postgres", port_of(suite, "postgres")))
    state.begin()
    suite.stop()
    suite.start()
    assert execute(suite, "billing", "SELECT to_regclass('half')") == [(None,)]
    assert execute(suite, "billing", "SELECT to_regclass('invoices') IS NOT NULL") == [(True,)]
    assert not Path(suite.info["clock_offset_file"]).exists()
    assert not state.was_interrupted()


def test_a_loaded_demo_is_remembered_with_the_gateways_address_of_now(suite: Suite) -> None:
    state = DemoState(EmbeddedPostgres(suite.directory / "postgres", port_of(suite, "postgres")))
    state.begin()
    state.finish(
        [{"email": "anna@poczta.example", "at": "http://localhost:8080/"}], at="http://localhost:8080"
    )
    assert state.logins(at="http://localhost:9080") == [
        {"email": "anna@poczta.example", "at": "http://localhost:9080/"}
    ]


def test_mails_of_a_loaded_demo_link_to_the_gateway_of_now(suite: Suite) -> None:
    postgres = EmbeddedPostgres(suite.directory / "postgres", port_of(suite, "postgres"))
    state = DemoState(postgres)
    state.begin()
    state.finish([], at="http://localhost:8080")
    said: list[str] = []
    for _ in range(2):  # The second time there is nothing to do.
        load_demo(postgres, suite._known(), suite.directory, report=said.append)
    assert said == [f"demo: mails link to {suite.info['gateway']} from now on"]
    deadline = time.monotonic() + ENDED_S_MAX
    while execute(suite, "notify", "SELECT portal_url FROM provider_settings") != [(suite.info["gateway"],)]:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def port_of(suite: Suite, part: str) -> int:
    return int(suite.info["parts"][part].rpartition(":")[2])
