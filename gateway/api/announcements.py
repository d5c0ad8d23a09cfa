"""Announcements: writing, publishing, withdrawing."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from ebok.common.v1 import segments_pb2
from ebok.notify.v1 import announcements_pb2 as pb
from flask import Response
from marshmallow import fields, validate

from chassis import wire
from chassis.money import Money
from gateway.api import api
from gateway.api.answers import nothing, one, page, page_request
from gateway.api.inputs import (
    Input,
    Paged,
    Query,
    amount,
    flag,
    instant,
    number,
    number_of,
    one_of,
    text,
)
from gateway.api.operations import body, operation, query
from gateway.api.presenting_contact import ANNOUNCEMENT
from gateway.api.shapes import Page
from gateway.web.calls import call, clients

ANNOUNCEMENTS = Page(ANNOUNCEMENT)


class AnnouncementFilter(Paged):
    """Which announcements are wanted."""

    status = one_of(pb.AnnouncementStatus, "Only in this status.")


class Titles(Input):
    """Titles by language; Polish must be there."""

    pl = text(120, "Polish.", least=1, required=True)
    en = text(120, "English.", least=1)
    uk = text(120, "Ukrainian.", least=1)


class Bodies(Input):
    """Texts by language, Markdown; Polish must be there."""

    pl = text(20_000, "Polish.", least=1, lines=True, required=True)
    en = text(20_000, "English.", least=1, lines=True)
    uk = text(20_000, "Ukrainian.", least=1, lines=True)


class Condition(Input):
    """What must hold of a customer."""

    field = one_of(segments_pb2.SegmentField, "What is looked at.", required=True)
    operator = one_of(segments_pb2.SegmentOperator, "How it is compared.", required=True)
    values = fields.List(
        text(200, "A value."),
        load_default=list,
        validate=validate.Length(max=100, error="TOO_MANY"),
        metadata={"description": "Any of these; none for arrears."},
    )
    amount = amount("Of arrears: more than this is past its due day.")


class AnnouncementAsItShouldBe(Input):
    """All of an announcement."""

    titles = fields.Nested(Titles, required=True)
    bodies = fields.Nested(Bodies, required=True)
    live_from = instant("From when people see it; null: from the moment it is published.", allow_none=True)
    live_until = instant("Until when; null: until it is withdrawn.", allow_none=True)
    is_pinned = flag("It stays on top.", load_default=False)
    is_urgent = flag("Shown on the first page until it was read.", load_default=False)
    before_login = flag("Shown before log-in too; only of one for all.", load_default=False)
    conditions = fields.List(
        fields.Nested(Condition),
        load_default=list,
        validate=validate.Length(max=20, error="TOO_MANY"),
        metadata={"description": "Whom it is for: customers of whom all hold; none: everybody."},
    )
    version = number(0, 1_000_000, "The version this change began from; 0 for a new one.", required=True)


class Publication(Input):
    """What is to be published."""

    version = number(1, 1_000_000, "The version that was looked at.", required=True)


@api.get("/announcements")
@operation("announcements:read", ANNOUNCEMENTS)
@query(AnnouncementFilter)
def list_announcements(query_data: Query) -> Response:
    """All announcements, the newest first, without texts."""
    request = pb.ListWrittenAnnouncementsRequest(
        status=number_of(pb.AnnouncementStatus, query_data.get("status")), page=page_request(query_data)
    )
    found = call(clients().notify.announcements.ListWrittenAnnouncements, request)
    return page(ANNOUNCEMENTS, found.announcements, found.page)


@api.get("/announcements/<uuid:announcement_id>")
@operation("announcements:read", ANNOUNCEMENT, refuses=[404])
def get_announcement(announcement_id: UUID) -> Response:
    """One announcement with its texts."""
    request = pb.GetWrittenAnnouncementRequest(announcement_id=str(announcement_id))
    return one(
        ANNOUNCEMENT, call(clients().notify.announcements.GetWrittenAnnouncement, request).announcement
    )


@api.put("/announcements/<uuid:announcement_id>")
@operation("announcements:write", ANNOUNCEMENT, refuses=[409])
@body(AnnouncementAsItShouldBe)
def put_announcement(announcement_id: UUID, json_data: dict[str, Any]) -> Response:
    """Write an announcement, new or known. A new one is a draft and its id is yours to choose."""
    written = pb.WrittenAnnouncement(
        announcement_id=str(announcement_id),
        titles=json_data["titles"],
        bodies=json_data["bodies"],
        live_from=_moment(json_data.get("live_from")),
        live_until=_moment(json_data.get("live_until")),
        is_pinned=json_data["is_pinned"],
        is_urgent=json_data["is_urgent"],
        before_login=json_data["before_login"],
        segment=segments_pb2.Segment(conditions=[_condition(one) for one in json_data["conditions"]]),
        version=json_data["version"],
    )
    request = pb.SaveAnnouncementRequest(announcement=written)
    return one(ANNOUNCEMENT, call(clients().notify.announcements.SaveAnnouncement, request).announcement)


@api.post("/announcements/<uuid:announcement_id>/publish")
@operation("announcements:write", ANNOUNCEMENT, refuses=[404, 409])
@body(Publication)
def publish_announcement(announcement_id: UUID, json_data: dict[str, Any]) -> Response:
    """People see it from its first moment on."""
    request = pb.PublishAnnouncementRequest(
        announcement_id=str(announcement_id), version=json_data["version"]
    )
    return one(ANNOUNCEMENT, call(clients().notify.announcements.PublishAnnouncement, request).announcement)


@api.post("/announcements/<uuid:announcement_id>/withdraw")
@operation("announcements:write", None, status=204, refuses=[404])
def withdraw_announcement(announcement_id: UUID) -> Response:
    """Nobody sees it any more; a draft is thrown away."""
    request = pb.WithdrawAnnouncementRequest(announcement_id=str(announcement_id))
    call(clients().notify.announcements.WithdrawAnnouncement, request)
    return nothing()


def _moment(value: datetime | None) -> Any:
    return wire.pack_optional_instant(value)


def _condition(said: dict[str, Any]) -> segments_pb2.SegmentCondition:
    above = said.get("amount")
    return segments_pb2.SegmentCondition(
        field=number_of(segments_pb2.SegmentField, said["field"]),
        operator=number_of(segments_pb2.SegmentOperator, said["operator"]),
        values=said["values"],
        amount=None if above is None else wire.pack_money(Money.rounded(Decimal(above))),
    )
