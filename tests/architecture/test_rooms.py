"""Every service has the same rooms, and a noun has one file name in all of them."""

import ast
import subprocess

import pytest

from tests.architecture import protos
from tests.architecture.sources import ROOT, SERVICES, dotted, files, snake, tree

ROOMS = {"api", "inbox", "jobs", "clients", "documents", "domain", "outbox", "storage"}
DOORS_AND_KNOBS = {"__main__.py", "config.py"}
NOT_MODULES = {"__pycache__", "__init__.py"}
TOP = {
    *("chassis", "services", "gateway", "connector", "sandbox", "demo"),
    *("protos", "deploy", "bench", "tests", "docs", "requirements"),
}
TEXT_SUFFIXES = {".py", ".txt", ".yaml", ".html", ".mako"}
MAIN_LINES_MAX = 60


def folders(path):
    return {one.name for one in path.iterdir() if one.is_dir() and one.name not in NOT_MODULES}


def test_a_service_has_no_other_rooms_than_those_of_the_house():
    assert len(SERVICES) >= 3
    for service in SERVICES:
        home = ROOT / "services" / service
        assert folders(home) <= ROOMS, service
        loose = {one.name for one in home.iterdir() if one.is_file() and one.name not in NOT_MODULES}
        assert loose == DOORS_AND_KNOBS, service


def test_an_empty_room_does_not_exist():
    for service in SERVICES:
        for room in folders(ROOT / "services" / service):
            modules = [
                one.name
                for one in (ROOT / "services" / service / room).glob("*.py")
                if one.name not in NOT_MODULES
            ]
            assert modules, f"{service}/{room}"


def test_the_wiring_of_a_service_is_read_from_top_to_bottom():
    for service in SERVICES:
        path = ROOT / "services" / service / "__main__.py"
        assert len(path.read_text("utf-8").splitlines()) <= MAIN_LINES_MAX, service
        [made] = [
            dotted(node.targets[0])
            for node in tree(path.relative_to(ROOT)).body
            if isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and dotted(node.value.func) == "Part"
        ]
        assert made == "part", service


def test_every_noun_with_a_grpc_service_has_its_door_of_the_same_name():
    for package, nouns in protos.nouns().items():
        for noun in nouns:
            services = protos.services_of(f"ebok/{package}/v1/{noun}.proto")
            if package == "common" or not services:
                continue
            path = ROOT / "services" / package / "api" / f"{noun}.py"
            assert path.exists(), f"{package}/{noun}"
            classes = {
                node.name for node in tree(path.relative_to(ROOT)).body if isinstance(node, ast.ClassDef)
            }
            assert set(services) <= classes, f"{package}/{noun}"


@pytest.mark.parametrize("service", SERVICES)
def test_inbox_functions_are_called_after_the_event_they_hear(service):
    known = {f"on_{snake(event.name.rpartition('.')[2])}" for event in protos.events()}
    inbox = [path for path in files("services") if path.parts[1:3] == (service, "inbox")]
    assert inbox, service
    for path in inbox:
        public = {
            node.name
            for node in tree(path).body
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        }
        assert public <= known, path


@pytest.mark.parametrize("service", SERVICES)
def test_outbox_functions_are_called_after_the_event_they_announce(service):
    own = {
        snake(event.name.rpartition(".")[2])
        for event in protos.events()
        if event.package == f"ebok.{service}.v1"
    }
    announced = {
        node.name
        for path in files("services")
        if path.parts[1:3] == (service, "outbox")
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    }
    assert announced == own


def test_the_top_level_is_the_one_of_the_house():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    tops = {line.partition("/")[0] for line in listed.splitlines() if "/" in line}
    assert {top for top in tops if not top.startswith(".")} <= TOP
    assert not any(line.startswith("gen/") for line in listed.splitlines()), "generated code is not committed"
