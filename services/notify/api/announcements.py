"""The door for announcements."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from ebok.notify.v1 import announcements_pb2 as pb
from ebok.notify.v1 import announcements_pb2_grpc as rpc

from chassis import segments, wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.rpc.paging import pack_page, unpack_window
from chassis.rpc.server import Context
from services.notify.documents.markdown import render_texts
from services.notify.domain import announcements
from services.notify.domain.announcements import AnnouncementNotFound, Wording
from services.notify.storage import announcements as stored
from services.notify.storage.announcements import Announcement, AnnouncementStatus

LIVE, WRITTEN = "announcements", "written_announcements"
ON_START = 3
PUBLIC_MAX = 10
STATUSES = {
    AnnouncementStatus.DRAFT: pb.ANNOUNCEMENT_STATUS_DRAFT,
    AnnouncementStatus.PUBLISHED: pb.ANNOUNCEMENT_STATUS_PUBLISHED,
    AnnouncementStatus.WITHDRAWN: pb.ANNOUNCEMENT_STATUS_WITHDRAWN,
}
OF_NUMBER = {number: status for status, number in STATUSES.items()}


class AnnouncementService(rpc.AnnouncementServiceServicer):
    """Front door for announcements: unpack, one transaction, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ListAnnouncements(
        self, request: pb.ListAnnouncementsRequest, context: Context
    ) -> pb.ListAnnouncementsResponse:
        """What is live for a customer; the first page's part without counting."""
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        window = unpack_window(request.page, of=LIVE, kinds=[int, datetime, UUID])
        user_id, now = context.actor.actor_id, self._clock.now()
        if request.for_start:
            with self._database.asking() as reader:
                rows = stored.list_for_start(reader, customer_id, user_id, now=now, limit=ON_START)
            return pb.ListAnnouncementsResponse(
                announcements=[_pack_head(one, is_read=False) for one in rows]
            )
        with self._database.reading() as session:
            page = stored.list_live(session, customer_id, user_id, window=window, now=now)
            unread = stored.count_unread(session, customer_id, user_id, now=now)
        return pb.ListAnnouncementsResponse(
            announcements=[_pack_head(one, is_read=is_read) for one, is_read in page.rows],
            page=pack_page(page, of=LIVE, key_of=stored.key_of),
            unread_count=unread,
        )

    def GetAnnouncement(
        self, request: pb.GetAnnouncementRequest, context: Context
    ) -> pb.GetAnnouncementResponse:
        """One that is live for a customer."""
        with self._database.reading() as session:
            found = stored.find_live(
                session,
                wire.unpack_id(request.announcement_id, field="announcement_id"),
                wire.unpack_id(request.customer_id, field="customer_id"),
                context.actor.actor_id,
                now=self._clock.now(),
            )
        if found is None:
            raise AnnouncementNotFound(announcement_id=request.announcement_id)
        return pb.GetAnnouncementResponse(announcement=_pack(found[0], is_read=found[1]))

    def MarkAnnouncementRead(
        self, request: pb.MarkAnnouncementReadRequest, context: Context
    ) -> pb.MarkAnnouncementReadResponse:
        """The caller has seen it."""
        with self._database.transaction() as session:
            announcements.mark_read(
                session,
                wire.unpack_id(request.announcement_id, field="announcement_id"),
                wire.unpack_id(request.customer_id, field="customer_id"),
                by=context.actor,
                now=self._clock.now(),
            )
        return pb.MarkAnnouncementReadResponse()

    def ListPublicAnnouncements(
        self, request: pb.ListPublicAnnouncementsRequest, context: Context
    ) -> pb.ListPublicAnnouncementsResponse:
        """What is shown before log-in."""
        with self._database.reading() as session:
            found = stored.list_public(session, now=self._clock.now(), limit=PUBLIC_MAX)
        return pb.ListPublicAnnouncementsResponse(announcements=[_pack(one, is_read=False) for one in found])

    def ListWrittenAnnouncements(
        self, request: pb.ListWrittenAnnouncementsRequest, context: Context
    ) -> pb.ListWrittenAnnouncementsResponse:
        """All of them for those who write."""
        window = unpack_window(request.page, of=WRITTEN, kinds=[UUID])
        with self._database.reading() as session:
            page = stored.list_written(session, status=OF_NUMBER.get(request.status), window=window)
            ids = [one.announcement_id for one in page.rows]
            recipients = stored.count_recipients(session, ids)
            readers = stored.count_readers(session, ids)
        return pb.ListWrittenAnnouncementsResponse(
            announcements=[
                _pack_written(
                    one,
                    recipients=recipients.get(one.announcement_id, 0),
                    readers=readers.get(one.announcement_id, 0),
                    bodies={},
                )
                for one in page.rows
            ],
            page=pack_page(page, of=WRITTEN, key_of=lambda one: (one.announcement_id,)),
        )

    def GetWrittenAnnouncement(
        self, request: pb.GetWrittenAnnouncementRequest, context: Context
    ) -> pb.GetWrittenAnnouncementResponse:
        """One with all that was written."""
        announcement_id = wire.unpack_id(request.announcement_id, field="announcement_id")
        with self._database.reading() as session:
            found = stored.get_announcement(session, announcement_id)
            if found is None:
                raise AnnouncementNotFound(announcement_id=request.announcement_id)
            return pb.GetWrittenAnnouncementResponse(announcement=self._whole(session, found))

    def SaveAnnouncement(
        self, request: pb.SaveAnnouncementRequest, context: Context
    ) -> pb.SaveAnnouncementResponse:
        """Keep one as it is written."""
        wanted = request.announcement
        with self._database.transaction() as session:
            saved = announcements.save(
                session,
                wire.unpack_id(wanted.announcement_id, field="announcement.announcement_id"),
                _unpack(wanted),
                by=context.actor,
                now=self._clock.now(),
            )
            return pb.SaveAnnouncementResponse(announcement=self._whole(session, saved))

    def PublishAnnouncement(
        self, request: pb.PublishAnnouncementRequest, context: Context
    ) -> pb.PublishAnnouncementResponse:
        """People see it from its first moment on."""
        with self._database.transaction() as session:
            published = announcements.publish(
                session,
                wire.unpack_id(request.announcement_id, field="announcement_id"),
                version=request.version,
                now=self._clock.now(),
            )
            return pb.PublishAnnouncementResponse(announcement=self._whole(session, published))

    def WithdrawAnnouncement(
        self, request: pb.WithdrawAnnouncementRequest, context: Context
    ) -> pb.WithdrawAnnouncementResponse:
        """Nobody sees it any more."""
        with self._database.transaction() as session:
            announcements.withdraw(session, wire.unpack_id(request.announcement_id, field="announcement_id"))
        return pb.WithdrawAnnouncementResponse()

    @staticmethod
    def _whole(session: Any, one: Announcement) -> pb.WrittenAnnouncement:
        ids = [one.announcement_id]
        return _pack_written(
            one,
            recipients=stored.count_recipients(session, ids).get(one.announcement_id, 0),
            readers=stored.count_readers(session, ids).get(one.announcement_id, 0),
            bodies=one.bodies,
        )


def _unpack(wanted: pb.WrittenAnnouncement) -> Wording:
    segments.unpack_segment(wanted.segment, field="announcement.segment")
    return Wording(
        titles=wanted.titles,
        bodies=wanted.bodies,
        live_from=wire.unpack_instant(wanted.live_from) if wanted.HasField("live_from") else None,
        live_until=wire.unpack_instant(wanted.live_until) if wanted.HasField("live_until") else None,
        is_pinned=wanted.is_pinned,
        is_urgent=wanted.is_urgent,
        before_login=wanted.before_login,
        segment=segments.to_stored(wanted.segment),
        version=wanted.version,
    )


def _pack(one: Any, *, is_read: bool) -> pb.Announcement:
    packed = _pack_head(one, is_read=is_read)
    packed.bodies_html.update(render_texts(one.bodies))
    return packed


def _pack_head(one: Any, *, is_read: bool) -> pb.Announcement:
    """Without its texts, for lists that show titles alone."""
    return pb.Announcement(
        announcement_id=wire.pack_id(one.announcement_id),
        titles=one.titles,
        live_from=wire.pack_optional_instant(one.live_from),
        live_until=wire.pack_optional_instant(one.live_until),
        is_pinned=one.is_pinned,
        is_urgent=one.is_urgent,
        is_read=is_read,
        is_addressed=not one.for_all,
    )


def _pack_written(
    one: Announcement, *, recipients: int, readers: int, bodies: Mapping[str, str]
) -> pb.WrittenAnnouncement:
    return pb.WrittenAnnouncement(
        announcement_id=wire.pack_id(one.announcement_id),
        titles=one.titles,
        bodies=bodies,
        bodies_html=render_texts(bodies),
        live_from=wire.pack_optional_instant(one.live_from),
        live_until=wire.pack_optional_instant(one.live_until),
        is_pinned=one.is_pinned,
        is_urgent=one.is_urgent,
        before_login=one.before_login,
        segment=segments.from_stored(one.segment),
        status=STATUSES[one.status],
        version=one.version,
        written_by=one.written_by,
        written_at=wire.pack_instant(one.written_at),
        published_at=wire.pack_optional_instant(one.published_at),
        recipient_count=recipients,
        gathered_at=wire.pack_optional_instant(one.gathered_at),
        read_count=readers,
    )
