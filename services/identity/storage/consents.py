"""Consents: each yes and each no is a row; the last of a kind holds. Texts have versions; the last is in force."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, desc, select, text
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import one_of, word
from chassis.keyset import Page, Window, fetch_page
from services.identity.storage.base import Base


class ConsentKind(StrEnum):
    """What a consent is about, in the order in which customers see it."""

    E_INVOICE = "E_INVOICE"
    MARKETING_EMAIL = "MARKETING_EMAIL"
    MARKETING_SMS = "MARKETING_SMS"
    MARKETING_PHONE = "MARKETING_PHONE"


class ConsentChannel(StrEnum):
    """By which way something was said; LINK is that of a message with an offer."""

    PORTAL = "PORTAL"
    PAPER = "PAPER"
    DESK = "DESK"
    PHONE = "PHONE"
    LINK = "LINK"


class ConsentText(Base):
    """What one agrees to, in the languages of the suite; `{provider}` stands for the name."""

    __tablename__ = "consent_texts"
    __table_args__ = (one_of("kind", ConsentKind), CheckConstraint("version > 0", name="version"))

    kind: Mapped[ConsentKind] = word(ConsentKind, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    pl: Mapped[str]
    en: Mapped[str]
    uk: Mapped[str]
    published_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    @property
    def by_language(self) -> dict[str, str]:
        """The text in each language."""
        return {"pl": self.pl, "en": self.en, "uk": self.uk}


class Consent(Base):
    """One word of a customer. `version` counts those of a kind; it was said at `said_at`, we knew at `kept_at`."""

    __tablename__ = "consents"
    __table_args__ = (
        one_of("kind", ConsentKind),
        one_of("channel", ConsentChannel),
        ForeignKeyConstraint(["kind", "text_version"], ["consent_texts.kind", "consent_texts.version"]),
        UniqueConstraint("customer_id", "kind", "version"),
        Index("consents_of_customer", "customer_id", desc("kept_at"), desc("change_id")),
    )

    change_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    kind: Mapped[ConsentKind] = word(ConsentKind)
    version: Mapped[int]
    is_given: Mapped[bool]
    text_version: Mapped[int]
    channel: Mapped[ConsentChannel] = word(ConsentChannel)
    said_at: Mapped[datetime]
    kept_at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor_id: Mapped[str]
    actor_name: Mapped[str]
    address: Mapped[str]
    note: Mapped[str]


def find_texts(session: Session) -> dict[ConsentKind, ConsentText]:
    """The text in force of each kind."""
    rows = session.scalars(
        select(ConsentText)
        .ext(distinct_on(ConsentText.kind))
        .order_by(ConsentText.kind, ConsentText.version.desc())
    )
    return {row.kind: row for row in rows}


def add_text(
    session: Session, kind: ConsentKind, version: int, texts: Mapping[str, str], *, now: datetime
) -> None:
    """Another version. Of two at once one fails."""
    session.add(ConsentText(kind=kind, version=version, published_at=now, **texts))


def find_last(session: Session, customer_id: UUID) -> dict[ConsentKind, Consent]:
    """The last word of each kind; nothing where nothing was ever said."""
    rows = session.scalars(
        select(Consent)
        .where(Consent.customer_id == customer_id)
        .ext(distinct_on(Consent.kind))
        .order_by(Consent.kind, Consent.version.desc())
    )
    return {row.kind: row for row in rows}


def find_change(session: Session, change_id: UUID) -> Consent | None:
    """A word by its id."""
    return session.get(Consent, change_id)


def add_consent(session: Session, values: dict[str, Any]) -> bool:
    """False when another word of the kind, or the same one, came first."""
    statement = insert(Consent).values(**values).on_conflict_do_nothing()
    return session.scalar(statement.returning(Consent.change_id)) is not None


def list_changes(session: Session, customer_id: UUID, *, window: Window) -> Page:
    """Words with their texts, the newest first."""
    statement = (
        select(Consent, ConsentText)
        .join(ConsentText, (ConsentText.kind == Consent.kind) & (ConsentText.version == Consent.text_version))
        .where(Consent.customer_id == customer_id)
    )
    keys = [Consent.kept_at, Consent.change_id]
    return fetch_page(session, statement, keys=keys, window=window, descending=True)
