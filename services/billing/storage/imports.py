"""Imports of the provider's own data, and the rows they refused."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    delete,
    func,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import one_of, word
from chassis.keyset import Page, Window, fetch_page
from services.billing.storage.base import Base
from services.billing.storage.bulk import is_any


class ImportStatus(StrEnum):
    """Rows may come, it is closed, or it was stopped from the console."""

    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    CANCELLED = "CANCELLED"


class RejectStatus(StrEnum):
    """A refused row waits, was mended and came in, or was set aside."""

    OPEN = "OPEN"
    MENDED = "MENDED"
    DISMISSED = "DISMISSED"


def _count() -> Any:
    return mapped_column(BigInteger, server_default=text("0"))


class Import(Base):
    """One import. Its counts move in the transaction of the batch that they count.

    `feed` is the watched source it is of, empty for one started by hand; `since` is set when only what changed
    since then came. `open_reject_count` moves with the status of its refused rows, and stays 0 in a dry run.
    """

    __tablename__ = "imports"
    __table_args__ = (
        one_of("status", ImportStatus),
        Index("imports_newest", "started_at", "import_id"),
        Index(
            "imports_of_feed",
            "feed",
            "started_at",
            postgresql_where=text("feed <> '' AND NOT dry_run"),
        ),
    )

    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str]
    dry_run: Mapped[bool]
    status: Mapped[ImportStatus] = word(ImportStatus)
    row_count: Mapped[int] = _count()
    done_count: Mapped[int] = _count()
    created_count: Mapped[int] = _count()
    changed_count: Mapped[int] = _count()
    unchanged_count: Mapped[int] = _count()
    rejected_count: Mapped[int] = _count()
    batch_count: Mapped[int] = _count()
    rows_by_kind: Mapped[dict[str, int]] = mapped_column(JSONB, server_default=text("'{}'"))
    as_of: Mapped[datetime]
    started_at: Mapped[datetime]
    moved_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    since: Mapped[datetime | None]
    feed: Mapped[str] = mapped_column(server_default="")
    open_reject_count: Mapped[int] = _count()


class ImportReject(Base):
    """A refused row: where it stood, why, what it said, and what became of it.

    `settled_by` is the name of whoever mended it or set it aside, `mended_row` what it said when it came in.
    """

    __tablename__ = "import_rejects"
    __table_args__ = (
        one_of("status", RejectStatus),
        CheckConstraint("(settled_at IS NULL) = (status = 'OPEN')", name="settled"),
        Index("import_rejects_in_order", "import_id", "row_number", "reject_id"),
        Index(
            "import_rejects_open",
            "import_id",
            "row_number",
            "reject_id",
            postgresql_where=text("status = 'OPEN'"),
        ),
    )

    reject_id: Mapped[UUID] = mapped_column(primary_key=True)
    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.import_id", ondelete="CASCADE"))
    row_number: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    external_id: Mapped[str]
    reasons: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    row: Mapped[dict[str, str]] = mapped_column(JSONB)
    status: Mapped[RejectStatus] = word(RejectStatus, server_default=text("'OPEN'"))
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str] = mapped_column(server_default="")
    mended_row: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=text("'{}'"))


class ImportTrial(Base):
    """A row that a dry run found good, kept until the run ends: later batches may refer to it."""

    __tablename__ = "import_trials"
    __table_args__ = (Index("import_trials_by_number", "import_id", "kind", "number"),)

    import_id: Mapped[UUID] = mapped_column(
        ForeignKey("imports.import_id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(server_default="")
    row: Mapped[bytes] = mapped_column(LargeBinary)


IMPORT_KEY = (datetime, UUID)
REJECT_KEY = (int, UUID)
BATCH_LOCK = 0x696D706F  # "impo"
BATCH_LOCK_WAIT_S = 60


# All that a batch looks up has an index. While a first import fills the tables, the planner still takes them for
# empty and would read them whole, more of them with every batch. Compiling a statement takes longer than the statement.
_SETTINGS = text(
    "SELECT set_config('lock_timeout', :wait, true), set_config('enable_seqscan', 'off', true), "
    "set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true)"
).bindparams(wait=f"{BATCH_LOCK_WAIT_S}s")


def lock_batches(session: Session) -> None:
    """One batch after the other: what it found out about rows holds until it has written its own.

    Whoever else changes what imports change takes `share_with_batches`.
    """
    session.execute(_SETTINGS)
    session.execute(text(f"SELECT pg_advisory_xact_lock({BATCH_LOCK})"))


def share_with_batches(session: Session) -> None:
    """No batch is written until this transaction ends; others that share may go on."""
    session.execute(text(f"SELECT pg_advisory_xact_lock_shared({BATCH_LOCK})"))


def get_import(session: Session, import_id: UUID) -> Import | None:
    """An import by id."""
    return session.get(Import, import_id)


def lock_import(session: Session, import_id: UUID) -> Import | None:
    """An import that nobody else moves until the transaction ends."""
    return session.get(Import, import_id, with_for_update=True, populate_existing=True)


def add_import(session: Session, import_: Import) -> bool:
    """Add an import; false when the id is taken, also by somebody who is just adding it."""
    values = {
        "import_id": import_.import_id,
        "source": import_.source,
        "dry_run": import_.dry_run,
        "status": import_.status,
        "row_count": import_.row_count,
        "as_of": import_.as_of,
        "started_at": import_.started_at,
        "moved_at": import_.moved_at,
        "since": import_.since,
        "feed": import_.feed,
    }
    statement = insert(Import).values(values).on_conflict_do_nothing().returning(Import.import_id)
    return session.execute(statement).first() is not None


def list_imports(session: Session, window: Window) -> Page:
    """Imports, the newest first."""
    return fetch_page(
        session,
        select(Import),
        keys=(Import.started_at, Import.import_id),
        window=window,
        descending=True,
        scalars=True,
    )


def add_rejects(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep refused rows."""
    if rows:
        session.execute(insert(ImportReject), list(rows))


def get_reject(session: Session, reject_id: UUID) -> ImportReject | None:
    """A refused row by id."""
    return session.get(ImportReject, reject_id)


def lock_reject(session: Session, reject_id: UUID) -> ImportReject | None:
    """A refused row that nobody else settles until the transaction ends."""
    return session.get(ImportReject, reject_id, with_for_update=True, populate_existing=True)


def find_next_open(session: Session, reject: ImportReject) -> UUID | None:
    """The next row of its import that waits, in the order of the source; behind the last comes the first."""
    place = tuple_(ImportReject.row_number, ImportReject.reject_id)
    here = tuple_(reject.row_number, reject.reject_id)
    waiting = (
        select(ImportReject.reject_id)
        .where(ImportReject.import_id == reject.import_id, ImportReject.status == RejectStatus.OPEN)
        .order_by(ImportReject.row_number, ImportReject.reject_id)
        .limit(1)
    )
    behind = session.scalar(waiting.where(place > here))
    return behind or session.scalar(waiting.where(place < here))


def list_rejects(session: Session, import_id: UUID, window: Window, *, open_only: bool = False) -> Page:
    """Refused rows in the order of the source, all or those that wait."""
    wanted = select(ImportReject).where(ImportReject.import_id == import_id)
    return fetch_page(
        session,
        wanted.where(ImportReject.status == RejectStatus.OPEN) if open_only else wanted,
        keys=(ImportReject.row_number, ImportReject.reject_id),
        window=window,
        scalars=True,
    )


def add_trials(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep the good rows of a dry run, the last of each id."""
    if not rows:
        return
    statement = insert(ImportTrial)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[ImportTrial.import_id, ImportTrial.kind, ImportTrial.external_id],
            set_={"number": statement.excluded.number, "row": statement.excluded.row},
        ),
        list(rows),
    )


def find_trials(
    session: Session,
    import_id: UUID,
    kind: str,
    *,
    external_ids: Collection[str],
    numbers: Collection[str] = (),
) -> Sequence[bytes]:
    """Rows that the dry run found good, by their ids or by the numbers they claimed."""
    trial = ImportTrial
    mine = select(trial.row).where(trial.import_id == import_id, trial.kind == kind)
    found = list(session.scalars(mine.where(is_any(trial.external_id, external_ids)))) if external_ids else []
    if numbers:
        others = mine.where(is_any(trial.number, numbers), ~is_any(trial.external_id, external_ids))
        found.extend(session.scalars(others))
    return found


def delete_trials(session: Session, import_id: UUID) -> None:
    """The dry run is over: nothing of it is kept but its counts and what it refused."""
    session.execute(delete(ImportTrial).where(ImportTrial.import_id == import_id))


def is_coming(session: Session, *, moved_since: datetime, started_since: datetime) -> bool:
    """Whether an import that began not long ago is just bringing rows."""
    statement = select(Import.import_id).where(
        Import.status == ImportStatus.RUNNING,
        Import.started_at > started_since,
        Import.moved_at > moved_since,
        ~Import.dry_run,
    )
    return session.execute(statement.limit(1)).first() is not None


def newest_data_at(session: Session) -> datetime | None:
    """How old the newest data of the provider's own systems are."""
    came = Import.created_count + Import.changed_count + Import.unchanged_count > 0
    return session.scalar(select(func.max(Import.as_of)).where(~Import.dry_run, came))
