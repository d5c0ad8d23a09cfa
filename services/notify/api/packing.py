"""Rows of messages as protobuf."""

from ebok.notify.v1 import messages_pb2 as pb

from chassis import wire
from services.notify.documents.formats import shorten
from services.notify.domain.messages import reference
from services.notify.storage.messages import Message, MessageStatus

STATUSES = {
    MessageStatus.PLANNED: pb.MESSAGE_STATUS_PLANNED,
    MessageStatus.SENDING: pb.MESSAGE_STATUS_PLANNED,  # In a worker's hands: whether it leaves is not known yet.
    MessageStatus.SENT: pb.MESSAGE_STATUS_SENT,
    MessageStatus.DELIVERED: pb.MESSAGE_STATUS_DELIVERED,
    MessageStatus.FAILED: pb.MESSAGE_STATUS_FAILED,
    MessageStatus.SUPPRESSED: pb.MESSAGE_STATUS_SUPPRESSED,
}


def pack_message(message: Message, *, address: str, subject: str) -> pb.Message:
    """A message for staff: the recipient shortened, nothing of the content but the subject."""
    return pb.Message(
        message_id=wire.pack_id(message.message_id),
        rule=message.rule.value,
        channel=message.channel.value,
        recipient_hint=shorten(address),
        subject=subject,
        status=STATUSES[message.status],
        planned_at=wire.pack_instant(message.planned_at),
        sent_at=wire.pack_optional_instant(message.sent_at),
        reason=message.reason,
        reference=reference(message.message_id),
    )
