"""Who may import whom: the contracts of pyproject.toml hold, and what they would not see is looked for here."""

import os
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import grimp
import pytest

from tests.architecture.sources import PRODUCT, ROOT, SERVICES, files, imported, mentions

NETWORK_AND_DRAWING = {"grpc", "flask", "pika", "reportlab", "jinja2"}
CLOCKS = {"datetime.now", "datetime.today", "datetime.utcnow", "date.today", "time.time"}
ENVIRONMENT = {"os.environ", "os.getenv", "os.putenv"}
# What a migration begins with lies in a file beside it, as frozen as the migration is.
READS_A_FILE_BESIDE = {"pathlib", "typing", "yaml"}


@cache
def options() -> dict[str, Any]:
    given: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"][
        "importlinter"
    ]
    return given


@cache
def graph() -> grimp.ImportGraph:
    names = options()["root_packages"]
    return grimp.build_graph(*names, include_external_packages=True, cache_dir=None)


def contract(name: str) -> dict[str, Any]:
    [found] = [one for one in options()["contracts"] if one["name"] == name]
    return dict(found)


def test_every_import_contract_is_kept():
    """In a process of its own: the linter sets logging up and silences every logger there is."""
    linter = Path(sys.executable).with_name("lint-imports")
    there = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}"}
    ran = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, env=there, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_contracts_see_the_whole_product_and_the_generated_code():
    assert set(options()["root_packages"]) == {*PRODUCT, "ebok"}
    assert options()["include_external_packages"] is True
    assert contract("Services know nothing of each other")["modules"] == ["services.*"]
    layers = contract("Within a service: doors, then what goes out, then rules, then events, then rows")
    assert layers["containers"] == ["services.*"]
    assert layers["layers"] == [
        "(api) | (inbox) | (jobs)",
        "(clients) | (documents)",
        "(domain)",
        "(outbox)",
        "(storage)",
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_a_domain_imports_near_or_far_speaks_to_the_network_or_draws(service):
    closure = graph().find_upstream_modules(f"services.{service}.domain", as_package=True)
    assert {name.partition(".")[0] for name in closure} & NETWORK_AND_DRAWING == set()
    assert f"services.{service}.storage.base" in closure, "the graph lost its edges"


def test_a_leak_through_generated_code_would_be_seen():
    assert "grpc" in graph().find_upstream_modules("ebok.billing.v1.invoices_pb2_grpc")


def test_carriers_alone_import_pika():
    users = {
        path for path in files(*PRODUCT) if any(name.partition(".")[0] == "pika" for name in imported(path))
    }
    assert [str(path) for path in users] == ["chassis/messaging/carriers/amqp.py"]


def test_configs_alone_read_the_environment():
    """Tests of the suite find their PostgreSQL and RabbitMQ by variables: that is chassis/testing."""
    readers = {
        f"{path}:{line}"
        for path in files(*PRODUCT)
        if path.name != "config.py" and path.parts[:2] != ("chassis", "testing")
        for line, name in mentions(path)
        if name in ENVIRONMENT
    }
    assert readers == set()


def test_one_module_asks_the_machines_clock():
    askers = {
        str(path)
        for path in files(*PRODUCT)
        for _, name in mentions(path)
        if name in CLOCKS or name.removeprefix("datetime.") in CLOCKS
    }
    assert askers == {"chassis/clock.py"}


def test_migrations_outlive_the_models():
    versions = [path for path in files("services") if path.parent.name == "versions"]
    assert len(versions) >= len(SERVICES)
    for path in versions:
        tops = {name.partition(".")[0] for name in imported(path)}
        assert tops <= {"sqlalchemy", "alembic"} | READS_A_FILE_BESIDE, path
