"""The provider's own pages and every version of them that was published."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, and_, func, or_, select, text
from sqlalchemy.orm import Mapped, Session, defer, mapped_column

from services.notify.storage.base import Base

PAGES_LOCK = 0x70616765  # "page"


class Page(Base):
    """A page as it is being written; `version` is the one that people see, 0 for none."""

    __tablename__ = "pages"
    __table_args__ = (CheckConstraint("version <= last_version", name="version_was_published"),)

    page_id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    titles: Mapped[dict[str, Any]]
    bodies: Mapped[dict[str, Any]]
    in_menu: Mapped[bool]
    position: Mapped[int]
    revision: Mapped[int] = mapped_column(BigInteger)
    has_draft: Mapped[bool]
    version: Mapped[int]
    last_version: Mapped[int]
    written_by: Mapped[str]
    written_at: Mapped[datetime]


class PageVersion(Base):
    """A version as it was published; never changed."""

    __tablename__ = "page_versions"

    page_id: Mapped[UUID] = mapped_column(ForeignKey("pages.page_id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    slug: Mapped[str]
    titles: Mapped[dict[str, Any]]
    bodies: Mapped[dict[str, Any]]
    in_menu: Mapped[bool]
    position: Mapped[int]
    published_by: Mapped[str]
    published_at: Mapped[datetime]


_SEEN = and_(PageVersion.page_id == Page.page_id, PageVersion.version == Page.version)


def lock_pages(session: Session) -> None:
    """One change of pages after the other: two cannot take one address."""
    session.execute(text(f"SELECT pg_advisory_xact_lock({PAGES_LOCK})"))


def list_menu(session: Session, *, limit: int) -> Sequence[PageVersion]:
    """What people see in the menu, by place, without texts."""
    statement = select(PageVersion).join(Page, _SEEN).where(PageVersion.in_menu)
    statement = statement.options(defer(PageVersion.bodies)).order_by(PageVersion.position, PageVersion.slug)
    return session.scalars(statement.limit(limit)).all()


def find_published(session: Session, slug: str) -> PageVersion | None:
    """What people see at an address."""
    return session.scalars(select(PageVersion).join(Page, _SEEN).where(PageVersion.slug == slug)).first()


def list_written(session: Session, *, limit: int) -> Sequence[Page]:
    """All pages by place, without texts."""
    statement = select(Page).options(defer(Page.bodies)).order_by(Page.position, Page.slug)
    return session.scalars(statement.limit(limit)).all()


def count_pages(session: Session) -> int:
    """How many there are."""
    return session.execute(select(func.count()).select_from(Page)).scalar_one()


def get_page(session: Session, page_id: UUID) -> Page | None:
    """One as it is written."""
    return session.get(Page, page_id, populate_existing=True)


def list_versions(session: Session, page_id: UUID, *, limit: int) -> Sequence[PageVersion]:
    """What was published of a page, the newest first, without texts."""
    statement = select(PageVersion).where(PageVersion.page_id == page_id).options(defer(PageVersion.bodies))
    return session.scalars(statement.order_by(PageVersion.version.desc()).limit(limit)).all()


def get_version(session: Session, page_id: UUID, version: int) -> PageVersion | None:
    """One version with its text."""
    return session.get(PageVersion, (page_id, version))


def is_taken(session: Session, slug: str, *, by_other_than: UUID) -> bool:
    """Whether another page has an address, in writing or as people see it."""
    written = select(Page.page_id).where(Page.slug == slug, Page.page_id != by_other_than)
    seen = select(PageVersion.page_id).join(Page, _SEEN)
    seen = seen.where(PageVersion.slug == slug, PageVersion.page_id != by_other_than)
    return session.execute(select(or_(written.exists(), seen.exists()))).scalar_one()
