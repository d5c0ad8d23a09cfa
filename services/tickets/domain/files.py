"""Files of cases: how many may wait, and who may have which."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor
from services.tickets.domain.contents import Kept
from services.tickets.domain.threads import AttachmentNotFound, TooManyAttachments
from services.tickets.storage import attachments as stored
from services.tickets.storage.attachments import Attachment

WAITING_MAX = 30


def check_waiting(session: Session, customer_id: UUID) -> None:
    """Refuses TOO_MANY_ATTACHMENTS when as many files of a customer wait for a message as may."""
    if stored.count_waiting(session, customer_id) >= WAITING_MAX:
        raise TooManyAttachments(maximum=str(WAITING_MAX))


def add(
    session: Session, attachment_id: UUID, kept: Kept, *, customer_id: UUID, by: Actor, now: datetime
) -> Attachment:
    """Write down a file whose content is kept under this id."""
    attachment = Attachment(
        attachment_id=attachment_id,
        customer_id=customer_id,
        added_at=now,
        added_by=by.actor_id,
        by_staff=by.is_of_provider,
        file_name=kept.file_name,
        media_type=kept.media_type,
        size_bytes=len(kept.content),
        ticket_message_id=None,
        position=0,
    )
    session.add(attachment)
    return attachment


def get(session: Session, attachment_id: UUID, *, customer_id: UUID, by: Actor) -> Attachment:
    """A file of the customer's. Refuses ATTACHMENT_NOT_FOUND.

    The customer has those of messages to them and of their own, and what they handed in themselves; staff have all.
    """
    found = stored.get_attachment(session, attachment_id)
    if found is None or found[0].customer_id != customer_id:
        raise AttachmentNotFound
    attachment, message = found
    hidden = message.is_internal if message is not None else attachment.by_staff
    if hidden and not by.is_of_provider:
        raise AttachmentNotFound
    return attachment
