"""The REST API over the real services. `office` makes API clients and personal tokens; `everything` may do all,
`annas` and `celinas` are programs of theirs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.testing.databases import Databases
from tests.gateway.api.office import Office, Program
from tests.gateway.world import World, making_world


@pytest.fixture(scope="session")
def world(databases: Databases, keys_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A town of its own: what programs write here, pages of the common one would show."""
    with making_world(databases, keys_dir, tmp_path_factory.mktemp("api")) as made:
        yield made


@pytest.fixture
def office(world: World) -> Iterator[Office]:
    made = Office(world)
    yield made
    made.close()


@pytest.fixture
def everything(office: Office) -> Program:
    """Another system with every scope there is."""
    return office.system("GIS")


@pytest.fixture
def annas(office: Office) -> Program:
    """Anna's own program."""
    return office.program("anna")


@pytest.fixture
def celinas(office: Office) -> Program:
    """Celina's own program."""
    return office.program("celina")
