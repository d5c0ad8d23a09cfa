"""A town of its own for the tests that bill, publish and stop things; the others share the common one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.testing.databases import Databases
from tests.gateway.visitors import Visitor
from tests.gateway.world import World, making_world

DARIA = "daria@wodociagi-zdroj.example"
EDWARD = "edward@wodociagi-zdroj.example"


@pytest.fixture(scope="session")
def busy_town(
    databases: Databases, keys_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with making_world(databases, keys_dir, tmp_path_factory.mktemp("busy")) as made:
        yield made


@pytest.fixture
def clerk(busy_town: World) -> Visitor:
    """Daria of the busy town."""
    return busy_town.visitor(DARIA, staff=True)


@pytest.fixture
def manager(busy_town: World) -> Visitor:
    """Edward of the busy town."""
    return busy_town.visitor(EDWARD, staff=True)
