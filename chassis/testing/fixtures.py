"""Fixtures for the tests of every part. A service's `conftest.py` adds two lines of its own::

    @pytest.fixture
    def served(serving): return serving(part)

    @pytest.fixture
    def database(served): return served.database      # what `announced` looks into

and its tests call `served.stub(InvoiceServiceStub, as_anna).GetInvoice(…)`.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chassis.actors import Actor, ActorKind
from chassis.app import Part
from chassis.clock import FixedClock
from chassis.config import Environment, PartConfig
from chassis.database import Database
from chassis.keys import generate, load_signer
from chassis.testing import cast
from chassis.testing.cast import Persona
from chassis.testing.databases import Databases, connect, running_postgres
from chassis.testing.served import Served, announced_in

TEST_INSTANT = datetime(2026, 3, 16, 9, 0, tzinfo=UTC)  # A Monday, 10:00 in Warsaw.


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The superuser's URL of the PostgreSQL of this test run."""
    with running_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def rabbitmq_url() -> Iterator[str]:
    """A private RabbitMQ node of this test run, or the one that EBOK_TEST_RABBITMQ_URL names; mark `broker`."""
    given = os.environ.get("EBOK_TEST_RABBITMQ_URL")
    if given:
        yield given
        return
    from deploy.local.rabbitmq import RabbitMQ, is_installed

    if not is_installed():
        pytest.skip("RabbitMQ is not installed")
    with RabbitMQ() as node:
        yield node.url


@pytest.fixture(scope="session")
def databases(postgres_url: str) -> Iterator[Databases]:
    """Makes databases; the templates live as long as the run."""
    made = Databases(postgres_url)
    yield made
    made.drop_all()


@pytest.fixture
def database_url_for(databases: Databases) -> Iterator[Callable[..., str]]:
    """`database_url_for(part)`: the URL of a fresh, migrated database; empty without a part."""
    urls: list[str] = []

    def make(part: Part | Path | None = None) -> str:
        urls.append(databases.new_url(part.migrations if isinstance(part, Part) else part))
        return urls[-1]

    yield make
    for url in urls:
        databases.drop(url)


@pytest.fixture
def database_for(database_url_for: Callable[..., str]) -> Iterator[Callable[..., Database]]:
    """`database_for(part)`: a fresh, migrated Database of a part (or of a migrations directory)."""
    made: list[Database] = []

    def make(part: Part | Path | None = None) -> Database:
        made.append(connect(database_url_for(part)))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def clock() -> FixedClock:
    """Stands at a Monday in March, ten in the morning in Warsaw."""
    return FixedClock(TEST_INSTANT)


@pytest.fixture(scope="session")
def keys_dir() -> Iterator[Path]:
    """Signing keys of all parts and notify's sealing key."""
    with tempfile.TemporaryDirectory(prefix="ebok-keys-") as directory:
        generate(Path(directory))
        yield Path(directory)


@pytest.fixture
def config_for(keys_dir: Path) -> Callable[..., PartConfig]:
    """`config_for(part, knob=value…)`: a configuration for tests."""

    def make(part: Part, **values: Any) -> PartConfig:
        defaults: dict[str, Any] = {
            "environment": Environment.TEST,
            "keys_dir": keys_dir,
            "listen": "127.0.0.1:0",
            "rpc_threads": 8,
        }
        return part.load_config(**{**defaults, **values})

    return make


@pytest.fixture
def serving(
    request: pytest.FixtureRequest,
    database_for: Callable[..., Database],
    clock: FixedClock,
    config_for: Callable[..., PartConfig],
) -> Iterator[Callable[..., Served]]:
    """`serving(part, database=None, **knobs)`: the part's own server on a free port, with a fresh database.

    Peers and subscribers are given by address: `serving(payments, peers={"billing": billing.address})`.
    A test marked `repeats("InvoiceService/IssueInvoice")` says that it calls this twice or more: that is counted.
    """
    running: list[Served] = []

    def serve(part: Part, *, database: Database | None = None, **knobs: Any) -> Served:
        config = config_for(part, **knobs)
        runtime = part.runtime(config, clock, database or database_for(part))
        server = part.build_server(runtime)
        server.start()
        running.append(Served(part, runtime, server, clock))
        return running[-1]

    yield serve
    for one in reversed(running):
        one.close()
    marker = request.node.get_closest_marker("repeats")
    for method in marker.args if marker else ():
        calls = sum(one.calls(method) for one in running)
        if calls < 2:
            pytest.fail(f"{request.node.name} repeats {method} and called it {calls} times")


@pytest.fixture
def announced(database: Database) -> Callable[..., list[Any]]:
    """`announced(InvoiceIssued)`: those events in the outbox of the test's `database`, the oldest first."""
    return lambda event_class: announced_in(database, event_class)


@pytest.fixture
def persona(keys_dir: Path, clock: FixedClock) -> Callable[[Actor], Persona]:
    """`persona(actor)`: somebody with a token, signed by identity, or by the part itself for a system."""

    def make(actor: Actor) -> Persona:
        issuer = actor.actor_id if actor.kind is ActorKind.SYSTEM else "identity"
        return Persona(actor, load_signer(issuer, keys_dir / "private" / f"{issuer}.key"), clock)

    return make


@pytest.fixture
def as_anna(persona: Callable[[Actor], Persona]) -> Persona:
    """A customer."""
    return persona(cast.customer(cast.ANNA_USER, "Anna", cast.ANNA_CUSTOMER))


@pytest.fixture
def as_bartek(persona: Callable[[Actor], Persona]) -> Persona:
    """Shares Anna's premises: another user who acts for Anna's customer."""
    return persona(cast.customer(cast.BARTEK_USER, "Bartek", cast.ANNA_CUSTOMER))


@pytest.fixture
def as_celina(persona: Callable[[Actor], Persona]) -> Persona:
    """A customer who must see nothing of Anna's."""
    return persona(cast.customer(cast.CELINA_USER, "Celina", cast.CELINA_CUSTOMER))


@pytest.fixture
def as_daria(persona: Callable[[Actor], Persona]) -> Persona:
    """A clerk."""
    return persona(cast.staff(cast.DARIA_STAFF, "Daria"))


@pytest.fixture
def as_edward(persona: Callable[[Actor], Persona]) -> Persona:
    """The manager."""
    return persona(cast.staff(cast.EDWARD_STAFF, "Edward"))


@pytest.fixture
def as_client(persona: Callable[[Actor], Persona]) -> Persona:
    """Another system, with every scope."""
    return persona(cast.client())


@pytest.fixture
def as_system(persona: Callable[[Actor], Persona]) -> Callable[[str], Persona]:
    """`as_system("gateway")`: another part of the suite."""
    return lambda name: persona(Actor(ActorKind.SYSTEM, name, name))
