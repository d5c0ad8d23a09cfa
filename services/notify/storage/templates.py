"""Templates: texts that staff use again."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.keyset import Page, Window, fetch_page
from services.notify.storage.base import Base


class Template(Base):
    """A named set of texts; `texts` by language, each a map of its parts. `version` grows with each change."""

    __tablename__ = "templates"

    template_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    texts: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(BigInteger)
    written_by: Mapped[str]
    written_at: Mapped[datetime]


TEMPLATE_KEY = (str, UUID)


def get_template(session: Session, template_id: UUID) -> Template | None:
    """A template by id."""
    return session.get(Template, template_id)


def lock_template(session: Session, template_id: UUID) -> Template | None:
    """A template that nobody else changes until the transaction ends."""
    return session.get(Template, template_id, with_for_update=True)


def find_by_name(session: Session, name: str) -> UUID | None:
    """The template of that name."""
    return session.scalar(select(Template.template_id).where(Template.name == name))


def list_templates(session: Session, window: Window) -> Page:
    """All templates, by name."""
    return fetch_page(
        session, select(Template), keys=[Template.name, Template.template_id], window=window, scalars=True
    )
