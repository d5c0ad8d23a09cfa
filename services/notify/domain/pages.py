"""The provider's own pages: a draft is written, published as a version that is kept, and can be had back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor
from chassis.errors import Conflict, FailedPrecondition, Invalid, NotFound, Violation
from chassis.texts import check_texts, kept_texts
from services.notify.storage import pages as stored
from services.notify.storage.pages import Page, PageVersion

PAGES_MAX = 200
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")


class PageNotFound(NotFound):
    """There is no such page, or nobody may see it yet."""

    reason = "PAGE_NOT_FOUND"


class VersionNotFound(NotFound):
    """The page never had this version."""

    reason = "VERSION_NOT_FOUND"


class PageChanged(Conflict):
    """Somebody else changed it meanwhile."""

    reason = "PAGE_CHANGED"


class NoDraft(FailedPrecondition):
    """Nothing was written since the last publishing."""

    reason = "NO_DRAFT"


class TooManyPages(FailedPrecondition):
    """A menu of so many pages helps nobody."""

    reason = "TOO_MANY"


@dataclass(frozen=True)
class Draft:
    """A page as somebody wants it; `revision` is the one they began from."""

    slug: str
    titles: Mapping[str, str]
    bodies: Mapping[str, str]
    in_menu: bool
    position: int
    revision: int

    def columns(self) -> dict[str, Any]:
        """What is written of it."""
        return {
            "slug": self.slug,
            "titles": kept_texts(self.titles),
            "bodies": kept_texts(self.bodies),
            "in_menu": self.in_menu,
            "position": self.position,
        }


def save_draft(session: Session, page_id: UUID, wanted: Draft, *, by: Actor, now: datetime) -> Page:
    """Keep a draft; people go on seeing what was published. Saying the same again changes nothing."""
    stored.lock_pages(session)
    there = stored.get_page(session, page_id)
    columns = wanted.columns()
    if there is not None and all(getattr(there, name) == value for name, value in columns.items()):
        return there
    if there is not None and there.revision != wanted.revision:
        raise PageChanged(page_id=str(page_id))
    _refuse_faults(session, page_id, wanted)
    if there is None:
        if stored.count_pages(session) >= PAGES_MAX:
            raise TooManyPages
        there = Page(page_id=page_id, revision=0, version=0, last_version=0)
        session.add(there)
    for name, value in columns.items():
        setattr(there, name, value)
    _touch(there, by=by, now=now)
    there.has_draft = True
    session.flush()
    return there


def publish(session: Session, page_id: UUID, *, revision: int, by: Actor, now: datetime) -> Page:
    """The draft becomes the next version, which people see. Published already is as good."""
    stored.lock_pages(session)
    there = _found(session, page_id)
    if not there.has_draft:
        if there.version and there.revision == revision:
            return there
        raise NoDraft(page_id=str(page_id))
    if there.revision != revision:
        raise PageChanged(page_id=str(page_id))
    there.last_version += 1
    there.version, there.has_draft = there.last_version, False
    session.add(
        PageVersion(
            page_id=page_id,
            version=there.version,
            slug=there.slug,
            titles=there.titles,
            bodies=there.bodies,
            in_menu=there.in_menu,
            position=there.position,
            published_by=by.name,
            published_at=now,
        )
    )
    session.flush()
    return there


def restore(session: Session, page_id: UUID, version: int, *, by: Actor, now: datetime) -> Page:
    """An earlier version's words are the draft again; its address stays today's."""
    stored.lock_pages(session)
    there = _found(session, page_id)
    earlier = stored.get_version(session, page_id, version)
    if earlier is None:
        raise VersionNotFound(page_id=str(page_id))
    if (there.titles, there.bodies) != (earlier.titles, earlier.bodies):
        there.titles, there.bodies, there.has_draft = earlier.titles, earlier.bodies, True
        _touch(there, by=by, now=now)
    return there


def hide(session: Session, page_id: UUID) -> None:
    """People see it no more; what was published last is the draft unless one is being written."""
    stored.lock_pages(session)
    there = _found(session, page_id)
    if there.version:
        there.version, there.has_draft = 0, True


def _found(session: Session, page_id: UUID) -> Page:
    there = stored.get_page(session, page_id)
    if there is None:
        raise PageNotFound(page_id=str(page_id))
    return there


def _touch(there: Page, *, by: Actor, now: datetime) -> None:
    there.revision += 1
    there.written_by, there.written_at = by.name, now


def _refuse_faults(session: Session, page_id: UUID, wanted: Draft) -> None:
    faults = check_texts(wanted.titles, field="titles") + check_texts(wanted.bodies, field="bodies")
    if not _SLUG.match(wanted.slug):
        faults.append(Violation("slug", "MALFORMED"))
    elif stored.is_taken(session, wanted.slug, by_other_than=page_id):
        faults.append(Violation("slug", "ADDRESS_TAKEN"))
    if faults:
        raise Invalid(violations=faults)
