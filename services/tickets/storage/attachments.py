"""Files of cases: what they are and whom they belong to. The content lies elsewhere, under the row's id."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, delete, func, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.tickets.storage.base import Base
from services.tickets.storage.threads import TicketMessage


class Attachment(Base):
    """One file. It waits, without a message, until one names it."""

    __tablename__ = "attachments"
    __table_args__ = (
        CheckConstraint("size_bytes > 0", name="size_bytes"),
        Index("attachments_of_message", "ticket_message_id", "position"),
        Index(
            "attachments_waiting",
            "added_at",
            postgresql_where=text("ticket_message_id IS NULL"),
        ),
        Index(
            "attachments_waiting_for",
            "customer_id",
            postgresql_where=text("ticket_message_id IS NULL"),
        ),
    )

    attachment_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    added_at: Mapped[datetime]
    added_by: Mapped[str]
    by_staff: Mapped[bool]
    file_name: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    ticket_message_id: Mapped[UUID | None] = mapped_column(ForeignKey("ticket_messages.ticket_message_id"))
    position: Mapped[int]


def count_waiting(session: Session, customer_id: UUID) -> int:
    """How many files of a customer's cases no message names yet."""
    statement = select(func.count()).where(
        Attachment.customer_id == customer_id, Attachment.ticket_message_id.is_(None)
    )
    return session.scalar(statement) or 0


def attach(
    session: Session,
    attachment_ids: Sequence[UUID],
    *,
    customer_id: UUID,
    by_staff: bool,
    ticket_message_id: UUID,
) -> int:
    """Files that wait on the writer's side become the message's; answers how many did."""
    attached = 0
    for position, attachment_id in enumerate(attachment_ids):
        done = session.execute(
            update(Attachment)
            .where(
                Attachment.attachment_id == attachment_id,
                Attachment.customer_id == customer_id,
                Attachment.by_staff.is_(by_staff),
                Attachment.ticket_message_id.is_(None),
            )
            .values(ticket_message_id=ticket_message_id, position=position)
            .returning(Attachment.attachment_id)
            .execution_options(synchronize_session=False)
        )
        attached += len(done.all())
    return attached


def find_of_messages(session: Session, ticket_message_ids: Collection[UUID]) -> dict[UUID, list[Attachment]]:
    """The files of messages, by message, in the order in which they were named."""
    found: dict[UUID, list[Attachment]] = {}
    statement = select(Attachment).where(Attachment.ticket_message_id.in_(ticket_message_ids))
    for one in session.scalars(statement.order_by(Attachment.ticket_message_id, Attachment.position)):
        if one.ticket_message_id is not None:
            found.setdefault(one.ticket_message_id, []).append(one)
    return found


def get_attachment(session: Session, attachment_id: UUID) -> tuple[Attachment, TicketMessage | None] | None:
    """A file with the message it came with, if it came with one yet."""
    row = session.execute(
        select(Attachment, TicketMessage)
        .outerjoin(TicketMessage, TicketMessage.ticket_message_id == Attachment.ticket_message_id)
        .where(Attachment.attachment_id == attachment_id)
    ).first()
    return None if row is None else (row[0], row[1])


def delete_waiting(session: Session, *, before: datetime, limit: int) -> list[UUID]:
    """Forget some of the files that no message has named since an instant; answers their ids."""
    old = (
        select(Attachment.attachment_id)
        .where(Attachment.ticket_message_id.is_(None), Attachment.added_at < before)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    done = session.execute(
        delete(Attachment)
        .where(Attachment.attachment_id.in_(old))
        .returning(Attachment.attachment_id)
        .execution_options(synchronize_session=False)
    )
    return list(done.scalars())


def find_known(session: Session, attachment_ids: Collection[UUID]) -> set[UUID]:
    """Those of the ids that there is a row of."""
    statement = select(Attachment.attachment_id).where(Attachment.attachment_id.in_(attachment_ids))
    return set(session.scalars(statement))
