"""What the town's provider has to say: announcements of each kind, and a page of its own in two versions."""

from typing import Any

from ebok.common.v1 import segments_pb2
from ebok.notify.v1 import announcements_pb2, announcements_pb2_grpc, pages_pb2, pages_pb2_grpc

from chassis.ids import new_id
from chassis.testing.cast import Persona
from chassis.testing.served import Served

ANNAS_TITLE = "Wymiana wodomierza u Pani Anny"


class Board:
    """Written by Edward. `annas` is for Anna alone; `everybodys` is urgent and shown before log-in, too."""

    def __init__(self, notify: Served, edward: Persona) -> None:
        self._notify = notify
        self.announcements: Any = notify.stub(announcements_pb2_grpc.AnnouncementServiceStub, edward)
        self.pages: Any = notify.stub(pages_pb2_grpc.PageServiceStub, edward)
        self.everybodys = self.annas = self.draft_id = ""
        self.page_id, self.slug = "", "jak-do-nas-trafic"

    def write(self, annas_customer_id: str) -> None:
        """One of each kind; those of the segment are gathered."""
        self.everybodys = self.publish(
            "Płukanie sieci w czwartek",
            "W **czwartek** od 22:00 do 4:00 woda może być mętna.\n\n- odpuść ją przez kilka minut",
            is_urgent=True,
            before_login=True,
        )
        self.publish("Biuro w Wigilię do 12:00", "24 grudnia pracujemy krócej.", is_pinned=True)
        only_anna = segments_pb2.SegmentCondition(
            field=segments_pb2.SEGMENT_FIELD_CUSTOMER,
            operator=segments_pb2.SEGMENT_OPERATOR_IS,
            values=[annas_customer_id],
        )
        self.annas = self.publish(
            ANNAS_TITLE,
            "Monter przyjdzie 3 grudnia.",
            segment=segments_pb2.Segment(conditions=[only_anna]),
        )
        self.draft_id = self.draft("Nowe ceny od stycznia", "Szkic.").announcement_id
        self._notify.run_job("announcements.gather")
        self.write_page()

    def draft(self, title: str, body: str, **values: Any) -> announcements_pb2.WrittenAnnouncement:
        """Kept, not published."""
        wanted = announcements_pb2.WrittenAnnouncement(
            announcement_id=str(new_id()), titles={"pl": title}, bodies={"pl": body}, **values
        )
        request = announcements_pb2.SaveAnnouncementRequest(announcement=wanted)
        saved: announcements_pb2.WrittenAnnouncement = self.announcements.SaveAnnouncement(
            request
        ).announcement
        return saved

    def publish(self, title: str, body: str, **values: Any) -> str:
        """People see it; its id."""
        draft = self.draft(title, body, **values)
        self.announcements.PublishAnnouncement(
            announcements_pb2.PublishAnnouncementRequest(
                announcement_id=draft.announcement_id, version=draft.version
            )
        )
        return draft.announcement_id

    def write_page(self) -> None:
        """A page in the menu, its second version seen, a third one in writing."""
        page = pages_pb2.WrittenPage(
            page_id=str(new_id()),
            slug=self.slug,
            titles={"pl": "Jak do nas trafić", "en": "How to find us"},
            in_menu=True,
            position=10,
        )
        for body in ("ul. Wodna 1", "ul. Wodna 1, wejście od podwórza"):
            page.bodies["pl"] = body
            page = self.pages.SavePageDraft(pages_pb2.SavePageDraftRequest(page=page)).page
            request = pages_pb2.PublishPageRequest(page_id=page.page_id, revision=page.revision)
            page = self.pages.PublishPage(request).page
        page.bodies["pl"] = "ul. Wodna 1, wejście od podwórza, winda"
        self.page_id = self.pages.SavePageDraft(pages_pb2.SavePageDraftRequest(page=page)).page.page_id
