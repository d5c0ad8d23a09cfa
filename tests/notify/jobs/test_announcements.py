"""Whom an announcement for a segment is for is gathered from the real billing, again and again."""

from datetime import timedelta
from typing import Any

import pytest
from ebok.common.v1 import segments_pb2
from ebok.notify.v1 import announcements_pb2 as pb
from ebok.notify.v1.announcements_pb2_grpc import AnnouncementServiceStub

from chassis import errors
from chassis.ids import new_id
from chassis.testing.cast import ANNA_CUSTOMER, CELINA_CUSTOMER
from services.billing.__main__ import part as billing
from services.notify.__main__ import part
from tests.billing.given import Given

PAPER = segments_pb2.Segment(
    conditions=[
        segments_pb2.SegmentCondition(
            field=segments_pb2.SEGMENT_FIELD_E_INVOICE,
            operator=segments_pb2.SEGMENT_OPERATOR_IS,
            values=["no"],
        )
    ]
)


class Town:
    """Billing's customers, and notify that asks for them."""

    def __init__(self, serving: Any, edward: Any, clock: Any) -> None:
        self.billing = serving(billing)
        self.notify = serving(part, peers={"billing": self.billing.address})
        self.desk = self.notify.stub(AnnouncementServiceStub, edward)
        self.given = Given(self.billing.database, clock)

    def publish(self) -> str:
        wanted = pb.WrittenAnnouncement(
            announcement_id=str(new_id()), titles={"pl": "Na papierze"}, bodies={"pl": "Treść"}, segment=PAPER
        )
        draft = self.desk.SaveAnnouncement(pb.SaveAnnouncementRequest(announcement=wanted)).announcement
        request = pb.PublishAnnouncementRequest(announcement_id=draft.announcement_id, version=draft.version)
        return self.desk.PublishAnnouncement(request).announcement.announcement_id

    def gather(self) -> None:
        self.notify.run_job("announcements.gather")

    def seen(self, who: Any, customer_id: Any) -> int:
        request = pb.ListAnnouncementsRequest(customer_id=str(customer_id))
        return len(self.notify.stub(AnnouncementServiceStub, who).ListAnnouncements(request).announcements)


@pytest.fixture
def town(serving, as_edward, clock) -> Town:
    return Town(serving, as_edward, clock)


def test_those_in_the_segment_see_it_and_nobody_else(town, as_anna, as_celina):
    town.given.customer(customer_id=ANNA_CUSTOMER, e_invoice=False)
    town.given.customer(customer_id=CELINA_CUSTOMER, e_invoice=True)
    announcement_id = town.publish()
    town.gather()

    assert town.seen(as_anna, ANNA_CUSTOMER) == 1
    assert town.seen(as_celina, CELINA_CUSTOMER) == 0
    found = town.desk.GetWrittenAnnouncement(
        pb.GetWrittenAnnouncementRequest(announcement_id=announcement_id)
    ).announcement
    assert found.recipient_count == 1
    assert found.HasField("gathered_at")


def test_who_joins_the_segment_sees_it_after_the_hour_and_who_leaves_does_not(
    town, clock, as_anna, as_celina
):
    anna = town.given.customer(customer_id=ANNA_CUSTOMER, e_invoice=False)
    celina = town.given.customer(customer_id=CELINA_CUSTOMER, e_invoice=True)
    town.publish()
    town.gather()
    with town.billing.database.transaction() as session:
        session.merge(anna).e_invoice, session.merge(celina).e_invoice = True, False
    town.gather()
    assert town.seen(as_anna, ANNA_CUSTOMER) == 1, "gathered a moment ago"

    clock.advance(timedelta(hours=1, minutes=1))
    town.gather()

    assert town.seen(as_anna, ANNA_CUSTOMER) == 0
    assert town.seen(as_celina, CELINA_CUSTOMER) == 1


def test_while_billing_is_away_it_waits_and_is_gathered_later(serving, town, as_anna):
    town.given.customer(customer_id=ANNA_CUSTOMER, e_invoice=False)
    town.publish()
    away = serving(part, database=town.notify.database, peers={"billing": "127.0.0.1:1"})
    with pytest.raises(errors.Unavailable):
        away.run_job("announcements.gather")
    assert town.seen(as_anna, ANNA_CUSTOMER) == 0

    town.gather()

    assert town.seen(as_anna, ANNA_CUSTOMER) == 1
