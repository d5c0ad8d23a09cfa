"""Segments that staff keep under a name. What is begun with one copies it, so nothing written before ever changes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor
from chassis.errors import Conflict, Violation, refuse_if
from chassis.folding import fold
from services.notify.storage import segments as stored
from services.notify.storage.segments import SavedSegment

SEGMENTS_MAX = 200


class SegmentChanged(Conflict):
    """Somebody else changed it meanwhile, or took it away."""

    reason = "SEGMENT_CHANGED"


class SegmentNameTaken(Conflict):
    """Another one is called so."""

    reason = "SEGMENT_NAME_TAKEN"


def list_all(session: Session) -> Sequence[SavedSegment]:
    """All of them, by name."""
    found = stored.list_segments(session, limit=SEGMENTS_MAX)
    return sorted(found, key=lambda one: (fold(one.name), one.name))


def save(
    session: Session,
    segment_id: UUID,
    *,
    name: str,
    segment: dict[str, Any],
    version: int,
    by: Actor,
    now: datetime,
) -> SavedSegment:
    """Keep one as it is wanted; `version` is the one it began from. Saying the same again changes nothing.

    Refuses SEGMENT_CHANGED, SEGMENT_NAME_TAKEN, TOO_MANY.
    """
    there = stored.lock_segment(session, segment_id)
    if there is not None and (there.name, there.segment) == (name, segment):
        return there
    if (there.version if there else 0) != version:
        raise SegmentChanged(segment_id=str(segment_id))
    if stored.find_by_name(session, name) not in (None, segment_id):
        raise SegmentNameTaken(name=name)
    if there is None:
        if stored.count_segments(session) >= SEGMENTS_MAX:
            refuse_if([Violation("segment", "TOO_MANY", f"at most {SEGMENTS_MAX}")])
        there = SavedSegment(segment_id=segment_id, version=0)
        session.add(there)
    there.name, there.segment = name, segment
    there.version += 1
    there.written_by, there.written_at = by.name, now
    session.flush()
    return there


def remove(session: Session, segment_id: UUID) -> None:
    """Take one away; gone already is as good."""
    there = stored.lock_segment(session, segment_id)
    if there is not None:
        session.delete(there)
