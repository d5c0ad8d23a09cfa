"""Tickets with its own database, a directory for files, a workflow whose ways the tests know, and the cast at work."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chassis.clock import FixedClock
from chassis.database import Database
from chassis.testing.cast import Persona
from chassis.testing.served import Served
from services.tickets.__main__ import part
from tests.tickets.given import Given
from tests.tickets.office import Office


@pytest.fixture
def serve(serving: Callable[..., Served], tmp_path: Path) -> Callable[..., Served]:
    """`serve(files_s3_url=…)`: tickets with some knobs turned."""

    def run(**knobs: Any) -> Served:
        return serving(part, **{"files_dir": tmp_path / "files", **knobs})

    return run


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    return serve()


@pytest.fixture
def database(served: Served) -> Database:
    return served.database


@pytest.fixture
def given(served: Served, clock: FixedClock) -> Given:
    """Puts workflows, categories and customers there."""
    return Given(served, clock)


@pytest.fixture
def office(
    served: Served,
    given: Given,
    clock: FixedClock,
    as_anna: Persona,
    as_daria: Persona,
    as_edward: Persona,
) -> Office:
    """Anna, Daria and Edward at work on cases, in few words."""
    return Office(served, given, clock, as_anna, as_daria, as_edward)
