"""Wiadomości: what the provider has to say to all, to a segment, or to this customer."""

from uuid import UUID

from ebok.notify.v1 import announcements_pb2 as pb
from flask import render_template
from flask_login import current_user

from gateway.portal import portal
from gateway.web.calls import call, clients
from gateway.web.paging import page_links, page_request


@portal.get("/wiadomosci")
def messages() -> str:
    """Announcements: urgent ones first, then pinned, then the newest."""
    answer = call(
        clients().notify.announcements.ListAnnouncements,
        pb.ListAnnouncementsRequest(customer_id=current_user.customer_id, page=page_request()),
    )
    return render_template(
        "portal/announcements/list.html",
        announcements=answer.announcements,
        unread_count=answer.unread_count,
        links=page_links(answer.page),
    )


@portal.get("/wiadomosci/komunikat/<uuid:announcement_id>")
def announcement(announcement_id: UUID) -> str:
    """One announcement; shown is read."""
    stub, named = clients().notify.announcements, {"announcement_id": str(announcement_id)}
    wanted = pb.GetAnnouncementRequest(customer_id=current_user.customer_id, **named)
    found = call(stub.GetAnnouncement, wanted).announcement
    if not found.is_read:
        call(
            stub.MarkAnnouncementRead,
            pb.MarkAnnouncementReadRequest(customer_id=current_user.customer_id, **named),
        )
    return render_template("portal/announcements/announcement.html", announcement=found)
