"""docs/features.md names what is there: each test exists, each address is the gateway's, each call is of a proto."""

import re
from types import SimpleNamespace
from typing import Any

from gateway.app import create_app
from gateway.config import GatewayConfig
from tests.architecture.sources import ROOT
from tests.security.methods import all_methods

PAGE = (ROOT / "docs" / "features.md").read_text("utf-8")
CODE = re.compile(r"`([^`]+)`")
CALL = re.compile(r"(\w+\.v1\.\w+Service)(?:\.(\w+))?")
NO_GATEWAY = ("/sandbox",)  # Of the providers on trial.


def rows() -> list[list[str]]:
    """The cells of each row of each table, without the heads."""
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [row for row in cells if row[-1] != "Test"]


def test_every_row_names_its_tests_and_each_is_there():
    faults = []
    for row in rows():
        names = CODE.findall(row[-1])
        for name in names:
            path, _, function = name.partition("::")
            is_command = name.startswith("make ")
            is_there = is_command or (path.startswith(("tests/", "docs/")) and (ROOT / path).exists())
            if not is_there or (function and f"def {function}(" not in (ROOT / path).read_text("utf-8")):
                faults.append((row[0], name))
        if not names:
            faults.append((row[0], "no test"))
    assert faults == []


def places() -> list[str]:
    """What rows say a feature is found at."""
    found = [name for row in rows() if len(row) == 3 for name in CODE.findall(row[1])]
    assert len(found) > 100
    return found


def test_every_address_is_one_of_the_gateways():
    config = GatewayConfig(secret_key="s" * 40)  # type: ignore[arg-type]
    clients: Any = SimpleNamespace(identity=None, notify=None)
    rules = [str(rule) for rule in create_app(config, clients).url_map.iter_rules()]
    known = [re.sub(r"<[^>]+>", "<>", rule).rstrip("/") for rule in rules]
    faults = []
    for place in places():
        if place.startswith("/") and not place.startswith(NO_GATEWAY):
            pattern = re.escape(re.sub(r"<[^>]+>", "<>", place).rstrip("/")).replace("…", ".+")
            if not any(re.fullmatch(pattern, one) for one in known):
                faults.append(place)
    assert faults == []


def test_every_call_is_one_of_the_protos():
    methods = {(one.service.removeprefix("ebok."), one.name) for one in all_methods()}
    services = {service for service, _name in methods}
    faults = []
    for service, name in CALL.findall(" ".join(places())):
        if service not in services or (name and (service, name) not in methods):
            faults.append(f"{service}.{name}")
    assert faults == []
