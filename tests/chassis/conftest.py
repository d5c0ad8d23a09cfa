"""The example part, served."""

import io
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from chassis.database import Database
from chassis.telemetry import configure_logging
from chassis.testing.cast import Persona
from chassis.testing.served import Served
from tests.chassis.example import notes_pb2_grpc
from tests.chassis.notes import part


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a running part logs; name it before `served`."""
    lines = io.StringIO()
    handlers = logging.getLogger().handlers[:]
    with monkeypatch.context() as patched:
        patched.setattr("sys.stdout", lines)
        configure_logging("notes", "DEBUG")
    yield lines
    logging.getLogger().handlers[:] = handlers
    structlog.reset_defaults()


@pytest.fixture
def served(serving: Callable[..., Served]) -> Served:
    return serving(part)


@pytest.fixture
def database(served: Served) -> Database:
    return served.database


@pytest.fixture
def notes(served: Served) -> Callable[..., Any]:
    """`notes(as_anna)`: the example service, called as somebody."""

    def stub(persona: Persona | None = None) -> Any:
        return served.stub(notes_pb2_grpc.NoteServiceStub, persona)

    return stub
