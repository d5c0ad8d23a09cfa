"""Keys of writes and what they were used for: by hash, so that nothing of a request is kept."""

from datetime import datetime

from sqlalchemy import Index, delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.identity.storage.base import Base


class KeptRequest(Base):
    """A key of a caller. `key_hash` and `fingerprint` are SHA-256."""

    __tablename__ = "kept_requests"
    __table_args__ = (Index("kept_requests_by_age", "kept_at"),)

    subject: Mapped[str] = mapped_column(primary_key=True)
    key_hash: Mapped[bytes] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]
    kept_at: Mapped[datetime]


def put_request(
    session: Session, subject: str, key_hash: bytes, *, fingerprint: bytes, now: datetime
) -> bytes:
    """Keep it unless the key is there already; answers the fingerprint that is kept."""
    row = insert(KeptRequest).values(subject=subject, key_hash=key_hash, fingerprint=fingerprint, kept_at=now)
    # The update changes nothing: it makes PostgreSQL answer the row that is there.
    kept = row.on_conflict_do_update(
        index_elements=[KeptRequest.subject, KeptRequest.key_hash], set_={"subject": row.excluded.subject}
    )
    return session.scalars(kept.returning(KeptRequest.fingerprint)).one()


def delete_old_requests(session: Session, *, before: datetime, limit: int) -> None:
    """Some of those that are older."""
    key = (KeptRequest.subject, KeptRequest.key_hash)
    old = select(*key).where(KeptRequest.kept_at < before).limit(limit).with_for_update(skip_locked=True)
    session.execute(delete(KeptRequest).where(tuple_(*key).in_(old)))
