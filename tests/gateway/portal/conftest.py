"""A town for each file that pays: what is open there depends on nobody else. The others share the common one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.testing.databases import Databases
from tests.gateway.world import World, making_world


@pytest.fixture(scope="module")
def paying_town(
    databases: Databases, keys_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with making_world(databases, keys_dir, tmp_path_factory.mktemp("paying")) as made:
        yield made
