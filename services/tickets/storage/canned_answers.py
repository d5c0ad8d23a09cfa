"""Answers that are given often."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.tickets.storage.base import Base

CANNED_ANSWERS_LOCK = 0x63616E  # "can": the advisory lock under which they are counted.


class CannedAnswer(Base):
    """One of them; it fits all categories when it names none. A deleted one stays, so that it is not saved back.

    `body` is Polish, `translations` are the other languages that somebody wrote it in.
    """

    __tablename__ = "canned_answers"

    canned_answer_id: Mapped[UUID] = mapped_column(primary_key=True)
    title: Mapped[str]
    body: Mapped[str]
    translations: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    category_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    used_count: Mapped[int] = mapped_column(server_default="0")
    is_deleted: Mapped[bool] = mapped_column(server_default=text("false"))


def list_canned_answers(session: Session, *, limit: int) -> Sequence[CannedAnswer]:
    """All that are there, in no order."""
    statement = select(CannedAnswer).where(~CannedAnswer.is_deleted)
    return session.scalars(statement.order_by(CannedAnswer.canned_answer_id).limit(limit)).all()


def lock_canned_answer(session: Session, canned_answer_id: UUID) -> CannedAnswer | None:
    """One of them, taken away or not; until the transaction ends nobody else adds or changes any."""
    session.execute(select(func.pg_advisory_xact_lock(CANNED_ANSWERS_LOCK)))
    return session.get(CannedAnswer, canned_answer_id, with_for_update=True, populate_existing=True)


def count_canned_answers(session: Session) -> int:
    """How many there are."""
    return session.scalar(select(func.count()).where(~CannedAnswer.is_deleted)) or 0


def add_canned_answer(
    session: Session,
    canned_answer_id: UUID,
    *,
    title: str,
    body: str,
    translations: Mapping[str, str],
    category_ids: Collection[UUID],
) -> CannedAnswer:
    """A new one."""
    made = CannedAnswer(
        canned_answer_id=canned_answer_id,
        title=title,
        body=body,
        translations=dict(translations),
        category_ids=list(category_ids),
        used_count=0,
        is_deleted=False,
    )
    session.add(made)
    session.flush()
    return made


def count_use(session: Session, canned_answer_id: UUID) -> None:
    """It was given once more."""
    own = CannedAnswer.canned_answer_id == canned_answer_id
    session.execute(update(CannedAnswer).where(own).values(used_count=CannedAnswer.used_count + 1))
