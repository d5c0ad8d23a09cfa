"""Announcements through gRPC: who sees what, from when until when, and who may write."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from ebok.common.v1 import paging_pb2, segments_pb2
from ebok.notify.v1 import announcements_pb2 as pb
from ebok.notify.v1.announcements_pb2_grpc import AnnouncementServiceStub
from google.protobuf.timestamp_pb2 import Timestamp

from chassis import errors, wire
from chassis.ids import new_id
from chassis.testing.cast import ANNA_CUSTOMER, CELINA_CUSTOMER

STREET = segments_pb2.Segment(
    conditions=[
        segments_pb2.SegmentCondition(
            field=segments_pb2.SEGMENT_FIELD_STREET,
            operator=segments_pb2.SEGMENT_OPERATOR_IS,
            values=["Zdrój, Lipowa"],
        )
    ]
)


class Board:
    """Writes as Edward, reads as whoever asks."""

    def __init__(self, served: Any, edward: Any) -> None:
        self.served = served
        self.desk = served.stub(AnnouncementServiceStub, edward)

    def wanted(self, title: str = "Płukanie sieci", **values: Any) -> pb.WrittenAnnouncement:
        return pb.WrittenAnnouncement(
            announcement_id=str(new_id()),
            titles={"pl": title},
            bodies={"pl": values.pop("body", "W **czwartek** woda może być mętna.")},
            **values,
        )

    def save(self, wanted: pb.WrittenAnnouncement) -> pb.WrittenAnnouncement:
        return self.desk.SaveAnnouncement(pb.SaveAnnouncementRequest(announcement=wanted)).announcement

    def publish(self, title: str = "Płukanie sieci", **values: Any) -> pb.WrittenAnnouncement:
        draft = self.save(self.wanted(title, **values))
        request = pb.PublishAnnouncementRequest(announcement_id=draft.announcement_id, version=draft.version)
        return self.desk.PublishAnnouncement(request).announcement

    def seen(self, who: Any, customer_id: Any = ANNA_CUSTOMER, **more: Any) -> list[str]:
        return [one.titles["pl"] for one in self.listed(who, customer_id, **more).announcements]

    def listed(self, who: Any, customer_id: Any = ANNA_CUSTOMER, **more: Any) -> pb.ListAnnouncementsResponse:
        request = pb.ListAnnouncementsRequest(customer_id=str(customer_id), **more)
        return self.served.stub(AnnouncementServiceStub, who).ListAnnouncements(request)

    def public(self) -> list[str]:
        answer = self.served.stub(AnnouncementServiceStub).ListPublicAnnouncements(
            pb.ListPublicAnnouncementsRequest()
        )
        return [one.titles["pl"] for one in answer.announcements]

    def address(self, announcement_id: str, customer_id: Any) -> None:
        """Billing said that this customer is in the segment."""
        with self.served.database.transaction() as session:
            session.execute(
                sa.text("INSERT INTO announcement_recipients VALUES (:announcement, :customer, 1)"),
                {"announcement": announcement_id, "customer": str(customer_id)},
            )


@pytest.fixture
def board(served, as_edward) -> Board:
    return Board(served, as_edward)


def at(moment: datetime) -> Timestamp:
    return wire.pack_instant(moment)


@pytest.mark.repeats("AnnouncementService/SaveAnnouncement", "AnnouncementService/PublishAnnouncement")
def test_a_draft_is_seen_by_nobody_and_a_published_one_by_all(board, as_anna, as_celina):
    draft = board.save(board.wanted())
    assert board.save(pb.WrittenAnnouncement.FromString(draft.SerializeToString())) == draft
    assert board.seen(as_anna) == []

    request = pb.PublishAnnouncementRequest(announcement_id=draft.announcement_id, version=draft.version)
    published = board.desk.PublishAnnouncement(request).announcement
    assert board.desk.PublishAnnouncement(request).announcement == published

    assert published.status == pb.ANNOUNCEMENT_STATUS_PUBLISHED
    assert board.seen(as_anna) == board.seen(as_celina, CELINA_CUSTOMER) == ["Płukanie sieci"]


def test_markdown_comes_as_clean_html(board, as_anna):
    board.publish(
        body="Woda **mętna**. <script>alert(1)</script> [zły](javascript:alert(1)) ![x](http://e.example/x.png)"
    )

    [one] = board.listed(as_anna).announcements
    assert not one.bodies_html, "a list shows titles alone"
    wanted = pb.GetAnnouncementRequest(customer_id=str(ANNA_CUSTOMER), announcement_id=one.announcement_id)
    whole = board.served.stub(AnnouncementServiceStub, as_anna).GetAnnouncement(wanted).announcement

    html = whole.bodies_html["pl"]
    assert "<strong>mętna</strong>" in html
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html


def test_it_is_seen_between_its_moments(board, as_anna, clock):
    now = clock.now()
    board.publish(live_from=at(now + timedelta(hours=1)), live_until=at(now + timedelta(hours=2)))
    assert board.seen(as_anna) == []

    clock.advance(timedelta(hours=1))
    assert board.seen(as_anna) == ["Płukanie sieci"]

    clock.advance(timedelta(hours=1))
    assert board.seen(as_anna) == []


def test_urgent_comes_first_then_pinned_then_the_newest_and_pages_go_on(board, as_anna, clock):
    for title, values in [
        ("stary", {}),
        ("pilny", {"is_urgent": True}),
        ("przypięty", {"is_pinned": True}),
        ("nowy", {}),
    ]:
        clock.advance(timedelta(minutes=1))
        board.publish(title, **values)

    assert board.seen(as_anna) == ["pilny", "przypięty", "nowy", "stary"]

    first = board.listed(as_anna, page=paging_pb2.PageRequest(page_size=2))
    second = board.listed(as_anna, page=paging_pb2.PageRequest(page_size=2, cursor=first.page.next_cursor))
    assert [one.titles["pl"] for one in second.announcements] == ["nowy", "stary"]
    assert not second.page.next_cursor


def test_one_for_a_segment_is_seen_by_those_in_it_alone(board, as_anna, as_celina):
    one = board.publish("Lipowa", segment=STREET)
    assert board.seen(as_anna) == [], "nobody was gathered yet"

    board.address(one.announcement_id, ANNA_CUSTOMER)

    assert board.seen(as_anna) == ["Lipowa"]
    assert board.seen(as_celina, CELINA_CUSTOMER) == []
    celina = board.served.stub(AnnouncementServiceStub, as_celina)
    wish = {"customer_id": str(CELINA_CUSTOMER), "announcement_id": one.announcement_id}
    with pytest.raises(errors.NotFound):
        celina.GetAnnouncement(pb.GetAnnouncementRequest(**wish))
    with pytest.raises(errors.NotFound):
        celina.MarkAnnouncementRead(pb.MarkAnnouncementReadRequest(**wish))


@pytest.mark.repeats("AnnouncementService/MarkAnnouncementRead")
def test_what_was_read_is_read_for_that_person(board, as_anna, as_bartek):
    one = board.publish(is_urgent=True)
    anna = board.served.stub(AnnouncementServiceStub, as_anna)
    wish = {"customer_id": str(ANNA_CUSTOMER), "announcement_id": one.announcement_id}
    assert board.listed(as_anna).unread_count == 1
    assert board.seen(as_anna, for_start=True) == ["Płukanie sieci"]

    for _ in range(2):
        anna.MarkAnnouncementRead(pb.MarkAnnouncementReadRequest(**wish))

    assert anna.GetAnnouncement(pb.GetAnnouncementRequest(**wish)).announcement.is_read
    assert board.listed(as_anna).unread_count == 0
    assert board.seen(as_anna, for_start=True) == []
    assert board.seen(as_anna) == ["Płukanie sieci"]
    assert board.listed(as_bartek).unread_count == 1
    read = board.desk.GetWrittenAnnouncement(
        pb.GetWrittenAnnouncementRequest(announcement_id=one.announcement_id)
    ).announcement
    assert read.read_count == 1


def test_before_login_only_what_is_meant_for_it(board):
    board.publish("dla klientów")
    board.publish("dla wszystkich", before_login=True)

    assert board.public() == ["dla wszystkich"]


@pytest.mark.repeats("AnnouncementService/WithdrawAnnouncement")
def test_a_withdrawn_one_is_gone_and_stays_so(board, as_anna):
    one = board.publish(before_login=True)
    for _ in range(2):
        board.desk.WithdrawAnnouncement(pb.WithdrawAnnouncementRequest(announcement_id=one.announcement_id))

    assert board.seen(as_anna) == board.public() == []
    one.titles["pl"] = "Znowu"
    with pytest.raises(errors.FailedPrecondition, match="ANNOUNCEMENT_WITHDRAWN"):
        board.save(one)
    with pytest.raises(errors.FailedPrecondition, match="ANNOUNCEMENT_WITHDRAWN"):
        board.desk.PublishAnnouncement(
            pb.PublishAnnouncementRequest(announcement_id=one.announcement_id, version=one.version)
        )


def test_of_two_who_change_one_the_slower_is_told(board):
    draft = board.save(board.wanted())
    mine, theirs = pb.WrittenAnnouncement(), pb.WrittenAnnouncement()
    mine.CopyFrom(draft)
    theirs.CopyFrom(draft)
    theirs.titles["pl"] = "Inaczej"
    board.save(theirs)

    mine.titles["pl"] = "Po mojemu"
    with pytest.raises(errors.Conflict, match="ANNOUNCEMENT_CHANGED"):
        board.save(mine)
    with pytest.raises(errors.Conflict, match="ANNOUNCEMENT_CHANGED"):
        board.desk.PublishAnnouncement(
            pb.PublishAnnouncementRequest(announcement_id=draft.announcement_id, version=draft.version)
        )


@pytest.mark.parametrize(
    ("values", "field", "reason"),
    [
        ({"titles": {"en": "Only English"}}, "titles[pl]", "REQUIRED"),
        ({"titles": {"pl": "x", "de": "y"}}, "titles[de]", "MALFORMED"),
        ({"bodies": {"pl": "  "}}, "bodies[pl]", "REQUIRED"),
        ({"before_login": True, "segment": STREET}, "before_login", "NOT_FOR_ALL"),
        ({"live_until": Timestamp(seconds=1)}, "live_until", "TOO_LATE"),
        (
            {
                "live_from": at(datetime(2030, 1, 2, tzinfo=UTC)),
                "live_until": at(datetime(2030, 1, 1, tzinfo=UTC)),
            },
            "live_until",
            "BEFORE_START",
        ),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(board, values, field, reason):
    wanted = {
        "announcement_id": str(new_id()),
        "titles": {"pl": "Tytuł"},
        "bodies": {"pl": "Treść"},
        **values,
    }
    with pytest.raises(errors.Invalid) as refused:
        board.save(pb.WrittenAnnouncement(**wanted))
    assert (field, reason) in {(one.field, one.reason) for one in refused.value.violations}


def test_whom_a_published_one_is_for_stays(board):
    one = board.publish("Lipowa", segment=STREET)
    one.ClearField("segment")
    with pytest.raises(errors.Invalid) as refused:
        board.save(one)
    assert [(fault.field, fault.reason) for fault in refused.value.violations] == [("segment", "FIXED")]


def test_one_that_is_over_is_not_published(board, clock):
    draft = board.save(board.wanted(live_until=at(clock.now() + timedelta(hours=1))))
    clock.advance(timedelta(hours=2))
    with pytest.raises(errors.FailedPrecondition, match="ANNOUNCEMENT_OVER"):
        board.desk.PublishAnnouncement(
            pb.PublishAnnouncementRequest(announcement_id=draft.announcement_id, version=draft.version)
        )


def test_those_who_write_see_all_of_them(board, as_daria):
    board.publish("pierwszy")
    board.save(board.wanted("drugi"))

    all_of_them = board.desk.ListWrittenAnnouncements(pb.ListWrittenAnnouncementsRequest()).announcements
    drafts = board.desk.ListWrittenAnnouncements(
        pb.ListWrittenAnnouncementsRequest(status=pb.ANNOUNCEMENT_STATUS_DRAFT)
    ).announcements

    assert [one.titles["pl"] for one in all_of_them] == ["drugi", "pierwszy"]
    assert [(one.titles["pl"], one.written_by) for one in drafts] == [("drugi", "Edward")]
    with pytest.raises(errors.NotFound):
        board.desk.GetWrittenAnnouncement(pb.GetWrittenAnnouncementRequest(announcement_id=str(new_id())))
