"""PostgreSQL for tests: one server per test run, one migrated template per part, a clone of it per test."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from chassis.database import Database, migrate
from chassis.ids import new_id

URL_VARIABLE = "EBOK_TEST_POSTGRES_URL"


@contextmanager
def running_postgres() -> Iterator[str]:
    """The superuser's URL of a server: the one the environment names, or an embedded one for this run alone."""
    given = os.environ.get(URL_VARIABLE)
    if given:
        yield given
        return
    from deploy.local.postgres import EmbeddedPostgres

    # Not below pytest's own directory: that one is closed to the unprivileged user the server runs as.
    directory = Path(tempfile.mkdtemp(prefix="ebok-test-"))
    directory.chmod(0o755)
    server = EmbeddedPostgres(directory, durable=False, die_with_parent=True)
    try:
        yield server.start()
    finally:
        server.remove()


class Databases:
    """Makes and drops databases on one server."""

    def __init__(self, admin_url: str) -> None:
        self._url: URL = make_url(admin_url)
        self._engine = sa.create_engine(self._url, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
        self._templates: dict[Path, str] = {}

    def new_url(self, migrations: Path | None = None) -> str:
        """The URL of a new database: empty, or a clone of the migrated template."""
        name = f"t_{new_id().hex}"
        template = self._template(migrations) if migrations is not None else "template0"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY wal_log')
        return self._url_of(name)

    def drop(self, url: str) -> None:
        """Drop a database, with whoever is still connected."""
        self._execute(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')

    def drop_all(self) -> None:
        """Drop the templates."""
        for name in self._templates.values():
            with contextlib.suppress(sa.exc.OperationalError):  # The server may be gone already.
                self.drop(self._url_of(name))
        self._engine.dispose()

    def _template(self, migrations: Path) -> str:
        if migrations not in self._templates:
            name = f"template_{new_id().hex}"
            self._execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
            migrate(self._url_of(name), migrations)
            self._templates[migrations] = name
        return self._templates[migrations]

    def _url_of(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _execute(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(sa.text(statement))


def connect(url: str, *, pool_size: int = 20) -> Database:
    """A Database with a pool that is wide enough for tests with many threads."""
    return Database(url, pool_size=pool_size, application="ebok-tests")
