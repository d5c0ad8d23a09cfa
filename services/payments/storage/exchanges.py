"""Everything that was said between us and the providers, as it was, before anybody judged it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import CheckConstraint, Index, and_, delete, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import one_of, word
from chassis.database import Reader
from services.payments.storage.base import Base

BODY_BYTES_MAX = 64 * 1024
# What an address of ours is for, and what a message that came there is called.
NOTIFICATION, REFUND_NOTIFICATION = "notification", "refund_notification"
KINDS_OF_ADDRESSES = {"payment": NOTIFICATION, "refund": REFUND_NOTIFICATION}


class Direction(StrEnum):
    """Who spoke first: we asked (`out`), or the provider sent something (`in`)."""

    OUT = "out"
    IN = "in"


class Verdict(StrEnum):
    """What we made of a message."""

    ACCEPTED = "ACCEPTED"
    REPEATED = "REPEATED"
    SIGN_WRONG = "SIGN_WRONG"
    AMOUNT_WRONG = "AMOUNT_WRONG"
    CURRENCY_WRONG = "CURRENCY_WRONG"
    MERCHANT_WRONG = "MERCHANT_WRONG"
    NOT_OURS = "NOT_OURS"
    MALFORMED = "MALFORMED"
    NO_ANSWER = "NO_ANSWER"
    PROVIDER_FAULT = "PROVIDER_FAULT"
    REFUSED = "REFUSED"


class Exchange(Base):
    """One question of ours with its answer, or one message of a provider.

    `asked` is our question (line and body), `body` the provider's words, both cut at 64 KiB. The verdict is empty
    while a message waits to be judged; `judge_after` and `tries` are of messages whose judging failed.
    """

    __tablename__ = "exchanges"
    __table_args__ = (
        one_of("direction", Direction),
        one_of("verdict", Verdict),
        CheckConstraint(f"octet_length(body) <= {BODY_BYTES_MAX}", name="body"),
        CheckConstraint(f"octet_length(asked) <= {BODY_BYTES_MAX}", name="asked"),
        Index(
            "exchanges_waiting",
            "judge_after",
            "exchange_id",
            postgresql_where=text("direction = 'in' AND verdict IS NULL"),
        ),
        Index("exchanges_by_payment", "payment_id", "exchange_id"),
        Index("exchanges_by_age", "happened_at"),
    )

    exchange_id: Mapped[UUID] = mapped_column(primary_key=True)
    happened_at: Mapped[datetime]
    direction: Mapped[Direction] = word(Direction)
    provider: Mapped[str]
    kind: Mapped[str]
    payment_id: Mapped[UUID | None]
    http_status: Mapped[int]
    asked: Mapped[bytes]
    body: Mapped[bytes]
    headers: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sender: Mapped[str]
    verdict: Mapped[Verdict | None] = word(Verdict)
    judge_after: Mapped[datetime]
    tries: Mapped[int]


def add_exchange(session: Session, values: dict[str, Any]) -> None:
    """Insert a message as it is; `judge_after` is the moment it happened."""
    row = {"payment_id": None, "asked": b"", "sender": "", "verdict": None, "tries": 0, **values}
    session.execute(insert(Exchange).values(judge_after=values["happened_at"], **row))


_RECEIVE = """
    INSERT INTO exchanges (exchange_id, happened_at, direction, provider, kind, http_status, asked, body, headers,
                           sender, judge_after, tries)
    SELECT exchange_id, happened_at, 'in', provider, kind, 0, '', body, headers, sender, happened_at, 0
    FROM unnest(%(exchange_id)s::uuid[], %(happened_at)s::timestamptz[], %(provider)s::text[], %(kind)s::text[],
                %(body)s::bytea[], %(headers)s::jsonb[], %(sender)s::text[])
        AS came (exchange_id, happened_at, provider, kind, body, headers, sender)
    RETURNING exchange_id
"""


@dataclass(frozen=True)
class Received:
    """What a provider sent, as it came."""

    exchange_id: UUID
    happened_at: datetime
    provider: str
    kind: str
    body: bytes
    headers: Mapping[str, str]
    sender: str


def receive(reader: Reader, messages: Sequence[Received]) -> None:
    """Keep what providers sent, in one statement that is its own transaction: they send in floods."""
    columns: dict[str, list[Any]] = {
        name: [getattr(one, name) for one in messages]
        for name in ("exchange_id", "happened_at", "provider", "kind", "body", "sender")
    }
    columns["headers"] = [Jsonb(one.headers) for one in messages]
    reader.rows(_RECEIVE, columns)


def give_verdict(
    session: Session, exchange_id: UUID, verdict: Verdict, *, payment_id: UUID | None = None
) -> None:
    """Say what was made of a message, and of which payment it speaks when that is known only now."""
    values: dict[str, Any] = {"verdict": verdict}
    if payment_id is not None:
        values["payment_id"] = payment_id
    session.execute(update(Exchange).where(Exchange.exchange_id == exchange_id).values(**values))


_WAITING = """
    SELECT exchange_id, provider, kind, body, headers
    FROM exchanges
    WHERE direction = 'in' AND verdict IS NULL AND judge_after <= %(now)s
    ORDER BY judge_after, exchange_id
    LIMIT %(limit)s
"""


def list_waiting(reader: Reader, *, now: datetime, limit: int) -> Sequence[Any]:
    """Messages to judge, the oldest first: `exchange_id`, `provider`, `kind`, `body`, `headers`."""
    return reader.rows(_WAITING, {"now": now, "limit": limit})


def lock_waiting(session: Session, exchange_id: UUID) -> Exchange | None:
    """A message to judge, held until the transaction ends; None when it is judged, or somebody else holds it."""
    return session.scalar(
        select(Exchange)
        .where(Exchange.exchange_id == exchange_id, Exchange.verdict.is_(None))
        .with_for_update(skip_locked=True)
    )


_GIVE_VERDICTS = """
    UPDATE exchanges
    SET verdict = given.verdict
    FROM unnest(%(exchange_ids)s::uuid[], %(verdicts)s::text[]) AS given (exchange_id, verdict),
        (SELECT exchange_id FROM exchanges WHERE exchange_id = ANY(%(exchange_ids)s) AND verdict IS NULL
         FOR UPDATE SKIP LOCKED) AS free
    WHERE exchanges.exchange_id = given.exchange_id AND free.exchange_id = given.exchange_id
    RETURNING exchanges.exchange_id
"""


def give_verdicts(reader: Reader, verdicts: Mapping[UUID, Verdict]) -> set[UUID]:
    """Say at once what was made of many messages; answers those that were still to judge and in nobody's hands."""
    values = {"exchange_ids": list(verdicts), "verdicts": [one.value for one in verdicts.values()]}
    return {row.exchange_id for row in reader.rows(_GIVE_VERDICTS, values)}


def put_off(session: Session, exchange_id: UUID, *, now: datetime, longest: timedelta) -> None:
    """Its judging failed: again later, after twice as long each time."""
    exchange = session.get(Exchange, exchange_id, with_for_update=True)
    if exchange is not None and exchange.verdict is None:
        exchange.tries += 1
        exchange.judge_after = now + min(timedelta(seconds=2 ** min(exchange.tries, 20)), longest)


def list_exchanges(session: Session, payment_id: UUID, *, limit: int) -> Sequence[Exchange]:
    """What was said about a payment, the newest first."""
    statement = select(Exchange).where(Exchange.payment_id == payment_id)
    return session.scalars(statement.order_by(Exchange.exchange_id.desc()).limit(limit)).all()


def erase_old(session: Session, *, before: datetime, strangers_before: datetime, count_max: int) -> int:
    """Delete what was said before an instant, sooner what is of no payment; answers how many rows."""
    old = (
        select(Exchange.exchange_id)
        .where(
            or_(
                Exchange.happened_at < before,
                and_(
                    Exchange.happened_at < strangers_before,
                    Exchange.payment_id.is_(None),
                    or_(Exchange.verdict.is_not(None), Exchange.direction == Direction.OUT),
                ),
            )
        )
        .limit(count_max)
    )
    gone = session.scalars(
        delete(Exchange).where(Exchange.exchange_id.in_(old)).returning(Exchange.exchange_id)
    )
    return len(gone.all())
