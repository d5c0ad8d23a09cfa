"""Photos that came with readings: in a table of their own, so that no list of readings ever reads them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.billing.storage.base import Base


class ReadingPhoto(Base):
    """The photo of a meter's face, a JPEG made anew. `customer_id` is whoever took it: nobody else sees it."""

    __tablename__ = "reading_photos"
    __table_args__ = (Index("reading_photos_by_age", "added_at"),)

    reading_id: Mapped[UUID] = mapped_column(ForeignKey("readings.reading_id"), primary_key=True)
    customer_id: Mapped[UUID]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    added_at: Mapped[datetime]


def add_photo(
    session: Session, reading_id: UUID, *, customer_id: UUID, content: bytes, now: datetime
) -> None:
    """Keep a photo of a reading; a later one takes the place of an earlier one."""
    statement = insert(ReadingPhoto).values(
        reading_id=reading_id, customer_id=customer_id, content=content, added_at=now
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[ReadingPhoto.reading_id],
            set_={"content": statement.excluded.content, "added_at": now},
        )
    )


def move_photo(session: Session, from_reading: UUID, to_reading: UUID, *, customer_id: UUID) -> None:
    """A reading takes another's place: it keeps the photo that the same customer sent with the other."""
    photo = ReadingPhoto
    session.execute(
        update(photo)
        .where(photo.reading_id == from_reading, photo.customer_id == customer_id)
        .values(reading_id=to_reading)
        .execution_options(synchronize_session=False)
    )


def get_photo(session: Session, reading_id: UUID, *, customer_id: UUID) -> bytes | None:
    """The photo that this customer sent with a reading."""
    photo = ReadingPhoto
    return session.scalar(
        select(photo.content).where(photo.reading_id == reading_id, photo.customer_id == customer_id)
    )


def find_with_photo(session: Session, reading_ids: Collection[UUID], customer_id: UUID) -> set[UUID]:
    """Those of the readings that came with a photo of this customer's."""
    photo = ReadingPhoto
    if not reading_ids:
        return set()
    statement = select(photo.reading_id).where(
        photo.reading_id.in_(reading_ids), photo.customer_id == customer_id
    )
    return set(session.scalars(statement))


def delete_before(session: Session, instant: datetime, *, limit: int) -> int:
    """Delete some of the photos that were added before an instant; answers how many."""
    photo = ReadingPhoto
    old = select(photo.reading_id).where(photo.added_at < instant).limit(limit)
    done: Any = session.execute(
        delete(photo).where(photo.reading_id.in_(old)).execution_options(synchronize_session=False)
    )
    return int(done.rowcount)
