"""Announcements: written, published from a moment on, withdrawn. Whom a published one is for stays as it was."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor
from chassis.errors import Conflict, FailedPrecondition, Invalid, NotFound, Violation
from chassis.texts import check_texts, kept_texts
from services.notify.storage import announcements as stored
from services.notify.storage.announcements import Announcement, AnnouncementStatus


class AnnouncementNotFound(NotFound):
    """There is none of that id, or it is not for the asker, or not now."""

    reason = "ANNOUNCEMENT_NOT_FOUND"


class AnnouncementChanged(Conflict):
    """Somebody else changed it meanwhile."""

    reason = "ANNOUNCEMENT_CHANGED"


class AnnouncementWithdrawn(FailedPrecondition):
    """It was withdrawn and stays so."""

    reason = "ANNOUNCEMENT_WITHDRAWN"


class AnnouncementOver(FailedPrecondition):
    """Its last moment has passed."""

    reason = "ANNOUNCEMENT_OVER"


@dataclass(frozen=True)
class Wording:
    """An announcement as somebody wants it; `version` is the one they began from."""

    titles: Mapping[str, str]
    bodies: Mapping[str, str]
    live_from: datetime | None
    live_until: datetime | None
    is_pinned: bool
    is_urgent: bool
    before_login: bool
    segment: dict[str, Any]
    version: int

    def columns(self) -> dict[str, Any]:
        """What is written of it."""
        return {
            "titles": kept_texts(self.titles),
            "bodies": kept_texts(self.bodies),
            "live_from": self.live_from,
            "live_until": self.live_until,
            "is_pinned": self.is_pinned,
            "is_urgent": self.is_urgent,
            "before_login": self.before_login,
            "segment": self.segment,
            "for_all": not self.segment,
        }


def save(
    session: Session, announcement_id: UUID, wanted: Wording, *, by: Actor, now: datetime
) -> Announcement:
    """Keep it as it is wanted. Saying the same again changes nothing."""
    there = stored.lock_announcement(session, announcement_id)
    columns = wanted.columns()
    if there is None:
        _refuse_faults(wanted, None, now=now)
        return _add(session, announcement_id, columns, by=by, now=now)
    if there.of_campaign:
        raise AnnouncementNotFound(announcement_id=str(announcement_id))
    if there.status is AnnouncementStatus.WITHDRAWN:
        raise AnnouncementWithdrawn(announcement_id=str(announcement_id))
    if there.live_from is not None and columns["live_from"] is None:
        columns["live_from"] = there.live_from if there.status is AnnouncementStatus.PUBLISHED else None
    if all(getattr(there, name) == value for name, value in columns.items()):
        return there  # A repeated call, or nothing to change.
    if there.version != wanted.version:
        raise AnnouncementChanged(announcement_id=str(announcement_id))
    _refuse_faults(wanted, there, now=now)
    for name, value in columns.items():
        setattr(there, name, value)
    there.version += 1
    there.written_by, there.written_at = by.name, now
    return there


def publish(session: Session, announcement_id: UUID, *, version: int, now: datetime) -> Announcement:
    """People see it from its first moment on, or from now."""
    there = _locked(session, announcement_id)
    if there.status is AnnouncementStatus.PUBLISHED:
        return there
    if there.status is AnnouncementStatus.WITHDRAWN:
        raise AnnouncementWithdrawn(announcement_id=str(announcement_id))
    if there.version != version:
        raise AnnouncementChanged(announcement_id=str(announcement_id))
    if there.live_until is not None and there.live_until <= now:
        raise AnnouncementOver(announcement_id=str(announcement_id))
    there.live_from = there.live_from or now
    there.status, there.published_at = AnnouncementStatus.PUBLISHED, now
    there.version += 1
    return there


def withdraw(session: Session, announcement_id: UUID) -> None:
    """Nobody sees it any more. A draft that is withdrawn was never seen."""
    there = _locked(session, announcement_id)
    if there.status is not AnnouncementStatus.WITHDRAWN:
        there.status = AnnouncementStatus.WITHDRAWN
        there.version += 1


def mark_read(
    session: Session, announcement_id: UUID, customer_id: UUID, *, by: Actor, now: datetime
) -> None:
    """The caller has seen it."""
    if stored.find_live(session, announcement_id, customer_id, by.actor_id, now=now) is None:
        raise AnnouncementNotFound(announcement_id=str(announcement_id))
    stored.mark_read(session, announcement_id, customer_id, by.actor_id, now=now)


def begin_gathering(session: Session, announcement_id: UUID) -> tuple[dict[str, Any], int] | None:
    """The segment and the number of the next gathering; None when it is not published any more."""
    there = stored.lock_announcement(session, announcement_id)
    if there is None or there.status is not AnnouncementStatus.PUBLISHED or there.for_all:
        return None
    there.gathering += 1
    return there.segment, there.gathering


def end_gathering(session: Session, announcement_id: UUID, *, gathering: int, now: datetime) -> None:
    """All of the segment are known; who was of it before is not any more. An overtaken gathering ends nothing."""
    there = stored.lock_announcement(session, announcement_id)
    if there is not None and there.gathering == gathering:
        stored.remove_earlier(session, announcement_id, gathering=gathering)
        there.gathered_at = now


def _locked(session: Session, announcement_id: UUID) -> Announcement:
    there = stored.lock_announcement(session, announcement_id)
    if there is None:
        raise AnnouncementNotFound(announcement_id=str(announcement_id))
    return there


def _add(
    session: Session, announcement_id: UUID, columns: dict[str, Any], *, by: Actor, now: datetime
) -> Announcement:
    added = Announcement(
        announcement_id=announcement_id,
        status=AnnouncementStatus.DRAFT,
        version=1,
        written_by=by.name,
        written_at=now,
        gathering=0,
        **columns,
    )
    session.add(added)
    session.flush()
    return added


def _refuse_faults(wanted: Wording, there: Announcement | None, *, now: datetime) -> None:
    faults = check_texts(wanted.titles, field="titles") + check_texts(wanted.bodies, field="bodies")
    if wanted.live_until is not None:
        if wanted.live_from is not None and wanted.live_until <= wanted.live_from:
            faults.append(Violation("live_until", "BEFORE_START"))
        elif wanted.live_until <= now and (there is None or there.live_until != wanted.live_until):
            faults.append(Violation("live_until", "TOO_LATE"))
    if wanted.before_login and wanted.segment:
        faults.append(Violation("before_login", "NOT_FOR_ALL"))
    if there is not None and there.status is AnnouncementStatus.PUBLISHED and there.segment != wanted.segment:
        faults.append(Violation("segment", "FIXED"))
    if faults:
        raise Invalid(violations=faults)
