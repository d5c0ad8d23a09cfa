"""What a case is found by: every word of its number, subject, customer and thread, folded.

In a table of its own: a case moves in the queue far more often than something is written in it.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, Index, Text, cast, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.tickets.storage.base import Base
from services.tickets.storage.tickets import Ticket

WORDS_MAX = 5_000  # Of one case; behind those, what is written is kept and not found by.


class TicketWords(Base):
    """The words of one case."""

    __tablename__ = "ticket_words"
    __table_args__ = (Index("ticket_words_found", "words", postgresql_using="gin"),)

    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("tickets.ticket_id"), primary_key=True)
    words: Mapped[Any] = mapped_column(TSVECTOR)


def _vector(words: Collection[str]) -> ColumnElement[Any]:
    return func.array_to_tsvector(cast(sorted(words), ARRAY(Text)))


def add_words(session: Session, ticket_id: UUID, words: Collection[str]) -> None:
    """A case is found by these words too."""
    if not words:
        return
    statement = insert(TicketWords).values(ticket_id=ticket_id, words=_vector(words))
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[TicketWords.ticket_id],
            set_={"words": TicketWords.words.op("||")(statement.excluded.words)},
            where=func.length(TicketWords.words) < WORDS_MAX,
        )
    )


def add_words_of_customer(session: Session, customer_id: UUID, words: Collection[str]) -> None:
    """All cases of a customer are found by these words too."""
    if not words:
        return
    theirs = select(Ticket.ticket_id).where(Ticket.customer_id == customer_id)
    session.execute(
        update(TicketWords)
        .where(TicketWords.ticket_id.in_(theirs), func.length(TicketWords.words) < WORDS_MAX)
        .values(words=TicketWords.words.op("||")(_vector(words)))
        .execution_options(synchronize_session=False)
    )
