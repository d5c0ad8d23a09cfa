"""The table of parts is whole: ports, environments, services."""

import os
import subprocess
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

from chassis.keys import PARTS as PARTS_WITH_KEYS
from deploy.local.environment import Environments
from deploy.local.parts import PARTS, find, hearers, port_table, services
from deploy.local.suite import ROOT


@pytest.fixture
def environments(tmp_path: Path) -> Environments:
    addresses = {name: f"127.0.0.1:{port}" for name, port in port_table(20_000).items()}
    made = Environments(ROOT, tmp_path, addresses)
    made.databases = {name: f"postgresql+psycopg://{name}:unspoken@127.0.0.1/{name}" for name in services()}
    return made


def test_no_two_parts_share_a_port() -> None:
    assert [port for port, count in Counter(port_table().values()).items() if count > 1] == []


def test_every_service_of_the_tree_is_started_and_has_a_key() -> None:
    in_tree = {path.parent.name for path in (ROOT / "services").glob("*/__main__.py")}
    assert set(services()) == in_tree
    assert in_tree <= set(PARTS_WITH_KEYS)


def test_the_database_starts_first_and_the_gateway_last() -> None:
    assert (PARTS[0].name, PARTS[-1].name) == ("postgres", "gateway")


def test_the_default_addresses_are_those_that_the_readme_names() -> None:
    assert port_table()["gateway"] == 8080
    assert port_table()["mailbox"] == 8025
    assert (port_table()["przelewy24"], port_table()["payu"]) == (8026, 8027)
    assert port_table(gateway=9080)["gateway"] == 9080
    assert port_table(9000)["gateway"] == 9080


@pytest.mark.parametrize("name", [part.name for part in PARTS])
def test_no_placeholder_stays_unfilled(environments: Environments, name: str) -> None:
    words = [*environments.command(find(name)), *environments.of(find(name)).values()]
    assert [word for word in words if "{" in word] == []


@pytest.mark.parametrize("name", services())
def test_a_service_takes_its_environment(environments: Environments, name: str) -> None:
    environment = environments.of(find(name))
    done = subprocess.run(
        [sys.executable, "-m", f"services.{name}", "config"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    shown = {line.partition("=")[0] for line in done.stdout.splitlines()}
    given = {key for key in environment if key.startswith("EBOK_")}
    assert given - shown == set(), "the part has no such knob"
    assert "unspoken" not in done.stdout


def test_a_service_hears_the_others_directly_or_through_the_broker(tmp_path: Path) -> None:
    addresses = dict.fromkeys(port_table(), "127.0.0.1:1")
    direct = Environments(ROOT, tmp_path, addresses).of(find("billing"))
    brokered = Environments(ROOT, tmp_path, addresses, broker_url="amqp://there").of(find("billing"))
    assert "notify=127.0.0.1:1" in direct["EBOK_SUBSCRIBERS"]
    assert (brokered["EBOK_SUBSCRIBERS"], brokered["EBOK_BROKER_URL"]) == ("", "amqp://there")


@pytest.mark.parametrize("name", services())
def test_a_service_hears_whom_it_has_handlers_for(name: str) -> None:
    read = import_module(f"services.{name}.__main__").part.handlers.types
    # Acts are announced by all; ebok.billing.v1.InvoiceIssued is billing's.
    anyone = any(event.startswith("ebok.common.") for event in read)
    wanted = services() if anyone else {event.split(".")[1] for event in read}
    assert {other for other in services() if name in hearers(other)} == set(wanted)


def test_nothing_of_the_callers_own_environment_comes_through(
    environments: Environments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EBOK_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("HTTPS_PROXY", "http://elsewhere")
    environment = environments.of(find("billing"))
    assert "EBOK_LOG_LEVEL" not in environment
    assert "HTTPS_PROXY" not in environment
    assert environment["PATH"] == os.environ["PATH"]


def test_the_cookies_key_is_kept_and_private(environments: Environments, tmp_path: Path) -> None:
    first = environments.of(find("gateway"))["EBOK_SECRET_KEY"]
    assert environments.of(find("gateway"))["EBOK_SECRET_KEY"] == first
    assert len(first) >= 32
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
