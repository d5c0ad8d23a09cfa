"""The database of a service: one engine, transactions opened by doors only, migrations.

`transaction()` commits what a door did, or nothing of it. `reading()` is AUTOCOMMIT: cheaper, and each
statement sees what is committed at that moment. `asking()` is the same without SQLAlchemy, for the few statements that
come most often: a Session costs more than twice what the question itself does. One that writes is its own transaction;
`writing()` is a transaction of several.
"""

import re
from collections import namedtuple
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import alembic.command
import alembic.config
import psycopg
import sqlalchemy as sa
from alembic import context
from sqlalchemy import MetaData, TypeDecorator
from sqlalchemy.orm import Session, sessionmaker

from chassis import acts
from chassis.errors import Unavailable
from chassis.lending import pooled
from chassis.messaging import outbox

MIGRATION_LOCK = 0x65626F6B  # "ebok": replicas that start together migrate one after the other.
MIGRATION_LOCK_WAIT_S = 300


_READER = "reader"  # What is known of a connection is forgotten with it.
_TRANSACTION_ID = "SELECT pg_current_xact_id_if_assigned()::text AS id"
_BUSY = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.QueryCanceled,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.TooManyConnections,
)
_AWAY = (
    psycopg.errors.AdminShutdown,
    psycopg.errors.CrashShutdown,
    psycopg.errors.CannotConnectNow,
    psycopg.errors.ConnectionTimeout,
    psycopg.errors.ConnectionException,
    psycopg.errors.IdleInTransactionSessionTimeout,
)


class DatabaseAway(Unavailable):
    """The database cannot be reached."""

    reason = "DATABASE_AWAY"


class DatabaseBusy(Unavailable):
    """A lock, a statement or a connection took longer than it may; the same call may succeed at once."""

    reason = "DATABASE_BUSY"


class Reader:
    """Asks in plain SQL with `%(name)s` for values; answers rows whose columns are attributes.

    Rows are the driver's: money is an integer of grosze, a word is text, an instant is in UTC.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._cursor = psycopg.RawCursor(connection)

    def rows(self, statement: str, values: Mapping[str, Any]) -> Sequence[Any]:
        """All rows. The statement is a constant: the driver prepares it on the connection when it comes again."""
        known = _statements.get(statement) or _learn(statement)
        found = self._cursor.execute(known.text, [values[name] for name in known.names]).fetchall()
        if not found:
            return found
        row_type = known.row_type
        if row_type is None or len(row_type._fields) != len(found[0]):
            row_type = known.row_type = _row_type(self._cursor)
        return [*map(row_type._make, found)]

    def run(self, statement: str, values: Mapping[str, Any]) -> None:
        """As `rows`, for a statement that answers none."""
        known = _statements.get(statement) or _learn(statement)
        self._cursor.execute(known.text, [values[name] for name in known.names])

    def transaction(self) -> AbstractContextManager[object]:
        """What is asked within is all or nothing."""
        return self._cursor.connection.transaction()


@dataclass(slots=True)
class _Statement:
    """A statement as PostgreSQL has it, the values it takes in order, and the type of its rows once there were any."""

    text: bytes
    names: tuple[str, ...]
    row_type: Any = None


_VALUE = re.compile(r"%(?:\((\w+)\)s|%)")


def _learn(statement: str) -> _Statement:
    names: dict[str, int] = {}

    def place(found: re.Match[str]) -> str:
        return f"${names.setdefault(found[1], len(names) + 1)}" if found[1] else "%"

    known = _Statement(_VALUE.sub(place, statement).encode(), names=())
    known.names = tuple(names)
    _statements[statement] = known
    return known


def _row_type(cursor: psycopg.RawCursor[Any]) -> Any:
    names = [column.name for column in cursor.description or ()]
    return namedtuple("Row", names, rename=True)


# As many as the code has. To make the type of the rows for each answer took a third of asking, and the driver looks
# for the values in a statement of more than 4096 characters each time it comes.
_statements: dict[str, _Statement] = {}


Transaction = Session | Reader


def asking_in(transaction: Transaction) -> Reader:
    """For statements that come most often, also where there is a Session: it writes what it has to before, and its
    objects do not know of what is changed.
    """
    if isinstance(transaction, Reader):
        return transaction
    transaction.flush()
    connection: Any = transaction.connection().connection.driver_connection
    return Reader(connection)


LOCKS_KEPT, LOCKS_MAX = 4, 64  # Jobs hold their locks for milliseconds, and now and then all at once.


class Database:
    """One engine and its sessions; another for the locks of jobs."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 10,
        statement_timeout_s: float = 10,
        lock_timeout_s: float = 5,
        application: str = "ebok",
    ) -> None:
        settings = {
            "statement_timeout": int(statement_timeout_s * 1000),
            "lock_timeout": int(lock_timeout_s * 1000),
            "idle_in_transaction_session_timeout": int(statement_timeout_s * 3000),
            "timezone": "UTC",
            # Our statements take milliseconds; where their cost is overrated, compiling one takes a hundred times that.
            "jit": "off",
        }
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        common = {"connect_args": {"options": options, "application_name": application, "connect_timeout": 5}}
        self.engine = pooled(url, pool_size=pool_size, max_overflow=0, **common)
        # What a job holds while it works – its lock – comes from elsewhere than what it works with: many jobs at once
        # would otherwise have all connections and wait for one more.
        self.locks = pooled(url, pool_size=LOCKS_KEPT, max_overflow=LOCKS_MAX - LOCKS_KEPT, **common)
        self._sessions = sessionmaker(
            self.engine.execution_options(isolation_level="READ COMMITTED"), expire_on_commit=False
        )
        self._reading = sessionmaker(self.engine, expire_on_commit=False, autoflush=False)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """All or nothing. The pending act, if any, is written with it; the relay is woken when it commits.

        Raises DatabaseAway and DatabaseBusy for what is nobody's fault; the caller may try again.
        """
        act, recorded = acts.pending(), False
        with _translated(), self._sessions() as session, session.begin():
            yield session
            session.flush()
            if act is not None:
                recorded = _record(act, asking_in(session))
            if session.info.get(outbox.ANNOUNCED) and not recorded:
                asking_in(session).run(outbox.WAKE_RELAY, {})
        if act is not None and recorded:
            act.recorded = True

    @contextmanager
    def writing(self) -> Iterator[Reader]:
        """For the changes that come most often: as `transaction`, without a Session."""
        act, recorded = acts.pending(), False
        with self.asking() as reader, reader.transaction():
            yield reader
            if act is not None:
                recorded = _record(act, reader)
        if act is not None and recorded:
            act.recorded = True

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """For reads alone: AUTOCOMMIT, no flush; what is added to this session is never written."""
        with _translated(), self._reading() as session:
            try:
                yield session
            except psycopg.Error:
                session.invalidate()  # Of what was asked in plain SQL SQLAlchemy does not hear: it would lend it again.
                raise

    def asking(self) -> AbstractContextManager[Reader]:
        """For the hottest reads: as `reading`, without a Session. Raises DatabaseAway and DatabaseBusy."""
        return _Asking(self.engine)

    def locking(self) -> AbstractContextManager[Reader]:
        """As `asking`, on a connection that is kept for the locks of jobs."""
        return _Asking(self.locks)

    def answers(self) -> bool:
        """Whether a statement goes through; for readiness."""
        try:
            with self.engine.connect() as connection:
                connection.execute(sa.text("SELECT 1"))
        except sa.exc.SQLAlchemyError:
            return False
        return True

    def close(self) -> None:
        """Close the idle connections."""
        self.engine.dispose()
        self.locks.dispose()


class _Asking(AbstractContextManager[Reader]):
    """A connection lent as it is. A class: every request has one, and a generator takes twice as long."""

    __slots__ = ("_engine", "_entry")

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def __enter__(self) -> Reader:
        pool: Any = self._engine.pool
        try:
            entry = self._entry = pool.take()
        except _FAULTS as fault:
            _refuse(fault)
            raise
        reader: Reader | None = entry.info.get(_READER)
        if reader is None:
            reader = entry.info[_READER] = Reader(entry.driver_connection)
        return reader

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        pool: Any = self._engine.pool
        entry = self._entry
        try:
            if isinstance(fault, psycopg.Error):
                if entry.driver_connection.closed:
                    self._engine.dispose()  # Whatever ended this connection has probably ended its neighbours.
                entry.invalidate()
            if isinstance(fault, _FAULTS):
                _refuse(fault)
        finally:
            pool.give(entry)


def _record(act: acts.Act, writing: Reader) -> bool:
    """Write the act of a transaction at its end, unless it has been, or changed nothing."""
    if not act.changed or act.recorded:
        return False
    # Whether this transaction has changed or locked a row.
    if act.only_if_written and writing.rows(_TRANSACTION_ID, {})[0].id is None:
        return False
    acts.record(writing.run, act)
    return True


_FAULTS = (sa.exc.TimeoutError, sa.exc.DBAPIError, psycopg.Error)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except _FAULTS as fault:
        _refuse(fault)
        raise


def _refuse(fault: BaseException) -> None:
    """What the database cannot do at this moment is a refusal; what we asked wrongly stays a bug."""
    if isinstance(fault, sa.exc.TimeoutError):
        raise DatabaseBusy from None
    if isinstance(fault, sa.exc.DBAPIError):
        refusal = _refusal_of(fault.orig, lost=fault.connection_invalidated)
    else:
        refusal = _refusal_of(fault)
    if refusal is not None:
        raise refusal from fault


def _refusal_of(fault: BaseException | None, *, lost: bool = False) -> Unavailable | None:
    """The refusal a fault of the driver means; None for one that is ours."""
    if isinstance(fault, _BUSY):
        return DatabaseBusy()
    # A refused connection never got as far as an SQLSTATE.
    unreached = isinstance(fault, psycopg.OperationalError) and fault.sqlstate is None
    return DatabaseAway() if lost or unreached or isinstance(fault, _AWAY) else None


# migrations

REVISION_TEMPLATE = '''"""${message}"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add, never remove: the code before this revision runs on."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
'''


def _alembic(migrations: Path, url: str = "") -> alembic.config.Config:
    config = alembic.config.Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config


def migrate(url: str, migrations: Path, revision: str = "head") -> None:
    """Bring the schema to a revision. Replicas may race: an advisory lock lets one after the other in."""
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool, connect_args={"connect_timeout": 10})
    try:
        with engine.connect() as connection:
            connection.execute(sa.text(f"SET lock_timeout = '{MIGRATION_LOCK_WAIT_S}s'"))
            connection.execute(sa.text(f"SELECT pg_advisory_lock({MIGRATION_LOCK})"))
            connection.commit()
            config = _alembic(migrations)
            config.attributes["connection"] = connection
            alembic.command.upgrade(config, revision)
            connection.execute(sa.text(f"SELECT pg_advisory_unlock({MIGRATION_LOCK})"))
            connection.commit()
    finally:
        engine.dispose()


def add_revision(url: str, migrations: Path, message: str) -> None:
    """Write a migration from the difference between the models and an up-to-date database."""
    template = migrations / "script.py.mako"  # Alembic looks for it here; ours is the same for every service.
    template.write_text(REVISION_TEMPLATE, encoding="utf-8")
    try:
        alembic.command.revision(_alembic(migrations, url), message=message, autogenerate=True)
    finally:
        template.unlink()


def run_migrations(metadata: MetaData | None = None) -> None:
    """The whole of a service's `env.py`: `run_migrations(Base.metadata)`."""
    connection = context.config.attributes.get("connection")
    if connection is not None:
        _run(connection, metadata)
        return
    engine = sa.create_engine(context.config.attributes["url"], poolclass=sa.pool.NullPool)
    with engine.connect() as own:
        _run(own, metadata)
    engine.dispose()


def _run(connection: sa.Connection, metadata: MetaData | None) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        transaction_per_migration=True,
        render_item=_render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


def _render_item(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """Migrations speak plain SQLAlchemy: they must outlive the models and our column types."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


def schema_differences(url: str, metadata: MetaData) -> list[Any]:
    """What the models say and the migrated database does not; empty when they agree."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    try:
        with engine.connect() as connection:
            return compare_metadata(
                MigrationContext.configure(connection, opts={"compare_type": True}), metadata
            )
    finally:
        engine.dispose()
