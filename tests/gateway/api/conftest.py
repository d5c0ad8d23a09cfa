"""The REST API over the real services. `office` makes API clients and personal tokens; `everything` may do all,
`annas` and `celinas` are programs of theirs."""

from collections.abc import Iterator

import pytest

from tests.gateway.api.office import Office, Program
from tests.gateway.world import World


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
