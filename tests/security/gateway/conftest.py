"""The gateway over the real services, as in tests/gateway: a world of its own, which attacks may change."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from chassis.testing.databases import Databases
from tests.gateway.visitors import Visitor
from tests.gateway.world import World, making_world


@pytest.fixture(scope="session")
def world(databases: Databases, keys_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with making_world(databases, keys_dir, tmp_path_factory.mktemp("attacked")) as made:
        yield made


@pytest.fixture
def app(world: World) -> Flask:
    return world.app


@pytest.fixture
def anna(world: World) -> Visitor:
    return world.visitor("anna@poczta.example")


@pytest.fixture
def edward(world: World) -> Visitor:
    return world.visitor("edward@wodociagi-zdroj.example", staff=True)
