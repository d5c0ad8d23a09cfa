"""The gateway over the real services. `anna`, `celina`, `bartek`, `daria`, `edward` are browsers with a log-in,
`nobody` is one without, `newcomer` has an account and no customer yet."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from chassis.testing.databases import Databases
from tests.gateway.visitors import Visitor
from tests.gateway.world import World, making_world
from tests.gateway.wrong_forms import Town


@pytest.fixture(scope="session")
def world(databases: Databases, keys_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with making_world(databases, keys_dir, tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture(scope="module")
def town(databases: Databases, keys_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One of its own for each file that sends forms: those that are filled in right change it."""
    with making_world(databases, keys_dir, tmp_path_factory.mktemp("town")) as made:
        yield Town(made)


@pytest.fixture
def app(world: World) -> Flask:
    return world.app


@pytest.fixture
def anna(world: World) -> Visitor:
    return world.visitor("anna@poczta.example")


@pytest.fixture
def celina(world: World) -> Visitor:
    return world.visitor("celina@poczta.example")


@pytest.fixture
def bartek(world: World) -> Visitor:
    return world.visitor("bartek@poczta.example")


@pytest.fixture
def newcomer(world: World) -> Visitor:
    world.join("nowa@poczta.example", "Nowa")
    return world.visitor("nowa@poczta.example")


@pytest.fixture
def daria(world: World) -> Visitor:
    return world.visitor("daria@wodociagi-zdroj.example", staff=True)


@pytest.fixture
def edward(world: World) -> Visitor:
    return world.visitor("edward@wodociagi-zdroj.example", staff=True)


@pytest.fixture
def nobody(world: World) -> Visitor:
    return world.visitor()
